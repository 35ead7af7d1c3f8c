"""Where an execution stands among those that wait, and when it may be expected to start; no database.

An estimate: the slots come free as what runs ends, and those before it take them in turn. A run that takes
longer than usual is taken to need half as long again as it has had already, as long tails do.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from reportbuilder.executions.slots import Contender, Served, order

FALLBACK_DURATION: Final = timedelta(minutes=3)  # where nothing of that kind has run yet

HOLDS: Final[dict[str, str]] = {
    "pause": "somebody has paused the instance, or everything",
    "throttle": "AMC has asked for a pause, or our own sign-in to it is being renewed",
    "budget": "the instance's runs of this day are used up",
    "account": "the account's slots are all in use",
    "retry": "it waits for the time of its next attempt",
}


@dataclass(frozen=True)
class Hold:
    """What keeps an execution from starting, beside those before it: a key of HOLDS, and in words.

    ``until``: when that ends, None if nobody knows.
    """

    kind: str
    reason: str
    until: datetime | None = None


@dataclass(frozen=True)
class Place:
    """Where an execution stands: ``number`` from 1, when it may start (None: nobody knows), what holds it."""

    number: int
    expected_start: datetime | None
    held_by: Hold | None = None


@dataclass(frozen=True)
class Queue:
    """What the places on an instance follow from.

    ``slots``: how many are ours. ``elapsed``: for each that holds one, how long it has and how long such a
    run takes. ``takes``: how long one of those who wait will. ``holds``: what stops all of them.
    ``runs_left`` today, None for any number; ``midnight``: when there are ``runs_daily`` again.
    """

    now: datetime
    waiting: Sequence[Contender]
    holding: Sequence[Contender]
    slots: int
    elapsed: Sequence[tuple[timedelta, timedelta]]
    takes: Callable[[Contender], timedelta]
    midnight: datetime
    served: Served = field(default_factory=dict)
    holds: Sequence[Hold] = ()
    runs_left: int | None = None
    runs_daily: int = 0


def remaining(elapsed: timedelta, typical: timedelta) -> timedelta:
    """Return how much longer a run may need.

    >>> remaining(timedelta(minutes=1), timedelta(minutes=3)), remaining(timedelta(hours=1), timedelta(0))
    (datetime.timedelta(seconds=120), datetime.timedelta(seconds=1800))
    """
    return typical - elapsed if elapsed < typical else elapsed / 2


def place_of(id: str, queue: Queue) -> Place | None:
    """Return the place of a waiting execution, None if it does not wait."""
    before: list[Contender] = []
    for contender in order(queue.waiting, queue.holding, queue.now, queue.served):
        if contender.id == id:
            return _placed(before, queue)
        before.append(contender)
    return None


def first_places(queue: Queue, most: int) -> list[tuple[str, Place]]:
    """Return the first executions of a queue in the order in which they start, with their places."""
    before: list[Contender] = []
    found: list[tuple[str, Place]] = []
    for contender in islice(order(queue.waiting, queue.holding, queue.now, queue.served), most):
        found.append((contender.id, _placed(before, queue)))
        before.append(contender)
    return found


def _placed(before: Sequence[Contender], queue: Queue) -> Place:
    number = len(before) + 1
    hold = _hold(number, queue)
    if any(found.until is None for found in queue.holds):
        return Place(number, None, hold)
    start = max([_starts(before, queue), *(found.until for found in queue.holds if found.until)])
    return Place(number, max(start, _day_of(number, queue)), hold)


def _hold(number: int, queue: Queue) -> Hold | None:
    """Return what holds it back longest; one without an end before all others."""
    holds = list(queue.holds)
    if (day := _day_of(number, queue)) > queue.now:
        reason = f"the instance's {queue.runs_daily} runs of this day do not reach for it"
        holds.append(Hold("budget", reason, day))
    endless = [found for found in holds if found.until is None]
    return endless[0] if endless else max(holds, key=lambda found: found.until or queue.now, default=None)


def _day_of(number: int, queue: Queue) -> datetime:
    """Return when the day begins whose runs reach for it."""
    if queue.runs_left is None or number <= queue.runs_left:
        return queue.now
    days = (number - queue.runs_left - 1) // max(1, queue.runs_daily)
    return queue.midnight + timedelta(days=days)


def _starts(before: Sequence[Contender], queue: Queue) -> datetime:
    """Let those before it take the slots as they come free."""
    ends = [queue.now + remaining(elapsed, typical) for elapsed, typical in queue.elapsed]
    ends += [queue.now] * (queue.slots - len(ends))
    if not ends:
        ends = [queue.now + FALLBACK_DURATION]  # all slots are others': one of them may end by then
    heapq.heapify(ends)
    for _ in range(len(ends) - max(1, queue.slots)):
        heapq.heappop(ends)  # more hold a slot than there are now
    for contender in before:
        heapq.heapreplace(ends, ends[0] + queue.takes(contender))
    return ends[0]
