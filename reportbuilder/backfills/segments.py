"""Segments: days cut at the borders of a calendar, as half-open windows in a zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from reportbuilder.parameters.dates import DAY, DateRange, start_of_day
from reportbuilder.parameters.windows import Window

KINDS: Final[dict[str, str]] = {
    "daily": "one day, of 23, 24 or 25 hours as the clocks of the zone have it",
    "weekly": "seven days from a weekday (Monday unless told otherwise), or counted from the start",
    "monthly": "a calendar month",
    "quarterly": "a calendar quarter",
}
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FROM_START: Final = "start"  # weeks that are counted from the first day asked for


@dataclass(frozen=True, slots=True)
class Segment:
    """The days and the window of one segment, and the calendar unit that it is a part of or the whole of."""

    days: DateRange
    window: Window
    unit: DateRange

    @property
    def cut(self) -> str:
        """Where days of the unit are missing: ``start``, ``end``, ``both``, or empty for a whole unit."""
        late, early = self.days.start > self.unit.start, self.days.end < self.unit.end
        if late and early:
            return "both"
        return "start" if late else "end" if early else ""

    @property
    def is_short(self) -> bool:
        """Whether days of its calendar unit are missing."""
        return bool(self.cut)

    def to_json(self) -> dict[str, Any]:
        """Return the window with its local times, first and last day, and whether it is cut."""
        return {
            "first_day": self.days.start.isoformat(),
            "last_day": self.days.end.isoformat(),
            "time_window": self.window.to_json(),
            "is_short": self.is_short,
            "cut": self.cut or None,
        }


def unit_of(day: date, kind: str, week_start: str = "monday", anchor: date | None = None) -> DateRange:
    """Return the calendar unit that a day belongs to.

    :param kind: one of ``KINDS``; ``week_start`` is one of ``WEEKDAYS``, or ``start`` for weeks that count
        from ``anchor``.

    >>> unit_of(date(2026, 3, 4), "weekly").to_json()
    {'start': '2026-03-02', 'end': '2026-03-08'}
    """
    if kind == "daily":
        return DateRange(day, day)
    if kind == "weekly":
        first = day - timedelta(days=_days_into_week(day, week_start, anchor))
        return DateRange(first, first + timedelta(days=6))
    months = {"monthly": 1, "quarterly": 3}[kind]
    first = date(day.year, day.month - (day.month - 1) % months, 1)
    return DateRange(first, _months_later(first, months) - DAY)


def _days_into_week(day: date, week_start: str, anchor: date | None) -> int:
    if week_start != FROM_START:
        return (day.weekday() - WEEKDAYS.index(week_start)) % 7
    if anchor is None:
        raise ValueError("weeks that count from the start need the day to count from")
    return (day - anchor).days % 7


def _months_later(first: date, months: int) -> date:
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def cut_days(days: DateRange, kind: str, zone: str, week_start: str = "monday") -> tuple[Segment, ...]:
    """Cut days into segments, the oldest first: without gap or overlap, each inside one calendar unit.

    The first and the last may be short. A unit that the zone skips altogether (its clocks went from one day
    to the day after the next) has no instants, so it makes no segment. Weeks from the start count from
    ``days.start``.
    """
    return tuple(_cut(days, kind, zone, week_start))


def _cut(days: DateRange, kind: str, zone: str, week_start: str) -> Iterator[Segment]:
    day = days.start
    while day <= days.end:
        unit = unit_of(day, kind, week_start, days.start)
        inside = DateRange(day, min(unit.end, days.end))
        start, end = start_of_day(inside.start, zone), start_of_day(inside.end + DAY, zone)
        if start < end:
            yield Segment(inside, Window(start, end, zone), unit)
        day = inside.end + DAY
