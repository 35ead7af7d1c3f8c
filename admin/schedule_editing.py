"""Making and changing the schedule of a report: the form, its preview, and what comes of it."""

from collections.abc import Mapping
from typing import Any, Final

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin import schedule_forms as forms
from admin import schedule_outdating as outdating
from admin.answers import done
from admin.blueprint import pages
from admin.once import once
from admin.outdated import FIELD, STATUS, News, Outdated
from admin.report_frame import framed, in_frame
from admin.schedules import BELOW, outlook_of
from reportbuilder.accounts import permissions
from reportbuilder.api import context, ordering, reports, schedules
from reportbuilder.api.failures import of_room
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid, ReportBuilderError
from reportbuilder.reports import searching
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import defining, overview
from reportbuilder.schedules.models import ReportSchedule

TAB: Final = "admin.schedule"


@pages.get(f"{BELOW}/edit")
def schedule_form(report_id: str) -> ResponseReturnValue:
    """Show the form of the report's schedule, or of a new one."""
    with reading() as session:
        report, row = _editable(session, report_id)
        values = forms.values_of(row) if row else forms.usual(report.timezone)
        return _form(session, report, row, values)


@pages.post(f"{BELOW}/edit")
def save_schedule(report_id: str) -> ResponseReturnValue:
    """Save what the form says, or only show what it would do."""
    values = forms.read(request.form)
    if request.form.get("do") == "preview":
        return _shown_again(report_id, values)
    try:
        with transaction() as session:
            _save(session, report_id, values)
    except Outdated as refusal:
        return _shown_again(report_id, values, news=refusal.news)
    except (Invalid, Conflict) as error:
        return _shown_again(report_id, values, error)
    return done(url_for(TAB, report_id=report_id), "The schedule is saved.")


@pages.post(f"{BELOW}/preview")
def preview_schedule(report_id: str) -> ResponseReturnValue:
    """Answer the preview beside the form, as one types."""
    values = forms.read(request.form)
    with reading() as session:
        report, row = _editable(session, report_id)
        outlook, error = foreseen(report, forms.wish(values), row)
    errors = error.details if error else {}
    return render_template(
        "time/_schedule_preview.html", outlook=outlook, form=forms.fields(values, errors), problem=error
    )


def _editable(session: Session, report_id: str) -> tuple[ReportDefinition, ReportSchedule | None]:
    """Return a report and its schedule, to look at; nothing is locked yet."""
    report = reports.visible(session, report_id)
    subject = searching.subject_of(report)
    permissions.ensure(context.principal(), "schedule:change", subject, "report")
    return report, defining.find_active(session, report)


def foreseen(
    report: ReportDefinition, wish: Mapping[str, Any], row: ReportSchedule | None = None
) -> tuple[dict[str, Any] | None, Invalid | None]:
    """Return what a schedule would do, in the words of the API, or why it cannot be; nothing is written.

    :param report: may be one that is not stored yet.
    :param row: the schedule that is to be changed, whose values it keeps.
    """
    terms = ordering.terms()
    kept = {"parameters": row.default_parameters} if row else {}
    try:
        draft = defining.draft(report, {**kept, **wish}, terms=terms)
        found = overview.outlook(draft, report, after=terms.as_of, lag_days=terms.lag_days)
    except Invalid as error:
        return None, error
    return outlook_of(draft, found), None


def _save(session: Session, report_id: str, values: Mapping[str, Any]) -> None:
    report = reports.visible(session, report_id, "schedule:change")
    there, wish = request.form.get("of", ""), forms.wish(values)
    if there:
        row, locked = schedules.visible(session, there, "schedule:change")
        if row.report_id != report.id:
            raise Conflict("the schedule belongs to another report; load the page again")
        defining.refuse_removed(row)
        outdating.check(row, values)
        by = context.principal().email
        defining.change(session, row, locked, wish, terms=ordering.terms(), by=by)
        return

    def work() -> dict[str, Any]:
        by = context.principal().email
        made = defining.create(session, report, wish, terms=ordering.terms(), by=by)
        return {"schedule_id": made.schedule_id}

    once(session, wish, work)


def _shown_again(
    report_id: str,
    values: Mapping[str, Any],
    error: ReportBuilderError | None = None,
    news: News | None = None,
) -> ResponseReturnValue:
    """Show the form with all that was typed, and with what is wrong or new beside each field."""
    with reading() as session:
        report, row = _editable(session, report_id)
        if row is not None and isinstance(error, Conflict):
            news = outdating.news_of(row, values)
        page = _form(session, report, row, values, error, news)
    return page, of_room(error).status if error else STATUS if news else 200


def _form(
    session: Session,
    report: ReportDefinition,
    row: ReportSchedule | None,
    values: Mapping[str, Any],
    error: ReportBuilderError | None = None,
    news: News | None = None,
) -> str:
    is_as_sent = request.method == "POST" and news is None
    outlook, wrong = foreseen(report, forms.wish(values), row)
    problem = error or wrong
    return in_frame(
        "time/schedule_form.html",
        framed(session, report),
        TAB,
        tab=TAB,
        schedule_id=_meant(row, error, news),
        form=forms.fields(values, problem.details if problem else {}),
        outlook=outlook,
        problem=problem,
        refused=error,
        news=news,
        made_from=request.form.get(FIELD, "") if is_as_sent else outdating.seal_of(row),
    )


def _meant(row: ReportSchedule | None, error: ReportBuilderError | None, news: News | None) -> str:
    """Return the schedule that the form changes, empty for a new one: the one sent, unless it is refused."""
    if request.method == "POST" and news is None and not isinstance(error, Conflict):
        return request.form.get("of", "")
    return row.schedule_id if row else ""
