"""Copies of reports, under names that are free."""

from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder.accounts.models import User
from reportbuilder.reports.defining import Terms, create
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.reports.wishes import LONGEST_NAME


def duplicate(session: Session, report: ReportDefinition, owner: User, terms: Terms) -> ReportDefinition:
    """Make a report of the same template, instance, values and window for an owner; it has no schedule.

    :raises Invalid: if the template has changed so that the values fit no more.
    """
    data = {
        "name": _free_name(session, report, owner),
        "description": report.description,
        "parameters": report.parameters,
        "time_window": report.time_window,
        "timezone": report.timezone,
    }
    return create(session, data, owner=owner, template=report.template, instance=report.instance, terms=terms)


def _free_name(session: Session, report: ReportDefinition, owner: User) -> str:
    taken = select(ReportDefinition.name).where(
        ReportDefinition.owner_id == owner.id,
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
