"""From a free slot to AMC's accept: claim the next execution, write the intent, call, record."""

from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from reportbuilder import clock, logs
from reportbuilder.amc.failures import AmcFailure, Rejected, Throttled, Unauthorized, UnknownOutcome
from reportbuilder.amc.models import AmcInstance
from reportbuilder.amc.wire import TimeWindow
from reportbuilder.crashpoints import reached
from reportbuilder.database import after_commit, transaction
from reportbuilder.executions import slots
from reportbuilder.executions.cadence import backoff
from reportbuilder.executions.models import ReportExecution, SubmissionIntent
from reportbuilder.executions.moving import claim, move, record
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.standing import lock, standing
from reportbuilder.executions.waking import ask_cancel, ask_look, ask_submit

log = logs.get_logger(__name__)


def submit_next(ports: Ports, instance_id: str) -> None:
    """Start the execution whose turn it is, if a slot is free; may run any number of times."""
    with transaction() as session:
        instance = lock(session, instance_id)
        execution = _claim_next(ports, session, instance) if instance else None
    if instance is None or execution is None:
        return
    reached("claimed")
    with logs.bound(execution_id=execution.execution_id, instance_id=instance_id):
        _submit(ports, instance, execution)


def _claim_next(ports: Ports, session: Session, instance: AmcInstance) -> ReportExecution | None:
    now = clock.now()
    if instance.throttled_until and instance.throttled_until > now:
        ask_submit(session, instance, (instance.throttled_until - now).total_seconds())
        return None
    stand = standing(session, instance, ports.settings.instance_slots)
    turn = slots.startable(stand.waiting, stand.holding, limit=stand.limit, foreign=stand.foreign, now=now)
    if not turn:
        return None
    if len(turn) > 1:
        ask_submit(session, instance)
    return _claim(ports, session, turn[0].id)


def _claim(ports: Ports, session: Session, execution_id: str) -> ReportExecution | None:
    execution = session.scalars(
        select(ReportExecution).where(
            ReportExecution.execution_id == execution_id, ReportExecution.state == "pending"
        )
    ).one_or_none()
    lease = clock.in_seconds(ports.settings.submit_lease)
    if execution is None or not move(
        session, execution, "submitting", "a slot is free", lease_until=lease, not_before=None
    ):
        return None
    number = session.scalar(select(func.count()).where(SubmissionIntent.execution_id == execution.id)) or 0
    session.add(SubmissionIntent(execution_id=execution.id, number=number + 1, tag=execution.tag))
    return execution


def _submit(ports: Ports, instance: AmcInstance, execution: ReportExecution) -> None:
    window = TimeWindow(execution.time_window_start, execution.time_window_end, execution.time_zone)
    left = ((execution.lease_until or clock.now()) - clock.now()).total_seconds()
    try:
        accepted = ports.amc(instance).submit(
            instance.instance_id, execution.sql_text, execution.tag, window, within=left
        )
    except AmcFailure as failure:
        reached("refused")
        with transaction() as session:
            here = lock(session, instance.instance_id) or instance
            _record_failure(ports, session, here, execution, failure)
    else:
        reached("accepted")
        with transaction() as session:
            record_accepted(ports, session, instance, execution, accepted.id, "AMC has accepted it")


def record_accepted(
    ports: Ports,
    session: Session,
    instance: AmcInstance,
    execution: ReportExecution,
    amc_execution_id: str,
    reason: str,
) -> bool:
    """Store AMC's id and have the instance looked at; say whether we were the one to do it."""
    now = clock.now()
    won = move(
        session,
        execution,
        "running",
        reason,
        amc_execution_id=amc_execution_id,
        amc_status="PENDING",
        submitted_at=now,
        attempts=0,
        error_message=None,
    )
    if won:
        close_intent(session, execution, "accepted", amc_execution_id)
        after_commit(session, partial(reached, "recorded"))
        ask_look(session, instance, now + timedelta(seconds=ports.settings.look_min))
        if execution.cancel_requested_at:
            ask_cancel(session, execution)
    return won


def close_intent(
    session: Session, execution: ReportExecution, outcome: str, amc_execution_id: str | None = None
) -> None:
    """Write down how the open intent of an execution ended."""
    session.execute(
        update(SubmissionIntent)
        .where(SubmissionIntent.execution_id == execution.id, SubmissionIntent.outcome == "open")
        .values(outcome=outcome, amc_execution_id=amc_execution_id, resolved_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _record_failure(
    ports: Ports, session: Session, instance: AmcInstance, execution: ReportExecution, failure: AmcFailure
) -> None:
    log.warning("submission failed", failure=type(failure).__name__, reason=failure.message)
    if isinstance(failure, UnknownOutcome):
        _await_list(ports, session, instance, execution, failure)
    elif isinstance(failure, (Rejected, Unauthorized)):
        fail_submission(session, execution, "permanent", failure.message)
    elif isinstance(failure, Throttled):
        pause = failure.retry_after if failure.retry_after is not None else backoff(1)
        if not failure.local:
            instance.throttled_until = clock.in_seconds(pause)
        try_again(session, instance, execution, failure.message, pause)
    else:
        fail_or_try_again(ports, session, instance, execution, failure)


def _await_list(
    ports: Ports, session: Session, instance: AmcInstance, execution: ReportExecution, failure: AmcFailure
) -> None:
    # AMC may have it. It stays "submitting" until the list says so, or has had time to say so and did not.
    claim(session, execution, guard=(), lease_until=clock.now())
    record(session, execution.id, f"AMC's answer was lost, so it is looked for: {failure.message}")
    ask_look(session, instance, clock.in_seconds(ports.settings.look_min))


def fail_submission(session: Session, execution: ReportExecution, error_class: str, message: str) -> None:
    """End an execution that AMC does not have."""
    if move(session, execution, "failed", message, error_class=error_class, error_message=message):
        close_intent(session, execution, "refused")


def fail_or_try_again(
    ports: Ports, session: Session, instance: AmcInstance, execution: ReportExecution, failure: AmcFailure
) -> None:
    """Count an attempt that failed for no fault of the request, and go on while there are attempts left."""
    attempts = execution.attempts + 1
    if attempts >= ports.settings.submit_attempts:
        message = f"AMC could not be reached in {attempts} attempts; try again later: {failure.message}"
        fail_submission(session, execution, "transient", message)
    else:
        pause = failure.retry_after if failure.retry_after is not None else backoff(attempts)
        try_again(session, instance, execution, failure.message, pause, attempts=attempts)


def try_again(
    session: Session,
    instance: AmcInstance,
    execution: ReportExecution,
    reason: str,
    pause: float,
    *,
    outcome: str = "refused",
    **changes: Any,
) -> None:
    """Put an execution that AMC does not have back among those who wait; or end it if that is wished."""
    if execution.cancel_requested_at:
        if move(session, execution, "cancelled", "it was cancelled before AMC had it"):
            close_intent(session, execution, outcome)
    elif move(session, execution, "pending", reason, not_before=clock.in_seconds(pause), **changes):
        close_intent(session, execution, outcome)
        ask_submit(session, instance, pause)
