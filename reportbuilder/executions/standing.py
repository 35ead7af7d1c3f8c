"""Who holds a slot of an instance and who waits for one, read from the rows."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.amc.models import AmcInstance
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.slots import Contender
from reportbuilder.executions.states import IN_SLOT

FOREIGN_COUNTS_FOR = timedelta(minutes=2)  # after that what others ran at the last look is no news


@dataclass(frozen=True)
class Standing:
    """An instance's slots: ``limit`` of them, ``foreign`` held by other clients of AMC."""

    limit: int
    foreign: int
    holding: list[Contender]
    waiting: list[Contender]


def lock(session: Session, instance_id: str) -> AmcInstance | None:
    """Read an instance and keep others from giving away its slots until the end of this transaction.

    On SQLite the transaction itself holds the one write lock; on PostgreSQL the row is locked, in the way
    that lets others insert rows that belong to it: nobody who asks for an execution has to wait.
    """
    return session.scalar(
        select(AmcInstance)
        .where(AmcInstance.instance_id == instance_id)
        .with_for_update(of=AmcInstance, key_share=True)
    )


def holding(session: Session, instance: AmcInstance, *, locked: bool = False) -> list[ReportExecution]:
    """Read the executions that hold a slot; ``locked`` keeps others from changing them meanwhile."""
    found = select(ReportExecution).where(
        ReportExecution.instance_id == instance.id, ReportExecution.state.in_(IN_SLOT)
    )
    return list(session.scalars(found.with_for_update(key_share=True) if locked else found))


def standing(session: Session, instance: AmcInstance, default_slots: int) -> Standing:
    """Read who holds and who waits; those whose time has not come do not wait yet."""
    now = clock.now()
    rows = session.execute(
        select(
            ReportExecution.execution_id,
            ReportExecution.triggered_by,
            ReportExecution.user_id,
            ReportExecution.report_id,
            ReportExecution.created_at,
            ReportExecution.state,
            ReportExecution.not_before,
        ).where(ReportExecution.instance_id == instance.id, ReportExecution.state.in_({*IN_SLOT, "pending"}))
    ).all()
    held, waiting = [], []
    for name, trigger, user, report, since, state, not_before in rows:
        contender = Contender(name, trigger, str(user), str(report) if report else None, since)
        if state in IN_SLOT:
            held.append(contender)
        elif not_before is None or not_before <= now:
            waiting.append(contender)
    limit = instance.slots if instance.slots is not None else default_slots
    return Standing(limit, _foreign(instance), held, waiting)


def _foreign(instance: AmcInstance) -> int:
    fresh = instance.looked_at is not None and clock.now() - instance.looked_at < FOREIGN_COUNTS_FOR
    return instance.foreign_running if fresh else 0
