"""A draft made from a report: its values, its window and its schedule, to be changed before it is made."""

from typing import Any

from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin import schedule_forms
from admin.answers import done
from admin.blueprint import HOME, pages
from admin.dialog import steps
from admin.dialog.steps import RECURRING
from admin.once import once
from reportbuilder.accounts import permissions
from reportbuilder.accounts.permissions import Subject
from reportbuilder.api import context, reports
from reportbuilder.catalog import searching as templates
from reportbuilder.database import transaction
from reportbuilder.reports import drafting
from reportbuilder.reports.copying import free_name
from reportbuilder.reports.drafting import DETAILS, PARAMETERS, WHEN
from reportbuilder.reports.models import ReportDefinition, ReportDraft
from reportbuilder.schedules import defining as scheduling
from reportbuilder.schedules.models import ReportSchedule


@pages.post(f"{HOME}/reports/<ident:report_id>/duplicate")
def duplicate_report(report_id: str) -> ResponseReturnValue:
    """Make a draft from a report and lead to its form; nothing is made or run yet."""
    with transaction() as session:
        report = reports.visible(session, report_id)
        principal = context.principal()
        permissions.ensure(principal, "report:create", Subject(instance_id=report.instance_id), "report")
        templates.find(session, principal, report.template.template_id)
        schedule = scheduling.find_active(session, report)
        target = once(session, "duplicate", lambda: _begun(session, report, schedule))["target"]
        said = f"This is a copy of “{report.name}”; nothing is made before you start it.{_left_out(schedule)}"
    return done(target, said)


def _begun(session: Session, report: ReportDefinition, schedule: ReportSchedule | None) -> dict[str, str]:
    return {"target": steps.address(_drafted(session, report, schedule), PARAMETERS)}


def _left_out(schedule: ReportSchedule | None) -> str:
    """Say what a draft cannot take over."""
    own = ", ".join(schedule.default_parameters) if schedule else ""
    return f" The schedule's own values for {own} are not in it." if own else ""


def _drafted(session: Session, report: ReportDefinition, schedule: ReportSchedule | None) -> ReportDraft:
    user_id = context.principal().user_id
    fields: dict[str, Any] = {
        "name": free_name(session, report, user_id),
        "parameters": report.parameters,
        "timezone": report.timezone,
    }
    optional = {"description": report.description, "time_window": report.time_window}
    fields |= {name: value for name, value in optional.items() if value}
    draft = drafting.start(session, user_id, report.template, report.instance, fields)
    if schedule is not None:
        drafting.keep(session, draft, WHEN, {"type": RECURRING, "is_single": False})
        drafting.keep(session, draft, DETAILS, {RECURRING: schedule_forms.values_of(schedule)})
    return draft
