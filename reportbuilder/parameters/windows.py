"""The time window of a run: half-open instants, from a wish in JSON to the text that AMC reads."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from reportbuilder.errors import Invalid
from reportbuilder.parameters.dates import (
    DAY,
    EXPRESSION,
    ISO_DAY,
    LONGEST_LOOKBACK,
    NO_EXPRESSION,
    TOO_FAR,
    DateRange,
    find_zone,
    read_expression,
    resolve_days,
    spell,
    start_of_day,
    today_in,
)
from reportbuilder.parameters.messages import fill, shorten, show

LOOKBACK_DAYS = 30
LAG_DAYS = 14  # attributed events keep changing for so long
RETENTION_MONTHS = 13
FIELD = "time_window"
# The last whole period of which every day is old enough; as an expression of the day after that.
FULL_PERIODS = {
    "last_full_day": "yesterday",
    "last_full_week": "last_week",
    "last_full_month": "last_month",
    "last_full_quarter": "last_quarter",
}
PRESET = f"{EXPRESSION}|^(?:{'|'.join(FULL_PERIODS)})$"


@dataclass(frozen=True, slots=True)
class Window:
    """The instants from ``start`` up to but without ``end`` (both UTC), and the zone whose days they are."""

    start: datetime
    end: datetime
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window is made of aware instants")
        find_zone(self.zone)
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.end <= self.start:
            raise Invalid.field(FIELD, "the end must come after the start; swap them or take a later end")

    @classmethod
    def of_days(cls, first: date, last: date, zone: str = "UTC") -> "Window":
        """Return the window of whole days of the zone; ``last`` belongs to it."""
        return cls(start_of_day(first, zone), start_of_day(last + DAY, zone), zone)

    @property
    def local_start(self) -> str:
        """The start by the clocks of the zone, ``yyyy-MM-ddTHH:mm:ss`` as AMC wants it, without offset."""
        return _local(self.start, self.zone).strftime("%Y-%m-%dT%H:%M:%S")

    @property
    def local_end(self) -> str:
        """The end (the first instant that no longer belongs to it), written as ``local_start``."""
        return _local(self.end, self.zone).strftime("%Y-%m-%dT%H:%M:%S")

    @property
    def days(self) -> DateRange:
        """The calendar days of the zone that the window touches."""
        last = _local(self.end - timedelta(microseconds=1), self.zone).date()
        return DateRange(_local(self.start, self.zone).date(), last)

    def to_json(self) -> dict[str, str]:
        """Return what `parse_window` reads back: local date-times and the zone."""
        return {"start": self.local_start, "end": self.local_end, "time_zone": self.zone}


def _local(at: datetime, zone: str) -> datetime:
    return at.astimezone(find_zone(zone))


def default_window(
    *, as_of: datetime, zone: str = "UTC", lookback_days: int = LOOKBACK_DAYS, lag_days: int = LAG_DAYS
) -> Window:
    """Return the window of ``lookback_days`` days whose last day is today minus ``lag_days``."""
    last = today_in(as_of, zone) - timedelta(days=lag_days)
    return Window.of_days(last - timedelta(days=lookback_days - 1), last, zone)


def read_window(
    data: Mapping[str, Any] | None, *, default_zone: str = "UTC", lag_days: int = LAG_DAYS
) -> dict[str, Any]:
    """Return the wish for a window in its one spelling; rolling wishes stay rolling.

    The result is ``{start, end, time_zone}``, ``{preset, lag_days, time_zone}`` or
    ``{lookback_days, lag_days, time_zone}``; nothing at all is the last. Reading it again changes nothing.

    :raises Invalid: with ``details`` under ``time_window`` or ``time_window.<key>``.
    """
    if not isinstance(data, Mapping | None):
        raise _wrong("", f"{show(data)} is not an object; give start and end, or preset, with time_zone")
    wish = dict(data or {})
    known = {"start", "end", "preset", "lookback_days", "lag_days", "time_zone"}
    if unknown := sorted(str(key) for key in wish if key not in known):
        raise _wrong(shorten(unknown[0]), "is not known; give start and end, or preset, with time_zone")
    zone = wish.pop("time_zone", None) or default_zone
    if not isinstance(zone, str):
        raise _wrong("time_zone", f"{show(zone)} is not text; give an IANA name such as Europe/Berlin")
    find_zone(zone, field=f"{FIELD}.time_zone")
    wish = {key: value for key, value in wish.items() if value not in (None, "")}
    given = sorted({"start", "end"} & set(wish))
    rolling = sorted({"preset", "lookback_days"} & set(wish))
    if len(rolling) > 1 or (given and (rolling or "lag_days" in wish)):
        raise _wrong("", f"{', '.join(sorted(wish))} contradict each other; give dates or one preset")
    if given:
        return {"start": _read_edge(wish, "start"), "end": _read_edge(wish, "end"), "time_zone": zone}
    return _read_rolling(wish, lag_days) | {"time_zone": zone}


def _read_rolling(wish: Mapping[str, Any], lag_days: int) -> dict[str, Any]:
    lag = _read_count(wish, "lag_days", lag_days, least=0)
    if "preset" not in wish:
        days = _read_count(wish, "lookback_days", LOOKBACK_DAYS, least=1)
        return {"lookback_days": days, "lag_days": lag}
    if not isinstance(wish["preset"], str):
        raise _wrong("preset", f"{show(wish['preset'])} is not text; give an expression such as last_30_days")
    word = spell(wish["preset"])
    try:
        return {"preset": word if word in FULL_PERIODS else read_expression(wish["preset"]), "lag_days": lag}
    except ValueError as error:
        raise _wrong("preset", str(error)) from None


def _read_count(wish: Mapping[str, Any], key: str, default: int, *, least: int) -> int:
    value = wish.get(key, default)
    if isinstance(value, str) and re.fullmatch("[0-9]{1,3}", value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LONGEST_LOOKBACK:
        raise _wrong(key, fill(WORDS["days"], value, least=least))
    return value


_EDGE = re.compile(r"([12][0-9]{3}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?)?")


def _read_edge(wish: Mapping[str, Any], key: str) -> str:
    value = wish.get(key)
    if value is None:
        raise _wrong(key, WORDS["missing"])
    text = value.isoformat() if isinstance(value, date) else value
    found = _EDGE.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found:
        raise _wrong(key, fill(WORDS["pattern"], text))
    canonical = found[1] + (f"T{found[2]}{found[3] or ':00'}" if found[2] else "")
    try:
        datetime.fromisoformat(canonical)
    except ValueError:
        raise _wrong(key, fill(WORDS["calendar"], text)) from None
    return canonical


def parse_window(
    data: Mapping[str, Any] | None,
    *,
    as_of: datetime,
    default_zone: str = "UTC",
    lag_days: int = LAG_DAYS,
) -> Window:
    """Turn a wish for a window, as JSON brings it, into the window that it means at ``as_of``.

    - ``{"start": "2025-08-01", "end": "2025-08-31", "time_zone": "Europe/Berlin"}``: a date as ``end`` is
      the last day and belongs to the window; a local date-time is the first instant that does not.
    - ``{"preset": "last_month", "lag_days": 14}``: the expression as of the day ``lag_days`` ago; days of a
      running period that are later than that day are cut off.
      ``last_full_day``, ``_week`` (Monday first), ``_month`` and ``_quarter`` are the last whole one that has
      passed, and whose last day is at least ``lag_days`` ago.
    - ``{"lookback_days": 30, "lag_days": 14}``, ``{}`` and None: so many days, the last is today minus lag.

    :raises Invalid: for what cannot be read, an end before the start, or an end after today.
    """
    wish = read_window(data, default_zone=default_zone, lag_days=lag_days)
    zone = wish["time_zone"]
    today = today_in(as_of, zone)
    if "start" in wish:
        return _explicit(wish, zone, today)
    settled = today - timedelta(days=wish["lag_days"])
    if "preset" not in wish:
        return Window.of_days(settled - timedelta(days=wish["lookback_days"] - 1), settled, zone)
    if wish["preset"] in FULL_PERIODS:
        after = min(settled + DAY, today)
        days = resolve_days(FULL_PERIODS[wish["preset"]], after)
    else:
        days = resolve_days(wish["preset"], settled)
    return Window.of_days(days.start, min(days.end, settled), zone)


WORDS = {
    "anyOf": "{value} is no time window; give start and end, or a preset, with time_zone",
    "missing": "is missing; give both start and end, or a preset",
    "pattern": "{value} is neither YYYY-MM-DD nor YYYY-MM-DDTHH:MM:SS; give local time "
    "without Z or offset, and the zone in time_zone",
    "calendar": "{value} is not in the calendar; correct the day or the time",
    "order": "{end} does not come after the start {start}; take a later end",
    "future": "{end} lies in the future; today is {today} in {zone}, end there at latest",
    "reach": TOO_FAR,
    "expression": NO_EXPRESSION,
    "days": f"{{value}} is not a number of days from {{least}} to {LONGEST_LOOKBACK}",
}


def _explicit(wish: Mapping[str, str], zone: str, today: date) -> Window:
    start, end = _instant(wish["start"], zone, "start"), _instant(wish["end"], zone, "end")
    if end <= start:
        raise _wrong("end", fill(WORDS["order"], None, start=wish["start"], end=wish["end"]))
    if end > start_of_day(today + DAY, zone):
        raise _wrong("end", fill(WORDS["future"], None, end=wish["end"], today=today, zone=zone))
    return Window(start, end, zone)


def _instant(text: str, zone: str, key: str) -> datetime:
    if "T" not in text:
        day = date.fromisoformat(text)
        return start_of_day(day + DAY if key == "end" else day, zone)
    local = datetime.fromisoformat(text).replace(tzinfo=find_zone(zone))
    at = local.astimezone(UTC)
    if at.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise _wrong(key, f"{text} does not exist in {zone}, its clocks skip it; take the hour after")
    return at


def warn_of_window(window: Window, *, as_of: datetime, lag_days: int = LAG_DAYS) -> list[str]:
    """Say what is unwise but allowed: data that AMC no longer holds, or that have not settled yet."""
    today, days, warnings = today_in(as_of, window.zone), window.days, []
    months = today.year * 12 + today.month - 1 - RETENTION_MONTHS
    oldest = date(months // 12, months % 12 + 1, min(today.day, 28))
    if days.start < oldest:
        warnings.append(
            f"The window starts on {days.start}, more than {RETENTION_MONTHS} months ago; "
            f"AMC may hold no data before {oldest}."
        )
    if days.end > today - timedelta(days=lag_days):
        warnings.append(
            f"The window ends on {days.end}; attributed events settle for {lag_days} days, "
            "so the figures may still change."
        )
    return warnings


def _wrong(key: str, reason: str) -> Invalid:
    return Invalid.field(f"{FIELD}.{key}" if key else FIELD, reason)


def window_schema(zone: str, lag_days: int = LAG_DAYS) -> dict[str, Any]:
    """Return the JSON Schema of what `read_window` gives; zones and the future are for the server only."""
    edge = {"type": "string", "pattern": f"^{ISO_DAY}(?:T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){{2}})?$"}
    count = {"type": "integer", "maximum": LONGEST_LOOKBACK}
    lag, name = count | {"minimum": 0}, {"type": "string", "minLength": 1}
    return {
        "title": "Time window",
        "description": "The days whose events are counted; a date as end is the last of them.",
        "default": {"lookback_days": LOOKBACK_DAYS, "lag_days": lag_days, "time_zone": zone},
        "anyOf": [
            _closed({"start": edge, "end": edge}, {"time_zone": name}),
            _closed({"preset": {"type": "string", "pattern": PRESET}}, {"lag_days": lag, "time_zone": name}),
            _closed({}, {"lookback_days": count | {"minimum": 1}, "lag_days": lag, "time_zone": name}),
        ],
        "x-reading": {"as": "window", "zone": zone},
        "x-messages": WORDS,
    }


def _closed(required: dict[str, Any], optional: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | optional,
        "required": list(required),
        "additionalProperties": False,
    }
