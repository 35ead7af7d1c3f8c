"""Moves from state to state: only from the state that was seen, and each leaves an event."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from reportbuilder import clock, logs, notices
from reportbuilder.executions.models import ExecutionEvent, ReportExecution
from reportbuilder.executions.states import FINAL, is_final, may_move
from reportbuilder.executions.waking import ask_ended, ask_left

log = logs.get_logger(__name__)

Where = Mapping[str, Any]


def move(
    session: Session,
    execution: ReportExecution,
    after: str,
    reason: str,
    *,
    guard: tuple[Any, ...] = (),
    **changes: Any,
) -> bool:
    """Move an execution on from the state in which it was read; say whether we were the one.

    ``guard``: further conditions of the update. ``changes``: columns to set with it. Leases end with the
    state, unless ``changes`` says otherwise. On success ``execution`` is up to date.
    """
    before = execution.state
    if not may_move(before, after):
        raise ValueError(f"{execution.execution_id} cannot move from {before} to {after}")
    values = {"state": after, "lease_until": None, **_ending(after), **changes}
    if not _update(session, execution.id, before, guard, values):
        log.info("move lost", execution_id=execution.execution_id, seen=before, wanted=after)
        return False
    _show(execution, values)
    record(session, execution.id, reason, before, after)
    log.info(
        "execution moved", execution_id=execution.execution_id, before=before, after=after, reason=reason
    )
    if is_final(after):
        ask_ended(session, execution)
        _give_notice(session, execution)
    elif after == "collecting":
        ask_left(session, execution)
    return True


def _give_notice(session: Session, execution: ReportExecution) -> None:
    """Leave word of a report's run that has ended; a backfill tells of its segments itself."""
    kind = {"completed": "run_completed", "failed": "run_failed"}.get(execution.state)
    if kind and execution.report_id and not execution.collection_id:
        about = {"execution_id": execution.execution_id, "is_rerun": execution.is_rerun}
        notices.give(session, kind, f"{kind}:{execution.execution_id}", execution.report_id, about)


def claim(session: Session, execution: ReportExecution, *, guard: tuple[Any, ...], **changes: Any) -> bool:
    """Change an execution within its state, only if ``guard`` still holds; say whether we were the one."""
    won = _update(session, execution.id, execution.state, guard, changes)
    if won:
        _show(execution, changes)
    return won


def record(
    session: Session, execution_id: UUID, reason: str, before: str | None = None, after: str | None = None
) -> None:
    """Write an event; without states it is a remark."""
    session.add(
        ExecutionEvent(execution_id=execution_id, from_state=before, to_state=after, reason=reason[:2000])
    )


def remark_once(session: Session, execution_id: UUID, reason: str) -> None:
    """Write a remark unless it stands there already: what is tried for hours would fill the table."""
    told = select(ExecutionEvent.id).where(
        ExecutionEvent.execution_id == execution_id, ExecutionEvent.reason == reason[:2000]
    )
    if session.scalars(told.limit(1)).first() is None:
        record(session, execution_id, reason)


def _show(execution: ReportExecution, values: Where) -> None:
    """Let the object show what the update has written; it may come from an earlier transaction."""
    for name, value in values.items():
        set_committed_value(execution, name, value)


def _ending(after: str) -> dict[str, Any]:
    return {"completed_at": clock.now(), "not_before": None} if after in FINAL else {}


def _update(
    session: Session,
    id: UUID,
    seen: str,
    guard: tuple[Any, ...],
    values: Where,
) -> bool:
    statement = (
        update(ReportExecution)
        .where(ReportExecution.id == id, ReportExecution.state == seen, *guard)
        .values(updated_at=clock.now(), **values)
        .execution_options(synchronize_session=False)
    )
    result = session.execute(statement)
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker what an UPDATE gives
    return result.rowcount == 1
