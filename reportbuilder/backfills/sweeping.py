"""Finds open backfills that should go on and whose hint was lost, late, or never sent."""

from uuid import UUID

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from reportbuilder import clock, wakeups
from reportbuilder.amc.models import AmcInstance
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.backfills.states import IN_FLIGHT, OPEN
from reportbuilder.database import reading
from reportbuilder.executions.models import Pause, ReportExecution
from reportbuilder.executions.states import FINAL
from reportbuilder.executions.sweeping import GRACE
from reportbuilder.executions.waking import ADVANCE_BACKFILL
from reportbuilder.settings import Settings
from reportbuilder.wakeups import SendAll, WakeUp


def sweep_backfills(settings: Settings, send_all: SendAll = wakeups.send_all) -> int:
    """Send the hints that should have been followed by now; return how many there are."""
    with reading() as session:
        found = find_late(session, settings.instance_slots)
    send_all([WakeUp(ADVANCE_BACKFILL, str(backfill_id)) for backfill_id in found])
    return len(found)


def find_late(session: Session, default_slots: int) -> set[UUID]:
    """Return the row ids of open backfills that have something to do and have not done it for a while."""
    statements = (_behind(), _idle(default_slots), _ending())
    return {found for statement in statements for found in session.scalars(statement)}


def _open() -> Select[UUID]:
    return select(ReportDataCollection.id).where(
        ReportDataCollection.status.in_(OPEN), ReportDataCollection.report_id.is_not(None)
    )


def _behind() -> Select[UUID]:
    """Those with a segment that says less than its execution."""
    further = or_(
        and_(ReportDataWeek.status == "running", ReportExecution.state.in_({*FINAL, "collecting"})),
        and_(ReportDataWeek.status == "collecting", ReportExecution.state.in_(FINAL)),
    )
    late = (
        select(ReportDataWeek.collection_id)
        .join(ReportExecution, ReportExecution.execution_id == ReportDataWeek.execution_id)
        .where(further, ReportExecution.updated_at <= clock.now() - GRACE)
    )
    return _open().where(ReportDataCollection.id.in_(late))


def _idle(default_slots: int) -> Select[UUID]:
    """Those that may have more runs than they have; what is paused may not."""
    mine = ReportDataWeek.collection_id == ReportDataCollection.id
    running = (
        select(func.count(ReportDataWeek.execution_id.distinct()))
        .where(mine, ReportDataWeek.status == "running")
        .correlate(ReportDataCollection)
        .scalar_subquery()
    )
    limit = func.coalesce(ReportDataCollection.concurrency, AmcInstance.slots, default_slots)
    is_paused = exists().where(
        Pause.ended_at.is_(None),
        or_(Pause.is_whole, Pause.instance_id == ReportDataCollection.instance_id),
    )
    return (
        _open()
        .join(AmcInstance, AmcInstance.id == ReportDataCollection.instance_id)
        .where(
            ReportDataCollection.status == "running",
            ReportDataCollection.updated_at <= clock.now() - GRACE,
            exists().where(mine, ReportDataWeek.status == "waiting"),
            running < limit,
            ~is_paused,
        )
    )


def _ending() -> Select[UUID]:
    """Those in which nothing is in flight and nothing will be asked for."""
    mine = ReportDataWeek.collection_id == ReportDataCollection.id
    still = exists().where(mine, ReportDataWeek.status.in_(IN_FLIGHT))
    waits = exists().where(mine, ReportDataWeek.status == "waiting")
    return _open().where(
        ReportDataCollection.updated_at <= clock.now() - GRACE,
        ~still,
        or_(ReportDataCollection.status == "cancelling", ~waits),
    )
