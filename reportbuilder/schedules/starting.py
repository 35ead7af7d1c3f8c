"""From firings whose time has come to executions: whether each starts, waits or is left out, and as what."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.orm import Session, aliased, lazyload

from reportbuilder import clock, logs
from reportbuilder.accounts import grants, permissions
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Principal
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.errors import NotPermitted, ReportBuilderError
from reportbuilder.executions.lifecycle import Order
from reportbuilder.executions.pausing import Pauses, open_pauses
from reportbuilder.executions.requesting import request_all
from reportbuilder.parameters.windows import Window
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.reports.searching import subject_of
from reportbuilder.schedules.ending import end_firing, tell_failed
from reportbuilder.schedules.judging import hold_of
from reportbuilder.schedules.models import ReportSchedule, ScheduleFiring
from reportbuilder.schedules.plans import policies_of
from reportbuilder.schedules.policies import Overlap, Start, decide_overlap
from reportbuilder.schedules.rendering import Renderings
from reportbuilder.schedules.replacing import cancel_others, lock_instances
from reportbuilder.schedules.rerunning import Earlier, earlier_runs, unasked_firings, windows_to_settle
from reportbuilder.schedules.settling import Run
from reportbuilder.settings import Settings

log = logs.get_logger(__name__)

LONGEST_NOTE: Final = 500  # characters on a firing of what it has left out


@dataclass(frozen=True)
class Ready:
    """A firing whose time has come, with what it belongs to; all of it locked."""

    firing: ScheduleFiring
    schedule: ReportSchedule
    report: ReportDefinition


def claim_ready(
    session: Session, *, limit: int, firing: UUID | None = None, schedule: UUID | None = None
) -> list[Ready]:
    """Lock firings that may start: planned ones, and waiting ones of schedules that have nothing going.

    What others have locked is passed by, so nobody waits here; whoever holds a schedule decides alone.
    """
    going = aliased(ScheduleFiring)
    has_going = exists().where(going.schedule_id == ScheduleFiring.schedule_id, going.state == "started")
    wanted = (
        select(ScheduleFiring, ReportSchedule, ReportDefinition)
        .join(ReportSchedule, ReportSchedule.id == ScheduleFiring.schedule_id)
        .join(ReportDefinition, ReportDefinition.id == ReportSchedule.report_id)
        .where(
            or_(
                and_(ScheduleFiring.state == "planned", ScheduleFiring.starts_at <= clock.now()),
                and_(ScheduleFiring.state == "waiting", ~has_going),
            )
        )
        .order_by(ScheduleFiring.starts_at, ScheduleFiring.due_at)
        .limit(limit)
        .options(lazyload("*"))
        .with_for_update(
            of=[ScheduleFiring, ReportSchedule, ReportDefinition], skip_locked=True, key_share=True
        )
    )
    if firing is not None:
        wanted = wanted.where(ScheduleFiring.id == firing)
    if schedule is not None:
        wanted = wanted.where(ScheduleFiring.schedule_id == schedule)
    return [Ready(*row) for row in session.execute(wanted)]


def start_claimed(session: Session, settings: Settings, claimed: Sequence[Ready]) -> None:
    """Start, or leave out, the firings that were claimed, in the order in which they were due."""
    batch = _Batch(session, settings, claimed)
    for ready in sorted(claimed, key=lambda each: each.firing.due_at):
        batch.decide(ready)
    batch.write()


@dataclass
class _Going:
    """What a schedule has going: firings that have started, and ids of those that wait."""

    started: int = 0
    waiting: set[UUID] = field(default_factory=set)


class _Batch:
    """The firings of one transaction: what has been read for all of them, and what comes of each."""

    def __init__(self, session: Session, settings: Settings, claimed: Sequence[Ready]) -> None:
        self.session, self.settings, self.claimed = session, settings, claimed
        self.now: datetime = clock.now()
        self.renderings = Renderings(settings)
        self.pauses: Pauses = open_pauses(session)
        reports = [ready.report for ready in claimed]
        self.kept = _load(session, reports)  # else the session would forget, and read them for each report
        self.asking = _read_owners(session, reports)
        self.going = _read_going(session, {ready.schedule.id for ready in claimed})
        lock_instances(session, _cancelling(claimed) & self.going.keys())
        settling = {ready.schedule.id for ready in claimed if ready.schedule.is_settling}
        self.earlier = earlier_runs(session, settling, self.now)
        self.unasked = unasked_firings(session, settling, self.now)
        self.orders: list[Order] = []
        self.moved: defaultdict[tuple[str, str | None], list[UUID]] = defaultdict(list)

    def decide(self, ready: Ready) -> None:
        """Note what becomes of a firing."""
        hold = hold_of(
            ready.schedule, self.pauses, ready.report.instance_id, is_report_active=ready.report.is_active
        )
        going = self.going[ready.schedule.id]
        if hold or not ready.schedule.is_active:
            going.waiting.discard(ready.firing.id)
            self.moved["skipped", hold or "removed"].append(ready.firing.id)
            return
        others = going.started + len(going.waiting - {ready.firing.id})
        if ready.firing.state == "waiting" and not going.started:
            others = 0  # those who wait come in the order in which they were due
        overlap = policies_of(ready.schedule).overlap
        start = decide_overlap(overlap, active=others, made_up=ready.firing.is_made_up)
        _ACTS[start](self, ready, going)

    def start(self, ready: Ready, going: _Going) -> None:
        """Order its executions, or end it as failed if there can be none."""
        going.waiting.discard(ready.firing.id)
        try:
            orders, left_out = self._orders(ready)
        except Exception as error:  # noqa: BLE001 - what is wrong with one must not hold up the others
            fail(self.session, ready, _told(error, ready))
            return
        self.orders += orders
        going.started += 1
        self.moved["started", left_out].append(ready.firing.id)

    def replace(self, ready: Ready, going: _Going) -> None:
        """Cancel what the schedule has going or waiting, then start."""
        self._withdraw(ready)
        cancel_others(self.session, ready.schedule, ready.firing)
        self.going[ready.schedule.id] = going = _Going()
        self.start(ready, going)

    def _withdraw(self, ready: Ready) -> None:
        """Leave out what this batch has begun or let wait for the same schedule, which no row shows yet."""
        theirs = {each.firing.id for each in self.claimed if each.schedule.id == ready.schedule.id}
        for ids in [ids for (state, _), ids in self.moved.items() if state in {"started", "waiting"}]:
            self.moved["skipped", "replaced"] += [each for each in ids if each in theirs]
            ids[:] = [each for each in ids if each not in theirs]
        self.orders = [order for order in self.orders if order.firing_id not in theirs]

    def wait(self, ready: Ready, going: _Going) -> None:
        """Let it wait until what is going has ended."""
        going.waiting.add(ready.firing.id)
        if ready.firing.state != "waiting":
            self.moved["waiting", None].append(ready.firing.id)

    def skip(self, ready: Ready, going: _Going) -> None:
        """Leave it out."""
        full = ready.firing.is_made_up or policies_of(ready.schedule).overlap == "queue"
        going.waiting.discard(ready.firing.id)
        self.moved["skipped", "queue_full" if full else "overlap"].append(ready.firing.id)

    def _orders(self, ready: Ready) -> tuple[list[Order], str | None]:
        """Return its own order and those that settle earlier windows, and which of these there cannot be."""
        report, due_at = ready.report, ready.firing.due_at
        _refuse(self.asking[report.owner_id][1], report)
        own = self.renderings.own_window(ready.schedule, report, due_at)
        again = windows_to_settle(
            self._earlier(ready),
            own,
            now=self.now,
            settle_days=self.settings.settle_days,
        )
        order = self._order(ready, own, due_at, is_rerun=False)
        settling, left_out = self._settling(ready, again)
        return [order, *settling], left_out

    def _settling(
        self, ready: Ready, again: Sequence[tuple[Window, datetime]]
    ) -> tuple[list[Order], str | None]:
        orders, left_out = list[Order](), list[str]()
        for window, as_of in again:
            try:
                orders.append(self._order(ready, window, as_of, is_rerun=True))
            except Exception as error:  # noqa: BLE001 - its own run goes whatever is wrong with an earlier one
                left_out.append(f"{window.days.start} to {window.days.end} ({_told(error, ready)})")
        if not left_out:
            return orders, None
        note = f"earlier windows that are not run again: {'; '.join(left_out)}"[:LONGEST_NOTE]
        log.warning("windows left out", schedule_id=ready.schedule.schedule_id, reason=note)
        return orders, note

    def _earlier(self, ready: Ready) -> list[Earlier]:
        """Return the windows of earlier firings, also of those without an execution."""
        asked = self.earlier.get(ready.schedule.id, [])
        known = {each.run.window for each in asked}
        unasked = [
            Earlier(Run(window, failed_at), due_at)
            for due_at, failed_at in self.unasked.get(ready.schedule.id, [])
            if (window := self.renderings.own_window(ready.schedule, ready.report, due_at)) not in known
        ]
        return [*unasked, *asked]

    def _order(self, ready: Ready, window: Window, as_of: datetime, *, is_rerun: bool) -> Order:
        report = ready.report
        what = self.renderings.render(ready.schedule, report, window, as_of)
        return Order(
            template=report.template,
            instance=report.instance,
            user=self.asking[report.owner_id][0],
            sql=what.sql,
            window=what.window,
            values=what.values,
            triggered_by="schedule",
            report=report,
            schedule_id=ready.schedule.id,
            firing_id=ready.firing.id,
            is_rerun=is_rerun,
            settle_days=self.settings.settle_days,
        )

    def write(self) -> None:
        """Store what has been decided, in one statement for all that are alike."""
        for (state, reason), ids in self.moved.items():
            if not ids:
                continue
            ended = self.now if state == "skipped" else None
            self.session.execute(
                update(ScheduleFiring)
                .where(ScheduleFiring.id.in_(ids))
                .values(state=state, reason=reason, ended_at=ended, updated_at=self.now)
                .execution_options(synchronize_session=False)
            )
        request_all(self.session, self.orders)


_ACTS: Final = {
    Start.NOW: _Batch.start,
    Start.WAIT: _Batch.wait,
    Start.REPLACE: _Batch.replace,
    Start.SKIP: _Batch.skip,
}


def _told(error: Exception, ready: Ready) -> str:
    """Return an error in words for whoever reads the history; what is our fault goes to the log."""
    if isinstance(error, ReportBuilderError):
        return error.message
    log.error("firing broken", schedule_id=ready.schedule.schedule_id, exc_info=error)
    return f"a fault of ours ({type(error).__name__})"


def fail(session: Session, ready: Ready, reason: str) -> None:
    """End a firing for which no execution can be asked, and leave word of it."""
    if end_firing(session, ready.schedule, ready.firing, "failed", reason):
        tell_failed(session, ready.schedule, ready.firing.due_at, reason)


def _refuse(owner: Principal | None, report: ReportDefinition) -> None:
    """Raise what keeps a report from running in its owner's name.

    :raises NotPermitted: in words for whoever reads the history.
    """
    if report.deleted_at is not None:
        raise NotPermitted("the report has been deleted")
    if owner is None:
        raise NotPermitted(
            "the report's owner is deactivated, and schedules run in the owner's name; activate the owner, "
            "or make the report and its schedule anew"
        )
    if not permissions.may(owner, "report:run", subject_of(report)):
        raise NotPermitted(
            f"{owner.email}, whose report it is, may no longer run queries on this instance; ask an admin "
            "for the grant or the role"
        )


def _read_going(session: Session, schedule_ids: Iterable[UUID]) -> defaultdict[UUID, _Going]:
    """Read what has started and what waits, now that nobody else can change it."""
    found: defaultdict[UUID, _Going] = defaultdict(_Going)
    for schedule_id, firing_id, state in session.execute(
        select(ScheduleFiring.schedule_id, ScheduleFiring.id, ScheduleFiring.state).where(
            ScheduleFiring.schedule_id.in_(schedule_ids), ScheduleFiring.state.in_(("started", "waiting"))
        )
    ):
        if state == "started":
            found[schedule_id].started += 1
        else:
            found[schedule_id].waiting.add(firing_id)
    return found


def _load(session: Session, reports: Sequence[ReportDefinition]) -> list[object]:
    """Read the templates and instances of reports, each once."""
    templates = {report.template_id for report in reports}
    instances = {report.instance_id for report in reports}
    return [
        *session.scalars(select(QueryTemplate).where(QueryTemplate.id.in_(templates))),
        *session.scalars(select(AmcInstance).where(AmcInstance.id.in_(instances))),
    ]


def _cancelling(claimed: Sequence[Ready]) -> set[UUID]:
    """Return the schedules whose next run cancels the one that is going."""
    return {each.schedule.id for each in claimed if policies_of(each.schedule).overlap is Overlap.CANCEL}


def _read_owners(
    session: Session, reports: Sequence[ReportDefinition]
) -> dict[UUID, tuple[User, Principal | None]]:
    """Read who asks, by the owners' ids; nobody asks for one who is deactivated."""
    users = session.scalars(select(User).where(User.id.in_({report.owner_id for report in reports}))).all()
    active = grants.principals_of(session, [user for user in users if user.is_active])
    return {user.id: (user, active.get(user.id)) for user in users}
