"""One look at an instance: one list call tells what has become of everything that runs there."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial

from sqlalchemy import func, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from reportbuilder import clock, logs, wakeups
from reportbuilder.amc.client import PAGE_SIZE
from reportbuilder.amc.failures import AmcFailure, NotFoundAtAmc, Throttled
from reportbuilder.amc.models import AmcInstance
from reportbuilder.amc.wire import AmcExecution, tag_of
from reportbuilder.crashpoints import reached
from reportbuilder.database import after_commit, transaction
from reportbuilder.executions import cadence, experience, settling
from reportbuilder.executions.models import ReportExecution, SubmissionIntent
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.standing import hold_back, holding, lock
from reportbuilder.executions.states import IN_SLOT
from reportbuilder.executions.submitting import fill
from reportbuilder.executions.waking import LOOK
from reportbuilder.settings import Settings

log = logs.get_logger(__name__)

EARLY = timedelta(milliseconds=250)  # clocks and queues are not exact
LEAD = 0.1  # seconds that a hint is about on its way
SKEW = timedelta(minutes=5)  # how far AMC's clock may be from ours
FOREIGN_RUN = timedelta(hours=6)  # how long others' runs last at most, if they do not ask for more
SINGLE_LOOKS = 5  # executions missing from the list that one look asks for one by one


@dataclass(frozen=True)
class View:
    """What a look is about: the executions of an instance that AMC may tell something of.

    ``running``: those whose AMC id we know. ``lost``: those whose answer never came; the intent is there, and
    the worker's lease is over. The look began ``at``, and is taken for dead if it has not ended ``until``.
    The list has to begin ``since``.
    """

    instance: AmcInstance
    running: list[ReportExecution]
    lost: list[ReportExecution]
    at: datetime
    until: datetime
    since: datetime


@dataclass(frozen=True)
class Told:
    """What AMC has told: executions, and the ids of those of which it says that it does not know them."""

    listed: list[AmcExecution]
    denied: frozenset[str]

    @cached_property
    def by_id(self) -> dict[str, AmcExecution]:
        """What is listed, by AMC's ids."""
        return {execution.id: execution for execution in self.listed}

    def of(self, execution: ReportExecution) -> bool:
        """Say whether AMC has told anything of it."""
        return bool({execution.amc_execution_id} & (self.by_id.keys() | self.denied))


def look(ports: Ports, instance_id: str) -> None:
    """Look at an instance if its time has come; may run any number of times."""
    with logs.bound(instance_id=instance_id):
        with transaction() as session:
            view = _claim(ports, session, instance_id)
        if view is None:
            return
        try:
            told = _list(ports, view)
        except AmcFailure as failure:
            _put_off(ports, view, failure)
        else:
            reached("listed")
            if _settle(ports, view, told):
                fill(ports, instance_id)  # here and now: a slot that stands empty costs its time


def _claim(ports: Ports, session: Session, instance_id: str) -> View | None:
    now = clock.now()
    instance = lock(session, instance_id)
    if instance is None or instance.next_look_at is None or instance.next_look_at > now + EARLY:
        return None
    held = holding(session, instance)
    if instance.throttled_until and instance.throttled_until > now:
        _next_look(session, instance, instance.throttled_until)
        return None
    running = [execution for execution in held if execution.state == "running"]
    lost = [execution for execution in held if _is_lost(execution, now)]
    if not running and not lost:
        _next_look(session, instance, min((e.lease_until or now for e in held), default=None))
        return None
    instance.next_look_at = until = clock.in_seconds(ports.settings.look_lease)
    since = _first_intent(session, lost) if lost else _oldest(running, now)
    return View(instance, running, lost, now, until, since - SKEW)


def _is_lost(execution: ReportExecution, at: datetime) -> bool:
    return execution.state == "submitting" and (execution.lease_until or at) <= at


def _oldest(running: Sequence[ReportExecution], now: datetime) -> datetime:
    """Go back as far as others' runs may, too: they share the slots."""
    return min(now - FOREIGN_RUN, *(execution.submitted_at or now for execution in running))


def _first_intent(session: Session, lost: Sequence[ReportExecution]) -> datetime:
    """Return when AMC was first asked for one of these; they may have waited for days before that."""
    found = session.scalar(
        select(func.min(SubmissionIntent.created_at)).where(
            SubmissionIntent.execution_id.in_([execution.id for execution in lost])
        )
    )
    return found or min(execution.created_at for execution in lost)


def _next_look(session: Session, instance: AmcInstance, at: datetime | None) -> None:
    instance.next_look_at = at
    if at is not None:
        delay = max(0.0, (at - clock.now()).total_seconds())
        wakeups.ask(session, LOOK, instance.instance_id, delay - min(LEAD, delay / 2))


def _list(ports: Ports, view: View) -> Told:
    """Read AMC's list: to the end if an answer is looked for, else until few are left to be asked for singly.

    What has run for hours on a busy instance is many pages down, and one call finds it.
    """
    missing = {execution.amc_execution_id: execution for execution in view.running}
    listed: list[AmcExecution] = []
    for seen in ports.amc(view.instance).list_executions(
        view.instance.instance_id, view.since, include_workflow=bool(view.lost)
    ):
        listed.append(seen)
        missing.pop(seen.id, None)
        if not view.lost and len(listed) >= PAGE_SIZE and len(missing) <= SINGLE_LOOKS:
            break
    found, denied = _ask_singly(ports, view, list(missing.values()))
    return Told(listed + found, frozenset(denied))


def _ask_singly(
    ports: Ports, view: View, missing: Sequence[ReportExecution]
) -> tuple[list[AmcExecution], set[str]]:
    """Ask for executions that the list has left out for longer than a new one may be; some at each look."""
    old = clock.now() - timedelta(seconds=ports.settings.list_lag)
    overdue = [execution for execution in missing if (execution.submitted_at or old) < old]
    client, found, denied = ports.amc(view.instance), [], set()
    for execution in random.sample(overdue, min(SINGLE_LOOKS, len(overdue))):
        name = execution.amc_execution_id or ""
        try:
            found.append(client.get(view.instance.instance_id, name))
        except NotFoundAtAmc:
            denied.add(name)
            log.info("AMC does not know it", execution_id=execution.execution_id)
    return found, denied


def _put_off(ports: Ports, view: View, failure: AmcFailure) -> None:
    log.warning("look failed", failure=type(failure).__name__, reason=failure.message)
    with transaction() as session:
        instance = lock(session, view.instance.instance_id)
        if instance is None:
            return
        instance.failed_looks += 1
        pause = failure.retry_after
        if pause is None:
            pause = cadence.backoff(instance.failed_looks, longest=2 * ports.settings.look_max)
        if isinstance(failure, Throttled) and not failure.local:
            hold_back(instance, pause)
        held = holding(session, instance, locked=True)
        if instance.failed_looks == settling.FAILED_LOOKS_TO_TELL:
            settling.tell_all(session, held, failure.message)
        settling.give_up(session, held, failure.message)
        _next_look(session, instance, clock.in_seconds(pause))


def _settle(ports: Ports, view: View, told: Told) -> bool:
    """Move on what AMC has told of, as it is by now: much may have happened while AMC answered.

    Say whether slots came free.
    """
    with transaction() as session:
        instance = lock(session, view.instance.instance_id)
        if instance is None:
            return False
        after_commit(session, partial(reached, "advanced"))
        held = holding(session, instance, locked=True)
        if not view.lost:
            instance.foreign_running = _count_foreign([*view.running, *held], told.listed)
            instance.looked_at = view.at
        for execution in held:
            if _is_news(execution, view, told):
                _move_on(ports, session, instance, execution, view, told)
        instance.failed_looks = 0
        still = [execution for execution in held if execution.state in IN_SLOT]
        _plan(ports, session, instance, view, still)
        return len(still) < len(held)


def _is_news(execution: ReportExecution, view: View, told: Told) -> bool:
    """Say whether anything may have to be written down: most looks find most runs as they were."""
    if execution.state != "running" or not told.of(execution):
        return _is_lost(execution, view.at)
    seen = told.by_id.get(execution.amc_execution_id or "")
    return seen is None or not seen.status.is_active or seen.raw_status != execution.amc_status


def _move_on(
    ports: Ports, session: Session, instance: AmcInstance, execution: ReportExecution, view: View, told: Told
) -> None:
    """Move one on. If that breaks, it is the one that fails, and not the looks at all on its instance."""
    try:
        with session.begin_nested():
            if _is_lost(execution, view.at):
                settling.settle_lost(ports, session, instance, execution, told.listed, view.at)
            else:
                settling.settle(ports, session, execution, told.by_id.get(execution.amc_execution_id or ""))
    except (OperationalError, InterfaceError):
        raise  # the database is at fault, and the next look finds it well
    except Exception as error:
        log.exception("execution not settled", execution_id=execution.execution_id)
        session.refresh(execution)
        settling.break_off(session, execution, type(error).__name__)


def _count_foreign(ours: Sequence[ReportExecution], listed: Sequence[AmcExecution]) -> int:
    ids = {execution.amc_execution_id for execution in ours}
    tags = {execution.tag for execution in ours}
    foreign = {
        seen.id
        for seen in listed
        if seen.status.is_active and seen.id not in ids and tag_of(seen) not in tags
    }
    return len(foreign)  # by id: a list may show one twice


def _plan(
    ports: Ports, session: Session, instance: AmcInstance, view: View, still: Sequence[ReportExecution]
) -> None:
    """Set the time of the next look."""
    runs = [(_age(execution), experience.usual(session, execution)) for execution in still]
    delay = cadence.until_next_look(runs, _span(ports.settings))
    at = None if delay is None else clock.in_seconds(delay)
    if at is not None and instance.next_look_at is not None and instance.next_look_at < view.until:
        at = min(at, instance.next_look_at)  # somebody brought the look forward while we were looking
    _next_look(session, instance, at)


def _age(execution: ReportExecution) -> float:
    """Return the seconds since AMC was last asked to do something about it."""
    now = clock.now()
    return (now - (execution.cancel_requested_at or execution.submitted_at or now)).total_seconds()


def _span(settings: Settings) -> cadence.Span:
    return cadence.Span(settings.look_known, settings.look_min, settings.look_max)
