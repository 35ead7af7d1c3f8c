"""From the clock on a wall to instants: what happens when the clocks of a zone change."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)


class Passing(StrEnum):
    """How often a local time comes on its day."""

    ONCE = "once"
    NEVER = "never"  # the clocks skip it
    TWICE = "twice"  # the clocks are put back over it


def first_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which a schedule for a naive local time fires.

    A time that comes twice is meant the first time; a time that never comes is the first instant after the
    gap. So later local times never give earlier instants.
    """
    early = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _wall(early, zone) == local:
        return early
    return _end_of_gap(local.replace(tzinfo=zone, fold=1).astimezone(UTC), early, local, zone)


def passing(local: datetime, zone: ZoneInfo) -> Passing:
    """Say whether a naive local time comes once, twice or never in the zone."""
    early = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _wall(early, zone) != local:
        return Passing.NEVER
    late = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return Passing.ONCE if late == early else Passing.TWICE


def local_floor(at: datetime, zone: ZoneInfo) -> datetime:
    """Return a naive local time up to which nothing fires after the instant ``at``: its own."""
    return _wall(at, zone)


def local_ceiling(at: datetime, zone: ZoneInfo) -> datetime:
    """Return a naive local time from which on nothing fires before the instant ``at``.

    It is the instant's own, but in a doubled hour's second passing it is what the clocks would show had they
    not been put back.
    """
    local = _wall(at, zone)
    return local + (at - first_instant(local, zone))


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _end_of_gap(before: datetime, after: datetime, local: datetime, zone: ZoneInfo) -> datetime:
    """Search, to the second, for the instant between both at which the clocks jump over ``local``."""
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        before, after = (middle, after) if _wall(middle, zone) < local else (before, middle)
    return after
