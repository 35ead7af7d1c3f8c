"""ISO-8601 durations such as P14D, and moments moved by them."""

import calendar
import re
from datetime import datetime, timedelta

from reportbuilder.sandbox.dialect import RefusedError

_DURATION = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


def parts_of(duration: str) -> dict[str, int]:
    """Return how many years, months, weeks, days, hours, minutes and seconds a duration has.

    :raises RefusedError: for a text that is no duration.
    """
    match = _DURATION.fullmatch(duration)
    if match is None or duration in ("P", "PT") or duration.endswith("T"):
        raise RefusedError(f"'{duration}' is not a valid ISO-8601 duration.")
    return {unit: int(number or 0) for unit, number in match.groupdict().items()}


def moved(at: datetime, duration: str, sign: int) -> datetime:
    """Return ``at`` moved by an ISO-8601 duration, forward or (``sign`` -1) back.

    :raises RefusedError: for a text that is no duration.
    """
    amounts = parts_of(duration)
    months = amounts.pop("years") * 12 + amounts.pop("months")
    try:
        return _months(at, sign * months) + sign * timedelta(**amounts)
    except (OverflowError, ValueError):
        raise RefusedError(f"'{duration}' is too long a duration.") from None


def _months(at: datetime, months: int) -> datetime:
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day)
