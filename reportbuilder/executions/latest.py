"""The latest run of each of many reports, and how the last ones went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased, load_only

from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import ACTIVE, phases_of
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.reports.searching import Sort

NEVER: Final = "never"
TREND: Final = 10  # runs
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
# as somebody looks for them who wants to know what is wrong
_ORDER: Final = ("failed", "running", "collecting", "submitting", "pending", "cancelled", "completed")


def _of_latest(column: InstrumentedAttribute[Any]) -> ScalarSelect[Any]:
    # no join: a planner that hashes a million executions to find ten thousand takes a second for it
    latest = select(column).where(ReportExecution.id == ReportDefinition.last_execution_id)
    return latest.correlate(ReportDefinition).scalar_subquery()


STATE: Final = _of_latest(ReportExecution.state)
SORTS: Final[dict[str, Sort]] = {
    "status": Sort(case({word: place for place, word in enumerate(_ORDER)}, value=STATE), has_nulls=True),
}


@dataclass(frozen=True)
class Run:
    """How a run went: ``seconds`` from AMC's accept to the rows, None as long as it has not ended there."""

    state: str
    seconds: float | None


def has_status(status: str) -> ColumnElement[bool]:
    """Return the condition that a report's latest run has a status, or NEVER: that there is none."""
    if status == NEVER:
        return ReportDefinition.last_execution_id.is_(None)
    phases = phases_of(status)
    if ACTIVE.issuperset(phases):  # few of all executions: these are found by their state
        going = select(ReportExecution.id).where(ReportExecution.state.in_(phases))
        return ReportDefinition.last_execution_id.in_(going)
    return STATE.in_(phases)


def latest_of(session: Session, reports: Sequence[ReportDefinition]) -> dict[UUID, ReportExecution]:
    """Return the latest runs, by the row ids of their reports; their SQL and values are left out."""
    owners = {report.last_execution_id: report.id for report in reports if report.last_execution_id}
    found = select(ReportExecution).where(ReportExecution.id.in_(owners))
    light = load_only(
        ReportExecution.execution_id,
        ReportExecution.report_id,
        ReportExecution.state,
        ReportExecution.created_at,
        ReportExecution.submitted_at,
        ReportExecution.completed_at,
        ReportExecution.error_class,
        ReportExecution.error_message,
        ReportExecution.cancel_requested_at,
        ReportExecution.row_count,
    )
    return {owners[run.id]: run for run in session.scalars(found.options(light))}


def trends(session: Session, report_ids: Sequence[UUID], count: int = TREND) -> dict[UUID, list[Run]]:
    """Return the last runs of each report, the oldest first, in one query that reads no others.

    What was only split out of another run is left out, since it took no time of its own.
    """
    whole = ReportExecution.packed_in_id.is_(None)
    rows = session.execute(
        select(
            ReportExecution.report_id,
            ReportExecution.state,
            ReportExecution.submitted_at,
            ReportExecution.completed_at,
        )
        .join(ReportDefinition, ReportDefinition.id == ReportExecution.report_id)
        .where(ReportDefinition.id.in_(report_ids), whole, ReportExecution.created_at >= _since(count))
        .order_by(ReportExecution.created_at.desc(), ReportExecution.id)
    )
    found: dict[Any, list[Run]] = {}
    for report_id, state, began, ended in rows:
        runs = found.setdefault(report_id, [])
        if len(runs) < count:
            runs.insert(0, Run(state, (ended - began).total_seconds() if began and ended else None))
    return found


def _since(count: int) -> ColumnElement[datetime]:
    """Return since when the last ``count`` runs of a report were asked for."""
    older = aliased(ReportExecution)
    nth = (
        select(older.created_at)
        .where(older.report_id == ReportDefinition.id, older.packed_in_id.is_(None))
        .order_by(older.created_at.desc())
        .offset(count - 1)
        .limit(1)
        .correlate(ReportDefinition)
        .scalar_subquery()
    )
    return func.coalesce(nth, _EVER)


def last_completed(session: Session, report_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the text ids of the last completed runs, by the row ids of the reports that have one."""
    done = (
        select(ReportExecution.execution_id)
        .where(ReportExecution.report_id == ReportDefinition.id, ReportExecution.state == "completed")
        .order_by(ReportExecution.created_at.desc())
        .limit(1)
        .correlate(ReportDefinition)
        .scalar_subquery()
    )
    rows = session.execute(select(ReportDefinition.id, done).where(ReportDefinition.id.in_(report_ids)))
    return {row_id: execution_id for row_id, execution_id in rows if execution_id}
