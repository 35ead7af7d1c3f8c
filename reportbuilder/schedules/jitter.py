"""How long after its due time a firing starts, so that schedules due at once do not start at once."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from reportbuilder.errors import Invalid
from reportbuilder.parameters.messages import show

LONGEST: Final = timedelta(hours=1)
_DIGITS: Final = 8  # bytes of the hash: finer than a microsecond of an hour
_SCALE: Final = 256**_DIGITS
_MICROSECOND: Final = timedelta(microseconds=1)


def starts_at(
    schedule_id: str, due_at: datetime, next_due_at: datetime | None, longest: timedelta
) -> datetime:
    """Return when the firing of a due time starts: less than ``longest`` later, before the next due time.

    The same schedule and due time give the same answer in every process; firings of a schedule keep their
    order.
    """
    room = longest if next_due_at is None else min(longest, next_due_at - due_at)
    return due_at + room // _MICROSECOND * _lot(schedule_id, due_at) // _SCALE * _MICROSECOND


def _lot(schedule_id: str, due_at: datetime) -> int:
    """Return a number from 0 to below `_SCALE` that is as good as drawn by lot."""
    text = f"{schedule_id} {due_at.timestamp():.6f}"
    return int.from_bytes(sha256(text.encode()).digest()[:_DIGITS])


def read_jitter(value: object, *, field: str = "jitter_minutes") -> timedelta:
    """Return the longest delay from a whole number of minutes; None is none at all.

    :raises Invalid: for anything but 0 to 60.
    """
    most = LONGEST // timedelta(minutes=1)
    if value is None:
        return timedelta()
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Invalid.field(field, f"{show(value)} is not a number of minutes; give 0 to {most}")
    return timedelta(minutes=value)
