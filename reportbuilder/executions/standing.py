"""Who holds a slot of an instance and who waits for one, read from the rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, or_, select, union_all
from sqlalchemy.orm import Session, defer

from reportbuilder import clock
from reportbuilder.amc.models import AmcInstance
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.quotas import foreign_on
from reportbuilder.executions.slots import Contender, Line
from reportbuilder.executions.states import IN_SLOT

HEADS = 2  # of each queue: the first may start, the second tells whether anybody is left
_RIVALS = 2


@dataclass(frozen=True)
class Standing:
    """An instance's slots: ``limit`` of them, ``foreign`` held by other clients of AMC.

    ``served``: when the lines of those who wait were last given a slot, as far as that matters.
    """

    limit: int
    foreign: int
    holding: list[Contender]
    waiting: list[Contender]
    served: dict[Line, Any]


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


def lock_all(session: Session, row_ids: Collection[UUID]) -> None:
    """Do the same for several instances, always in one order, so that no two who do it block each other."""
    found = select(AmcInstance.id).where(AmcInstance.id.in_(row_ids)).order_by(AmcInstance.id)
    session.execute(found.with_for_update(key_share=True)).all()


def hold_back(instance: AmcInstance, seconds: float) -> None:
    """Have nothing sent to AMC for a locked instance for so long; what AMC has asked for before stays asked.

    A short pause of ours must not end the minute that AMC has asked for.
    """
    until = clock.in_seconds(seconds)
    instance.throttled_until = max(until, instance.throttled_until or until)


def is_held_back(instance: AmcInstance) -> bool:
    """Say whether nothing is sent to AMC for an instance at present."""
    return instance.throttled_until is not None and instance.throttled_until > clock.now()


def holding(session: Session, instance: AmcInstance, *, locked: bool = False) -> list[ReportExecution]:
    """Read the executions that hold a slot; ``locked`` keeps others from changing them meanwhile.

    Their SQL is left out: looks come often, and have no use for a megabyte of it.
    """
    found = (
        select(ReportExecution)
        .where(ReportExecution.instance_id == instance.id, ReportExecution.state.in_(IN_SLOT))
        .options(defer(ReportExecution.sql_text), defer(ReportExecution.parameters_snapshot))
    )
    return list(session.scalars(found.with_for_update(key_share=True) if locked else found))


def standing(session: Session, instance: AmcInstance, default_slots: int, *, heads: int = 0) -> Standing:
    """Read who holds and who waits; those whose time has not come do not wait yet.

    ``heads``: read only so many of each queue; 0: all that wait.
    """
    return standings(session, [instance], default_slots, heads=heads)[instance.id]


def standings(
    session: Session, instances: Sequence[AmcInstance], default_slots: int, *, heads: int = 0
) -> dict[UUID, Standing]:
    """Read the standings of several instances, by their row ids."""
    found = {one.id: _empty(one, default_slots) for one in instances}
    for row in session.execute(_contenders(list(found), heads)):
        contender = Contender(
            row.execution_id,
            row.triggered_by,
            str(row.user_id),
            str(row.report_id) if row.report_id else None,
            row.created_at,
        )
        stand = found[row.instance_id]
        (stand.waiting if row.state == "pending" else stand.holding).append(contender)
    for row_id, stand in found.items():
        stand.served.update(_served(session, row_id, stand.waiting))
    return found


def _empty(instance: AmcInstance, default_slots: int) -> Standing:
    limit = instance.slots if instance.slots is not None else default_slots
    return Standing(limit, foreign_on(instance), [], [], {})


def _contenders(instance_ids: Sequence[UUID], heads: int) -> Any:
    queue = (
        ReportExecution.instance_id,
        ReportExecution.state,
        ReportExecution.triggered_by,
        ReportExecution.user_id,
        ReportExecution.report_id,
    )
    now = clock.now()
    due = or_(ReportExecution.not_before.is_(None), ReportExecution.not_before <= now)
    oldest_first = (ReportExecution.created_at, ReportExecution.execution_id)
    rows: Any = select(*queue, *oldest_first).where(
        ReportExecution.instance_id.in_(instance_ids),
        or_(ReportExecution.state.in_(IN_SLOT), (ReportExecution.state == "pending") & due),
    )
    if not heads:
        return rows
    number = func.row_number().over(partition_by=queue, order_by=oldest_first).label("number")
    numbered = rows.add_columns(number).subquery()
    return select(numbered).where(or_(numbered.c.state != "pending", numbered.c.number <= heads))


def _served(session: Session, instance_id: UUID, waiting: Sequence[Contender]) -> list[tuple[Line, Any]]:
    """Read when lines were last given a slot since their heads were asked for; before that it is no matter.

    Where only one line waits nobody competes.
    """
    since: dict[Line, Contender] = {}
    for contender in waiting:
        if contender.line not in since or contender.since < since[contender.line].since:
            since[contender.line] = contender
    if len(since) < _RIVALS:
        return []
    last = union_all(*(_last_start(instance_id, head) for head in since.values()))
    return [(_line(row), row.submitted_at) for row in session.execute(last)]


def _line(row: Row[Any]) -> Line:
    return (str(row.user_id), row.triggered_by)


def _last_start(instance_id: UUID, head: Contender) -> Select[Any]:
    last = (
        select(ReportExecution.user_id, ReportExecution.triggered_by, ReportExecution.submitted_at)
        .where(
            ReportExecution.instance_id == instance_id,
            ReportExecution.user_id == UUID(head.user),
            ReportExecution.triggered_by == head.trigger,
            ReportExecution.submitted_at >= head.since,
        )
        .order_by(ReportExecution.submitted_at.desc())
        .limit(1)
    )
    return select(last.subquery())  # SQLite takes no LIMIT in the parts of a UNION
