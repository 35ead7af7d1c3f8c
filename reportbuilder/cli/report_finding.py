"""Finds reports for a person who may do that with them."""

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from reportbuilder.accounts.grants import visible
from reportbuilder.accounts.permissions import Principal, ensure
from reportbuilder.errors import Invalid
from reportbuilder.reports import searching
from reportbuilder.reports.models import ReportDefinition


def find_report(session: Session, principal: Principal, name: str, permission: str) -> ReportDefinition:
    """Return the report of that id or name, whatever its case, locked.

    :raises NotFound: if there is none that one may see. :raises Invalid: if the name is not unique.
    """
    alike = session.scalars(
        select(ReportDefinition.report_id).where(
            or_(ReportDefinition.report_id == name, func.lower(ReportDefinition.name) == name.lower()),
            ReportDefinition.deleted_at.is_(None),
            visible(principal, ReportDefinition.instance_id),
        )
    ).all()
    if len(alike) > 1:
        raise Invalid.field("report", f"{name!r} is the name of several: take the id of one")
    found = searching.find(session, principal, alike[0] if alike else name, locked=True)
    ensure(principal, permission, searching.subject_of(found), "report")
    return found
