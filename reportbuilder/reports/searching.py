"""Finding reports: those on the instances that somebody may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from reportbuilder.accounts.grants import visible
from reportbuilder.accounts.permissions import Principal, Subject, missing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.errors import Invalid
from reportbuilder.reports.models import FREQUENCIES, ReportDefinition, ReportFavorite

STATES: Final = ("active", "inactive")
SORTS: Final = {
    "name": func.lower(ReportDefinition.name),
    "created_at": ReportDefinition.created_at,
    "updated_at": ReportDefinition.updated_at,
    "frequency": ReportDefinition.frequency,
    "execution_count": ReportDefinition.execution_count,
}


@dataclass(frozen=True)
class Criteria:
    """Which reports; None is no condition. ``state``: of STATES. ``favorite``: the asker's own marks.

    ``search``: words that all occur in the name, the description or the template's name.
    """

    instance_id: UUID | None = None
    owner_id: UUID | None = None
    template_id: UUID | None = None
    state: str | None = None
    frequency: str | None = None
    favorite: bool | None = None
    search: str | None = None


def search(
    session: Session,
    principal: Principal,
    criteria: Criteria,
    *,
    also: Sequence[ColumnElement[bool]] = (),
    sort: str = "-created_at",
    page: int = 1,
    limit: int = 20,
) -> tuple[list[ReportDefinition], int]:
    """Return one page of the reports that a principal sees, and how many there are.

    :param also: further conditions on :class:`ReportDefinition`, from rooms that this one does not know,
        such as one on the state of ``last_execution_id``.
    :param sort: a key of SORTS, with ``-`` in front descending.
    :raises Invalid: for a sort, state or frequency that does not exist.
    """
    wanted = select(ReportDefinition).where(_seen_by(principal), *_conditions(principal, criteria), *also)
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    column: Any = SORTS[_one_of("sort", sort.removeprefix("-"), tuple(SORTS))]
    ordered = wanted.order_by(column.desc() if sort.startswith("-") else column, ReportDefinition.id)
    return list(session.scalars(ordered.offset((page - 1) * limit).limit(limit))), total


def find(session: Session, principal: Principal, report_id: str, *, locked: bool = False) -> ReportDefinition:
    """Return a report by its text id; ``locked`` lets no other transaction change, run or delete it.

    :raises NotFound: if there is none that the principal may see; a deleted one is not there.
    """
    wanted = select(ReportDefinition).where(ReportDefinition.report_id == report_id, _seen_by(principal))
    if locked:
        wanted = wanted.with_for_update(of=ReportDefinition, key_share=True)
    report = session.scalars(wanted).one_or_none()
    if report is None:
        raise missing("report")
    return report


def subject_of(report: ReportDefinition) -> Subject:
    """Return what permissions have to know of a report."""
    return Subject(instance_id=report.instance_id, owner_id=report.owner_id)


def _seen_by(principal: Principal) -> ColumnElement[bool]:
    return visible(principal, ReportDefinition.instance_id) & ReportDefinition.deleted_at.is_(None)


def _conditions(principal: Principal, criteria: Criteria) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, value in (
        (ReportDefinition.instance_id, criteria.instance_id),
        (ReportDefinition.owner_id, criteria.owner_id),
        (ReportDefinition.template_id, criteria.template_id),
    ):
        if value is not None:
            found.append(column == value)
    if criteria.state is not None:
        is_active = _one_of("state", criteria.state, STATES) == "active"
        found.append(ReportDefinition.is_active.is_(is_active))
    if criteria.frequency is not None:
        found.append(ReportDefinition.frequency == _one_of("frequency", criteria.frequency, FREQUENCIES))
    if criteria.favorite is not None:
        marked = ReportDefinition.id.in_(
            select(ReportFavorite.report_id).where(ReportFavorite.user_id == principal.user_id)
        )
        found.append(marked if criteria.favorite else ~marked)
    return [*found, *map(_contains, (criteria.search or "").split())]


def _contains(word: str) -> ColumnElement[bool]:
    def holds(text: Any) -> ColumnElement[bool]:
        return text.icontains(word, autoescape=True)  # type: ignore[no-any-return]  # columns are untyped here

    templates = select(QueryTemplate.id).where(holds(QueryTemplate.name))
    return or_(
        holds(ReportDefinition.name),
        holds(ReportDefinition.description),
        ReportDefinition.template_id.in_(templates),
    )


def _one_of(field: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise Invalid.field(field, f"{value!r} is not one of {', '.join(known)}")
    return value
