"""Every change of clocks in ten years of the tz database, and an oracle that goes minute by minute."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

FIRST, LAST = datetime(2019, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
_STRIDE = timedelta(days=4)  # no zone changes its clocks and changes them back within four days


@dataclass(frozen=True)
class Change:
    """From the instant ``at`` on, the zone's clocks are ``after`` ahead of UTC; up to it, ``before``."""

    at: datetime
    before: timedelta
    after: timedelta


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _changes(zone: ZoneInfo) -> tuple[Change, ...]:
    found, low = [], FIRST
    while low < LAST:
        high = min(low + _STRIDE, LAST)
        before, after = _offset(zone, low), _offset(zone, high)
        if before != after:
            found.append(Change(_search(zone, low, high), before, after))
        low = high
    return tuple(found)


def _search(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    before, second = _offset(zone, low), timedelta(seconds=1)
    while high - low > second:
        middle = low + (high - low) // second // 2 * second
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


@cache
def ten_years() -> dict[tuple[timedelta, tuple[Change, ...]], list[str]]:
    """Return the zones by what their clocks do in the ten years: the first offset and all changes."""
    found: dict[tuple[timedelta, tuple[Change, ...]], list[str]] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        found.setdefault((_offset(zone, FIRST), _changes(zone)), []).append(name)
    return found


def every_change() -> dict[Change, str]:
    """Return each change with one zone that makes it: those that change alike at one instant are alike."""
    return {change: names[0] for (_, changes), names in ten_years().items() for change in changes}


Steps = list[tuple[datetime, list[datetime]]]


def walk(zone_name: str, start: datetime, end: datetime) -> Steps:
    """Return each minute after ``start`` up to ``end`` with the local minutes that its clocks reach or pass.

    Clocks that are put back reach nothing until they are where they were; clocks that jump pass all that
    they jump over. ``start`` has to be in a quiet hour.
    """
    zone = ZoneInfo(zone_name)
    at, furthest, steps = start, _wall(start, zone), []
    while at < end:
        at += MINUTE
        wall, reached = _wall(at, zone), []
        while furthest < wall:
            furthest += MINUTE
            reached.append(furthest)
        steps.append((at, reached))
    return steps


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def firings(steps: Steps, wanted: Callable[[datetime], bool]) -> list[datetime]:
    """Return the minutes at which a local time that is wanted is reached or passed."""
    return [at for at, reached in steps if any(map(wanted, reached))]
