"""The page of a run: how it gets on, why it failed, its rows, attempts and events, and the SQL that ran."""

from typing import Any, Final

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin import tour
from admin.answers import done, live
from admin.blueprint import HOME, pages
from admin.once import once
from admin.report_frame import framed, in_frame
from admin.result_view import Rows, view_of
from admin.result_wishes import OPERATORS, read_wish
from admin.run_progress import advice_of, may_retry, progress_of, shown
from admin.signing_in import local
from admin.sql_words import lines_of
from admin.value_words import in_words
from reportbuilder.accounts.models import User
from reportbuilder.api import context, limits, reports
from reportbuilder.api import executions as api
from reportbuilder.api import rows as files
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Gone, Invalid, NotFound, TooMany
from reportbuilder.executions import lifecycle, overview, quotas
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import is_final
from reportbuilder.results import downloads
from reportbuilder.results.models import ResultSet

BELOW: Final = f"{HOME}/runs/<ident:execution_id>"
OF_REPORT: Final = f"{HOME}/reports/<ident:report_id>/runs/<ident:execution_id>"


@pages.get(OF_REPORT)
def run(report_id: str, execution_id: str) -> ResponseReturnValue:
    """Show a run of a report."""
    with reading() as session:
        row = of_report(session, report_id, execution_id)
        frame = framed(session, reports.visible(session, report_id))
        facts = _facts(session, row)
        result = _result(session, row)
    return in_frame("runs/run_of_report.html", frame, here="admin.runs", **facts, rows=_rows(row, result))


@pages.get(BELOW)
def single_run(execution_id: str) -> ResponseReturnValue:
    """Show a run without a report; one of a report is shown with that."""
    with reading() as session:
        row = api.visible(session, execution_id)
        if row.report is not None and row.report.deleted_at is None:
            return redirect(url_for("admin.run", report_id=row.report.report_id, execution_id=execution_id))
        facts = _facts(session, row)
        result = _result(session, row)
    return render_template("runs/single.html", **facts, rows=_rows(row, result))


@pages.get(f"{BELOW}/live")
def run_live(execution_id: str) -> ResponseReturnValue:
    """Answer the live part of a run's page; its SQL comes once AMC may have said something about it."""
    with reading() as session:
        row = api.visible(session, execution_id)
        facts = _facts(session, row)
        result = _result(session, row)
    if not is_final(row.state):
        facts["sql"] = None  # it does not change meanwhile, and may be long
    html = render_template("runs/_run.html", **facts, rows=_rows(row, result))
    return live(html, is_over=is_final(row.state))


@pages.get(f"{BELOW}/download")
@limits.exports
def download_run(execution_id: str) -> ResponseReturnValue:
    """Send all rows as a file, as the API does."""
    kind = request.args.get("format", "csv")
    if kind not in downloads.CONTENT_TYPES:
        raise Invalid.field("format", f"{kind!r} is not offered; use {', '.join(downloads.CONTENT_TYPES)}")
    return files.sent_file(execution_id, kind)


@pages.post(f"{BELOW}/cancel")
def cancel_run(execution_id: str) -> ResponseReturnValue:
    """Ask for a run to be stopped."""
    try:
        with transaction() as session:
            row = api.visible(session, execution_id, "execution:cancel")
            if row.state == "cancelled":
                return done(_back(execution_id), "The run is cancelled already.", "")
            lifecycle.cancel(session, row, context.principal().email)
            over = is_final(row.state)
    except Conflict as refusal:
        return done(_back(execution_id), refusal.message, "danger")
    said = (
        "The run is cancelled." if over else "AMC is asked to stop the run; it ends when AMC confirms that."
    )
    return done(_back(execution_id), said)


@pages.post(f"{BELOW}/retry")
@limits.executions
def retry_run(execution_id: str) -> ResponseReturnValue:
    """Run the same SQL for the same window once more."""
    try:
        with transaction() as session:
            row = api.visible(session, execution_id, "execution:retry")
            again = once(session, "retry", lambda: _retried(session, row))
    except (Conflict, TooMany) as refusal:
        return done(_back(execution_id), refusal.message, "danger")
    return done(url_for("admin.single_run", execution_id=again["execution_id"]), "It runs once more.")


def of_report(session: Session, report_id: str, execution_id: str) -> ReportExecution:
    """Return a run if it is one of that report and the reader may see it.

    :raises NotFound: if not.
    """
    row = api.visible(session, execution_id)
    if row.report is None or row.report.report_id != report_id:
        raise NotFound(f"There is no run {execution_id} of this report")
    return row


def _retried(session: Session, row: ReportExecution) -> dict[str, Any]:
    quotas.ensure_runs_left(session, row.instance, context.settings())
    user = session.get_one(User, context.principal().user_id)
    again = lifecycle.retry(session, row, user, settle_days=context.settings().settle_days)
    return {"execution_id": again.execution_id}


def _back(execution_id: str) -> str:
    """Return the page that a form was on, else that of the run."""
    wish = request.form.get("back")
    return local(wish) if wish else url_for("admin.single_run", execution_id=execution_id)


def _facts(session: Session, row: ReportExecution) -> dict[str, Any]:
    """Return all of a run but its rows, in as many queries for many events as for one."""
    typical = overview.typical_duration(session, row.template_id, row.instance_id)
    advice = advice_of(row)
    return shown(row) | {
        "progress": progress_of(session, row, typical),
        "advice": advice,
        "events": overview.events(session, row),
        "attempts": overview.attempts(session, row),
        "kin": overview.kin(session, row),
        "values": in_words(row.template, row.parameters_snapshot),
        "sql": lines_of(row.sql_text, advice.spot if advice else None),
        "may_retry": may_retry(row),
        "is_over": is_final(row.state),
        "operators": OPERATORS,
    }


def _result(session: Session, row: ReportExecution) -> ResultSet | str:
    """Return where the rows of a completed run lie, or why they do not; nothing for one that has none."""
    if row.state != "completed":
        return ""
    try:
        return overview.result_of(session, row)
    except Gone as gone:
        return gone.message


def _rows(row: ReportExecution, result: ResultSet | str) -> Rows | str:
    if isinstance(result, str):
        return result
    tour.did("results")
    return view_of(result, read_wish(request.args), dimensions_of(row))


def dimensions_of(row: ReportExecution) -> list[str]:
    """Return the columns of a result that AMC says only name something, such as the id of a campaign."""
    columns = row.output_columns or []
    return [str(column["name"]) for column in columns if column.get("columnType") == "DIMENSION"]
