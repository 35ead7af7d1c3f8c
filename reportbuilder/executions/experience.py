"""How long runs of a template have taken of late on an instance, remembered for a while by each process."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.executions.cadence import ENOUGH, Usual
from reportbuilder.executions.models import ReportExecution

LATEST = 20  # runs
KNOWN_FOR = 60.0  # seconds
NEW_FOR = 0.5  # seconds, as long as few have ended: the first runs of a backfill tell much
MOST_KEPT = 20_000  # pairs of instance and template

_kept: dict[tuple[UUID, UUID], tuple[float, Usual | None]] = {}


def usual(session: Session, execution: ReportExecution) -> Usual | None:
    """Return how long such a run takes, None if none has ended or if it has been told to stop."""
    if execution.cancel_requested_at:
        return None
    pair, now = (execution.instance_id, execution.template_id), clock.monotonic()
    until, known = _kept.get(pair, (now, None))
    if until <= now:
        lengths = lengths_of(session, *pair, latest=LATEST)
        known = Usual.of(lengths)
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[pair] = (now + (KNOWN_FOR if len(lengths) >= ENOUGH else NEW_FOR), known)
    return known


def lengths_of(session: Session, instance_id: UUID, template_id: UUID, *, latest: int) -> list[float]:
    """Return the seconds from AMC's accept to our rows, of the last that ran by themselves and completed."""
    found = (
        select(ReportExecution.submitted_at, ReportExecution.completed_at)
        .where(
            ReportExecution.instance_id == instance_id,
            ReportExecution.template_id == template_id,
            ReportExecution.state == "completed",
            ReportExecution.packed_in_id.is_(None),
        )
        .order_by(ReportExecution.created_at.desc())
        .limit(latest)
    )
    return [(ended - began).total_seconds() for began, ended in session.execute(found) if began and ended]
