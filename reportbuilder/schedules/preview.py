"""The next times of a schedule, as a person is shown them before she saves it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice

from reportbuilder.parameters.dates import find_zone
from reportbuilder.schedules.localtimes import Passing, passing
from reportbuilder.schedules.recurrence import Occurrence, Recurrence

USUAL, MOST = 10, 100


class Mark(StrEnum):
    """What is worth a word about one of the times."""

    MOVED = "moved"  # the clocks skip the time that was wanted, so it is the first after the gap
    DOUBLED = "doubled"  # the clocks show the time twice, and only the first is taken
    AFTER_END = "after_end"  # it would be next, but the schedule has ended


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A due time (UTC), the same by the zone's clocks, the naive local times wanted, and its marks."""

    due_at: datetime
    local: datetime
    wanted: tuple[datetime, ...]
    marks: frozenset[Mark]


def preview(recurrence: Recurrence, after: datetime, count: int = USUAL) -> list[Upcoming]:
    """Return the next times later than ``after``, at most 100; times after the end are shown and marked."""
    endless = replace(recurrence, end=None)
    return [_mark(recurrence, each) for each in islice(endless.occurrences(after), min(count, MOST))]


def _mark(recurrence: Recurrence, found: Occurrence) -> Upcoming:
    zone = find_zone(recurrence.zone, field="timezone")
    passings = {passing(local, zone) for local in found.wanted}
    marks = {
        Mark.MOVED: passings == {Passing.NEVER},
        Mark.DOUBLED: Passing.TWICE in passings,
        Mark.AFTER_END: recurrence.end is not None and found.wanted[0].date() > recurrence.end,
    }
    shown = frozenset(mark for mark, holds in marks.items() if holds)
    return Upcoming(found.due_at, found.due_at.astimezone(zone), found.wanted, shown)
