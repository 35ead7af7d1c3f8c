"""Windows that a schedule has run before they had settled, and runs again until they have."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import ACTIVE
from reportbuilder.parameters.windows import Window
from reportbuilder.schedules.models import ScheduleFiring
from reportbuilder.schedules.settling import Run, to_settle

REACH: Final = timedelta(days=120)  # windows that ended earlier are left as they are


@dataclass(frozen=True)
class Earlier:
    """A window that has been run, and the due time whose window it was, None if only by hand."""

    run: Run
    due_at: datetime | None


def earlier_runs(
    session: Session, schedule_ids: Collection[UUID], now: datetime
) -> dict[UUID, list[Earlier]]:
    """Return the windows that schedules have run, in one query; those that failed or were cancelled not.

    One that has not ended counts as asked for now: to ask again would not make it any fresher.
    """
    runs = ReportExecution
    is_going = func.max(case((runs.state.in_(ACTIVE), 1), else_=0))
    found: dict[UUID, list[Earlier]] = {}
    for schedule_id, start, end, zone, asked_at, going, due_at in session.execute(
        select(
            runs.schedule_id,
            runs.time_window_start,
            runs.time_window_end,
            runs.time_zone,
            func.max(runs.created_at),
            is_going,
            func.min(ScheduleFiring.due_at).filter(runs.is_rerun.is_(False)),
        )
        .outerjoin(ScheduleFiring, ScheduleFiring.id == runs.firing_id)
        .where(
            runs.schedule_id.in_(schedule_ids),
            runs.state.in_({*ACTIVE, "completed"}),
            runs.time_window_end >= now - REACH,
        )
        .group_by(runs.schedule_id, runs.time_window_start, runs.time_window_end, runs.time_zone)
    ):
        run = Run(Window(start, end, zone), now if going else asked_at)
        found.setdefault(schedule_id, []).append(Earlier(run, due_at))
    return found


def windows_to_settle(
    earlier: Collection[Earlier], own: Window, *, now: datetime, settle_days: int
) -> list[tuple[Window, datetime]]:
    """Return the windows that are run again now, each with the instant as of which it is asked for."""
    as_of = {each.run.window: each.due_at or now for each in earlier}
    again = to_settle([each.run for each in earlier], now, own=own, settle_days=settle_days)
    return [(each.window, as_of[each.window]) for each in again]
