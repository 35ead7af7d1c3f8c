"""When a backfill will be finished: many simulated runs through its slots, from how long such runs took."""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from math import exp
from statistics import NormalDist, median
from typing import Final

TRIALS: Final = 100
ENOUGH: Final = 20  # samples from which the tail is read instead of assumed
SPREAD: Final = 0.8  # sigma of the logarithm where it is assumed: one run in 20 takes 3.7 medians
DAY: Final = 86_400.0  # seconds
TYPICAL: Final = 180.0  # seconds, where nothing is known
LONGEST: Final = 86_400.0  # seconds that AMC lets a query run
RANGE: Final = (0.1, 0.5, 0.9)  # of the trials: earliest, expected, latest
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Durations:
    """How long a run of this template takes on this instance, from its submission to its rows.

    ``seconds``: those of completed runs, in any order, best the last 200; without any, ``typical`` is the
    median. From 20 samples on they are drawn as they are; from fewer a long tail is assumed around their
    median.
    """

    seconds: tuple[float, ...] = ()
    typical: float = TYPICAL

    def quantile(self, share: float) -> float:
        """Return the seconds within which about this share of runs (above 0, below 1) ends."""
        if len(self.seconds) < ENOUGH:
            middle = median(self.seconds) if self.seconds else self.typical
            return min(LONGEST, middle * exp(SPREAD * _NORMAL.inv_cdf(share)))
        return sorted(self.seconds)[int(share * len(self.seconds))]


@dataclass(frozen=True, slots=True)
class Budget:
    """How many runs may start: ``left`` until the day ends in ``seconds``, then ``daily`` on each day."""

    left: int
    daily: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Load:
    """What a backfill has before it, and the room that it has on its instance.

    ``waiting``: its runs that have not started (a packed run is one). ``elapsed``: seconds that each of its
    runs in flight has been at AMC. ``slots`` of the instance, ``taken`` of them by others;
    ``others_wait``: others wait for slots, so that one is left to them. ``budget``: None for any number.
    """

    waiting: int
    slots: int
    concurrency: int
    taken: int = 0
    elapsed: tuple[float, ...] = ()
    others_wait: bool = False
    budget: Budget | None = None

    @property
    def room(self) -> int:
        """How many runs it may have at once if others keep what they have; at least one."""
        kept = max(self.taken, 1 if self.others_wait and self.slots > 1 else 0)
        return max(1, min(self.concurrency, self.slots - kept))

    @property
    def is_shut_out(self) -> bool:
        """Whether others have all slots, so that one has to come free first."""
        return self.taken >= self.slots and not self.elapsed


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long it still takes: as likely longer as shorter than ``expected``, and a range of 80 %."""

    expected: timedelta
    earliest: timedelta
    latest: timedelta


def estimate_finish(load: Load, durations: Durations, *, trials: int = TRIALS, seed: int = 0) -> Estimate:
    """Return when a backfill will have come to its end, as time from now.

    Each trial draws a duration for every run and lets the runs start in order, each in the slot that comes
    free first, on a day that has runs left. All trials draw the same numbers every time, so the answer does
    not flicker, and it never gets better by more runs, longer durations, fewer slots, a lower concurrency, a
    smaller budget or more taken by others.
    Failures and second attempts are not foreseen, nor is a change of the others' load.
    """
    table = _Table(durations)
    spans = sorted(_simulate(load, table, f"{seed}.{n}") for n in range(trials))
    earliest, expected, latest = (
        timedelta(seconds=round(spans[min(trials - 1, int(share * trials))], 3)) for share in RANGE
    )
    return Estimate(expected, earliest, latest)


class _Table:
    """Quantiles looked up at a thousand places, since a simulation asks for tens of thousands."""

    STEPS: Final = 1000

    def __init__(self, durations: Durations) -> None:
        self.values = [durations.quantile((n + 0.5) / self.STEPS) for n in range(self.STEPS)]
        self.middle = durations.quantile(0.5)

    def draw(self, name: str) -> Iterator[float]:
        """Yield durations without end; the same for the same name."""
        chance = random.Random(name)  # noqa: S311 - chance here is no secret
        while True:
            yield self.values[int(chance.random() * self.STEPS)]


def _simulate(load: Load, table: _Table, name: str) -> float:
    """Return the seconds until the last run has ended, in one trial."""
    slots = _ends_in_flight(load, table, f"{name}.in flight")
    latest = max(slots, default=0.0)
    # With a lowered concurrency more may be in flight than may start: only the last to end make room.
    slots = slots[-load.room :]
    first = table.middle if load.is_shut_out else 0.0
    slots.extend([first] * (load.room - len(slots)))
    heapq.heapify(slots)
    days = _Days(load.budget)
    for duration in islice(table.draw(f"{name}.waiting"), load.waiting):
        end = days.start(slots[0]) + duration
        heapq.heapreplace(slots, end)
        latest = max(latest, end)
    return latest


class _Days:
    """Gives each run the day on which it may start, in order; a run never starts before an earlier one."""

    def __init__(self, budget: Budget | None) -> None:
        self.budget, self.last = budget, 0.0
        if budget:
            self.left, self.ends = budget.left, budget.seconds

    def start(self, ready: float) -> float:
        """Return when a run starts whose slot is free by then."""
        if self.budget is None:
            return ready
        self.last = max(self.last, ready)
        if self.left <= 0:
            self.last = max(self.last, self.ends)
        if self.last >= self.ends:
            self.ends += DAY * (1 + (self.last - self.ends) // DAY)
            self.left = self.budget.daily
        self.left -= 1
        return self.last


def _ends_in_flight(load: Load, table: _Table, name: str) -> list[float]:
    """Return when its own runs in flight will end, the soonest first; an overdue one ends in a moment."""
    drawn = zip(load.elapsed, table.draw(name), strict=False)  # the draws have no end
    return sorted(max(duration - elapsed, table.middle / 10) for elapsed, duration in drawn)
