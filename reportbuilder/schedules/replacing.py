"""Making room for a firing: what its schedule has going is cancelled, what waits is left out."""

from contextlib import suppress

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from reportbuilder.errors import Conflict
from reportbuilder.executions import lifecycle
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import ACTIVE
from reportbuilder.schedules.ending import end_firing
from reportbuilder.schedules.models import ReportSchedule, ScheduleFiring


def cancel_others(session: Session, schedule: ReportSchedule, firing: ScheduleFiring) -> None:
    """Cancel the runs of all other firings of a schedule, and what waits for them.

    What settles earlier windows goes on: it is beside no run, and would have to be asked for again.
    """
    others = select(ScheduleFiring).where(
        ScheduleFiring.schedule_id == schedule.id, ScheduleFiring.id != firing.id
    )
    for waiting in session.scalars(others.where(ScheduleFiring.state == "waiting")).all():
        end_firing(session, schedule, waiting, "skipped", "replaced")
    going = (
        select(ReportExecution)
        .join(ScheduleFiring, ScheduleFiring.id == ReportExecution.firing_id)
        .where(ScheduleFiring.schedule_id == schedule.id, ScheduleFiring.id != firing.id)
        .where(ReportExecution.state.in_(ACTIVE), ReportExecution.cancel_requested_at.is_(None))
        .where(ReportExecution.is_rerun.is_(False))
        .options(joinedload(ReportExecution.instance))
    )
    for execution in session.scalars(going).all():
        with suppress(Conflict):  # it has ended meanwhile
            lifecycle.cancel(session, execution, by=f"schedule {schedule.schedule_id}, whose next run is due")
