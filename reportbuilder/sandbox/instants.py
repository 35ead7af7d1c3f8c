"""Times as the wire writes them, and the windows that an execution may ask for."""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WINDOW_TYPES = (
    "EXPLICIT",
    "MOST_RECENT_DAY",
    "MOST_RECENT_WEEK",
    "CURRENT_MONTH",
    "PREVIOUS_MONTH",
    "ALL",
)
_PATTERN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


class BadRequestError(Exception):
    """A request that AMC would answer 400; the text goes into ``details``."""


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of time, aware UTC, with the texts that were asked for.

    ``earliest``: before it there are no rows. ``advertisers``: ids outside of which there are none, or None.
    """

    start: datetime
    end: datetime
    zone: str
    asked_start: str | None = None
    asked_end: str | None = None
    earliest: datetime | None = None
    advertisers: frozenset[str] | None = None

    @property
    def cut(self) -> tuple[object, ...]:
        """All that decides which rows are read."""
        return self.start, self.end, self.earliest, self.advertisers


def faster(wall: Callable[[], datetime], speed: float) -> Callable[[], datetime]:
    """Return a clock that begins at the time of ``wall`` and runs so many times as fast."""
    begin = wall()
    return wall if speed == 1 else lambda: begin + (wall() - begin) * speed


def months_before(at: datetime, months: int) -> datetime:
    """Return midnight UTC of the day so many months before ``at``."""
    year, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return datetime(year, month + 1, day, tzinfo=UTC)


def shown(at: datetime, *, milliseconds: bool = False) -> str:
    """Return ``2026-01-31T23:59:59Z``, as answers write times."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds" if milliseconds else "seconds")[:-6] + "Z"


def zone_of(name: object) -> ZoneInfo:
    """Return the zone of this name; None is UTC.

    :raises BadRequestError: if the time-zone database has no such name.
    """
    if name is None:
        return ZoneInfo("UTC")
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, KeyError):
        raise BadRequestError(f"Time zone '{name}' is not a valid time zone ID.") from None


def read(field: str, text: object, zone: ZoneInfo) -> datetime:
    """Return the instant that ``yyyy-MM-ddTHH:mm:ss`` means in ``zone``, in UTC.

    :raises BadRequestError: for a bare date, an offset, a ``Z``, or a day that does not exist.
    """
    wrong = BadRequestError(f"{field} '{text}' is invalid. Expected format is yyyy-MM-dd'T'HH:mm:ss.")
    if not isinstance(text, str) or not _PATTERN.fullmatch(text):
        raise wrong
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong from None


def window_of(body: dict[str, Any], now: datetime, days: int) -> Window:
    """Return the window that a create request asks for; ``days`` is how far data reach back.

    :raises BadRequestError: if type, times and zone do not fit together.
    """
    kind = body.get("timeWindowType") or "MOST_RECENT_DAY"
    if kind not in WINDOW_TYPES:
        raise BadRequestError(
            f"timeWindowType '{kind}' is invalid. Expected one of {', '.join(WINDOW_TYPES)}."
        )
    zone = zone_of(body.get("timeWindowTimeZone"))
    start, end = body.get("timeWindowStart"), body.get("timeWindowEnd")
    if kind != "EXPLICIT":
        if start is not None or end is not None:
            raise BadRequestError("timeWindowStart and timeWindowEnd need a timeWindowType of EXPLICIT.")
        first, last = _relative(kind, now.astimezone(zone).date(), days)
        return Window(_midnight(first, zone), _midnight(last, zone), zone.key)
    if start is None or end is None:
        raise BadRequestError("A timeWindowType of EXPLICIT needs both timeWindowStart and timeWindowEnd.")
    window = Window(
        read("timeWindowStart", start, zone), read("timeWindowEnd", end, zone), zone.key, start, end
    )
    if window.end <= window.start:
        raise BadRequestError(f"timeWindowEnd '{end}' must be after timeWindowStart '{start}'.")
    return window


def _relative(kind: str, today: date, days: int) -> tuple[date, date]:
    """Return first day and day after the last one; data are complete until yesterday."""
    month = (today - timedelta(days=1)).replace(day=1)
    return {
        "MOST_RECENT_DAY": (today - timedelta(days=1), today),
        "MOST_RECENT_WEEK": (today - timedelta(days=7), today),
        "CURRENT_MONTH": (month, today),
        "PREVIOUS_MONTH": (
            (today.replace(day=1) - timedelta(days=1)).replace(day=1),
            today.replace(day=1),
        ),
        "ALL": (today - timedelta(days=days + 31), today),
    }[kind]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
