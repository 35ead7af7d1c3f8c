"""Making room for a firing: what its schedule has going is cancelled, what waits is left out."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from reportbuilder.errors import Conflict
from reportbuilder.executions import lifecycle
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.standing import lock_all
from reportbuilder.executions.states import ACTIVE
from reportbuilder.schedules.ending import end_firing
from reportbuilder.schedules.models import ReportSchedule, ScheduleFiring


def lock_instances(session: Session, schedule_ids: Collection[UUID]) -> None:
    """Lock the instances on which schedules have runs going that may be cancelled for the next.

    Everybody locks instances before executions, and several schedules in one transaction all of theirs.
    """
    if schedule_ids:
        lock_all(session, set(session.scalars(_going(ReportExecution.instance_id, schedule_ids))))


def cancel_others(session: Session, schedule: ReportSchedule, firing: ScheduleFiring) -> None:
    """Cancel the runs of all other firings of a schedule, and what waits for them.

    The caller has locked their instances, see `lock_instances`.
    What settles earlier windows goes on: it is beside no run, and would have to be asked for again.
    """
    others = select(ScheduleFiring).where(
        ScheduleFiring.schedule_id == schedule.id, ScheduleFiring.id != firing.id
    )
    for waiting in session.scalars(others.where(ScheduleFiring.state == "waiting")).all():
        end_firing(session, schedule, waiting, "skipped", "replaced")
    going = (
        _going(ReportExecution, [schedule.id])
        .where(ScheduleFiring.id != firing.id)
        .order_by(ReportExecution.created_at, ReportExecution.id)
        .options(joinedload(ReportExecution.instance))
    )
    for execution in session.scalars(going).all():
        with suppress(Conflict):  # it has ended meanwhile
            lifecycle.cancel(session, execution, by=f"schedule {schedule.schedule_id}, whose next run is due")


def _going(what: Any, schedule_ids: Collection[UUID]) -> Select[Any]:
    return (
        select(what)
        .join(ScheduleFiring, ScheduleFiring.id == ReportExecution.firing_id)
        .where(ScheduleFiring.schedule_id.in_(schedule_ids), ReportExecution.is_rerun.is_(False))
        .where(ReportExecution.state.in_(ACTIVE), ReportExecution.cancel_requested_at.is_(None))
    )
