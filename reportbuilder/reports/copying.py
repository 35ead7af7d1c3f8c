"""The names of copies of reports."""

from itertools import count
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder.reports.models import ReportDefinition
from reportbuilder.reports.wishes import LONGEST_NAME


def free_name(session: Session, report: ReportDefinition, owner_id: UUID) -> str:
    """Return the first name for a copy of a report that its owner has not given yet on the same instance."""
    taken = select(ReportDefinition.name).where(
        ReportDefinition.owner_id == owner_id,
        ReportDefinition.instance_id == report.instance_id,
        ReportDefinition.deleted_at.is_(None),
    )
    there = {name.lower() for name in session.scalars(taken)}
    names = (copy_name(report.name, number) for number in count(1))
    return next(name for name in names if name.lower() not in there)


def copy_name(name: str, number: int) -> str:
    """Return the name of a copy, shortened at its end if it would be too long.

    >>> copy_name("Clicks", 1), copy_name("Clicks", 2), len(copy_name("C" * 200, 3))
    ('Clicks (copy)', 'Clicks (copy 2)', 200)
    """
    mark = " (copy)" if number == 1 else f" (copy {number})"
    return name[: LONGEST_NAME - len(mark)].rstrip() + mark
