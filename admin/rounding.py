"""Instants that are foreseen, made coarse: a live part that changed with each second would look like news."""

from datetime import UTC, datetime, timedelta
from typing import Final

ROUNDED_TO: Final = timedelta(minutes=5)


def rounded(at: datetime | None) -> datetime | None:
    """Return an expected instant to the next five minutes, None for None.

    >>> rounded(datetime(2026, 3, 4, 12, 1, 7, tzinfo=UTC)).isoformat()
    '2026-03-04T12:05:00+00:00'
    """
    if at is None:
        return None
    over = (at - datetime.min.replace(tzinfo=UTC)) % ROUNDED_TO
    return at - over + ROUNDED_TO if over else at


def to_minute(at: datetime | None) -> datetime | None:
    """Return the minute in which something was, None for None."""
    return at and at.replace(second=0, microsecond=0)
