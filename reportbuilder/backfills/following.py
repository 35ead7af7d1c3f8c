"""What became of the runs of a backfill: its segments in flight, brought up to what their executions say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.backfills.states import IN_FLIGHT, Tally, of_execution, tally
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.refusals import is_overlap_refusal
from reportbuilder.results.models import ResultSet


@dataclass
class Flight:
    """A segment in flight with what is known of its execution. ``pack``: it shares a run with others."""

    id: UUID
    status: str
    execution_id: str | None
    pack: int | None
    state: str
    error: str | None
    amc_execution_id: str | None
    rows: int | None
    sha256: str | None

    @property
    def is_split(self) -> bool:
        """Say whether its rows are here, among those of others, and have to be parted from them."""
        return self.pack is not None and self.state == "completed"

    @property
    def is_coming(self) -> bool:
        """Say whether its rows, among those of others, are being fetched."""
        return self.pack is not None and self.state == "collecting"

    @property
    def next_status(self) -> str:
        """The state that the segment is in by now."""
        if self.is_split:
            return "collecting"
        # AMC's refusal of a pack is about the window of the pack; its segments may have better luck alone
        is_refused = self.pack is None and is_overlap_refusal(self.error)
        return of_execution(self.state, is_refused=is_refused)


def read_flights(session: Session, backfill: ReportDataCollection) -> list[Flight]:
    """Read the segments in flight, in one query."""
    statement = (
        select(
            ReportDataWeek.id,
            ReportDataWeek.status,
            ReportDataWeek.execution_id,
            ReportDataWeek.pack,
            func.coalesce(ReportExecution.state, "failed"),
            func.coalesce(ReportExecution.error_message, _GONE),
            ReportExecution.amc_execution_id,
            ReportExecution.row_count,
            ResultSet.sha256,
        )
        .outerjoin(ReportExecution, ReportExecution.execution_id == ReportDataWeek.execution_id)
        .outerjoin(ResultSet, ResultSet.execution_id == ReportExecution.id)
        .where(ReportDataWeek.collection_id == backfill.id, ReportDataWeek.status.in_(IN_FLIGHT))
        .order_by(ReportDataWeek.place)
    )
    return [Flight(*row) for row in session.execute(statement)]


_GONE = "its execution gave no reason"


def count_segments(session: Session, backfill: ReportDataCollection) -> Tally:
    """Count the segments by state."""
    rows = session.execute(
        select(ReportDataWeek.status, func.count())
        .where(ReportDataWeek.collection_id == backfill.id)
        .group_by(ReportDataWeek.status)
    )
    return tally(state for state, count in rows for _ in range(count))


def take_in(session: Session, flights: list[Flight], count: Tally) -> None:
    """Write down what became of the executions, in the rows, in ``flights`` and in ``count``."""
    changes = [change for flight in flights for change in _change(flight, count)]
    if changes:
        session.execute(update(ReportDataWeek), changes)


def _change(flight: Flight, count: Tally) -> Iterator[dict[str, Any]]:
    before, after = flight.status, flight.next_status
    if before == after:
        return
    count[before] -= 1
    count[after] += 1
    flight.status = after
    yield {
        "id": flight.id,
        "status": after,
        "reason": _reason(flight),
        "amc_execution_id": flight.amc_execution_id,
        "record_count": flight.rows if after == "completed" else None,
        "data_checksum": flight.sha256 if after == "completed" else None,
        "updated_at": clock.now(),
    }


def _reason(flight: Flight) -> str | None:
    if flight.status in {"failed", "refused"}:
        return flight.error
    return "its execution was cancelled" if flight.status == "cancelled" else None
