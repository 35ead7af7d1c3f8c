"""What uses a template: reports and executions; and the deletion of one that nothing uses."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reportbuilder.accounts.permissions import Principal
from reportbuilder.catalog import publishing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.errors import Conflict
from reportbuilder.executions.models import ReportExecution
from reportbuilder.reports import searching
from reportbuilder.reports.models import ReportDefinition

MOST_LISTED = 100


@dataclass(frozen=True)
class Uses:
    """How many use a template. ``seen``: those reports that the asker may see, by name.

    ``deleted_reports`` are kept for what they ran, and so is their template; ``copies`` are no use.
    """

    reports: int
    deleted_reports: int
    executions: int
    copies: int
    seen: tuple[ReportDefinition, ...] = ()

    @property
    def is_unused(self) -> bool:
        """Whether it may be deleted."""
        return not (self.reports or self.deleted_reports or self.executions)


def uses_of(session: Session, principal: Principal, template: QueryTemplate) -> Uses:
    """Return what uses a template."""
    criteria = searching.Criteria(template_id=template.id)
    seen, _ = searching.search(session, principal, criteria, sort="name", limit=MOST_LISTED)
    return _count(session, template, tuple(seen))


def counts_of(session: Session, template_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many reports there are of each of these templates, by its row id."""
    wanted = (
        select(ReportDefinition.template_id, func.count())
        .where(ReportDefinition.template_id.in_(template_ids), ReportDefinition.deleted_at.is_(None))
        .group_by(ReportDefinition.template_id)
    )
    return {row[0]: row[1] for row in session.execute(wanted)}


def delete_unused(session: Session, template: QueryTemplate) -> None:
    """Delete a template; what it was is gone with its versions and saved values.

    :raises Conflict: if it is shipped, or anything uses it; the message says how many.
    """
    # waits for those who are just making a report of it, and they, from now on, for us
    session.execute(select(QueryTemplate.id).where(QueryTemplate.id == template.id).with_for_update())
    uses = _count(session, template)
    if not uses.is_unused:
        raise Conflict(
            f"{template.name!r} is used by {_number(uses.reports, 'report')} "
            f"({uses.deleted_reports} more deleted) and {_number(uses.executions, 'execution')}; "
            "what ran stays readable with its template"
        )
    publishing.delete(session, template)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _count(session: Session, template: QueryTemplate, seen: tuple[ReportDefinition, ...] = ()) -> Uses:
    def count(column: object, *conditions: object) -> int:
        return session.scalar(select(func.count(column)).where(*conditions)) or 0  # type: ignore[arg-type]  # columns and conditions

    of_it = ReportDefinition.template_id == template.id
    return Uses(
        reports=count(ReportDefinition.id, of_it, ReportDefinition.deleted_at.is_(None)),
        deleted_reports=count(ReportDefinition.id, of_it, ReportDefinition.deleted_at.is_not(None)),
        executions=count(ReportExecution.id, ReportExecution.template_id == template.id),
        copies=count(QueryTemplate.id, QueryTemplate.parent_template_id == template.id),
        seen=seen,
    )
