"""The patterns in which local times come again, as presets; no zone, no clock."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar, Protocol

_DAY = timedelta(days=1)
MONDAY, FRIDAY, SATURDAY, SUNDAY = 0, 4, 5, 6
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
QUARTER = 3  # months
LAST = "last"


class Pattern(Protocol):
    """Naive local times without end, in both directions."""

    kind: ClassVar[str]

    def after(self, local: datetime) -> Iterator[datetime]:
        """Give the times later than ``local``, earliest first."""

    def before(self, local: datetime) -> Iterator[datetime]:
        """Give the times earlier than ``local``, latest first."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Certain days, each at one time of day."""

    kind: ClassVar[str]
    usual_time: ClassVar[time]

    time: time

    def matches(self, day: date) -> bool:
        """Say whether the day is one of the pattern's."""
        raise NotImplementedError

    def after(self, local: datetime) -> Iterator[datetime]:
        """Give the times later than ``local``, earliest first."""
        day = local.date() if self.time > local.time() else local.date() + _DAY
        while True:
            if self.matches(day):
                yield datetime.combine(day, self.time)
            day += _DAY

    def before(self, local: datetime) -> Iterator[datetime]:
        """Give the times earlier than ``local``, latest first."""
        day = local.date() if self.time < local.time() else local.date() - _DAY
        while True:
            if self.matches(day):
                yield datetime.combine(day, self.time)
            day -= _DAY


@dataclass(frozen=True, slots=True)
class Daily(Preset):
    """Every day."""

    kind: ClassVar[str] = "daily"
    usual_time: ClassVar[time] = time(2)

    def matches(self, day: date) -> bool:  # noqa: ARG002 - every day is one
        """Say yes."""
        return True


@dataclass(frozen=True, slots=True)
class BusinessDays(Preset):
    """Monday to Friday; holidays are not known."""

    kind: ClassVar[str] = "business_days"
    usual_time: ClassVar[time] = time(2)

    def matches(self, day: date) -> bool:
        """Say whether it is none of Saturday and Sunday."""
        return day.weekday() <= FRIDAY


@dataclass(frozen=True, slots=True)
class Weekly(Preset):
    """The same weekdays (0 is Monday) in every week."""

    kind: ClassVar[str] = "weekly"
    usual_time: ClassVar[time] = time(3)

    weekdays: tuple[int, ...] = (MONDAY,)

    def matches(self, day: date) -> bool:
        """Say whether it is one of the weekdays."""
        return day.weekday() in self.weekdays


@dataclass(frozen=True, slots=True, kw_only=True)
class Biweekly(Preset):
    """The same weekdays in every second week, counted from the week (Monday first) of ``anchor``."""

    kind: ClassVar[str] = "biweekly"
    usual_time: ClassVar[time] = time(3)

    weekdays: tuple[int, ...] = (MONDAY,)
    anchor: date

    def matches(self, day: date) -> bool:
        """Say whether it is one of the weekdays, in a week that counts."""
        weeks = (_monday(day) - _monday(self.anchor)).days // 7
        return weeks % 2 == 0 and day.weekday() in self.weekdays


@dataclass(frozen=True, slots=True)
class Monthly(Preset):
    """One day of every month; None is the last, and so is a day that the month is too short for."""

    kind: ClassVar[str] = "monthly"
    usual_time: ClassVar[time] = time(4)

    day: int | None = 1

    def matches(self, day: date) -> bool:
        """Say whether it is that day of its month."""
        return day.day == _day_of(self.day, day)


@dataclass(frozen=True, slots=True)
class FirstBusinessDay(Preset):
    """The first of Monday to Friday in every month; holidays are not known."""

    kind: ClassVar[str] = "first_business_day"
    usual_time: ClassVar[time] = time(4)

    def matches(self, day: date) -> bool:
        """Say whether it is that day."""
        first = day.replace(day=1)
        weekend = {SATURDAY: 2, SUNDAY: 1}  # days until Monday
        return day.day == 1 + weekend.get(first.weekday(), 0)


@dataclass(frozen=True, slots=True)
class Quarterly(Preset):
    """One day of each quarter's first month, as in `Monthly`; None is the quarter's last day."""

    kind: ClassVar[str] = "quarterly"
    usual_time: ClassVar[time] = time(5)

    day: int | None = 1

    def matches(self, day: date) -> bool:
        """Say whether it is that day, in the first month of a quarter, or in its last."""
        month = 0 if self.day is None else 1
        return day.month % QUARTER == month and day.day == _day_of(self.day, day)


def _day_of(wanted: int | None, month: date) -> int:
    last = monthrange(month.year, month.month)[1]
    return last if wanted is None else min(wanted, last)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
