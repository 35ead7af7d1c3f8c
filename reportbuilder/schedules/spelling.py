"""A recurrence as plain JSON, read and written; what is wrong is said field by field."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any, Final

from reportbuilder.errors import Invalid
from reportbuilder.parameters.dates import find_zone
from reportbuilder.parameters.messages import shorten, show, suggest
from reportbuilder.schedules.cronlines import CronLine
from reportbuilder.schedules.patterns import (
    LAST,
    WEEKDAYS,
    Biweekly,
    BusinessDays,
    Daily,
    FirstBusinessDay,
    Monthly,
    Pattern,
    Preset,
    Quarterly,
    Weekly,
)
from reportbuilder.schedules.recurrence import Recurrence

PRESETS: Final[dict[str, type[Preset]]] = {
    each.kind: each for each in (Daily, BusinessDays, Weekly, Biweekly, Monthly, FirstBusinessDay, Quarterly)
}
TYPES: Final = (*PRESETS, CronLine.kind)
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
_ALWAYS = ("type", "timezone", "start", "end")
FIELDS_OF: Final[dict[str, tuple[str, ...]]] = {
    "daily": ("time",),
    "business_days": ("time",),
    "weekly": ("time", "weekdays"),
    "biweekly": ("time", "weekdays", "anchor"),
    "monthly": ("time", "day"),
    "first_business_day": ("time",),
    "quarterly": ("time", "day"),
    "cron": ("cron",),
}
_LONGEST_MONTH = 31


def read_recurrence(
    data: Mapping[str, Any], *, default_zone: str = "UTC", today: date | None = None
) -> Recurrence:
    """Return the recurrence that a mapping describes; `write_recurrence` gives the mapping back.

    - ``type``: one of `TYPES`. ``timezone``: an IANA name, else the default. ``start`` and ``end``: the
      first and the last day, ``YYYY-MM-DD``, or nothing.
    - ``time``: ``HH:MM`` by the zone's clocks, for all but cron; each type has its usual time.
    - ``weekdays``: names, or one name, for weekly and biweekly; Monday if nothing is said.
    - ``anchor``: a day of a week that counts, for biweekly; else ``start``, else ``today``.
    - ``day``: 1 to 31 or ``last``, for monthly (of each month) and quarterly (of each quarter's first month;
      ``last`` is the quarter's last day). A month that has no such day runs on its last.
    - ``cron``: five fields, for cron.

    :raises Invalid: with all wrong fields in ``details``, each with its value and the way out.
    """
    if not isinstance(data, Mapping):
        raise Invalid.field("type", f"{show(data)} is not an object; give type and what belongs to it")
    given = {key: value for key, value in data.items() if value not in (None, "")}
    kind = _read_type(given)
    reader = _Reader(given)
    reader.check_keys(kind)
    zone = reader.read("timezone", _read_zone, default_zone)
    start, end = reader.read("start", _read_day), reader.read("end", _read_day)
    pattern = _read_pattern(kind, reader, start or today)
    reader.finish()
    assert pattern is not None  # noqa: S101 - the reader has raised what kept it from being read
    return Recurrence(pattern, zone, start, end)


def write_recurrence(recurrence: Recurrence) -> dict[str, Any]:
    """Return the mapping, in its one spelling, that `read_recurrence` reads back; all of it is JSON."""
    found: dict[str, Any] = {"type": recurrence.pattern.kind} | _write_pattern(recurrence.pattern)
    found["timezone"] = recurrence.zone
    if recurrence.start:
        found["start"] = recurrence.start.isoformat()
    if recurrence.end:
        found["end"] = recurrence.end.isoformat()
    return found


class _Reader:
    """Takes values out of a mapping and gathers what is wrong with them."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.wrong: dict[str, list[str]] = {}

    def check_keys(self, kind: str) -> None:
        """Note each key that is unknown, or that has no meaning for the type."""
        known = {*_ALWAYS, *FIELDS_OF[kind]}
        for key in self.data:
            if key not in known:
                self.wrong[shorten(str(key))] = [f"has no meaning for {kind}; {_hint(str(key), known)}"]

    def read(self, key: str, reader: Callable[[Any], Any], default: Any = None) -> Any:
        """Return what the reader makes of the value, or the default, or None after a note of its error."""
        try:
            return reader(self.data.get(key, default)) if key in self.data or default is not None else None
        except ValueError as error:
            self.wrong[key] = [str(error)]
            return None

    def finish(self) -> None:
        """Raise what has been noted."""
        if self.wrong:
            message = "; ".join(f"{key}: {reasons[0]}" for key, reasons in self.wrong.items())
            raise Invalid(message, details=self.wrong)


def _hint(key: str, known: set[str]) -> str:
    return suggest(key, sorted(known), f"leave it out, or give {', '.join(sorted(known))}")


def _read_type(given: Mapping[str, Any]) -> str:
    kind = given.get("type")
    if isinstance(kind, str) and kind in TYPES:
        return kind
    if kind is None:
        raise Invalid.field("type", f"is missing; give one of {', '.join(TYPES)}")
    near = suggest(str(kind), TYPES, f"give one of {', '.join(TYPES)}")
    raise Invalid.field("type", f"{show(kind)} is not a type of schedule; {near}")


def _read_pattern(kind: str, reader: _Reader, anchor: date | None) -> Pattern | None:
    if kind == CronLine.kind:
        return _read_cron_line(reader)
    preset = PRESETS[kind]
    values = {"time": reader.read("time", _read_time, preset.usual_time)}
    if "weekdays" in FIELDS_OF[kind]:
        values["weekdays"] = reader.read("weekdays", _read_weekdays, WEEKDAYS[0])
    if "day" in FIELDS_OF[kind]:
        values["day"] = reader.read("day", _read_day_of_month, 1)
    if "anchor" in FIELDS_OF[kind]:
        values["anchor"] = reader.read("anchor", _read_day, anchor)
        if values["anchor"] is None:
            reader.wrong.setdefault("anchor", ["is missing; give a day of a week that counts, YYYY-MM-DD"])
    return None if reader.wrong else preset(**values)


def _read_cron_line(reader: _Reader) -> CronLine | None:
    if "cron" not in reader.data:
        reader.wrong["cron"] = ["is missing; give five fields such as 0 2 * * 1-5"]
    line: CronLine | None = reader.read("cron", _read_cron)
    return line


def _read_cron(value: object) -> CronLine:
    if not isinstance(value, str):
        raise ValueError(f"{show(value)} is not text; give five fields such as 0 2 * * 1-5")  # noqa: TRY004 - it is the caller's value
    return CronLine(value)


def _read_zone(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{show(value)} is not text; give an IANA name such as Europe/Berlin")  # noqa: TRY004 - as above
    try:
        find_zone(value)
    except Invalid as error:
        raise ValueError(error.details["time_zone"][0]) from None
    return value


def _read_day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        day = value
    elif isinstance(value, str) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
        try:
            day = date.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(f"{show(value)} is not in the calendar; correct the day") from None
    else:
        raise ValueError(f"{show(value)} is not a day; write it as YYYY-MM-DD")
    if not EARLIEST <= day <= LATEST:
        raise ValueError(f"{show(value)} is out of reach; give a day from {EARLIEST} to {LATEST}")
    return day


def _read_time(value: object) -> time:
    if isinstance(value, time) and not (value.tzinfo or value.second or value.microsecond):
        return value
    found = (
        re.fullmatch("([01]?[0-9]|2[0-3]):([0-5][0-9])", value.strip()) if isinstance(value, str) else None
    )
    if not found:
        raise ValueError(f"{show(value)} is not a time of day; write it as HH:MM, from 00:00 to 23:59")
    return time(int(found[1]), int(found[2]))


def _read_weekdays(value: object) -> tuple[int, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names:
        raise ValueError(f"{show(value)} is no list of weekdays; give some of {', '.join(WEEKDAYS)}")
    return tuple(sorted({_read_weekday(name) for name in names}))


def _read_weekday(name: object) -> int:
    word = name.strip().lower() if isinstance(name, str) else None
    if word in WEEKDAYS:
        return WEEKDAYS.index(word)
    raise ValueError(f"{show(name)} is not a weekday; give some of {', '.join(WEEKDAYS)}")


def _read_day_of_month(value: object) -> int | None:
    if value == LAST:
        return None
    if isinstance(value, str) and re.fullmatch("[0-9]{1,2}", value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LONGEST_MONTH:
        raise ValueError(f"{show(value)} is not a day of a month; give 1 to {_LONGEST_MONTH}, or {LAST}")
    return value


def _write_pattern(pattern: Pattern) -> dict[str, Any]:
    if isinstance(pattern, CronLine):
        return {"cron": pattern.text}
    found: dict[str, Any] = {}
    if isinstance(pattern, Preset):
        found["time"] = pattern.time.isoformat("minutes")
    if isinstance(pattern, Weekly | Biweekly):
        found["weekdays"] = [WEEKDAYS[each] for each in pattern.weekdays]
    if isinstance(pattern, Biweekly):
        found["anchor"] = pattern.anchor.isoformat()
    if isinstance(pattern, Monthly | Quarterly):
        found["day"] = LAST if pattern.day is None else pattern.day
    return found
