"""Cron lines of five fields, read by cronsim; local times without zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from cronsim import CronSim, CronSimError

from reportbuilder.parameters.messages import show

LONGEST = 200  # characters
# The name of a field, a value that nothing is wrong with, and what may stand there.
_FIELDS: Final = (
    ("minute", "0", "0-59"),
    ("hour", "0", "0-23"),
    ("day of month", "1", "1-31, L for the last day or LW for the last of Monday to Friday"),
    ("month", "1", "1-12 or JAN-DEC"),
    (
        "day of week",
        "1",
        "0-7 (0 and 7 are Sunday), SUN-SAT, MON#2 (second Monday) or 5L (last Friday; sat-sun is 6-7)",
    ),
)
_SAMPLE: Final = datetime(2024, 1, 1)  # noqa: DTZ001 - local times have no zone here


@dataclass(frozen=True, slots=True)
class CronLine:
    """A cron line; days of month and of week are both wanted if one starts with ``*``, else one will do.

    :raises ValueError: with the field, the value and the way out.
    """

    kind: ClassVar[str] = "cron"

    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _check(self.text))

    def after(self, local: datetime) -> Iterator[datetime]:
        """Give the times later than ``local``, earliest first."""
        return CronSim(self.text, local)

    def before(self, local: datetime) -> Iterator[datetime]:
        """Give the times earlier than ``local``, latest first."""
        return CronSim(self.text, local, reverse=True)

    @property
    def words(self) -> str:
        """The line in words: ``At 02:00 on Monday through Friday``."""
        return CronSim(self.text, _SAMPLE).explain()


def _check(text: str) -> str:
    """Return the line with single spaces."""
    if len(text) > LONGEST:
        raise ValueError(f"{show(text)} is longer than {LONGEST} characters; make two schedules of it")
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError(
            f"{show(text)} has {len(parts)} fields; give five: minute, hour, day of month, month, day of week"
        )
    for place, part in enumerate(parts):
        _check_field(place, part)
    line = " ".join(parts)
    if not _comes(line):
        raise ValueError(f"{show(text)} names a day that never comes; correct the day of month or the month")
    return line


def _check_field(place: int, part: str) -> None:
    name, _, allowed = _FIELDS[place]
    others = [usual for _, usual, _ in _FIELDS]
    try:
        CronSim(" ".join([*others[:place], part, *others[place + 1 :]]), _SAMPLE)
    except CronSimError:
        raise ValueError(
            f"{show(part)} is no {name}; give {allowed}, with lists (1,3), ranges (1-5) or steps (*/2)"
        ) from None


def _comes(line: str) -> bool:
    try:
        return next(CronSim(line, _SAMPLE), None) is not None
    except CronSimError:  # it looks whether the months have such a day
        return False
