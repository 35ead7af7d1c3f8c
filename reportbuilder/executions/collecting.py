"""From AMC's end to our rows: download, convert, store, record."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from reportbuilder import clock, logs
from reportbuilder.amc.client import AmcClient
from reportbuilder.amc.failures import AmcFailure, LinkExpired, NotReady, Rejected, Throttled
from reportbuilder.crashpoints import reached
from reportbuilder.database import after_commit, transaction
from reportbuilder.errors import Unavailable
from reportbuilder.executions.cadence import backoff
from reportbuilder.executions.leases import kept
from reportbuilder.executions.models import ExecutionEvent, ReportExecution
from reportbuilder.executions.moving import claim, move, remark_once
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.settling import ASKED_FOR
from reportbuilder.executions.standing import hold_back, is_held_back, lock
from reportbuilder.executions.states import is_final
from reportbuilder.executions.waking import ask_collect
from reportbuilder.results.columns import OutputColumn
from reportbuilder.results.conversion import Converted, convert
from reportbuilder.results.failures import BrokenResult, OutOfMemory
from reportbuilder.results.models import ResultSet

log = logs.get_logger(__name__)

BROKEN_TRIES = 3  # a file may have been damaged on its way
LONGEST_PAUSE = 600.0  # seconds between two tries while AMC, its store or ours does not answer
THROTTLED_FOR = 10.0  # seconds, where AMC does not say for how long; no attempt is counted, so it never grows


def collect(ports: Ports, execution_id: str) -> None:
    """Fetch the rows of an execution that AMC has finished; may run any number of times."""
    with logs.bound(execution_id=execution_id):
        with transaction() as session:
            execution = _claim(ports, session, execution_id)
        if execution is None:
            return
        if not is_final(execution.state):
            reached("collecting")
            _attempt(ports, execution)
        if is_final(execution.state):
            _tidy(ports, execution)


def _attempt(ports: Ports, execution: ReportExecution) -> None:
    try:
        with kept(partial(_extend, ports, execution), ports.settings.collect_lease / 3):
            _fetch(ports, execution)
    except Exception as error:  # noqa: BLE001 - whatever it is, the row has to say it and go on
        with transaction() as session:
            if not is_final(_state_now(session, execution)):
                _record_failure(ports, session, execution, error)


def _state_now(session: Session, execution: ReportExecution) -> str:
    """Read the state again: a commit that failed has left in memory what it did not write."""
    state = session.scalars(select(ReportExecution.state).where(ReportExecution.id == execution.id)).one()
    set_committed_value(execution, "state", state)
    return state


def _claim(ports: Ports, session: Session, execution_id: str) -> ReportExecution | None:
    execution = session.scalars(
        select(ReportExecution)
        .where(ReportExecution.execution_id == execution_id, ReportExecution.state == "collecting")
        .options(joinedload(ReportExecution.instance))
    ).one_or_none()
    if execution is None:
        return None
    nobody = or_(ReportExecution.lease_until.is_(None), ReportExecution.lease_until <= clock.now())
    if is_held_back(execution.instance):
        _come_again(session, execution, nobody)
        return None
    lease = clock.in_seconds(ports.settings.collect_lease)
    if not claim(session, execution, guard=(nobody,), lease_until=lease, attempts=execution.attempts + 1):
        return None
    if execution.attempts > ports.settings.collect_attempts:
        # each earlier attempt died without a word: the result itself may be what kills the worker
        _fail(
            session,
            execution,
            "internal",
            f"its rows could not be fetched in {execution.attempts - 1} attempts",
        )
    return execution


def _come_again(session: Session, execution: ReportExecution, nobody: ColumnElement[bool]) -> None:
    """Leave it until AMC may be called again for its instance."""
    until = execution.instance.throttled_until or clock.now()
    if claim(session, execution, guard=(nobody,), lease_until=until):
        ask_collect(session, execution, max(0.0, (until - clock.now()).total_seconds()))


def _extend(ports: Ports, execution: ReportExecution) -> None:
    with transaction() as session:
        session.execute(
            update(ReportExecution)
            .where(ReportExecution.id == execution.id, ReportExecution.state == "collecting")
            .where(*_still_ours(execution))
            .values(lease_until=clock.in_seconds(ports.settings.collect_lease))
        )


def _fetch(ports: Ports, execution: ReportExecution) -> None:
    client = ports.amc(execution.instance)
    links = client.download_urls(execution.instance.instance_id, execution.amc_execution_id or "")
    target = _scratch(ports) / f"{execution.execution_id}-{execution.attempts}.parquet"
    try:
        files = (_pieces(client, url) for url in links.files)
        converted = convert(files, _columns(execution), target)
        reached("converted")
        key = _key(execution, execution.attempts)
        ports.store.put(target, key)
        reached("stored")
    finally:
        target.unlink(missing_ok=True)
    with transaction() as session:
        if not _complete(session, execution, key, converted):
            session.add(execution)
            session.refresh(execution, ("state", "output_location"))


def _complete(session: Session, execution: ReportExecution, key: str, converted: Converted) -> bool:
    """Complete it, whoever has the claim by now: rows are rows."""
    won = move(
        session,
        execution,
        "completed",
        f"{converted.rows} rows are here",
        row_count=converted.rows,
        size_bytes=converted.bytes,
        output_location=key,
        error_message=None,
    )
    if won:
        after_commit(session, partial(reached, "completed"))
        session.add(
            ResultSet(
                execution_id=execution.id,
                key=key,
                sha256=converted.sha256,
                size_bytes=converted.bytes,
                row_count=converted.rows,
                columns=[asdict(column) for column in converted.columns],
                warnings=list(converted.warnings),
            )
        )
    return won


def _still_ours(execution: ReportExecution) -> tuple[ColumnElement[bool], ...]:
    """Hold while nobody has taken the collection over; each claim counts one attempt."""
    return (ReportExecution.attempts == execution.attempts,)


def _tidy(ports: Ports, execution: ReportExecution) -> None:
    """Remove from the store what this and earlier attempts left, but for the file that counts."""
    keys = {_key(execution, attempt) for attempt in range(1, execution.attempts + 1)}
    for key in keys - {execution.output_location}:
        try:
            ports.store.delete(key)
        except Exception as error:  # noqa: BLE001 - the execution has ended; a file too many harms nobody
            log.warning("file not removed from the store", key=key, error=type(error).__name__)


def _key(execution: ReportExecution, attempt: int) -> str:
    return f"{execution.execution_id}/{attempt}.parquet"


def _scratch(ports: Ports) -> Path:
    ports.settings.scratch_dir.mkdir(parents=True, exist_ok=True)
    return ports.settings.scratch_dir


def _pieces(client: AmcClient, url: str) -> Iterator[bytes]:
    with client.open_download(url) as download:
        yield from download.pieces


def _columns(execution: ReportExecution) -> list[OutputColumn]:
    return [OutputColumn.from_amc(column) for column in execution.output_columns or []]


def _record_failure(ports: Ports, session: Session, execution: ReportExecution, error: Exception) -> None:
    log.warning("collection failed", failure=type(error).__name__, exc_info=not isinstance(error, AmcFailure))
    if isinstance(error, BrokenResult) and execution.attempts < BROKEN_TRIES:
        _put_off(session, execution, error, attempts=execution.attempts)
    elif isinstance(error, BrokenResult):
        _fail(session, execution, "result", f"AMC's result cannot be read: {error}")
    elif isinstance(error, Rejected) and not isinstance(error, NotReady):
        _fail(session, execution, "permanent", f"AMC does not give the rows: {error.message}")
    elif isinstance(error, Throttled):
        if not error.local and (instance := lock(session, execution.instance.instance_id)):
            hold_back(instance, THROTTLED_FOR if error.retry_after is None else error.retry_after)
        _put_off(session, execution, error, attempts=execution.attempts - 1)
    elif _is_outage(error):
        _outwait(session, execution, error)
    elif execution.attempts >= ports.settings.collect_attempts:
        reason = error.message if isinstance(error, AmcFailure) else type(error).__name__
        _fail(session, execution, "transient", f"its rows could not be fetched; retry it: {reason}")
    else:
        _put_off(session, execution, error, attempts=execution.attempts)


def _is_outage(error: Exception) -> bool:
    """Say whether something that we stand on does not answer; that is no fault of this result."""
    if isinstance(error, AmcFailure):
        return not isinstance(error, (LinkExpired, NotReady))
    return isinstance(error, Unavailable) and not isinstance(error, OutOfMemory)


def _outwait(session: Session, execution: ReportExecution, error: Exception) -> None:
    """Try again for as long as AMC is asked for other things, ever more rarely; no attempt is counted."""
    age = (clock.now() - _collecting_since(session, execution)).total_seconds()
    if age > ASKED_FOR.total_seconds():
        reason = f"its rows could not be fetched for {ASKED_FOR.days} days; run it again: {error}"
        _fail(session, execution, "transient", reason)
    else:
        pause = backoff(1, first=max(1.0, age / 8), longest=LONGEST_PAUSE)
        _put_off(session, execution, error, attempts=execution.attempts - 1, pause=pause)


def _collecting_since(session: Session, execution: ReportExecution) -> datetime:
    found = session.scalar(
        select(func.max(ExecutionEvent.created_at)).where(
            ExecutionEvent.execution_id == execution.id, ExecutionEvent.to_state == "collecting"
        )
    )
    return found or execution.created_at


def _put_off(
    session: Session, execution: ReportExecution, error: Exception, attempts: int, pause: float | None = None
) -> None:
    """Leave the claim standing for as long as the pause, so that nobody comes earlier."""
    if isinstance(error, AmcFailure) and error.retry_after is not None:
        pause = error.retry_after
    if pause is None and isinstance(error, Throttled):
        pause = backoff(1, first=THROTTLED_FOR)
    elif pause is None:
        soon = isinstance(error, LinkExpired) and execution.attempts == 1
        pause = 0.0 if soon else backoff(execution.attempts, first=1.0)
    known = isinstance(error, (AmcFailure, BrokenResult, Unavailable))
    text = str(error) if known else f"a fault of ours ({type(error).__name__})"
    ours = _still_ours(execution)
    if claim(session, execution, guard=ours, lease_until=clock.in_seconds(pause), attempts=attempts):
        remark_once(session, execution.id, f"the rows are fetched again: {text}")
        ask_collect(session, execution, pause)


def _fail(session: Session, execution: ReportExecution, error_class: str, message: str) -> None:
    ours = _still_ours(execution)
    move(session, execution, "failed", message, guard=ours, error_class=error_class, error_message=message)
