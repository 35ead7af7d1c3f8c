"""How often a recurrence comes, in the words of reports."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise
from statistics import median
from typing import Final

from reportbuilder.schedules.recurrence import Recurrence

_WORDS: Final = {
    "daily": "daily",
    "business_days": "daily",
    "weekly": "weekly",
    "biweekly": "weekly",
    "monthly": "monthly",
    "first_business_day": "monthly",
    "quarterly": "quarterly",
}
_UP_TO: Final = (
    (timedelta(days=3.5), "daily"),
    (timedelta(days=20), "weekly"),
    (timedelta(days=45), "monthly"),
)
_LOOKED_AT: Final = 8  # due times


def frequency_of(recurrence: Recurrence, at: datetime) -> str:
    """Return daily, weekly, monthly or quarterly; of a cron line what its usual pause comes nearest to."""
    word = _WORDS.get(recurrence.pattern.kind)
    if word:
        return word
    pauses = list(_pauses(recurrence, at))
    if not pauses:
        return "quarterly"
    usual = timedelta(seconds=median(each.total_seconds() for each in pauses))
    return next((name for most, name in _UP_TO if usual <= most), "quarterly")


def _pauses(recurrence: Recurrence, at: datetime) -> Iterator[timedelta]:
    times = [each.due_at for each in islice(recurrence.occurrences(at), _LOOKED_AT)]
    return (later - earlier for earlier, later in pairwise(times))
