"""Instants and spans as a reader sees them: in their own zone, exact on hover, or by how long ago."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask

from admin.readers import reader
from reportbuilder import clock

MINUTE, HOUR, DAY = 60, 3600, 86400
UNKNOWN = "?"
SOON = 45  # seconds that are called now


@dataclass(frozen=True)
class Seen:
    """An instant as HTML needs it. ``text``: in the zone. ``title``: exact. ``machine``: ISO, UTC."""

    text: str
    title: str
    machine: str


def register(app: Flask) -> None:
    """Let templates of this app show instants."""
    app.jinja_env.globals.update(seen=seen, seen_ago=seen_ago)
    app.jinja_env.filters["span"] = span


def reader_zone() -> str:
    """Return the zone that pages are shown in."""
    found = reader()
    return found.zone if found else "UTC"


def seen(instant: datetime, zone: str | None = None) -> Seen:
    """Return an instant in a zone, by default the reader's."""
    name = zone or reader_zone()
    there = instant.astimezone(ZoneInfo(name))
    return Seen(f"{there:%Y-%m-%d %H:%M}", _exact(there, name), instant.astimezone(UTC).isoformat())


def seen_ago(instant: datetime, zone: str | None = None) -> Seen:
    """Return an instant by its distance from now; exact on hover."""
    exact = seen(instant, zone)
    return Seen(ago(instant - clock.now()), exact.title, exact.machine)


def ago(distance: timedelta) -> str:
    """Return how far away an instant is, in one unit.

    >>> ago(timedelta(minutes=-3)), ago(timedelta(hours=5)), ago(timedelta(0)), ago(timedelta(days=-20))
    ('3 min ago', 'in 5 h', 'now', '20 days ago')
    """
    seconds = abs(distance.total_seconds())
    if seconds < SOON:
        return "now"
    words = _in_one_unit(seconds)
    return f"{words} ago" if distance < timedelta(0) else f"in {words}"


def span(length: timedelta | float | None) -> str:
    """Return how long something takes, in its two largest units; a mark for what is not known.

    >>> span(95), span(timedelta(hours=3, minutes=4)), span(None), span(0.4)
    ('1 min 35 s', '3 h 4 min', '?', '0.4 s')
    """
    if length is None:
        return UNKNOWN
    seconds = length.total_seconds() if isinstance(length, timedelta) else float(length)
    if seconds < SOON and seconds != int(seconds):
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), MINUTE)
    hours, minutes = divmod(minutes, HOUR // MINUTE)
    days, hours = divmod(hours, DAY // HOUR)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    first = next((i for i, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2] if number) or "0 s"


def _in_one_unit(seconds: float) -> str:
    if (minutes := round(seconds / MINUTE)) < HOUR // MINUTE:
        return f"{max(1, minutes)} min"
    if (hours := round(seconds / HOUR)) < DAY // HOUR:
        return f"{hours} h"
    days = round(seconds / DAY)
    return f"{days} day" if days == 1 else f"{days} days"


def _exact(there: datetime, name: str) -> str:
    text = f"{there:%A %Y-%m-%d %H:%M:%S} {name}"
    return text if name == "UTC" else f"{text} ({there.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC)"
