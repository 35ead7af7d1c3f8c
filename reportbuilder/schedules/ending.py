"""The end of a firing: what it counts for, and the pause that a schedule takes after failures in a row."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from reportbuilder import clock, logs, notices
from reportbuilder.crashpoints import reached
from reportbuilder.database import after_commit
from reportbuilder.schedules.models import ReportSchedule, ScheduleFiring
from reportbuilder.schedules.plans import policies_of
from reportbuilder.schedules.policies import Policies, failures_in_a_row, must_pause
from reportbuilder.schedules.rerunning import failed_retries

log = logs.get_logger(__name__)

ITSELF = "itself"
OPEN = ("planned", "waiting", "started")
_WORDS = 500  # characters of a reason that a pause repeats


def end_firing(
    session: Session, schedule: ReportSchedule, firing: ScheduleFiring, state: str, reason: str | None = None
) -> bool:
    """Move a firing to its end and count it; say whether we were the one. The schedule is locked by then.

    Without a reason for that, what it says of the windows that were left out stays.
    """
    now = clock.now()
    note = {} if reason is None else {"reason": reason}
    result = session.execute(
        update(ScheduleFiring)
        .where(ScheduleFiring.id == firing.id, ScheduleFiring.state.in_(OPEN))
        .values(state=state, ended_at=now, updated_at=now, **note)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker what an UPDATE gives
    if result.rowcount != 1:
        return False
    log.info("firing ended", schedule_id=schedule.schedule_id, due_at=str(firing.due_at), state=state)
    if state != "skipped":
        count_end(session, schedule, firing.due_at, state, reason)
    after_commit(session, partial(reached, "firing_ended"))
    return True


def tell_failed(session: Session, schedule: ReportSchedule, due_at: datetime, reason: str) -> None:
    """Leave word of a firing for which no execution could be asked."""
    about = {"schedule_id": schedule.schedule_id, "due_at": due_at.isoformat(), "reason": reason}
    key = f"run_failed:{schedule.schedule_id}:{due_at.isoformat()}"
    notices.give(session, "run_failed", key, schedule.report_id, about)


def count_end(
    session: Session, schedule: ReportSchedule, due_at: datetime, state: str, reason: str | None
) -> None:
    """Add a firing that has ended to its schedule's counts; the last of too many failures pauses it."""
    changes: dict[str, Any] = {"run_count": schedule.run_count + 1}
    if state == "failed":
        changes["failure_count"] = schedule.failure_count + 1
    if schedule.last_run_at is None or schedule.last_run_at <= due_at:
        changes |= {"last_run_at": due_at, "last_run_status": state}
    if state == "failed" and not schedule.is_paused:
        changes |= _pause_after(session, schedule, reason)
    change_quietly(session, schedule, **changes)


def _pause_after(session: Session, schedule: ReportSchedule, reason: str | None) -> dict[str, Any]:
    policies = policies_of(schedule)
    failures = failures_in_a_row(_outcomes(session, schedule, policies))
    if not must_pause(policies, failures):
        return {}
    now = clock.now()
    word = "1 run has failed" if failures == 1 else f"{failures} runs in a row have failed"
    why = f"{word}, the last: {reason or 'no reason is known'}"[:_WORDS]
    about = {"schedule_id": schedule.schedule_id, "reason": why, "failures": failures}
    key = f"schedule_paused:{schedule.schedule_id}:{now.isoformat()}"
    notices.give(session, "schedule_paused", key, schedule.report_id, about)
    log.warning("schedule paused itself", schedule_id=schedule.schedule_id, failures=failures)
    return {"is_paused": True, "paused_by": ITSELF, "paused_reason": why, "paused_at": now}


def _outcomes(session: Session, schedule: ReportSchedule, policies: Policies) -> list[str]:
    """Return how the last runs ended that say something of the report, latest first.

    A firing's own run stands before what was tried again with it: once that completes, the report works.
    """
    found = select(ScheduleFiring.id, ScheduleFiring.state).where(
        ScheduleFiring.schedule_id == schedule.id, ScheduleFiring.state.in_(("completed", "failed"))
    )
    if schedule.counts_from is not None:
        found = found.where(ScheduleFiring.ended_at >= schedule.counts_from)
    latest = found.order_by(ScheduleFiring.due_at.desc()).limit(max(1, policies.pause_after))
    ended = session.execute(latest).all()
    again = failed_retries(session, [firing_id for firing_id, _ in ended]) if schedule.is_settling else {}
    return [
        outcome for firing_id, state in ended for outcome in (state, *["failed"] * again.get(firing_id, 0))
    ]


def change_quietly(session: Session, schedule: ReportSchedule, **changes: Any) -> None:
    """Write columns that are no change by people, so that ``updated_at`` stays."""
    session.execute(
        update(ReportSchedule)
        .where(ReportSchedule.id == schedule.id)
        .values(updated_at=ReportSchedule.updated_at, **changes)
        .execution_options(synchronize_session=False)
    )
    for name, value in changes.items():
        set_committed_value(schedule, name, value)
