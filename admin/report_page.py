"""The page of a report: what it asks for, what of it runs now, what ran last, and the verbs on both."""

from typing import Any, Final

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin.answers import done, live
from admin.blueprint import HOME, pages
from admin.once import once
from admin.report_frame import allowed, framed, in_frame
from admin.run_progress import active_of_report, advice_of, may_retry, progress_of, shown
from admin.value_words import in_words, wish_words
from reportbuilder.api import context, limits, ordering, report_runs, reports, schedule_shapes
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid, TooMany
from reportbuilder.executions import overview
from reportbuilder.parameters.windows import Window
from reportbuilder.reports import defining
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import defining as scheduling

BELOW: Final = f"{HOME}/reports/<ident:report_id>"
RUNNING_SHOWN: Final = 5
RECENT_SHOWN: Final = 5


@pages.get(BELOW)
def report(report_id: str) -> ResponseReturnValue:
    """Show what a report asks for, what of it runs, and what ran last."""
    with reading() as session:
        row = reports.visible(session, report_id)
        return in_frame(
            "report/summary.html", framed(session, row), **_asked(session, row), **_runs(session, row)
        )


@pages.get(f"{BELOW}/live")
def report_live(report_id: str) -> ResponseReturnValue:
    """Answer the live part of the page: what runs, and what ran last."""
    with reading() as session:
        row = reports.visible(session, report_id)
        shown = _runs(session, row)
        frame = {"report": {"report_id": row.report_id}, "may": allowed(row)}
        return live(render_template("report/_runs_now.html", **frame, **shown))


@pages.post(f"{BELOW}/run-now")
@limits.executions
def run_report_now(report_id: str) -> ResponseReturnValue:
    """Run it now with its own values; the same form sent twice starts one run."""
    target = url_for("admin.report", report_id=report_id)
    try:
        with transaction() as session:
            row = reports.visible(session, report_id, "report:run")
            once(
                session, "run", lambda: {"execution_id": report_runs.start(session, row, {})["execution_id"]}
            )
    except Invalid as refusal:  # the template or the days have changed since it was made
        way_out = {"label": "Edit the report", "href": url_for("admin.edit_report", report_id=report_id)}
        return done(target, refusal.message, "danger", **way_out)
    except (Conflict, TooMany) as refusal:
        return done(target, refusal.message, "danger")
    return done(target, "A run has been asked for.")


def _asked(session: Session, row: ReportDefinition) -> dict[str, Any]:
    """Return what a report asks for, in words, and when it does so by itself."""
    schedule = scheduling.find_active(session, row)
    window, wrong = _window(row)
    return {
        "values": in_words(row.template, row.parameters),
        "template_version": row.template.version,
        "instance": row.instance,
        "window_words": wish_words(row.time_window, zone=row.timezone, lag_days=ordering.terms().lag_days),
        "window": window,
        "window_wrong": wrong,
        "settle_days": context.settings().settle_days,
        "schedule": schedule_shapes.shown(schedule, row) if schedule else None,
    }


def _window(row: ReportDefinition) -> tuple[Window | None, str]:
    """Return what the report's window is today, or why it is none."""
    try:
        return defining.window_of(row, ordering.terms()), ""
    except Invalid as error:
        return None, error.message


def _runs(session: Session, row: ReportDefinition) -> dict[str, Any]:
    """Return what runs and what ran last; only the first that waits is told its place: that takes queries."""
    running, count = active_of_report(session, row.id, RUNNING_SHOWN)
    typical = overview.typical_duration(session, row.template_id, row.instance_id)
    first = next((run for run in running if run.state == "pending"), None)
    recent, total = overview.search(session, overview.Criteria(report_id=row.id), limit=RECENT_SHOWN)
    failed = recent[0] if recent and recent[0].state == "failed" else None
    return {
        "running": [progress_of(session, run, typical, with_place=run is first) for run in running],
        "more_running": count - len(running),
        "recent": [shown(run) for run in recent],
        "total": total,
        "failed": failed,
        "advice": advice_of(failed) if failed else None,
        "may_retry": failed is not None and may_retry(failed),
    }
