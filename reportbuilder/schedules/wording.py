"""A recurrence in words for people: ``every Monday at 03:00, New York``."""

from datetime import date
from functools import singledispatch

from reportbuilder.schedules.cronlines import CronLine
from reportbuilder.schedules.patterns import (
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

_SHORTEST_MONTH, _SHORTEST_FIRST_OF_QUARTER = 28, 30


def describe(recurrence: Recurrence) -> str:
    """Return the pattern, the zone's place, and the first and last day if there are any.

    >>> from datetime import time
    >>> describe(Recurrence(Weekly(time(3)), "America/New_York"))
    'every Monday at 03:00, New York'
    """
    pattern, words = recurrence.pattern, _days(recurrence.pattern)
    if isinstance(pattern, Preset):
        words += f" at {pattern.time:%H:%M}"
    words += f", {_place(recurrence.zone)}"
    if recurrence.start:
        words += f", from {recurrence.start}"
    if recurrence.end:
        words += f", until {recurrence.end}"
    return words


@singledispatch
def _days(pattern: Pattern) -> str:
    raise TypeError(f"there are no words for {pattern.kind}")


@_days.register
def _(pattern: CronLine) -> str:
    return f"{pattern.words[:1].lower()}{pattern.words[1:]}"


@_days.register(Daily)
def _(_: Daily) -> str:
    return "every day"


@_days.register(BusinessDays)
def _(_: BusinessDays) -> str:
    return "every day from Monday to Friday"


@_days.register
def _(pattern: Weekly) -> str:
    return f"every {_weekdays(pattern.weekdays)}"


@_days.register
def _(pattern: Biweekly) -> str:
    return f"{_weekdays(pattern.weekdays)} of every second week, counted from that of {_day(pattern.anchor)}"


@_days.register
def _(pattern: Monthly) -> str:
    if pattern.day is None:
        return "the last day of every month"
    short = ", or its last day," if pattern.day > _SHORTEST_MONTH else ""
    return f"the {_ordinal(pattern.day)} of every month{short}"


@_days.register(FirstBusinessDay)
def _(_: FirstBusinessDay) -> str:
    return "the first of Monday to Friday in every month"


@_days.register
def _(pattern: Quarterly) -> str:
    if pattern.day is None:
        return "the last day of every quarter"
    short = " (April has 30 days: its last)" if pattern.day > _SHORTEST_FIRST_OF_QUARTER else ""
    return f"the {_ordinal(pattern.day)} of January, April, July and October{short}"


def _weekdays(numbers: tuple[int, ...]) -> str:
    *names, last = [WEEKDAYS[number].capitalize() for number in numbers]
    return f"{', '.join(names)} and {last}" if names else last


def _ordinal(number: int) -> str:
    teens = number in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def _day(day: date) -> str:
    return day.isoformat()


def _place(zone: str) -> str:
    """Return the zone's last name, which is a city's for most: ``Buenos Aires``; Etc/GMT+5 stays whole."""
    return zone if zone.startswith("Etc/") else zone.rpartition("/")[2].replace("_", " ")
