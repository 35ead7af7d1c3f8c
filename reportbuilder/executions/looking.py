"""One look at an instance: one list call tells what has become of everything that runs there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import clock, logs, wakeups
from reportbuilder.amc.failures import AmcFailure, NotFoundAtAmc, Throttled
from reportbuilder.amc.models import AmcInstance
from reportbuilder.amc.wire import AmcExecution, tag_of
from reportbuilder.crashpoints import reached
from reportbuilder.database import after_commit, transaction
from reportbuilder.executions import cadence, settling
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.standing import lock
from reportbuilder.executions.states import IN_SLOT
from reportbuilder.executions.waking import LOOK, ask_submit

log = logs.get_logger(__name__)

EARLY = timedelta(milliseconds=250)  # clocks and queues are not exact
SKEW = timedelta(minutes=5)  # how far AMC's clock may be from ours
SINGLE_LOOKS = 5  # executions missing from the list that one look asks for one by one


@dataclass(frozen=True)
class View:
    """What a look is about: the executions of an instance that AMC may tell something of.

    It began ``at``, and is taken for dead if it has not ended ``until``.
    """

    instance: AmcInstance
    holding: list[ReportExecution]
    at: datetime
    until: datetime

    @property
    def running(self) -> list[ReportExecution]:
        """Those whose AMC id we know."""
        return [execution for execution in self.holding if execution.state == "running"]

    @property
    def lost(self) -> list[ReportExecution]:
        """Those whose answer never came: the intent is there, the worker's lease is over."""
        return [
            execution
            for execution in self.holding
            if execution.state == "submitting" and (execution.lease_until or self.at) <= self.at
        ]

    @property
    def since(self) -> datetime:
        """Where the list has to begin."""
        return (
            min((e.submitted_at or e.created_at for e in (*self.running, *self.lost)), default=self.at) - SKEW
        )


def look(ports: Ports, instance_id: str) -> None:
    """Look at an instance if its time has come; may run any number of times."""
    with logs.bound(instance_id=instance_id):
        with transaction() as session:
            view = _claim(ports, session, instance_id)
        if view is None:
            return
        try:
            listed = _list(ports, view)
        except AmcFailure as failure:
            _put_off(ports, view, failure)
        else:
            reached("listed")
            _settle(ports, view, listed)


def _claim(ports: Ports, session: Session, instance_id: str) -> View | None:
    now = clock.now()
    instance = lock(session, instance_id)
    if instance is None or instance.next_look_at is None or instance.next_look_at > now + EARLY:
        return None
    holding = list(
        session.scalars(
            select(ReportExecution).where(
                ReportExecution.instance_id == instance.id, ReportExecution.state.in_(IN_SLOT)
            )
        )
    )
    view = View(instance, holding, now, clock.in_seconds(ports.settings.look_lease))
    if instance.throttled_until and instance.throttled_until > now:
        _next_look(session, instance, instance.throttled_until)
    elif view.running or view.lost:
        instance.next_look_at = view.until
        return view
    else:
        _next_look(session, instance, min((e.lease_until or now for e in holding), default=None))
    return None


def _next_look(session: Session, instance: AmcInstance, at: datetime | None) -> None:
    instance.next_look_at = at
    if at is not None:
        wakeups.ask(session, LOOK, instance.instance_id, max(0.0, (at - clock.now()).total_seconds()))


def _list(ports: Ports, view: View) -> list[AmcExecution]:
    """Read AMC's list, newest first, as far as needed: to the end if an answer is looked for."""
    client = ports.amc(view.instance)
    wanted = {execution.amc_execution_id for execution in view.running}
    listed: list[AmcExecution] = []
    token: str | None = None
    while True:
        page = client.list_page(
            view.instance.instance_id, view.since, include_workflow=bool(view.lost), next_token=token
        )
        listed.extend(page.executions)
        wanted -= {execution.id for execution in page.executions}
        token = page.next_token
        if token is None or not (wanted or view.lost):
            return listed + _ask_singly(ports, view, wanted)


def _ask_singly(ports: Ports, view: View, missing: set[str | None]) -> list[AmcExecution]:
    """Ask for executions that the list has left out for longer than a new one may be."""
    old = clock.now() - timedelta(seconds=ports.settings.list_lag)
    overdue = [e for e in view.running if e.amc_execution_id in missing and (e.submitted_at or old) < old]
    client = ports.amc(view.instance)
    found = []
    for execution in overdue[:SINGLE_LOOKS]:
        try:
            found.append(client.get(view.instance.instance_id, execution.amc_execution_id or ""))
        except NotFoundAtAmc:
            log.info("AMC does not know it", execution_id=execution.execution_id)
    return found


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
            instance.throttled_until = clock.in_seconds(pause)
        if instance.failed_looks == settling.FAILED_LOOKS_TO_TELL:
            settling.tell_all(session, view.holding, failure.message)
        _next_look(session, instance, clock.in_seconds(pause))


def _settle(ports: Ports, view: View, listed: Sequence[AmcExecution]) -> None:
    by_id = {execution.id: execution for execution in listed}
    with transaction() as session:
        instance = lock(session, view.instance.instance_id)
        if instance is None:
            return
        after_commit(session, partial(reached, "advanced"))
        for execution in view.running:
            settling.settle(ports, session, execution, by_id.get(execution.amc_execution_id or ""))
        for execution in view.lost:
            settling.settle_lost(ports, session, instance, execution, listed, view.at)
        instance.looked_at = view.at
        instance.failed_looks = 0
        instance.foreign_running = _count_foreign(view, listed)
        _plan(ports, session, instance, view)


def _count_foreign(view: View, listed: Sequence[AmcExecution]) -> int:
    ids = {execution.amc_execution_id for execution in view.holding}
    tags = {execution.tag for execution in view.holding}
    return sum(
        1 for seen in listed if seen.status.is_active and seen.id not in ids and tag_of(seen) not in tags
    )


def _plan(ports: Ports, session: Session, instance: AmcInstance, view: View) -> None:
    """Set the time of the next look, and have slots that came free filled."""
    now = clock.now()
    still = [execution for execution in view.holding if execution.state in IN_SLOT]
    ages = [(now - (execution.submitted_at or now)).total_seconds() for execution in still]
    delay = cadence.until_next_look(ages, ports.settings.look_min, ports.settings.look_max)
    if instance.next_look_at is not None and instance.next_look_at < view.until:
        delay = 0.0 if delay is None else delay  # somebody brought the look forward while we were looking
        _next_look(session, instance, min(instance.next_look_at, clock.in_seconds(delay)))
    else:
        _next_look(session, instance, None if delay is None else clock.in_seconds(delay))
    if len(still) < len(view.holding):
        ask_submit(session, instance)
