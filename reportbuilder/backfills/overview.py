"""What the doors show of backfills: one with its segments and its expected end, and lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, defer, joinedload

from reportbuilder.backfills.forecasting import Forecast, forecast
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.errors import NotFound
from reportbuilder.executions.pausing import pause_of
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
    found = session.scalars(_whole(wanted)).one_or_none()
    if found is None:
        raise NotFound(f"there is no backfill {backfill_id}")
    return found


def search(
    session: Session, criteria: Criteria, *, sort: str = "-created_at", page: int = 1, limit: int = 20
) -> tuple[list[ReportDataCollection], int]:
    """Return one page of backfills and how many there are.

    ``sort`` is a key of SORTS, ``-`` descending; those without a value come last either way.
    """
    wanted = select(ReportDataCollection).where(_is_ours(), *_conditions(criteria))
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    column = SORTS[sort.lstrip("-")]
    key = column.desc() if sort.startswith("-") else column.asc()
    ordered = wanted.order_by(key.nulls_last(), ReportDataCollection.id)
    rows = session.scalars(_whole(ordered).offset((page - 1) * limit).limit(limit)).all()
    return list(rows), total


def _is_ours() -> ColumnElement[bool]:
    return ReportDataCollection.report_id.is_not(None)


def _whole(statement: Select[ReportDataCollection]) -> Select[ReportDataCollection]:
    return statement.options(
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
