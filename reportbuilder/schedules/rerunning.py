"""Windows that a schedule has asked for before they had settled, and runs again until they have."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import case, exists, func, select
from sqlalchemy.orm import Session, aliased

from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.refusals import OVERLAP_WORDS
from reportbuilder.executions.states import ACTIVE
from reportbuilder.parameters.windows import Window
from reportbuilder.schedules.models import ScheduleFiring
from reportbuilder.schedules.settling import Run, to_settle

REACH: Final = timedelta(days=120)  # windows that ended earlier are left as they are
MOST_UNASKED: Final = 100  # the latest of a schedule: whoever fails each minute must not be read for weeks


@dataclass(frozen=True)
class Earlier:
    """A window that has been asked for, and the due time whose window it was, None if only by hand."""

    run: Run
    due_at: datetime | None


def earlier_runs(
    session: Session, schedule_ids: Collection[UUID], now: datetime
) -> dict[UUID, list[Earlier]]:
    """Return the windows that schedules have asked for, in one query, each as of its last completed run.

    Where none has completed, as of the last one: so it is tried again once a firing, and no more after one
    that would have been final. One that has not ended counts as asked for now: to ask again would not make it
    any fresher. So does one that AMC refuses for good.
    """
    runs = ReportExecution
    is_going = runs.state.in_(ACTIVE)
    is_refused = (runs.state == "failed") & runs.error_message.icontains(OVERLAP_WORDS)
    found: dict[UUID, list[Earlier]] = {}
    if not schedule_ids:
        return found
    for schedule_id, start, end, zone, asked_at, completed_at, is_left, due_at in session.execute(
        select(
            runs.schedule_id,
            runs.time_window_start,
            runs.time_window_end,
            runs.time_zone,
            func.max(runs.created_at),
            func.max(runs.created_at).filter(runs.state == "completed"),
            func.max(case((is_going | is_refused, 1), else_=0)),
            func.min(ScheduleFiring.due_at).filter(runs.is_rerun.is_(False)),
        )
        .outerjoin(ScheduleFiring, ScheduleFiring.id == runs.firing_id)
        .where(runs.schedule_id.in_(schedule_ids), runs.time_window_end >= now - REACH)
        .group_by(runs.schedule_id, runs.time_window_start, runs.time_window_end, runs.time_zone)
    ):
        run = Run(Window(start, end, zone), now if is_left else completed_at or asked_at)
        found.setdefault(schedule_id, []).append(Earlier(run, due_at))
    return found


def unasked_firings(
    session: Session, schedule_ids: Collection[UUID], now: datetime
) -> dict[UUID, list[tuple[datetime, datetime]]]:
    """Return the firings that failed without an execution, by schedule: when due, and when they failed."""
    found: dict[UUID, list[tuple[datetime, datetime]]] = {}
    if not schedule_ids:
        return found
    number = func.row_number().over(
        partition_by=ScheduleFiring.schedule_id, order_by=ScheduleFiring.due_at.desc()
    )
    failed = (
        select(
            ScheduleFiring.schedule_id, ScheduleFiring.due_at, ScheduleFiring.ended_at, number.label("number")
        )
        .where(ScheduleFiring.schedule_id.in_(schedule_ids), ScheduleFiring.state == "failed")
        .where(ScheduleFiring.due_at >= now - REACH)
        .where(~exists().where(ReportExecution.firing_id == ScheduleFiring.id))
        .subquery()
    )
    latest = select(failed.c.schedule_id, failed.c.due_at, failed.c.ended_at)
    for schedule_id, due_at, ended_at in session.execute(latest.where(failed.c.number <= MOST_UNASKED)):
        found.setdefault(schedule_id, []).append((due_at, ended_at))
    return found


def failed_retries(session: Session, firing_ids: Collection[UUID]) -> dict[UUID, int]:
    """Count by firing the reruns that failed of windows of which the schedule has no completed run yet."""
    runs, other = ReportExecution, aliased(ReportExecution)
    has_come = exists().where(
        other.schedule_id == runs.schedule_id,
        other.state == "completed",
        other.time_window_start == runs.time_window_start,
        other.time_window_end == runs.time_window_end,
    )
    found = session.execute(
        select(runs.firing_id, func.count())
        .where(runs.firing_id.in_(firing_ids), runs.is_rerun, runs.state == "failed", ~has_come)
        .group_by(runs.firing_id)
    )
    return {firing_id: count for firing_id, count in found if firing_id is not None}


def windows_to_settle(
    earlier: Collection[Earlier], own: Window, *, now: datetime, settle_days: int
) -> list[tuple[Window, datetime]]:
    """Return the windows that are run again now, each with the instant as of which it is asked for."""
    as_of = {each.run.window: each.due_at or now for each in earlier}
    again = to_settle([each.run for each in earlier], now, own=own, settle_days=settle_days)
    return [(each.window, as_of[each.window]) for each in again]
