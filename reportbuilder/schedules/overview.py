"""What the doors show of schedules: one, lists, what became of due times, and what comes next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

from sqlalchemy import and_, case, func, not_, null, or_, select
from sqlalchemy.orm import Session

from reportbuilder.accounts.grants import visible
from reportbuilder.accounts.permissions import Principal, missing
from reportbuilder.executions.models import ReportExecution
from reportbuilder.parameters.windows import Window
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.reports.searching import Sort
from reportbuilder.schedules.models import ReportSchedule, ScheduleFiring
from reportbuilder.schedules.plans import plan_of
from reportbuilder.schedules.preview import USUAL, Upcoming, preview
from reportbuilder.schedules.rolling import window_of
from reportbuilder.schedules.settling import expected_reruns

_MOST_RERUNS: Final = 1_000  # counted
SORTS: Final[dict[str, Sort]] = {
    "next_run": Sort(
        case(
            (or_(ReportSchedule.is_paused, not_(ReportDefinition.is_active)), null()),
            else_=ReportSchedule.next_run_at,
        ),
        (ReportSchedule, and_(ReportSchedule.report_id == ReportDefinition.id, ReportSchedule.is_active)),
        has_nulls=True,
    )
}


@dataclass(frozen=True)
class Told:
    """A firing with its executions: its own, None if there is none, and how many settle earlier windows."""

    firing: ScheduleFiring
    own: ReportExecution | None
    reruns: int


@dataclass(frozen=True)
class Outlook:
    """The next times with the window of each, and how many earlier windows the first would run again."""

    times: list[tuple[Upcoming, Window]]
    reruns: int


def find(session: Session, principal: Principal, schedule_id: str) -> tuple[ReportSchedule, ReportDefinition]:
    """Return a schedule by its text id, with its report.

    :raises NotFound: if there is none that the principal may see; those of deleted reports are not there.
    """
    found = session.execute(
        select(ReportSchedule, ReportDefinition)
        .join(ReportDefinition, ReportDefinition.id == ReportSchedule.report_id)
        .where(
            ReportSchedule.schedule_id == schedule_id,
            visible(principal, ReportDefinition.instance_id),
            ReportDefinition.deleted_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        raise missing("schedule")
    schedule, report = found
    return schedule, report


def search(
    session: Session,
    principal: Principal,
    *,
    instance_id: UUID | None = None,
    report_id: UUID | None = None,
    removed: bool = False,
    page: int = 1,
    limit: int = 20,
) -> tuple[list[tuple[ReportSchedule, ReportDefinition]], int]:
    """Return one page of schedules with their reports, those that come next first, and how many there are."""
    wanted = (
        select(ReportSchedule, ReportDefinition)
        .join(ReportDefinition, ReportDefinition.id == ReportSchedule.report_id)
        .where(visible(principal, ReportDefinition.instance_id), ReportDefinition.deleted_at.is_(None))
    )
    if not removed:
        wanted = wanted.where(ReportSchedule.is_active)
    if instance_id is not None:
        wanted = wanted.where(ReportDefinition.instance_id == instance_id)
    if report_id is not None:
        wanted = wanted.where(ReportDefinition.id == report_id)
    ids = wanted.with_only_columns(ReportSchedule.id)
    total = session.scalar(select(func.count()).select_from(ids.subquery())) or 0
    ordered = wanted.order_by(ReportSchedule.next_run_at.asc().nulls_last(), ReportSchedule.id)
    rows = session.execute(ordered.offset((page - 1) * limit).limit(limit))
    return [(schedule, report) for schedule, report in rows], total


def active_of(session: Session, report_ids: Collection[UUID]) -> dict[UUID, ReportSchedule]:
    """Return the active schedules of reports, by the reports' row ids, in one query."""
    found = session.scalars(
        select(ReportSchedule).where(ReportSchedule.report_id.in_(report_ids), ReportSchedule.is_active)
    )
    return {schedule.report_id: schedule for schedule in found}


def latest_of(session: Session, report: ReportDefinition) -> ReportSchedule | None:
    """Return the active schedule of a report, else the last removed one, None if it never had one."""
    found = select(ReportSchedule).where(ReportSchedule.report_id == report.id)
    ordered = found.order_by(ReportSchedule.is_active.desc(), ReportSchedule.created_at.desc())
    return session.scalars(ordered.limit(1)).one_or_none()


def next_run_at(schedule: ReportSchedule, report: ReportDefinition) -> datetime | None:
    """Return when the schedule runs next, None while it is paused or its report is inactive."""
    rests = schedule.is_paused or not schedule.is_active or not report.is_active
    return None if rests else schedule.next_run_at


def firings(
    session: Session,
    schedule: ReportSchedule,
    *,
    state: str | None = None,
    page: int = 1,
    limit: int = 20,
) -> tuple[list[Told], int]:
    """Return one page of what became of a schedule's due times, the latest first, and how many there are."""
    wanted = select(ScheduleFiring).where(ScheduleFiring.schedule_id == schedule.id)
    if state is not None:
        wanted = wanted.where(ScheduleFiring.state == state)
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    ordered = wanted.order_by(ScheduleFiring.due_at.desc()).offset((page - 1) * limit).limit(limit)
    rows = session.scalars(ordered).all()
    return _with_executions(session, rows), total


def _with_executions(session: Session, rows: Sequence[ScheduleFiring]) -> list[Told]:
    own: dict[UUID | None, ReportExecution] = {}
    reruns: dict[UUID | None, int] = {}
    ids = [row.id for row in rows]
    for run in session.scalars(select(ReportExecution).where(ReportExecution.firing_id.in_(ids))):
        if run.is_rerun:
            reruns[run.firing_id] = reruns.get(run.firing_id, 0) + 1
        else:
            own[run.firing_id] = run
    return [Told(row, own.get(row.id), reruns.get(row.id, 0)) for row in rows]


def outlook(
    schedule: ReportSchedule,
    report: ReportDefinition,
    *,
    after: datetime,
    lag_days: int,
    count: int = USUAL,
) -> Outlook:
    """Return the next times later than an instant, as a person is shown them; nothing is written.

    :raises Invalid: if the schedule cannot be read, or the report's window does not roll.
    """
    recurrence = plan_of(schedule).recurrence
    wish = report.time_window if schedule.time_window is None else schedule.time_window

    def window_at(due_at: datetime) -> Window:
        return window_of(due_at, wish, default_zone=report.timezone, lag_days=lag_days)

    times = preview(recurrence, after, count)
    reruns = 0
    if schedule.is_settling and times:
        again = expected_reruns(recurrence, times[0].due_at, window_at, settle_days=lag_days)
        reruns = sum(1 for _ in islice(again, _MOST_RERUNS))
    return Outlook([(each, window_at(each.due_at)) for each in times], reruns)
