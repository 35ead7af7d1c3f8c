"""What AMC's word on one execution means for its row."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import clock, logs
from reportbuilder.amc.models import AmcInstance
from reportbuilder.amc.wire import AmcExecution, AmcStatus, tag_of
from reportbuilder.executions.models import ReportExecution, SubmissionIntent
from reportbuilder.executions.moving import claim, move, record
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.refusals import with_advice
from reportbuilder.executions.submitting import fail_or_try_again, record_accepted
from reportbuilder.executions.waking import ask_collect

log = logs.get_logger(__name__)

FAILED_LOOKS_TO_TELL = 3
UNKNOWN_STATUS_FOR = timedelta(minutes=30)  # so long an unknown word may stand before the execution fails
ASKED_FOR = timedelta(days=7)  # an account may have to be connected again, and its owner be on holiday


def settle(ports: Ports, session: Session, execution: ReportExecution, seen: AmcExecution | None) -> None:
    """Move a running execution on by what AMC says of it; None if AMC says that it does not know it."""
    if seen is None:
        _missing(ports, session, execution)
    elif seen.status is AmcStatus.UNKNOWN:
        _unknown(session, execution, seen)
    elif seen.status.is_active:
        _still(session, execution, seen)
    elif seen.status is AmcStatus.SUCCEEDED:
        _succeeded(session, execution, seen)
    elif seen.status is AmcStatus.CANCELLED:
        reason = (
            "AMC has confirmed the cancel" if execution.cancel_requested_at else "it was cancelled at AMC"
        )
        move(session, execution, "cancelled", reason, amc_status=seen.raw_status)
    else:
        message = with_advice(seen.problem or "AMC gave no reason")
        _fail(session, execution, "permanent", message, amc_status=seen.raw_status)


def _fail(
    session: Session, execution: ReportExecution, error_class: str, message: str, **changes: Any
) -> None:
    move(session, execution, "failed", message, error_class=error_class, error_message=message, **changes)


def _still(session: Session, execution: ReportExecution, seen: AmcExecution) -> None:
    if seen.raw_status == execution.amc_status:
        return
    started = execution.started_at
    if started is None and seen.status is not AmcStatus.PENDING:
        started = clock.now()
    claim(
        session,
        execution,
        guard=(),
        amc_status=seen.raw_status,
        started_at=started,
        error_message=None,
        lease_until=None,
    )


def _succeeded(session: Session, execution: ReportExecution, seen: AmcExecution) -> None:
    if execution.cancel_requested_at:
        reason = "AMC had finished before the cancel arrived; its rows were not fetched"
        move(session, execution, "cancelled", reason, amc_status=seen.raw_status)
        return
    columns = [
        {
            "name": column.name,
            "dataType": column.data_type,
            "columnType": column.column_type,
            "precision": column.precision,
            "scale": column.scale,
        }
        for column in seen.output_columns
    ]
    changes: dict[str, Any] = {
        "amc_status": seen.raw_status,
        "output_columns": columns,
        "started_at": execution.started_at or seen.created_at,
    }
    if move(session, execution, "collecting", "AMC has finished", attempts=0, error_message=None, **changes):
        ask_collect(session, execution)


def _unknown(session: Session, execution: ReportExecution, seen: AmcExecution) -> None:
    message = seen.problem or ""
    if execution.amc_status != seen.raw_status:
        log.error("unknown status", execution_id=execution.execution_id, status=seen.raw_status)
        until = clock.now() + UNKNOWN_STATUS_FOR
        record(session, execution.id, message)
        claim(
            session,
            execution,
            guard=(),
            amc_status=seen.raw_status,
            error_message=message,
            lease_until=until,
        )
    elif execution.lease_until and execution.lease_until <= clock.now():
        _fail(session, execution, "lost", f"{message}; it has said so for half an hour, so we no longer wait")


def _missing(ports: Ports, session: Session, execution: ReportExecution) -> None:
    since = execution.submitted_at or execution.created_at
    if clock.now() - since < timedelta(seconds=ports.settings.not_found_grace):
        return
    message = f"AMC no longer knows the execution {execution.amc_execution_id}; run it again"
    _fail(session, execution, "lost", message)


def settle_lost(
    ports: Ports,
    session: Session,
    instance: AmcInstance,
    execution: ReportExecution,
    listed: Sequence[AmcExecution],
    listed_at: datetime,
) -> None:
    """Adopt the run that carries our tag; if AMC has had time to list it and did not, there is none."""
    found = {seen.id: seen for seen in listed if tag_of(seen) == execution.tag}  # a list may show one twice
    ours = sorted(
        found.values(),
        key=lambda seen: seen.created_at or listed_at,
    )
    if ours:
        if len(ours) > 1:
            log.error("AMC has it twice", execution_id=execution.execution_id, ids=[seen.id for seen in ours])
        if record_accepted(ports, session, instance, execution, ours[0].id, "its lost answer was found"):
            settle(ports, session, execution, ours[0])
    elif listed_at >= (last := _listed_by(ports, sent := _sent(session, execution))):
        # an attempt is counted, or a submission that kills its worker each time would go on for ever
        reason = "AMC does not have it, so it is submitted again"
        fail_or_try_again(ports, session, instance, execution, reason, 0.0, outcome="absent")
    else:
        claim(session, execution, guard=(), lease_until=_search_again(ports, sent, last))


def _sent(session: Session, execution: ReportExecution) -> datetime:
    """Return when the open intent was written."""
    sent = session.scalar(
        select(SubmissionIntent.created_at)
        .where(SubmissionIntent.execution_id == execution.id, SubmissionIntent.outcome == "open")
        .order_by(SubmissionIntent.number.desc())
    )
    return sent or execution.updated_at


def _listed_by(ports: Ports, sent: datetime) -> datetime:
    """Return when AMC must have listed a submission that it has accepted; it may have used all its lease."""
    return sent + timedelta(seconds=ports.settings.submit_lease + ports.settings.list_lag)


def _search_again(ports: Ports, sent: datetime, last: datetime) -> datetime:
    """Return when to look for it next: most are listed within seconds, so soon at first, then ever later."""
    now = clock.now()
    return min(last, now + max(timedelta(seconds=ports.settings.look_min), (now - sent) / 2))


def tell_all(session: Session, executions: Sequence[ReportExecution], message: str) -> None:
    """Remark on each that AMC cannot be asked at the moment."""
    for execution in executions:
        record(session, execution.id, f"AMC cannot be asked at the moment, we keep trying: {message}")


def break_off(session: Session, execution: ReportExecution, error: str) -> None:
    """End one of which we cannot write down what AMC says."""
    _fail(session, execution, "internal", f"AMC's word on it could not be recorded ({error}); run it again")


def give_up(session: Session, executions: Sequence[ReportExecution], message: str) -> None:
    """End those of which AMC has told nothing for so long that it no longer will."""
    since = clock.now() - ASKED_FOR
    for execution in executions:
        if (execution.submitted_at or execution.lease_until or execution.created_at) < since:
            reason = f"AMC could not be asked for {ASKED_FOR.days} days; run it again: {message}"
            _fail(session, execution, "lost", reason)
