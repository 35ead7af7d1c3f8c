"""The backfills of a report: the current one as a grid, those from before, and what may be asked of one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin import backfill_grids as grids
from admin.already import AlreadySo
from admin.answers import done, live
from admin.blueprint import HOME, pages
from admin.fields import whole
from admin.paging import page_asked, pages_of
from admin.report_frame import framed, in_frame
from admin.rounding import rounded
from reportbuilder.accounts import permissions
from reportbuilder.api import backfill_shapes, backfills, context, executions, reports
from reportbuilder.backfills import changing, overview
from reportbuilder.backfills.advancing import lock
from reportbuilder.backfills.forecasting import limit_of
from reportbuilder.backfills.models import ReportDataCollection
from reportbuilder.backfills.states import ENDED, OPEN
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid, NotFound
from reportbuilder.executions.pausing import pause_of
from reportbuilder.reports.models import ReportDefinition

BELOW: Final = f"{HOME}/reports/<ident:report_id>/backfill"
TAB: Final = "admin.backfill"
FORMER_SHOWN: Final = 10
ENDS: Final = ("earliest_finish", "expected_finish", "latest_finish")


@pages.get(BELOW)
def backfill(report_id: str) -> ResponseReturnValue:
    """Show the backfill of a report that is current or was the last, and those from before."""
    return _page(report_id)


@pages.get(f"{BELOW}/<ident:backfill_id>")
def one_backfill(report_id: str, backfill_id: str) -> ResponseReturnValue:
    """Show one backfill of a report."""
    return _page(report_id, backfill_id)


@pages.get(f"{BELOW}/<ident:backfill_id>/progress")
def backfill_progress(report_id: str, backfill_id: str) -> ResponseReturnValue:
    """Answer the live part of the page: how one backfill stands."""
    with reading() as session:
        report = reports.visible(session, report_id)
        shown = described(session, of_report(session, report, backfill_id))
    html = render_template("time/_backfill_progress.html", report_id=report_id, backfill=shown)
    return live(html, is_over=not grids.is_open(shown))


def _page(report_id: str, backfill_id: str | None = None) -> str:
    with reading() as session:
        report = reports.visible(session, report_id)
        criteria, page = overview.Criteria(report_id=report.id), page_asked()
        rows, total = overview.search(session, criteria, page=page, limit=FORMER_SHOWN)
        newest = rows[:1] if page == 1 else overview.search(session, criteria, limit=1)[0]
        row = of_report(session, report, backfill_id) if backfill_id else next(iter(newest), None)
        return in_frame(
            "time/backfill.html",
            framed(session, report),
            TAB,
            backfill=described(session, row) if row else None,
            is_former=row is not None and row.id not in {one.id for one in newest},
            has_open=any(one.status in OPEN for one in newest),
            former={
                "rows": [backfill_shapes.shown(one) for one in rows],
                "total": total,
                "page": page,
                "pages": pages_of(total, FORMER_SHOWN),
            },
        )


def of_report(
    session: Session, report: ReportDefinition, backfill_id: str, permission: str = "report:view"
) -> ReportDataCollection:
    """Return a backfill of a report, if the reader may do that with it.

    :raises NotFound: also for one of another report. :raises NotPermitted: if it is only to be seen.
    """
    row = backfills.visible(session, backfill_id, permission)
    if row.report_id != report.id:
        raise permissions.missing(f"backfill {backfill_id}")
    return row


def described(session: Session, row: ReportDataCollection) -> dict[str, Any]:
    """Return a backfill in the words of the API, with its grid and what may be done with it."""
    segments = overview.segments_of(session, row)
    shown = backfill_shapes.whole(row, segments, overview.foresee(session, row, segments, context.settings()))
    held = pause_of(session, row.instance_id) if row.status == "running" else None
    chosen = grids.chosen_of(shown["segments"], request.args.get("segment"))
    if chosen is not None:
        chosen["failure"] = _failure(session, chosen)
    return (
        shown
        | {name: rounded(shown[name]) for name in ENDS}
        | {
            "lines": grids.lines_of(shown["segments"], shown["segment"]),
            "legend": grids.legend_of(shown["counts"]),
            "chosen": chosen,
            "ended": sum(shown["counts"][state] for state in ENDED),
            "held": held,
            "most_at_once": max(1, limit_of(row.instance, context.settings().instance_slots)),
            "may_change": _may(row, "backfill:change"),
            "may_start": _may(row, "backfill:start"),
            "may_retry": grids.may_retry(shown),
            "may_retry_chosen": chosen is not None and grids.may_retry(shown, chosen),
            "is_open": grids.is_open(shown),
        }
    )


def _failure(session: Session, segment: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what the failure of a segment's run means, and whether those are AMC's words that are told."""
    if segment["state"] not in ("failed", "refused") or not segment["execution_id"]:
        return None
    try:
        run = executions.visible(session, segment["execution_id"])
    except NotFound:
        return None  # its run has been forgotten; the segment keeps the reason
    if not run.error_class:
        return None
    return {"advice": executions.advice_of(run), "is_of_amc": run.error_class == "permanent"}


def _may(row: ReportDataCollection, permission: str) -> bool:
    subject = permissions.Subject(instance_id=row.instance_id, owner_id=row.user_id)
    return permissions.may(context.principal(), permission, subject)


@pages.post(f"{BELOW}/<ident:backfill_id>/pause")
def pause_backfill(report_id: str, backfill_id: str) -> ResponseReturnValue:
    """Ask for nothing more until somebody resumes it."""
    reason = request.form.get("reason", "").strip()[:500] or None
    said = "The backfill is paused; what is at AMC goes on."

    def work(session: Session, row: ReportDataCollection) -> None:
        _refuse_again(session, row, ("paused",), "The backfill is paused already.")
        changing.pause(session, row, reason)

    return _do(report_id, backfill_id, work, said)


@pages.post(f"{BELOW}/<ident:backfill_id>/resume")
def resume_backfill(report_id: str, backfill_id: str) -> ResponseReturnValue:
    """Let a paused one go on."""

    def work(session: Session, row: ReportDataCollection) -> None:
        _refuse_again(session, row, ("running",), "The backfill is not paused any more; it goes on.")
        changing.resume(session, row)

    return _do(report_id, backfill_id, work, "The backfill goes on.")


@pages.post(f"{BELOW}/<ident:backfill_id>/cancel")
def cancel_backfill(report_id: str, backfill_id: str) -> ResponseReturnValue:
    """Give up what waits and stop what is in flight."""
    by, slots = context.principal().email, context.settings().instance_slots

    def work(session: Session, row: ReportDataCollection) -> None:
        _refuse_again(session, row, ("cancelling", "cancelled"), "The backfill is cancelled already.")
        changing.cancel(session, row, by, slots)

    return _do(report_id, backfill_id, work, "The backfill is being cancelled; what has come stays.")


@pages.post(f"{BELOW}/<ident:backfill_id>/retry")
def retry_backfill(report_id: str, backfill_id: str) -> ResponseReturnValue:
    """Ask again for what failed: for all of it, or for the one segment that the form names."""
    given = request.form.get("first_day")

    def work(session: Session, row: ReportDataCollection) -> None:
        _refuse_again(
            session, row, ("running",), "It runs already; what fails can be retried when it has ended."
        )
        changing.retry_failed(session, row, [_day(given)] if given else None)

    said = "The segment is asked for again." if given else "What failed is asked for again."
    return _do(report_id, backfill_id, work, said)


@pages.post(f"{BELOW}/<ident:backfill_id>/concurrency")
def change_backfill(report_id: str, backfill_id: str) -> ResponseReturnValue:
    """Let more or fewer of its runs be in flight from now on."""
    wanted, slots = whole(request.form.get("concurrency", "").strip()), context.settings().instance_slots

    def work(session: Session, row: ReportDataCollection) -> None:
        changing.set_concurrency(session, row, wanted, slots)

    return _do(report_id, backfill_id, work, "The number of runs at once is changed.")


def _refuse_again(session: Session, row: ReportDataCollection, states: Sequence[str], text: str) -> None:
    """Do nothing unless it is already in one of these states, as after the first of two clicks.

    :raises AlreadySo: if it is.
    """
    lock(session, row.id)  # the first of two clicks may not have ended yet
    if row.status in states:
        raise AlreadySo(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid.field("first_day", f"{text[:40]!r} is not a day; write YYYY-MM-DD") from None


def _do(
    report_id: str, backfill_id: str, what: Callable[[Session, ReportDataCollection], object], said: str
) -> ResponseReturnValue:
    """Do something with a backfill and go back to its page, which says how it went."""
    target = url_for("admin.one_backfill", report_id=report_id, backfill_id=backfill_id)
    try:
        with transaction() as session:
            report = reports.visible(session, report_id)
            what(session, of_report(session, report, backfill_id, "backfill:change"))
    except AlreadySo as so:
        return done(target, so.text, "")
    except (Conflict, Invalid) as refusal:
        return done(target, refusal.message, "danger")
    return done(target, said)
