"""A pattern as a cron line and as one of five words, which is how the older columns tell of it."""

from functools import singledispatch

from reportbuilder.schedules.cronlines import CronLine
from reportbuilder.schedules.patterns import (
    BusinessDays,
    Daily,
    Monthly,
    Pattern,
    Preset,
    Quarterly,
    Weekly,
)

_SHORTEST_MONTH, _SHORTEST_FIRST_OF_QUARTER = 28, 30
_WORDS = ("daily", "weekly", "monthly", "quarterly")


def schedule_type(pattern: Pattern) -> str:
    """Return daily, weekly, monthly or quarterly, or ``custom`` for every other kind."""
    return pattern.kind if pattern.kind in _WORDS else "custom"


def cron_expression(pattern: Pattern) -> str | None:
    """Return a cron line for the same times, None if there is none.

    None is for every two weeks, the first business day, and days that some months are too short for.
    """
    if isinstance(pattern, CronLine):
        return pattern.text
    days = _days(pattern)
    if days is None or not isinstance(pattern, Preset):
        return None
    return f"{pattern.time.minute} {pattern.time.hour} {days}"


@singledispatch
def _days(_: Pattern) -> str | None:
    return None


@_days.register(Daily)
def _(_: Daily) -> str | None:
    return "* * *"


@_days.register(BusinessDays)
def _(_: BusinessDays) -> str | None:
    return "* * 1-5"


@_days.register
def _(pattern: Weekly) -> str | None:
    return f"* * {','.join(str(day + 1) for day in pattern.weekdays)}"  # 1 is Monday, 7 Sunday


@_days.register
def _(pattern: Monthly) -> str | None:
    if pattern.day is None:
        return "L * *"
    return f"{pattern.day} * *" if pattern.day <= _SHORTEST_MONTH else None


@_days.register
def _(pattern: Quarterly) -> str | None:
    if pattern.day is None:
        return "L 3,6,9,12 *"
    return f"{pattern.day} 1,4,7,10 *" if pattern.day <= _SHORTEST_FIRST_OF_QUARTER else None
