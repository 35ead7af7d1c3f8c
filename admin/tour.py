"""The first steps: a quiet panel until it is hidden, a page, and ticks for what one has really done here."""

from dataclasses import dataclass
from typing import Any, Final

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from admin import readers
from admin.answers import done
from admin.blueprint import pages
from reportbuilder.accounts import grants, permissions, tours
from reportbuilder.accounts.models import User
from reportbuilder.accounts.tours import STEPS, Tour
from reportbuilder.api import context
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.reports import searching

PERMISSION: Final = "report:create"
BELOW: Final = "/first-steps"
# what an answer of these addresses ticks, if it was not a refusal
TICKED_BY: Final = {
    "admin.report_form": "template",
    "admin.check_report_form": "form",
    "admin.run_report_now": "run",
    "admin.run_report_otherwise": "run",
    "admin.save_schedule": "schedule",
    "admin.begin_backfill": "backfill",
}
STARTED: Final = {
    "once": "run",
    "recurring": "schedule",
    "backfill": "backfill",
}  # by the types of the dialog
OF_REPORT: Final = {
    "run": "admin.report",
    "schedule": "admin.schedule_form",
    "backfill": "admin.start_backfill",
}


@dataclass(frozen=True)
class Step:
    """A step in words: what to do, and what comes of it."""

    key: str
    title: str
    text: str


WORDS: Final = (
    Step(
        "template",
        "Choose a template",
        "Each answers one question; the preview shows sample rows and the SQL.",
    ),
    Step(
        "form",
        "Fill in its form",
        "The fields tell at once what does not fit, and beside them stands the SQL.",
    ),
    Step("run", "Run it", "Once, now. Amazon Marketing Cloud takes minutes; the page follows by itself."),
    Step("results", "Look at the rows", "Sort, filter and download them, and compare two runs."),
    Step(
        "schedule",
        "Let it run by itself",
        "Weekly on Monday at 3:00 in New York, say; the next times are shown.",
    ),
    Step(
        "backfill",
        "Fetch its past",
        "Days or weeks back, a segment each; the grid shows how far it has come.",
    ),
)


def did(step: str) -> None:
    """Tick a step with this answer: the person at the console has just done it."""
    g.setdefault("steps_done", set()).add(step)


@pages.app_context_processor
def _known() -> dict[str, object]:
    """Return what the panel and the reader's menu show."""
    return {"tour_words": WORDS, "may_tour": _may_tour}


def _may_tour() -> bool:
    return readers.reader() is not None and permissions.may(context.principal(), PERMISSION)


@pages.after_request
def keep_steps(answer: Response) -> Response:
    """Keep what has been done with this request; costs nothing unless it is new."""
    found = readers.reader()
    if found is None or not found.tour.is_open:
        return answer
    steps = set(g.get("steps_done", ()))
    if _went_well(answer):
        steps.add(TICKED_BY.get(request.endpoint or "", ""))
    if not steps & set(STEPS) <= found.tour.done:
        with transaction() as session:
            user = session.get_one(User, context.principal().user_id, with_for_update={"key_share": True})
            user.tour = tours.write(tours.read(user.tour).with_done(*steps))
    return answer


def _went_well(answer: Response) -> bool:
    if request.method == "GET":
        return answer.status_code == 200  # noqa: PLR2004 - the status is its own name
    return answer.status_code in (204, 303) and not g.get("is_refused", False)


@pages.get(BELOW)
def first_steps() -> ResponseReturnValue:
    """Show the first steps, those that are done ticked."""
    permissions.ensure(context.principal(), PERMISSION)
    return render_template("tour/first_steps.html")


@pages.post(BELOW)
def show_first_steps() -> ResponseReturnValue:
    """Show the first steps above the reports, or show them there no more."""
    is_shown = request.form.get("show") == "1"
    with transaction() as session:
        user = session.get_one(User, context.principal().user_id, with_for_update={"key_share": True})
        user.tour = tours.write(Tour(tours.read(user.tour).done, is_open=is_shown))
    target = url_for("admin.home")
    if is_shown:
        return done(target, "The first steps are shown above the reports.")
    undo: dict[str, Any] = {
        "label": "Undo",
        "post": url_for("admin.show_first_steps"),
        "fields": {"show": "1"},
    }
    return done(target, "The first steps are hidden; your menu still has them.", **undo)


@pages.get(f"{BELOW}/<step>")
def first_step(step: str) -> ResponseReturnValue:
    """Lead to where a step is done: with the reader's latest report or rows, if there are any."""
    if step not in STEPS:
        raise NotFound
    with reading() as session:
        target = _place(session, step)
    if target is None:
        flash("That takes a report of yours: choose a template for it.")
        target = url_for("admin.new_report")
    return redirect(target)


def _place(session: Session, step: str) -> str | None:
    principal = context.principal()
    if step in ("template", "form"):
        return url_for("admin.new_report")
    if step == "results":
        mine = select(ReportExecution.execution_id).where(
            ReportExecution.user_id == principal.user_id,
            ReportExecution.state == "completed",
            grants.visible(principal, ReportExecution.instance_id),
        )
        found = session.scalar(mine.order_by(ReportExecution.created_at.desc()).limit(1))
        return url_for("admin.single_run", execution_id=found) if found else None
    criteria = searching.Criteria(owner_id=principal.user_id)
    reports, _ = searching.search(session, principal, criteria, limit=1)
    return url_for(OF_REPORT[step], report_id=reports[0].report_id) if reports else None
