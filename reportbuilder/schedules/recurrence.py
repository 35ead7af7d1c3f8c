"""When a schedule is due: a pattern of local times in a zone, between two days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, takewhile
from operator import itemgetter
from zoneinfo import ZoneInfo

from reportbuilder.errors import Invalid
from reportbuilder.parameters.dates import find_zone
from reportbuilder.schedules.localtimes import first_instant, local_ceiling, local_floor
from reportbuilder.schedules.patterns import Pattern

_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One due time (UTC), and the local times that ask for it: several if they fall into one gap."""

    due_at: datetime
    wanted: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A pattern by the clocks of an IANA zone, on days from ``start`` to ``end``, both included.

    Due times are aware instants in UTC, and each comes once.

    :raises Invalid: for an unknown zone or an end before the start, under ``timezone`` or ``end``.
    """

    pattern: Pattern
    zone: str = "UTC"
    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        find_zone(self.zone, field="timezone")
        if self.start and self.end and self.end < self.start:
            raise Invalid.field("end", f"{self.end} comes before the start {self.start}; take a later day")

    def next_after(self, at: datetime) -> datetime | None:
        """Return the first due time later than ``at``, None if there is none."""
        return next((due for due, _ in self._after(at)), None)

    def previous(self, at: datetime) -> datetime | None:
        """Return the last due time earlier than ``at``, None if there is none."""
        return next(self.backwards(at), None)

    def between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """Give the due times later than ``after`` up to ``until`` itself, earliest first, one by one."""
        times = (due for due, _ in groupby(due for due, _ in self._after(after)))
        return takewhile(lambda due: due <= until, times)

    def occurrences(self, after: datetime) -> Iterator[Occurrence]:
        """Give the due times later than ``after`` with what they come from, earliest first, one by one."""
        for due, pairs in groupby(self._after(after), key=itemgetter(0)):
            yield Occurrence(due, tuple(local for _, local in pairs))

    def backwards(self, before: datetime) -> Iterator[datetime]:
        """Give the due times earlier than ``before``, latest first, one by one."""
        zone = self._zone(before)
        ceiling = local_ceiling(before, zone)
        if self.end:
            ceiling = min(ceiling, datetime.combine(self.end + _DAY, time.min))
        times = takewhile(self._has_started, self.pattern.before(ceiling))
        return (due for due, _ in groupby(first_instant(local, zone) for local in times) if due < before)

    def _after(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Give pairs of a due time later than ``at`` and the local time that asks for it."""
        zone = self._zone(at)
        floor = local_floor(at, zone)
        if self.start:
            floor = max(floor, datetime.combine(self.start, time.min) - _TICK)
        for local in self.pattern.after(floor):
            if self.end and local.date() > self.end:
                return
            due = first_instant(local, zone)
            if due > at:
                yield due, local

    def _has_started(self, local: datetime) -> bool:
        return self.start is None or local.date() >= self.start

    def _zone(self, at: datetime) -> ZoneInfo:
        if at.tzinfo is None:
            raise ValueError("a schedule is asked with aware instants")
        return find_zone(self.zone, field="timezone")


def local_time(at: datetime, zone: str) -> datetime:
    """Return the instant as an aware time in the zone, for people to read."""
    return at.astimezone(UTC).astimezone(find_zone(zone, field="timezone"))
