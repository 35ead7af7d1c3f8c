"""When a digest is due."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MORNING: Final = 8  # o'clock, by the clocks of the reader
HOUR: Final = timedelta(hours=1)


def next_digest(pace: str, after: datetime, zone: str) -> datetime:
    """Return the first instant later than ``after`` at which a digest of this pace goes out, in UTC.

    ``hourly``: the next full hour by the clocks of the zone; ``daily``: the next morning there.

    >>> next_digest("daily", datetime(2026, 3, 4, 12, tzinfo=UTC), "America/New_York").isoformat()
    '2026-03-04T13:00:00+00:00'
    """
    return _full_hour(after, zone) if pace == "hourly" else _morning(after, zone)


def known_zone(zone: str) -> str:
    """Return the zone, UTC for one that the tz database does not have (any more).

    >>> known_zone("Europe/Vienna"), known_zone("Mars/Olympus")
    ('Europe/Vienna', 'UTC')
    """
    try:
        return ZoneInfo(zone).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"


def _full_hour(after: datetime, zone: str) -> datetime:
    # counted in UTC from the minutes on the wall: no matter whether an hour is doubled or left out
    local = after.astimezone(ZoneInfo(zone))
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return after.astimezone(UTC) - past + HOUR


def _morning(after: datetime, zone: str) -> datetime:
    place = ZoneInfo(zone)
    local = after.astimezone(place)
    for days in (0, 1, 2):  # the third for a day that a zone left out
        day = local.date() + timedelta(days=days)
        at = datetime(day.year, day.month, day.day, MORNING, tzinfo=place).astimezone(UTC)
        if at > after:
            return at
    raise AssertionError(f"no morning follows {after} in {zone}")
