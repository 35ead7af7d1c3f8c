"""What a waiting person wants to know of an execution, in words: how it stands, its place, what is amiss."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import clock, heartbeats
from reportbuilder.executions import overview, queueing
from reportbuilder.executions.models import ExecutionEvent, ReportExecution
from reportbuilder.executions.places import FALLBACK_DURATION
from reportbuilder.executions.states import is_final
from reportbuilder.settings import Settings

WORDS = {
    "pending": "waits for a free slot",
    "submitting": "is being sent to AMC",
    "running": "AMC computes",
    "collecting": "the rows are being fetched",
    "completed": "the rows are here",
    "failed": "failed",
    "cancelled": "cancelled",
}
# How far along each state is, of 1; while AMC computes, the usual time moves it on to the next.
SHARES = {"pending": 0.0, "submitting": 0.1, "running": 0.2, "collecting": 0.9}
NO_WORKER_AFTER = timedelta(seconds=10)


@dataclass(frozen=True)
class Moment:
    """How an execution stands. ``share``: how far along, of 1; a guess while AMC computes."""

    state: str
    words: str
    share: float

    @property
    def is_final(self) -> bool:
        """Say whether nothing more will happen."""
        return is_final(self.state)


def moment(session: Session, execution: ReportExecution, settings: Settings) -> Moment:
    """Describe how an execution stands now."""
    remarks = [_main(session, execution, settings), *_amiss(session, execution)]
    share = SHARES.get(execution.state, 1.0)
    if execution.state == "running":
        usual = overview.typical_duration(session, execution.template_id, execution.instance_id)
        share = between(execution.submitted_at or clock.now(), clock.now(), usual or FALLBACK_DURATION)
    return Moment(execution.state, "; ".join(remarks), share)


def between(since: datetime, now: datetime, usual: timedelta) -> float:
    """Return a share that gets ever closer to the next state's without reaching it, however long it takes.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 4, 12, tzinfo=UTC)
    >>> round(between(noon, noon + timedelta(minutes=1), timedelta(minutes=1)), 2)
    0.64
    """
    spans = max(0.0, (now - since) / max(usual, timedelta(seconds=1)))
    first, last = SHARES["running"], SHARES["collecting"]
    return float(first + (last - first) * (1 - 0.37**spans))


def _main(session: Session, execution: ReportExecution, settings: Settings) -> str:
    if execution.state == "pending":
        place = queueing.place(session, execution, settings)
        if place is None:
            return WORDS["pending"]
        held = f", {place.held_by.reason}" if place.held_by else ""
        return f"{WORDS['pending']}, place {place.number}{held}"
    if execution.cancel_requested_at is not None and not is_final(execution.state):
        return "AMC is asked to stop it"
    if execution.state == "running" and execution.amc_status in {None, "PENDING"}:
        return "AMC has it and has not begun"
    return WORDS[execution.state]


def _amiss(session: Session, execution: ReportExecution) -> list[str]:
    if execution.error_message:
        return [execution.error_message]
    if is_final(execution.state):
        return []
    found = []
    last = session.scalar(
        select(ExecutionEvent)
        .where(ExecutionEvent.execution_id == execution.id)
        .order_by(ExecutionEvent.id.desc())
        .limit(1)
    )
    if last is not None and last.to_state is None:
        found.append(last.reason)
    if _has_waited(execution) and not heartbeats.alive(session).get("worker"):
        found.append("no worker is alive: start one with `reportbuilder worker`")
    return found


def _has_waited(execution: ReportExecution) -> bool:
    return clock.now() - execution.updated_at > NO_WORKER_AFTER
