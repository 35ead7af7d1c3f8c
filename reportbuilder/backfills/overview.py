"""What the doors show of backfills: one with its segments and its expected end, and lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, defer, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from reportbuilder.accounts.permissions import Principal, Subject, ensure, missing
from reportbuilder.backfills.forecasting import Forecast, forecast
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.errors import NotFound
from reportbuilder.executions.pausing import pause_of
from reportbuilder.paging import read_page
from reportbuilder.settings import Settings

SORTS: dict[str, Any] = {
    "created_at": ReportDataCollection.created_at,
    "ended_at": ReportDataCollection.ended_at,
    "status": ReportDataCollection.status,
    "progress_percentage": ReportDataCollection.progress_percentage,
}


@dataclass(frozen=True)
class Criteria:
    """Which backfills; None is no condition. ``instances``: the ids of those that the reader may see."""

    instances: Sequence[UUID] | None = None
    instance_id: UUID | None = None
    report_id: UUID | None = None
    status: str | None = None


def find(session: Session, backfill_id: str) -> ReportDataCollection:
    """Return one backfill with its instance, report and user.

    :raises NotFound: if there is none of that id; what is from before the Report Builder is none.
    """
    wanted = select(ReportDataCollection).where(ReportDataCollection.collection_id == backfill_id, _is_ours())
    found = session.scalars(wanted.options(*_whole())).one_or_none()
    if found is None:
        raise NotFound(f"there is no backfill {backfill_id}")
    return found


def find_allowed(
    session: Session, principal: Principal, backfill_id: str, permission: str = "report:view"
) -> ReportDataCollection:
    """Return one backfill, as `find` does, if somebody may do that with it.

    :raises NotFound: if there is none, or none that they may see.
    :raises NotPermitted: if it is visible and that is not allowed.
    """
    what = f"backfill {backfill_id}"
    try:
        row = find(session, backfill_id)
    except NotFound:
        raise missing(what) from None
    ensure(principal, permission, Subject(instance_id=row.instance_id, owner_id=row.user_id), what)
    return row


def search(
    session: Session, criteria: Criteria, *, sort: str = "-created_at", page: int = 1, limit: int = 20
) -> tuple[list[ReportDataCollection], int]:
    """Return one page of backfills and how many there are.

    ``sort`` is a key of SORTS, ``-`` descending; those without a value come last either way.
    """
    wanted = select(ReportDataCollection).where(_is_ours(), *_conditions(criteria))
    tie = ReportDataCollection.id
    return read_page(session, wanted, SORTS, sort, tie=tie, page=page, limit=limit, options=_whole())


def _is_ours() -> ColumnElement[bool]:
    return ReportDataCollection.report_id.is_not(None)


def _whole() -> tuple[ORMOption, ...]:
    return (
        joinedload(ReportDataCollection.instance),
        joinedload(ReportDataCollection.user),
        joinedload(ReportDataCollection.report),
    )


def _conditions(criteria: Criteria) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if criteria.instances is not None:
        found.append(ReportDataCollection.instance_id.in_(criteria.instances))
    for column, value in (
        (ReportDataCollection.instance_id, criteria.instance_id),
        (ReportDataCollection.report_id, criteria.report_id),
        (ReportDataCollection.status, criteria.status),
    ):
        if value is not None:
            found.append(column == value)
    return found


def segments_of(session: Session, backfill: ReportDataCollection) -> list[ReportDataWeek]:
    """Return the segments in their order, without their SQL."""
    found = select(ReportDataWeek).where(ReportDataWeek.collection_id == backfill.id)
    ordered = found.order_by(ReportDataWeek.place).options(defer(ReportDataWeek.sql_text, raiseload=True))
    return list(session.scalars(ordered))


def foresee(
    session: Session,
    backfill: ReportDataCollection,
    segments: Sequence[ReportDataWeek],
    settings: Settings,
) -> Forecast | None:
    """Return when a backfill that runs is expected to end; None for one that does not, or is held back."""
    if backfill.status != "running" or backfill.report is None:
        return None
    if pause_of(session, backfill.instance_id) is not None:
        return None  # nobody knows when that will end
    waiting = [segment for segment in segments if segment.status == "waiting"]
    runs = {segment.id if segment.pack is None else segment.pack for segment in waiting}
    return forecast(
        session,
        backfill.report.template,
        backfill.instance,
        waiting=len(runs),
        concurrency=backfill.concurrency,
        settings=settings,
        collection_id=backfill.id,
    )
