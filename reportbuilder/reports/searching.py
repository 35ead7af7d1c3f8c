"""Finding reports: those on the instances that somebody may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session, defer, joinedload

from reportbuilder.accounts.grants import visible
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Principal, Subject, missing
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.errors import Invalid
from reportbuilder.reports.models import FREQUENCIES, ReportDefinition, ReportFavorite

STATES: Final = ("active", "inactive")


@dataclass(frozen=True)
class Sort:
    """An order of reports: by a ``column``, of the table ``of`` another thing if it is not the report's own.

    Where the column is null, which only ``has_nulls`` may be, a report comes last either way.
    """

    column: Any
    of: tuple[Any, ColumnElement[bool]] | None = None
    has_nulls: bool = False


OFTEN_FIRST: Final = ("daily", "weekly", "monthly", "quarterly", "once")
SORTS: Final[dict[str, Sort]] = {
    "name": Sort(func.lower(ReportDefinition.name)),
    "created_at": Sort(ReportDefinition.created_at),
    "updated_at": Sort(ReportDefinition.updated_at),
    "frequency": Sort(
        case({word: place for place, word in enumerate(OFTEN_FIRST)}, value=ReportDefinition.frequency)
    ),
    "last_run": Sort(ReportDefinition.last_execution_at, has_nulls=True),
    "execution_count": Sort(ReportDefinition.execution_count),
    "template": Sort(
        func.lower(QueryTemplate.name), (QueryTemplate, QueryTemplate.id == ReportDefinition.template_id)
    ),
    "instance": Sort(
        func.lower(AmcInstance.instance_name), (AmcInstance, AmcInstance.id == ReportDefinition.instance_id)
    ),
    "owner": Sort(func.lower(User.email), (User, User.id == ReportDefinition.owner_id)),
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
    sorts: Mapping[str, Sort] = MappingProxyType({}),
    sort: str = "-created_at",
    page: int = 1,
    limit: int = 20,
) -> tuple[list[ReportDefinition], int]:
    """Return one page of the reports that a principal sees, and how many there are.

    Their values and windows are left out, and of their templates all but the names: they are read when they
    are asked for, one by one.

    :param also: further conditions on :class:`ReportDefinition`, from rooms that this one does not know,
        such as one on the state of ``last_execution_id``.
    :param sorts: further orders from there, beside SORTS.
    :param sort: a key of either, with ``-`` in front descending.
    :raises Invalid: for a sort, state or frequency that does not exist.
    """
    known = {**SORTS, **sorts}
    by = known[_one_of("sort", sort.removeprefix("-"), tuple(known))]
    wanted = select(ReportDefinition.id, func.count().over()).where(
        _seen_by(principal), *_conditions(principal, criteria), *also
    )
    ordered = _ordered(wanted, by, is_descending=sort.startswith("-"))
    found = session.execute(ordered.offset((page - 1) * limit).limit(limit)).all()
    if not found and page > 1:  # a page behind the last one tells nothing of how many there are
        return [], session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    return _load(session, [row_id for row_id, _ in found]), found[0][1] if found else 0


def those(session: Session, principal: Principal, report_ids: Sequence[str]) -> list[ReportDefinition]:
    """Return of these reports, by their text ids, the ones that a principal sees; as :func:`search` does."""
    wanted = _light().where(ReportDefinition.report_id.in_(report_ids), _seen_by(principal))
    there = {report.report_id: report for report in session.scalars(wanted)}
    return [there[report_id] for report_id in report_ids if report_id in there]


def owners(session: Session, principal: Principal) -> list[User]:
    """Return who has reports that a principal sees, by their e-mail addresses."""
    found = select(ReportDefinition.owner_id).where(_seen_by(principal))
    return list(session.scalars(select(User).where(User.id.in_(found)).order_by(User.email)))


def _load(session: Session, ids: Sequence[UUID]) -> list[ReportDefinition]:
    there = {report.id: report for report in session.scalars(_light().where(ReportDefinition.id.in_(ids)))}
    return [there[row_id] for row_id in ids]


def _light() -> Select[ReportDefinition]:
    return select(ReportDefinition).options(
        defer(ReportDefinition.parameters),
        defer(ReportDefinition.time_window),
        joinedload(ReportDefinition.template)
        .load_only(QueryTemplate.template_id, QueryTemplate.name)
        .lazyload(QueryTemplate.parameters),
        joinedload(ReportDefinition.instance).lazyload(AmcInstance.account),
    )


def _ordered(wanted: Select[UUID, int], by: Sort, *, is_descending: bool) -> Select[UUID, int]:
    key = by.column.desc() if is_descending else by.column.asc()
    joined = wanted if by.of is None else wanted.outerjoin(*by.of)
    return joined.order_by(key.nulls_last() if by.has_nulls else key, ReportDefinition.id)


def find(
    session: Session, principal: Principal, report_id: str, *, locked: bool = False, deleted: bool = False
) -> ReportDefinition:
    """Return a report by its text id; ``locked`` lets no other transaction change, run or delete it.

    :param deleted: find it also if it has been deleted.
    :raises NotFound: if there is none that the principal may see.
    """
    seen = visible(principal, ReportDefinition.instance_id) if deleted else _seen_by(principal)
    wanted = select(ReportDefinition).where(ReportDefinition.report_id == report_id, seen)
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
