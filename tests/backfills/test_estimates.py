"""The finish estimate: exact without chance, true for long tails, and never better by more work."""

import heapq
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.backfills.estimates import (
    DAY,
    ENOUGH,
    Budget,
    Durations,
    Estimate,
    Load,
    _Days,
    estimate_finish,
)

MINUTE = timedelta(minutes=1)
ALWAYS_A_MINUTE = Durations((60.0,) * ENOUGH)

budgets = st.builds(
    Budget, left=st.integers(0, 12), daily=st.integers(1, 12), seconds=st.integers(1, int(DAY))
)
loads = st.builds(
    Load,
    waiting=st.integers(0, 30),
    slots=st.integers(1, 12),
    concurrency=st.integers(1, 12),
    taken=st.integers(0, 14),
    elapsed=st.lists(st.floats(0, 500), max_size=5).map(tuple),
    others_wait=st.booleans(),
    budget=st.none() | budgets,
)
samples = st.lists(st.floats(1, 10_000), max_size=30).map(tuple)


def estimate(load: Load, durations: Durations = ALWAYS_A_MINUTE) -> Estimate:
    return estimate_finish(load, durations, trials=15)


def no_better(worse: Estimate, better: Estimate) -> None:
    assert worse.expected >= better.expected
    assert worse.earliest >= better.earliest
    assert worse.latest >= better.latest


@pytest.mark.parametrize(
    ("load", "minutes"),
    [
        (Load(waiting=0, slots=10, concurrency=10), 0),
        (Load(waiting=1, slots=10, concurrency=10), 1),
        (Load(waiting=10, slots=10, concurrency=10), 1),
        (Load(waiting=11, slots=10, concurrency=10), 2),
        (Load(waiting=10, slots=10, concurrency=4), 3),
        (Load(waiting=10, slots=10, concurrency=10, taken=7), 4),
        (Load(waiting=10, slots=10, concurrency=10, others_wait=True), 2),
        (Load(waiting=10, slots=10, concurrency=10, taken=5, others_wait=True), 2),
        (Load(waiting=2, slots=1, concurrency=1, others_wait=True), 2),
        (Load(waiting=2, slots=10, concurrency=10, taken=10), 3),  # first one of theirs has to end
        (Load(waiting=0, slots=10, concurrency=10, elapsed=(30.0,)), 0.5),
        (Load(waiting=1, slots=1, concurrency=1, elapsed=(30.0,)), 1.5),
        (Load(waiting=1, slots=10, concurrency=1, elapsed=(15.0, 30.0)), 1.75),  # the concurrency was lowered
        (Load(waiting=1, slots=10, concurrency=2, elapsed=(900.0,)), 1),
        (Load(waiting=0, slots=10, concurrency=2, elapsed=(900.0,)), 0.1),
        (Load(waiting=3, slots=10, concurrency=10, budget=Budget(3, 3, 3600)), 1),
        (Load(waiting=4, slots=10, concurrency=10, budget=Budget(3, 3, 3600)), 60 + 1),
        (Load(waiting=9, slots=10, concurrency=10, budget=Budget(3, 3, 3600)), 60 + 24 * 60 + 1),
        (Load(waiting=1, slots=10, concurrency=10, budget=Budget(0, 3, 3600)), 60 + 1),
        (Load(waiting=3, slots=1, concurrency=1, budget=Budget(9, 9, 90)), 3),
        (Load(waiting=3, slots=1, concurrency=1, budget=Budget(9, 1, 90)), 3),  # the third is the next day's
        (Load(waiting=4, slots=1, concurrency=1, budget=Budget(9, 1, 90)), 24 * 60 + 1.5 + 1),
        (Load(waiting=0, slots=1, concurrency=1, elapsed=(30.0,), budget=Budget(0, 1, 9)), 0.5),
    ],
)
def test_runs_that_all_take_a_minute(load: Load, minutes: float) -> None:
    found = estimate(load)
    assert found == Estimate(minutes * MINUTE, minutes * MINUTE, minutes * MINUTE)


@given(loads, samples)
def test_the_range_holds_the_expected(load: Load, seconds: tuple[float, ...]) -> None:
    found = estimate(load, Durations(seconds))
    assert timedelta(0) <= found.earliest <= found.expected <= found.latest
    assert found == estimate(load, Durations(seconds[::-1]))
    assert (found.latest == timedelta(0)) == (not load.waiting and not load.elapsed)


@given(loads, samples, st.integers(1, 9))
def test_more_work_or_less_room_is_never_sooner(load: Load, seconds: tuple[float, ...], by: int) -> None:
    durations = Durations(seconds)
    found = estimate(load, durations)
    no_better(estimate(replace(load, waiting=load.waiting + by), durations), found)
    no_better(found, estimate(replace(load, slots=load.slots + by), durations))
    no_better(found, estimate(replace(load, concurrency=load.concurrency + by), durations))
    no_better(estimate(replace(load, taken=load.taken + by), durations), found)
    no_better(estimate(replace(load, others_wait=True), durations), found)
    no_better(found, estimate(replace(load, budget=None), durations))
    if load.budget:
        more = replace(load.budget, left=load.budget.left + by, daily=load.budget.daily + by)
        no_better(found, estimate(replace(load, budget=more), durations))


@given(budgets, st.lists(st.integers(0, 4 * int(DAY)), max_size=40).map(sorted))
def test_no_day_has_more_starts_than_it_may_and_none_waits_for_nothing(
    budget: Budget, ready: list[int]
) -> None:
    days, counts = _Days(budget), Counter[int]()
    for at in ready:
        start = days.start(at)
        day = _day(start, budget)
        assert start >= at
        counts[day] += 1
        assert counts[day] <= (budget.daily if day else budget.left)
        if start > at:  # it starts with a day, since the one before has no run left
            assert start == budget.seconds + (day - 1) * DAY
            assert counts[day - 1] == (budget.daily if day > 1 else budget.left) or counts[day] > 1


def _day(at: float, budget: Budget) -> int:
    return 0 if at < budget.seconds else 1 + int((at - budget.seconds) // DAY)


@given(loads, st.lists(st.tuples(st.floats(1, 5000), st.floats(0, 5000)), max_size=30))
def test_longer_durations_are_never_sooner(load: Load, pairs: list[tuple[float, float]]) -> None:
    shorter, longer = tuple(a for a, _ in pairs), tuple(a + b for a, b in pairs)
    no_better(estimate(load, Durations(longer)), estimate(load, Durations(shorter)))


@given(samples, st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_quantiles_rise(seconds: tuple[float, ...], one: float, other: float) -> None:
    durations = Durations(seconds)
    low, high = sorted((one, other))
    assert durations.quantile(low) <= durations.quantile(high)
    if len(seconds) >= ENOUGH:
        assert min(seconds) <= durations.quantile(low)
        assert durations.quantile(high) <= max(seconds)


def test_few_samples_get_a_long_tail_around_their_median() -> None:
    few = Durations((100.0, 120.0, 140.0))
    assert few.quantile(0.5) == pytest.approx(120)
    assert few.quantile(0.95) > 3 * 120
    assert Durations(typical=480).quantile(0.5) == pytest.approx(480)


def _really(load: Load, chance: random.Random, median: float, sigma: float) -> float:
    """Run a backfill by the slots, with durations that the estimate has not seen."""
    slots, latest = [0.0] * load.room, 0.0
    for _ in range(load.waiting):
        end = heapq.heappop(slots) + chance.lognormvariate(0, sigma) * median
        heapq.heappush(slots, end)
        latest = max(latest, end)
    return latest


def test_a_long_tail_is_estimated_from_what_was_seen() -> None:
    chance = random.Random(5)
    load = Load(waiting=100, slots=10, concurrency=8)
    inside, off = 0, []
    for _ in range(40):
        seen = Durations(tuple(chance.lognormvariate(0, 0.9) * 120 for _ in range(150)))
        found = estimate_finish(load, seen, trials=40)
        took = timedelta(seconds=_really(load, chance, 120, 0.9))
        inside += found.earliest <= took <= found.latest
        off.append(found.expected / took)
    assert inside >= 22  # a range of 80 %, from samples that themselves differ
    assert 0.9 < sorted(off)[20] < 1.1
