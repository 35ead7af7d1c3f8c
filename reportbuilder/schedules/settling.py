"""Which windows are run again until their figures are final."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from reportbuilder.parameters.finality import Finality, final_from, finality
from reportbuilder.parameters.windows import LAG_DAYS, Window
from reportbuilder.schedules.recurrence import Recurrence


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a window, and when it was asked for: a completed one if there is any, else the last."""

    window: Window
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Rerun:
    """A window that is to be run again, and what that run will be worth."""

    window: Window
    finality: Finality


def to_settle(
    runs: Iterable[Run], at: datetime, *, own: Window | None = None, settle_days: int = LAG_DAYS
) -> list[Rerun]:
    """Return the earlier windows that a firing at an instant runs again, the latest first.

    These are the windows of which there is no final run yet, other than the firing's ``own``. Leave failed
    and cancelled runs out of ``runs`` where the window has a completed one: so a window whose last run failed
    is run again at the next firing. One that never completed is, until a run that would have been final.
    """
    latest: dict[Window, datetime] = {}
    for run in runs:
        latest[run.window] = max(run.as_of, latest.get(run.window, run.as_of))
    open_ = [
        window
        for window, as_of in latest.items()
        if window != own and as_of < min(at, final_from(window, settle_days=settle_days))
    ]
    open_.sort(key=lambda window: (window.end, window.start), reverse=True)
    return [Rerun(window, finality(window, at, settle_days=settle_days)) for window in open_]


def expected_reruns(
    recurrence: Recurrence,
    due_at: datetime,
    window_at: Callable[[datetime], Window],
    *,
    settle_days: int = LAG_DAYS,
) -> Iterator[Rerun]:
    """Give what `to_settle` returns at a due time if all earlier firings went well: what settling costs.

    ``window_at`` gives the window of a firing by its due time.
    """
    previous, seen = recurrence.previous(due_at), {window_at(due_at)}
    for due in recurrence.backwards(due_at):
        window = window_at(due)
        if previous is None or final_from(window, settle_days=settle_days) <= previous:
            return
        if window not in seen:
            seen.add(window)
            yield Rerun(window, finality(window, due_at, settle_days=settle_days))
