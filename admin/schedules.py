"""The schedule of a report: what it says, what comes next, what became of its due times, and its verbs."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin.already import AlreadySo
from admin.answers import done, live
from admin.blueprint import HOME, pages
from admin.once import once
from admin.paging import page_asked, pages_of
from admin.report_frame import framed, in_frame
from reportbuilder import clock
from reportbuilder.api import context, limits, report_runs, reports, schedule_shapes, schedules
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid, NotFound, TooMany
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import defining, overview
from reportbuilder.schedules.models import FIRING_STATES, ReportSchedule

BELOW: Final = f"{HOME}/reports/<ident:report_id>/schedule"
FIRINGS_SHOWN: Final = 20


@pages.get(BELOW)
def schedule(report_id: str) -> ResponseReturnValue:
    """Show the schedule of a report, what comes next, and what became of its due times."""
    with reading() as session:
        report = reports.visible(session, report_id)
        row = overview.latest_of(session, report)
        frame = framed(session, report)
        shown = described(row, report) if row else None
        return in_frame("time/schedule.html", frame, schedule=shown, firings=_firings(session, row))


@pages.get(f"{BELOW}/firings")
def schedule_firings(report_id: str) -> ResponseReturnValue:
    """Answer the live part of the page: what became of due times."""
    with reading() as session:
        report = reports.visible(session, report_id)
        row = overview.latest_of(session, report)
        return live(
            render_template("time/_firings.html", report_id=report_id, firings=_firings(session, row)),
            is_over=row is None or not row.is_active,
        )


def described(row: ReportSchedule, report: ReportDefinition) -> dict[str, Any]:
    """Return a schedule in the words of the API, with its next times or why there are none."""
    shown = schedule_shapes.shown(row, report)
    if not row.is_active:
        return shown | {"outlook": None, "unreadable": None}
    try:
        lag = context.settings().settle_days
        found = overview.outlook(row, report, after=clock.now(), lag_days=lag)
    except Invalid as error:
        return shown | {"outlook": None, "unreadable": error.message}
    return shown | {"outlook": outlook_of(row, found), "unreadable": None}


def outlook_of(row: ReportSchedule, found: overview.Outlook) -> dict[str, Any]:
    """Return what comes next in the words of the API, in whose zone, and spread by how much.

    ``days`` of each time are those that it asks for.
    """
    shown = schedule_shapes.foreseen(row, found) | {
        "zone": row.timezone,
        "jitter_minutes": row.jitter_minutes,
    }
    for each, (_, window) in zip(shown["times"], found.times, strict=True):
        each["days"] = window.days
    return shown


def _firings(session: Session, row: ReportSchedule | None) -> dict[str, Any]:
    """Return one page of what became of due times, for the address that asks."""
    state, page = request.args.get("state") or None, page_asked()
    state = state if state in FIRING_STATES else None
    told, total = (
        overview.firings(session, row, state=state, page=page, limit=FIRINGS_SHOWN) if row else ([], 0)
    )
    return {
        "rows": [schedule_shapes.told(one) for one in told],
        "total": total,
        "page": page,
        "pages": pages_of(total, FIRINGS_SHOWN),
        "state": state,
        "states": FIRING_STATES,
        "zone": row.timezone if row else "UTC",
    }


@pages.post(f"{BELOW}/pause")
def pause_schedule(report_id: str) -> ResponseReturnValue:
    """Skip the due times until somebody resumes it."""

    def work(session: Session, row: ReportSchedule, report: ReportDefinition) -> None:
        reason = request.form.get("reason", "")
        if row.is_paused:
            raise AlreadySo(f"The schedule is paused already, by {row.paused_by}: {row.paused_reason}")
        defining.pause(session, row, report, by=context.principal().email, reason=reason)

    return _do(report_id, work, "The schedule is paused; its due times are skipped.")


@pages.post(f"{BELOW}/resume")
def resume_schedule(report_id: str) -> ResponseReturnValue:
    """Go on with the next due time."""

    def work(session: Session, row: ReportSchedule, report: ReportDefinition) -> None:
        if not row.is_paused:
            raise AlreadySo("The schedule is not paused any more; it goes on with its next due time.")
        defining.resume(session, row, report)

    return _do(report_id, work, "The schedule goes on with its next due time.")


@pages.post(f"{BELOW}/remove")
def remove_schedule(report_id: str) -> ResponseReturnValue:
    """End it; its history stays."""
    said = "The schedule is removed; its history stays here."
    return _do(report_id, defining.remove, said, gone="The schedule is removed already.")


@pages.post(f"{BELOW}/run")
@limits.executions
def run_scheduled(report_id: str) -> ResponseReturnValue:
    """Run now what the schedule would run; its own times stay as they are."""
    try:
        with transaction() as session:
            report = reports.visible(session, report_id, "report:run")
            row = active_of(session, report)
            body = {"parameters": row.default_parameters, "time_window": row.time_window}
            once(session, "run", lambda: {"execution_id": _run(session, report, body)})
    except (Conflict, Invalid, TooMany) as refusal:
        return done(_page(report_id), refusal.message, "danger")
    return done(_page(report_id), "A run has been asked for. The schedule keeps its own times.")


def _run(session: Session, report: ReportDefinition, body: Mapping[str, Any]) -> str:
    return str(report_runs.start(session, report, dict(body))["execution_id"])


def active_of(session: Session, report: ReportDefinition) -> ReportSchedule:
    """Return the active schedule of a report.

    :raises NotFound: if it has none.
    """
    row = defining.find_active(session, report)
    if row is None:
        raise NotFound(f"{report.name!r} has no schedule; make one first")
    return row


def _do(
    report_id: str,
    what: Callable[[Session, ReportSchedule, ReportDefinition], object],
    said: str,
    gone: str = "",
) -> ResponseReturnValue:
    """Do something with the active schedule of a report and go back to its page, which says how it went.

    :param gone: what is said if there is none any more; else that is refused.
    """
    try:
        with transaction() as session:
            report = reports.visible(session, report_id, "schedule:change")
            schedule_id = _there(session, report, gone).schedule_id
            what(session, *schedules.visible(session, schedule_id, "schedule:change"))
    except AlreadySo as so:
        return done(_page(report_id), so.text, "")
    except (Conflict, Invalid) as refusal:
        return done(_page(report_id), refusal.message, "danger")
    return done(_page(report_id), said)


def _there(session: Session, report: ReportDefinition, gone: str) -> ReportSchedule:
    if gone and defining.find_active(session, report) is None:
        raise AlreadySo(gone)
    return active_of(session, report)


def _page(report_id: str) -> str:
    return url_for("admin.schedule", report_id=report_id)
