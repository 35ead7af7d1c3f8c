"""Which due times since the last one are fired, and which are recorded as skipped, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Final

from reportbuilder.schedules.policies import Missed, Policies
from reportbuilder.schedules.recurrence import Recurrence

GRACE: Final = timedelta(minutes=5)  # what is fired within this is on time: a scheduler may be restarting

# Why a due time was not fired; the words are what people read in the history.
SKIPPED: Final[dict[str, str]] = {
    "missed": "nothing was there to fire it in time, and missed runs are left out",
    "made_up": "nothing was there to fire it in time, and a later run makes up for it",
    "over_limit": "nothing was there to fire it in time, and more runs were missed than are made up",
    "paused": "the schedule was paused",
    "instance_paused": "its instance was paused",
    "all_paused": "everything was paused",
    "inactive": "its report was inactive",
    "removed": "the schedule was removed before it had started",
    "overlap": "an earlier run was still going",
    "replaced": "a later run took its place while it was waiting",
    "queue_full": "too many runs were already waiting for an earlier one",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one due time: fired, late if ``made_up``, or skipped for a reason of `SKIPPED`."""

    due_at: datetime
    skipped: str | None = None
    made_up: bool = False

    @property
    def is_fired(self) -> bool:
        """Say whether it is fired."""
        return self.skipped is None


def verdicts(
    recurrence: Recurrence,
    policies: Policies,
    *,
    after: datetime,
    now: datetime,
    grace: timedelta = GRACE,
) -> Iterator[Verdict]:
    """Give a verdict on each due time later than ``after`` and not later than ``now``, earliest first.

    ``after`` is the last due time that has a verdict, or when the schedule was made, changed or resumed,
    whichever is latest. What is not older than ``grace`` is on time and is fired under every policy. They
    come one by one, so that whoever records them may stop after any, and go on from there later.
    """
    made_up_from = cache(lambda: _made_up_from(recurrence, policies, now, grace))  # few are ever late
    reason = {Missed.SKIP: "missed", Missed.ONCE: "made_up", Missed.ALL: "over_limit"}[policies.missed]
    for due in recurrence.between(after, now):
        if due >= now - grace:
            yield Verdict(due)
        elif (first := made_up_from()) is not None and due >= first:
            yield Verdict(due, made_up=True)
        else:
            yield Verdict(due, skipped=reason)


def _made_up_from(
    recurrence: Recurrence, policies: Policies, now: datetime, grace: timedelta
) -> datetime | None:
    """Return the earliest due time that would be made up, however long the scheduler was away."""
    late = recurrence.backwards(now - grace)
    if policies.missed is Missed.SKIP:
        return None
    if policies.missed is Missed.ALL:
        return min(islice(late, policies.missed_limit), default=None)
    due_on_time = next(recurrence.between(now - grace - _TICK, now), None)
    return None if due_on_time else next(late, None)


_TICK = timedelta(microseconds=1)


def skip_all(recurrence: Recurrence, *, after: datetime, now: datetime, reason: str) -> Iterator[Verdict]:
    """Give each due time later than ``after`` and not later than ``now`` as skipped, as while paused."""
    if reason not in SKIPPED:
        raise ValueError(f"{reason} is not a reason to skip")
    return (Verdict(due, skipped=reason) for due in recurrence.between(after, now))
