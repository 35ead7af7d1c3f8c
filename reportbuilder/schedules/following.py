"""After an execution has ended: its firing ends with it, and the next one that waits starts."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, lazyload

from reportbuilder import clock, notices, wakeups
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import Pause, ReportExecution
from reportbuilder.executions.pausing import open_pauses
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.states import FINAL, is_final
from reportbuilder.executions.waking import FOLLOW_FIRING
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules.ending import end_firing
from reportbuilder.schedules.firing import start_ready
from reportbuilder.schedules.models import ReportSchedule, ScheduleFiring
from reportbuilder.settings import Settings
from reportbuilder.wakeups import SendAll, WakeUp

GRACE: Final = timedelta(seconds=3)  # hints normally arrive well within this
AT_ONCE: Final = 500


def follow_firing(ports: Ports, id: str) -> None:
    """End a firing as its own execution ended, and start what waits for that; may run any number of times.

    What settles earlier windows and what people retry is not its own execution, and changes nothing here.
    """
    with transaction() as session:
        firing = _find(session, UUID(id))
        schedule = lock(session, firing.schedule_id) if firing else None
        own = _own_execution(session, firing) if firing else None
        if firing is None or schedule is None or own is None or not is_final(own.state):
            return
        if not end_firing(session, schedule, firing, own.state, own.error_message):
            return
    start_ready(ports.settings, schedule.id)


def lock(session: Session, schedule_id: UUID) -> ReportSchedule:
    """Read a schedule (by row id) that exists, and keep others from deciding on it or its firings.

    Its report is locked before it: everybody locks in this order, or passes by what is locked.
    """
    report = select(ReportSchedule.report_id).where(ReportSchedule.id == schedule_id).scalar_subquery()
    session.execute(
        select(ReportDefinition.id).where(ReportDefinition.id == report).with_for_update(key_share=True)
    )
    return session.scalars(
        select(ReportSchedule)
        .where(ReportSchedule.id == schedule_id)
        .options(lazyload("*"))
        .with_for_update(of=ReportSchedule, key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def _find(session: Session, id: UUID) -> ScheduleFiring | None:
    return session.scalars(
        select(ScheduleFiring).where(ScheduleFiring.id == id, ScheduleFiring.state == "started")
    ).one_or_none()


def _own_execution(session: Session, firing: ScheduleFiring) -> ReportExecution | None:
    return session.scalars(
        select(ReportExecution).where(
            ReportExecution.firing_id == firing.id, ReportExecution.is_rerun.is_(False)
        )
    ).one_or_none()


def sweep_firings(settings: Settings, send_all: SendAll = wakeups.send_all) -> int:
    """Send the hints of firings that were not followed, and tell what is late; return how many hints."""
    ended = (
        select(ScheduleFiring.id)
        .join(ReportExecution, ReportExecution.firing_id == ScheduleFiring.id)
        .where(ScheduleFiring.state == "started", ReportExecution.is_rerun.is_(False))
        .where(ReportExecution.state.in_(FINAL), ReportExecution.completed_at <= clock.now() - GRACE)
        .order_by(ReportExecution.completed_at)
    )
    with reading() as session:
        found = session.scalars(ended.limit(AT_ONCE)).all()
    send_all([WakeUp(FOLLOW_FIRING, str(row_id)) for row_id in found])
    with transaction() as session:
        _tell_late(session, timedelta(minutes=settings.overdue_minutes))
    return len(found)


def _tell_late(session: Session, bound: timedelta) -> None:
    """Leave word, once, of firings that are long past their time and have not got to AMC."""
    late = session.execute(_late(clock.now() - bound)).all()
    pauses = open_pauses(session) if late else None
    for firing, schedule, instance_id in late:
        about = {
            "schedule_id": schedule.schedule_id,
            "due_at": firing.due_at.isoformat(),
            "reason": _why_late(firing, pauses.of(instance_id) if pauses else None),
        }
        key = f"run_overdue:{schedule.schedule_id}:{firing.due_at.isoformat()}"
        notices.give(session, "run_overdue", key, schedule.report_id, about)
        firing.is_told = True


def _late(before: datetime) -> Select[ScheduleFiring, ReportSchedule, UUID]:
    unsent = and_(ScheduleFiring.state == "started", ReportExecution.state == "pending")
    return (
        select(ScheduleFiring, ReportSchedule, ReportDefinition.instance_id)
        .join(ReportSchedule, ReportSchedule.id == ScheduleFiring.schedule_id)
        .join(ReportDefinition, ReportDefinition.id == ReportSchedule.report_id)
        .outerjoin(
            ReportExecution,
            and_(ReportExecution.firing_id == ScheduleFiring.id, ReportExecution.is_rerun.is_(False)),
        )
        .where(ScheduleFiring.state.in_(("planned", "waiting", "started")))
        .where(ScheduleFiring.starts_at <= before, ScheduleFiring.is_told.is_(False))
        .where(ScheduleFiring.created_at <= before)  # what is made up is late from the start
        .where(or_(ScheduleFiring.state != "started", unsent))
        .order_by(ScheduleFiring.starts_at)
        .limit(AT_ONCE)
        .with_for_update(of=ScheduleFiring, skip_locked=True)
    )


def _why_late(firing: ScheduleFiring, pause: Pause | None) -> str:
    if firing.state == "started" and pause is not None:
        what = "everything" if pause.is_whole else "its instance"
        return f"its execution waits while {what} is paused by {pause.paused_by}: {pause.reason}"
    if firing.state == "started":
        return "its execution still waits for a free slot"
    if firing.state == "waiting":
        return "an earlier run of the schedule is still going"
    return "it has not been started yet"
