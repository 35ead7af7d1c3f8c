"""Date expressions such as ``last_30_days``: from a word, an instant and a zone to a first and a last day."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from reportbuilder.errors import Invalid
from reportbuilder.parameters.messages import fill, show, suggest

LONGEST_LOOKBACK = 400  # days; AMC keeps about thirteen months
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class DateRange:
    """Whole days from ``start`` to ``end``; both belong to it."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days + 1

    def to_json(self) -> dict[str, str]:
        """Return ``{"start": "YYYY-MM-DD", "end": "YYYY-MM-DD"}``."""
        return {"start": self.start.isoformat(), "end": self.end.isoformat()}


def find_zone(name: str, *, field: str = "time_zone") -> ZoneInfo:
    """Return the zone of the IANA database.

    :raises Invalid: for any other name, with the nearest ones.
    """
    if name in _zone_names():
        return ZoneInfo(name)
    near = suggest(name, sorted(_zone_names()), "give an IANA name such as Europe/Berlin or UTC")
    raise Invalid.field(field, f"{show(name)} is not a time zone; {near}")


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def offered_zones() -> tuple[str, ...]:
    """Return the zones that a person picks from: UTC and those named after places, in order.

    Other names, such as ``EST5EDT``, are read as well.
    """
    places = (name for name in _zone_names() if "/" in name and not name.startswith(_NO_PLACES))
    return ("UTC", *sorted(places))


_NO_PLACES = ("Etc/", "SystemV/", "US/", "posix/", "right/")


def today_in(as_of: datetime, zone: str) -> date:
    """Return the calendar day that it is in the zone at that instant."""
    if as_of.tzinfo is None:
        raise ValueError("as_of must be an aware instant")
    return as_of.astimezone(find_zone(zone)).date()


def start_of_day(day: date, zone: str) -> datetime:
    """Return the first instant of the day in the zone, in UTC.

    Where the clocks skip midnight it is the first instant after the gap; where midnight comes twice, the
    first one.
    """
    return datetime.combine(day, time.min, tzinfo=find_zone(zone)).astimezone(UTC)


def _month(day: date, offset: int) -> date:
    """Return the first day of the month that is ``offset`` months from that of ``day``."""
    months = day.year * 12 + day.month - 1 + offset
    return date(months // 12, months % 12 + 1, 1)


def _quarter(day: date, offset: int) -> date:
    return _month(_month(day, -((day.month - 1) % 3)), 3 * offset)


def _week(day: date, offset: int) -> date:
    return day - timedelta(days=day.weekday()) + timedelta(weeks=offset)


def _year(day: date, offset: int) -> date:
    return date(day.year + offset, 1, 1)


_PERIODS: dict[str, Callable[[date, int], date]] = {
    "week": _week,
    "month": _month,
    "quarter": _quarter,
    "year": _year,
}
_TO_DATE = {"mtd": "month", "qtd": "quarter", "ytd": "year"}
COMMON_LOOKBACKS = (7, 14, 30, 60, 90)
EXPRESSIONS = (
    "today",
    "yesterday",
    *(f"last_{n}_days" for n in COMMON_LOOKBACKS),
    *(f"{which}_{period}" for period in _PERIODS for which in ("this", "last")),
    *_TO_DATE,
)
TOO_FAR = f"{{value}} reaches too far; give 1 to {LONGEST_LOOKBACK} days"
NO_EXPRESSION = f"{{value}} is not a date expression; give one of {', '.join(EXPRESSIONS)}"
# The same for a browser: every expression, and every day that may be in the calendar.
_WORDS = "|".join(word for word in EXPRESSIONS if not word.endswith("_days"))
EXPRESSION = f"^(?:{_WORDS}|last_(?:[1-9]|[1-9][0-9]|[123][0-9][0-9]|400)_days)$"
ISO_DAY = "[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_LAST_DAYS = re.compile(r"last_([0-9]{1,3})_days")


def spell(text: str) -> str:
    """Return the words as expressions are written: small letters, ``_`` between them."""
    return re.sub(r"[\s\-]+", "_", text.strip().lower())


def read_expression(text: str) -> str:
    """Return the expression in its one spelling (``"Last 30 days"`` is ``"last_30_days"``).

    :raises ValueError: for an unknown word, with the nearest ones.
    """
    word = spell(text)
    days = _LAST_DAYS.fullmatch(word)
    if days and 1 <= int(days[1]) <= LONGEST_LOOKBACK:
        return f"last_{int(days[1])}_days"
    if word in EXPRESSIONS:
        return word
    if days:
        raise ValueError(fill(TOO_FAR, text))
    near = suggest(word, EXPRESSIONS)
    raise ValueError(f"{show(text)} is not a date expression; {near}" if near else fill(NO_EXPRESSION, text))


def resolve_days(expression: str, today: date) -> DateRange:
    """Return the days that an expression means on a day.

    ``last_n_days`` are n days, both ends counted, and the last is ``today``. ``this_week`` and its kin are
    the whole calendar week (Monday first), month, quarter or year, days to come included; ``mtd``, ``qtd``
    and ``ytd`` end with ``today``.

    :raises ValueError: for an unknown expression.
    """
    word = read_expression(expression)
    if days := _LAST_DAYS.fullmatch(word):
        return DateRange(today - timedelta(days=int(days[1]) - 1), today)
    if word in ("today", "yesterday"):
        day = today if word == "today" else today - DAY
        return DateRange(day, day)
    if word in _TO_DATE:
        return DateRange(_PERIODS[_TO_DATE[word]](today, 0), today)
    which, period = word.split("_")
    first, offset = _PERIODS[period], 0 if which == "this" else -1
    return DateRange(first(today, offset), first(today, offset + 1) - DAY)


def resolve_expression(expression: str, *, as_of: datetime, zone: str) -> DateRange:
    """Return the days that an expression means at an instant, by the calendar of a zone.

    :raises Invalid: for an unknown expression or zone.
    """
    today = today_in(as_of, zone)
    try:
        return resolve_days(expression, today)
    except ValueError as error:
        raise Invalid.field("expression", str(error)) from None


_RELATIVE_DAY = re.compile(r"today(?:-([0-9]{1,3}))?|yesterday")


def read_relative_day(text: str) -> str | None:
    """Return ``today``, ``yesterday`` or ``today-N`` in its one spelling, or None."""
    found = _RELATIVE_DAY.fullmatch(re.sub(r"\s+", "", text.lower()))
    if not found or not found[1]:
        return found[0] if found else None
    return f"today-{int(found[1])}" if int(found[1]) else "today"


def resolve_relative_day(word: str, today: date) -> date:
    """Return the day that ``today``, ``yesterday`` or ``today-N`` means."""
    if word == "yesterday":
        return today - DAY
    return today - timedelta(days=int(word.partition("-")[2] or 0))
