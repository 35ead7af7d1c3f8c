"""Places in the queue: numbers, when a start may be expected, and what holds everybody back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.executions.places import Hold, Queue, first_places, place_of, remaining
from reportbuilder.executions.slots import Contender

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 5, tzinfo=UTC)
SPAN = timedelta(minutes=4)


def contender(id: str, ago: float = 0) -> Contender:
    return Contender(id, "manual", "ada", "r", NOW - timedelta(seconds=ago))


QUEUE = Queue(
    now=NOW,
    waiting=[contender(str(n), 100 - n) for n in range(6)],
    holding=[],
    slots=2,
    elapsed=[],
    takes=lambda _: SPAN,
    midnight=MIDNIGHT,
)


def start_of(id: str, queue: Queue = QUEUE) -> tuple[int, datetime | None, str | None]:
    place = place_of(id, queue)
    assert place is not None
    return place.number, place.expected_start, place.held_by.kind if place.held_by else None


def test_the_first_ones_start_now_and_the_others_when_those_end() -> None:
    assert start_of("0") == (1, NOW, None)
    assert start_of("1") == (2, NOW, None)
    assert start_of("5") == (6, NOW + 2 * SPAN, None)
    assert place_of("none", QUEUE) is None


def test_what_runs_already_ends_sooner() -> None:
    held = [contender("a"), contender("b")]
    queue = replace(QUEUE, holding=held, elapsed=[(timedelta(minutes=1), SPAN), (timedelta(minutes=3), SPAN)])
    assert start_of("0", queue) == (1, NOW + timedelta(minutes=1), None)
    assert start_of("1", queue) == (2, NOW + timedelta(minutes=3), None)


def test_what_runs_longer_than_usual_may_run_on() -> None:
    assert remaining(timedelta(hours=2), SPAN) == timedelta(hours=1)


def test_more_than_there_are_slots_for_have_to_end_first() -> None:
    minutes = [(timedelta(0), timedelta(minutes=n)) for n in (1, 2, 3)]
    assert start_of("0", replace(QUEUE, slots=1, elapsed=minutes)) == (1, NOW + timedelta(minutes=3), None)


def test_slots_that_are_all_taken_by_others_come_free_some_time() -> None:
    number, start, _ = start_of("0", replace(QUEUE, slots=0))
    assert number == 1
    assert start is not None
    assert start > NOW


def test_nobody_knows_when_a_pause_ends() -> None:
    throttle = Hold("throttle", "…", NOW + SPAN)
    pause = Hold("pause", "paused by ada@example.test: audit")
    assert start_of("1", replace(QUEUE, holds=[throttle, pause])) == (2, None, "pause")


def test_a_throttled_instance_starts_no_earlier_than_it_may() -> None:
    throttle = Hold("throttle", "…", NOW + SPAN)
    assert start_of("0", replace(QUEUE, holds=[throttle])) == (1, NOW + SPAN, "throttle")


@pytest.mark.parametrize(
    ("id", "day", "held"),
    [("2", 0, None), ("3", 1, "budget"), ("4", 1, "budget"), ("5", 2, "budget")],
)
def test_what_the_runs_of_this_day_do_not_reach_for_waits_for_the_next(id: str, day: int, held: str) -> None:
    _, start, kind = start_of(id, replace(QUEUE, slots=9, runs_left=3, runs_daily=2))
    assert (start, kind) == ([NOW, MIDNIGHT, MIDNIGHT + timedelta(days=1)][day], held)


@given(
    st.integers(1, 30),
    st.integers(0, 12),
    st.lists(st.tuples(st.integers(0, 900), st.integers(1, 600)), max_size=12),
    st.none() | st.integers(0, 40),
)
def test_whoever_is_later_in_the_queue_starts_no_earlier(
    waiting: int, slots: int, running: list[tuple[int, int]], left: int | None
) -> None:
    queue = replace(
        QUEUE,
        waiting=[contender(f"{n:02}", 100 - n) for n in range(waiting)],
        slots=slots,
        elapsed=[(timedelta(seconds=had), timedelta(seconds=usual)) for had, usual in running],
        runs_left=left,
        runs_daily=5,
    )
    places = [place_of(f"{n:02}", queue) for n in range(waiting)]
    assert [place.number for place in places if place] == list(range(1, waiting + 1))
    starts = [place.expected_start for place in places if place and place.expected_start]
    assert len(starts) == waiting
    assert starts == sorted(starts)
    assert starts[0] >= NOW
    assert first_places(queue, 7) == [(f"{n:02}", place) for n, place in enumerate(places)][:7]


def test_365_that_wait_are_placed_at_once() -> None:
    many = [Contender(f"{n:03}", "backfill", "ada", "r", NOW - timedelta(seconds=n)) for n in range(365)]
    assert start_of("000", replace(QUEUE, waiting=many, slots=10))[0] == 365
