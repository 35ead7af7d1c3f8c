"""What a demo shows of time: a schedule that fires, and a small backfill with its progress."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Principal
from reportbuilder.backfills.planning import draft_backfill
from reportbuilder.backfills.starting import refuse_second, start_backfill
from reportbuilder.cli import orders
from reportbuilder.cli.backfill_following import watch
from reportbuilder.cli.demo import seeding
from reportbuilder.cli.demo.playing import TEMPLATE
from reportbuilder.cli.demo.telling import Teller
from reportbuilder.cli.rooms import principal_of
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict
from reportbuilder.executions.models import ReportExecution
from reportbuilder.reports import defining
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import defining as scheduling
from reportbuilder.schedules.models import ReportSchedule, ScheduleFiring
from reportbuilder.schedules.plans import plan_of
from reportbuilder.schedules.wording import describe
from reportbuilder.settings import Settings

NAME = "Weekly ROAS, every day"
SEGMENTS = {"segment": "weekly", "lookback_days": 63, "reprocess": "all"}
SOON = timedelta(seconds=15)  # a schedule is made with its first due time no nearer than this
GLANCE_EVERY = 0.3  # seconds


def schedule_report(chosen: Settings, instance: str, teller: Teller) -> str:
    """Save a report that runs each day at the next whole minute; return its id."""
    with transaction() as session:
        user, principal = principal_of(session, seeding.EMAIL)
        report = _report(session, chosen, user, principal, instance)
        due = (clock.now() + SOON + timedelta(minutes=1)).replace(second=0, microsecond=0)
        wish = {"recurrence": {"type": "daily", "time": f"{due:%H:%M}", "timezone": "UTC"}}
        schedule = scheduling.find_active(session, report)
        if schedule is None:
            schedule = scheduling.create(session, report, wish, terms=_terms(chosen))
        else:
            scheduling.change(session, schedule, report, wish, terms=_terms(chosen))
        words = describe(plan_of(schedule).recurrence)
    teller.done(f'schedules "{report.name}": {words}')
    return report.report_id


def show_backfill(chosen: Settings, report_id: str, teller: Teller, check: Callable[[], None]) -> None:
    """Fetch two months of a report in weeks, in sight; ``check`` is called while waiting."""
    with transaction() as session:
        report = _find(session, report_id)
        try:
            refuse_second(session, report)
        except Conflict as one_is_open:  # left by an earlier demo on the same folder
            teller.done(one_is_open.message)
            return
        draft = draft_backfill(session, report, SEGMENTS, _terms(chosen), chosen)
        backfill_id = start_backfill(session, report, draft, report.owner).collection_id
    days = draft.plan.days
    teller.done(f"backfills {days.start} to {days.end} in {len(draft.plan.segments)} weeks: {backfill_id}")
    ended = watch(backfill_id, chosen, teller.console, began=teller.began, each=check)
    teller.done(f"{backfill_id} {ended.words}")


def show_firing(report_id: str, teller: Teller, check: Callable[[], None]) -> None:
    """Wait for the schedule's next firing and its run, in sight."""
    with reading() as session:
        report = _find(session, report_id)
        schedule = scheduling.find_active(session, report)
    if schedule is None or schedule.next_run_at is None:
        return
    began = schedule.updated_at
    told = ""
    while True:
        firing, execution = _latest(schedule, began)
        words = _tell(schedule, firing, execution)
        if words != told:
            teller.done(told := words)
        if firing is not None and firing.ended_at is not None:
            return
        check()
        time.sleep(GLANCE_EVERY)


def _latest(
    schedule: ReportSchedule, since: datetime
) -> tuple[ScheduleFiring | None, ReportExecution | None]:
    with reading() as session:
        firing = session.scalars(
            select(ScheduleFiring)
            .where(ScheduleFiring.schedule_id == schedule.id, ScheduleFiring.created_at >= since)
            .order_by(ScheduleFiring.due_at)
        ).first()
        if firing is None:
            return None, None
        return firing, session.scalars(
            select(ReportExecution).where(ReportExecution.firing_id == firing.id)
        ).first()


def _tell(schedule: ReportSchedule, firing: ScheduleFiring | None, execution: ReportExecution | None) -> str:
    if firing is None:
        return f"the schedule is due at {schedule.next_run_at:%H:%M:%S} UTC; Ctrl-C ends the demo at any time"
    late = (firing.created_at - firing.due_at).total_seconds()
    said = f"the schedule has fired {late:.1f} s after its due time: {firing.state}"
    if execution is None:
        return f"{said} ({firing.reason})" if firing.reason else said
    rows = "" if execution.row_count is None else f", {execution.row_count} rows"
    return f"{said}, {execution.execution_id}{rows}"


def _report(
    session: Session, chosen: Settings, user: User, principal: Principal, instance: str
) -> ReportDefinition:
    there = session.scalars(
        select(ReportDefinition)
        .where(ReportDefinition.name == NAME, ReportDefinition.owner_id == user.id)
        .where(ReportDefinition.deleted_at.is_(None))
        .with_for_update(of=ReportDefinition)
    ).first()
    return there or defining.create(
        session,
        {"name": NAME, "timezone": "UTC"},
        owner=user,
        template=orders.find_template(session, principal, TEMPLATE),
        instance=orders.find_instance(session, principal, instance),
        terms=_terms(chosen),
    )


def _find(session: Session, report_id: str) -> ReportDefinition:
    return session.scalars(select(ReportDefinition).where(ReportDefinition.report_id == report_id)).one()


def _terms(chosen: Settings) -> Terms:
    return Terms(clock.now(), lag_days=chosen.settle_days)
