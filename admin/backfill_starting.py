"""Starting a backfill of a report: the form, the rehearsal beside it, and the start."""

from collections.abc import Mapping
from typing import Any, Final

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin import backfill_forms as forms
from admin.answers import done
from admin.backfills import BELOW, TAB
from admin.blueprint import pages
from admin.once import once
from admin.report_frame import framed, in_frame
from reportbuilder.accounts import permissions
from reportbuilder.api import backfill_shapes, backfills, context, ordering, reports
from reportbuilder.api.failures import of_room
from reportbuilder.backfills.forecasting import limit_of
from reportbuilder.backfills.planning import draft_backfill
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid, ReportBuilderError, TooMany
from reportbuilder.reports import searching
from reportbuilder.reports.models import ReportDefinition, ReportDraft

PERMISSION: Final = "backfill:start"


@pages.get(f"{BELOW}/new")
def start_backfill(report_id: str) -> ResponseReturnValue:
    """Show the form of a new backfill, with what the usual one would do."""
    with reading() as session:
        return _form(session, _startable(session, report_id), forms.usual())


@pages.post(f"{BELOW}/new")
def begin_backfill(report_id: str) -> ResponseReturnValue:
    """Start what the form says, or only show what it would do."""
    values = forms.read(request.form)
    if request.form.get("do") == "preview":
        return _shown_again(report_id, values)
    try:
        with transaction() as session:
            report = reports.visible(session, report_id, PERMISSION)
            wish = forms.wish(values)
            started = once(session, wish, lambda: _started(session, report, wish))
    except (Invalid, Conflict, TooMany) as error:
        return _shown_again(report_id, values, error)
    target = url_for("admin.one_backfill", report_id=report_id, backfill_id=started["backfill_id"])
    return done(target, "The backfill has started.")


@pages.post(f"{BELOW}/preview")
def preview_backfill(report_id: str) -> ResponseReturnValue:
    """Answer the rehearsal beside the form, as one types."""
    values = forms.read(request.form)
    with reading() as session:
        report = _startable(session, report_id)
        plan, error = rehearsed(session, report, forms.wish(values))
    form = forms.fields(values, error.details if error else {}, **limits_of(report))
    return render_template("time/_backfill_preview.html", plan=plan, form=form, problem=error)


def rehearsed(
    session: Session, report: ReportDefinition, wish: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, Invalid | None]:
    """Return what a backfill would do, in the words of the API, or why it cannot be; nothing is written."""
    try:
        drafted = draft_backfill(session, report, wish, ordering.terms(), context.settings())
        return backfill_shapes.planned(drafted), None
    except Invalid as error:
        return None, error


def limits_of(report: ReportDefinition | ReportDraft) -> dict[str, Any]:
    """Return what the form of a backfill has to know of the report's instance and template."""
    most = max(1, limit_of(report.instance, context.settings().instance_slots))
    return {"most_at_once": most, "may_pack": forms.packable(report.template)}


def _startable(session: Session, report_id: str) -> ReportDefinition:
    report = reports.visible(session, report_id)
    permissions.ensure(context.principal(), PERMISSION, searching.subject_of(report), "report")
    return report


def _started(session: Session, report: ReportDefinition, wish: Mapping[str, Any]) -> dict[str, Any]:
    return {"backfill_id": backfills.start(session, report, wish)["backfill_id"]}


def _shown_again(
    report_id: str, values: Mapping[str, Any], error: ReportBuilderError | None = None
) -> ResponseReturnValue:
    """Show the form with all that was typed, and with what is wrong beside each field."""
    with reading() as session:
        page = _form(session, _startable(session, report_id), values, error)
    return page, of_room(error).status if error else 200


def _form(
    session: Session,
    report: ReportDefinition,
    values: Mapping[str, Any],
    error: ReportBuilderError | None = None,
) -> str:
    plan, wrong = rehearsed(session, report, forms.wish(values))
    problem = error or wrong
    return in_frame(
        "time/backfill_form.html",
        framed(session, report),
        TAB,
        tab=TAB,
        form=forms.fields(values, problem.details if problem else {}, **limits_of(report)),
        plan=plan,
        problem=problem,
        refused=error,
    )
