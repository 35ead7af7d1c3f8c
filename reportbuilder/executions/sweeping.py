"""Finds rows that want attention and whose hint was lost, late, or never sent."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from reportbuilder import clock, wakeups
from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import reading, transaction
from reportbuilder.executions import quotas
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.pausing import open_pauses
from reportbuilder.executions.states import IN_SLOT
from reportbuilder.executions.waking import CANCEL, COLLECT, LOOK, SUBMIT_NEXT
from reportbuilder.settings import Settings
from reportbuilder.wakeups import SendAll, WakeUp

GRACE = timedelta(seconds=3)  # hints normally arrive well within this


def sweep(settings: Settings, send_all: SendAll = wakeups.send_all) -> int:
    """Send the hints that should have been followed by now; return how many there are."""
    with transaction() as session:
        _give_looks(session)
    with reading() as session:
        found = [
            *_overdue_looks(session),
            *_startable(session, settings),
            *_uncollected(session),
            *_uncancelled(session, settings.cancel_again),
        ]
    send_all(found)
    return len(found)


def _give_looks(session: Session) -> None:
    """An instance on which something runs always has a next look.

    What is just being submitted gets its look from who submits it, with a hint.
    """
    nobody = or_(ReportExecution.lease_until.is_(None), ReportExecution.lease_until <= clock.now())
    abandoned = and_(ReportExecution.state == "submitting", nobody)
    active = select(ReportExecution.instance_id).where(or_(ReportExecution.state == "running", abandoned))
    session.execute(
        update(AmcInstance)
        .where(AmcInstance.next_look_at.is_(None), AmcInstance.id.in_(active))
        .values(next_look_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _overdue_looks(session: Session) -> list[WakeUp]:
    late = select(AmcInstance.instance_id).where(AmcInstance.next_look_at <= clock.now() - GRACE)
    return [WakeUp(LOOK, name) for name in session.scalars(late)]


def _startable(session: Session, settings: Settings) -> list[WakeUp]:
    """Find instances on which something may start, but for those that are held back by more than slots."""
    now = clock.now()
    holding = (
        select(func.count())
        .where(ReportExecution.instance_id == AmcInstance.id, ReportExecution.state.in_(IN_SLOT))
        .scalar_subquery()
    )
    due = and_(ReportExecution.state == "pending", ReportExecution.updated_at <= now - GRACE)
    waiting = select(ReportExecution.instance_id).where(
        due, or_(ReportExecution.not_before.is_(None), ReportExecution.not_before <= now)
    )
    found = session.scalars(
        select(AmcInstance).where(
            AmcInstance.id.in_(waiting),
            holding < func.coalesce(AmcInstance.slots, settings.instance_slots),
            or_(AmcInstance.throttled_until.is_(None), AmcInstance.throttled_until <= now),
        )
    ).all()
    pauses = open_pauses(session)
    able = [one for one in found if one.id not in pauses]
    return [WakeUp(SUBMIT_NEXT, one.instance_id) for one in _within_quotas(session, able, settings)]


def _within_quotas(
    session: Session, instances: Sequence[AmcInstance], settings: Settings
) -> Sequence[AmcInstance]:
    """Leave out those whose runs of the day, or whose account's slots, are used up."""
    rested = quotas.with_runs_left(session, instances, settings.instance_daily_runs)
    if not settings.account_slots:
        return rested
    held = quotas.held_by_accounts(session, {one.account_id for one in rested})
    return [one for one in rested if held[one.account_id] < settings.account_slots]


def _uncollected(session: Session) -> list[WakeUp]:
    now = clock.now()
    unclaimed = and_(ReportExecution.lease_until.is_(None), ReportExecution.updated_at <= now - GRACE)
    late = select(ReportExecution.execution_id).where(
        ReportExecution.state == "collecting", or_(unclaimed, ReportExecution.lease_until <= now - GRACE)
    )
    return [WakeUp(COLLECT, name) for name in session.scalars(late)]


def _uncancelled(session: Session, again: float) -> list[WakeUp]:
    now = clock.now()
    unsent = and_(
        ReportExecution.cancel_sent_at.is_(None), ReportExecution.cancel_requested_at <= now - GRACE
    )
    late = select(ReportExecution.execution_id).where(
        ReportExecution.state == "running",
        ReportExecution.cancel_requested_at.is_not(None),
        or_(unsent, ReportExecution.cancel_sent_at <= now - timedelta(seconds=again)),
    )
    return [WakeUp(CANCEL, name) for name in session.scalars(late)]
