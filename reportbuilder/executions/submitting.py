"""From a free slot to AMC's accept: claim the next execution, write the intent, call, record."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from reportbuilder import clock, logs
from reportbuilder.amc.failures import AmcFailure, Rejected, Throttled, Unauthorized, UnknownOutcome
from reportbuilder.amc.lwa import GrantRefused
from reportbuilder.amc.models import AmcInstance
from reportbuilder.amc.wire import AmcExecution, TimeWindow
from reportbuilder.crashpoints import reached
from reportbuilder.database import after_commit, transaction
from reportbuilder.executions.cadence import backoff
from reportbuilder.executions.choosing import choose
from reportbuilder.executions.models import ReportExecution, SubmissionIntent
from reportbuilder.executions.moving import claim, move, record
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.quotas import lock_account
from reportbuilder.executions.refusals import with_advice
from reportbuilder.executions.standing import hold_back, lock
from reportbuilder.executions.waking import ask_cancel, ask_look, ask_submit

log = logs.get_logger(__name__)

MOST_IN_A_ROW = 10  # then the thread is somebody else's
LONGEST_HOLD = 30.0  # seconds between two tries of a throttled submission, unless AMC asks for more
SIGN_IN_FOR = timedelta(hours=1)  # so long a sign-in may be refused before runs fail for it
SIGNED_OUT = "signed_out"  # the outcome of an intent


def submit_next(ports: Ports, instance_id: str) -> None:
    """Start the execution whose turn it is, if a slot is free; may run any number of times."""
    start_next(ports, instance_id)


def fill(ports: Ports, instance_id: str) -> None:
    """Start those whose turn it is as far as slots are free.

    A hint for the next one leaves with each, so that others help; but hints take their time.
    """
    for _ in range(MOST_IN_A_ROW):
        if not start_next(ports, instance_id):
            break


def start_next(ports: Ports, instance_id: str) -> bool:
    """Do the work of :func:`submit_next`, and say whether there was one to start."""
    with transaction() as session:
        lock_account(session, instance_id, shared=not ports.settings.account_slots)
        instance = lock(session, instance_id)
        execution = _claim_next(ports, session, instance) if instance else None
    if instance is None or execution is None:
        return False
    reached("claimed")
    with logs.bound(execution_id=execution.execution_id, instance_id=instance_id):
        _submit(ports, instance, execution)
    return True


def _claim_next(ports: Ports, session: Session, instance: AmcInstance) -> ReportExecution | None:
    chosen = choose(session, instance, ports.settings)
    return _claim(ports, session, chosen) if chosen else None


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
    earlier = select(func.count() + 1).where(SubmissionIntent.execution_id == execution.id)
    intent = {"execution_id": execution.id, "number": earlier.scalar_subquery(), "tag": execution.tag}
    session.execute(insert(SubmissionIntent).values(intent))
    return execution


def _submit(ports: Ports, instance: AmcInstance, execution: ReportExecution) -> None:
    try:
        accepted = _post(ports, instance, execution)
    except AmcFailure as failure:
        reached("refused")
        _put_down(ports, instance, execution, failure)
    except Exception as error:
        # whatever it is, AMC may have it; without this the row would wait for its lease and never say why
        log.exception("submission broke")
        _put_down(ports, instance, execution, UnknownOutcome(f"a fault of ours ({type(error).__name__})"))
    else:
        reached("accepted")
        with transaction() as session:
            here = lock(session, instance.instance_id) or instance
            now = _as_it_is(session, execution)
            if now is None or not record_accepted(
                ports, session, here, now, accepted.id, "AMC has accepted it"
            ):
                log.info("somebody else knows what became of it", amc_execution=accepted.id)


def _post(ports: Ports, instance: AmcInstance, execution: ReportExecution) -> AmcExecution:
    window = TimeWindow(execution.time_window_start, execution.time_window_end, execution.time_zone)
    left = ((execution.lease_until or clock.now()) - clock.now()).total_seconds()
    return ports.amc(instance).submit(
        instance.instance_id, execution.sql_text, execution.tag, window, within=clock.on_machine(left)
    )


def _put_down(ports: Ports, instance: AmcInstance, execution: ReportExecution, failure: AmcFailure) -> None:
    """Write down a failure, if the submission is still ours.

    It is not once the lease was over and a look has settled it. Then another submission may be on its way,
    and to put that one back would start it twice.
    """
    log.warning("submission failed", failure=type(failure).__name__, reason=failure.message)
    with transaction() as session:
        here = lock(session, instance.instance_id) or instance
        now = _as_it_is(session, execution)
        if now is not None and now.lease_until == execution.lease_until:
            _record_failure(ports, session, here, now, failure)


def _as_it_is(session: Session, execution: ReportExecution) -> ReportExecution | None:
    """Read it again, since much may have happened while AMC answered; None if it has left "submitting"."""
    return session.scalars(
        select(ReportExecution)
        .where(ReportExecution.id == execution.id, ReportExecution.state == "submitting")
        .with_for_update(key_share=True)
    ).one_or_none()


def record_accepted(
    ports: Ports,
    session: Session,
    instance: AmcInstance,
    execution: ReportExecution,
    amc_execution_id: str,
    reason: str,
) -> bool:
    """Store AMC's id and have the instance looked at; say whether we were the one to do it.

    The instance is locked by then, before its executions: everybody locks in this order.
    """
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
    if isinstance(failure, UnknownOutcome):
        _await_list(ports, session, instance, execution, failure)
    elif isinstance(failure, Throttled) or _is_of_the_deployment(failure):
        _hold(session, instance, execution, failure)
    elif isinstance(failure, Unauthorized):
        _await_sign_in(session, instance, execution, failure)
    elif isinstance(failure, Rejected):
        fail_submission(session, execution, "permanent", with_advice(failure.message))
    else:
        fail_or_try_again(ports, session, instance, execution, failure.message, failure.retry_after)


def _is_of_the_deployment(failure: AmcFailure) -> bool:
    """Say whether our own sign-in to Amazon is wrong: whoever runs us has to mend it."""
    return isinstance(failure, GrantRefused) and not failure.of_the_account


def _hold(
    session: Session,
    instance: AmcInstance,
    execution: ReportExecution,
    failure: AmcFailure,
    outcome: str = "refused",
) -> None:
    """Hold the whole instance back for a while; no attempt is counted."""
    pause = _pause(session, execution, failure)
    hold_back(instance, pause)
    try_again(session, instance, execution, failure.message, pause, outcome=outcome)


def _await_sign_in(
    session: Session, instance: AmcInstance, execution: ReportExecution, failure: AmcFailure
) -> None:
    """Give a person the time to connect the account again, or AMC to come to its senses; not for ever."""
    waited = clock.now() - _refused_since(session, instance, execution)
    if waited < SIGN_IN_FOR or execution.cancel_requested_at:
        _hold(session, instance, execution, failure, SIGNED_OUT)
    else:
        minutes = int(waited.total_seconds() // 60)
        message = f"{failure.message}, then run it again; we have tried for {minutes} minutes"
        fail_submission(session, execution, "permanent", message, SIGNED_OUT)


def _refused_since(session: Session, instance: AmcInstance, execution: ReportExecution) -> datetime:
    """Return since when an execution has been there and the sign-in refused on its instance.

    All that wait know it from the first that was refused, else each would wait its own hour in turn. What
    was long ago, or before AMC took one, is another story.
    """
    of_instance, long_ago = ReportExecution.instance_id == instance.id, clock.now() - 2 * SIGN_IN_FOR
    taken = session.scalar(select(func.max(ReportExecution.submitted_at)).where(of_instance))
    first = session.scalar(
        select(func.min(SubmissionIntent.created_at))
        .join(ReportExecution, ReportExecution.id == SubmissionIntent.execution_id)
        .where(of_instance, ReportExecution.updated_at > long_ago)
        .where(SubmissionIntent.outcome == SIGNED_OUT)
        .where(SubmissionIntent.created_at > max(long_ago, taken or long_ago))
    )
    return max(first or clock.now(), execution.created_at)


def _pause(session: Session, execution: ReportExecution, failure: AmcFailure) -> float:
    """Return the seconds until the instance's next submission.

    Throttling may last, by AMC, our own pace, or a sign-in that is being renewed. Each try leaves an intent
    and events, so the pauses grow with the number of tries; longer than AMC asks for is fine.
    """
    grown = backoff(_intents(session, execution), first=0.25, longest=LONGEST_HOLD)
    return max(grown, failure.retry_after if failure.retry_after is not None else backoff(1))


def _intents(session: Session, execution: ReportExecution) -> int:
    found = select(func.count()).where(SubmissionIntent.execution_id == execution.id)
    return session.scalar(found) or 0


def _await_list(
    ports: Ports, session: Session, instance: AmcInstance, execution: ReportExecution, failure: AmcFailure
) -> None:
    # AMC may have it. It stays "submitting" until the list says so, or has had time to say so and did not.
    claim(session, execution, guard=(), lease_until=clock.now())
    record(session, execution.id, f"AMC's answer was lost, so it is looked for: {failure.message}")
    ask_look(session, instance, clock.in_seconds(ports.settings.look_min))


def fail_submission(
    session: Session, execution: ReportExecution, error_class: str, message: str, outcome: str = "refused"
) -> None:
    """End an execution that AMC does not have."""
    if move(session, execution, "failed", message, error_class=error_class, error_message=message):
        close_intent(session, execution, outcome)


def fail_or_try_again(
    ports: Ports,
    session: Session,
    instance: AmcInstance,
    execution: ReportExecution,
    reason: str,
    pause: float | None,
    *,
    outcome: str = "refused",
) -> None:
    """Count an attempt that failed for no fault of the request, and go on while there are attempts left."""
    attempts = execution.attempts + 1
    if attempts >= ports.settings.submit_attempts and not execution.cancel_requested_at:
        message = f"it did not get to AMC in {attempts} attempts; try again later: {reason}"
        fail_submission(session, execution, "transient", message, outcome)
    else:
        pause = pause if pause is not None else backoff(attempts)
        try_again(session, instance, execution, reason, pause, outcome=outcome, attempts=attempts)


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
