"""The tables of a backfill's states: complete and walkable; its ends are honest, whatever happens."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.backfills.states import (
    ENDED,
    ENDS,
    IN_FLIGHT,
    INITIAL,
    MOVES,
    OPEN,
    SEGMENT_MOVES,
    SEGMENT_STATES,
    STATES,
    VERBS,
    after_verb,
    give_up,
    may_move,
    next_up,
    of_execution,
    percentage,
    settle,
    tally,
    tell,
    to_retry,
)
from reportbuilder.executions import states as executions

BAD = ("failed", "refused", "cancelled", "skipped")
policies = st.sampled_from(["continue", "stop"])
segments = st.lists(st.sampled_from(sorted(SEGMENT_STATES)), max_size=12)
ended = st.lists(st.sampled_from(sorted(ENDED)), max_size=12)


def test_every_state_has_a_meaning_and_moves() -> None:
    assert set(STATES) == set(MOVES)
    assert set(SEGMENT_STATES) == set(SEGMENT_MOVES)
    assert all(len(meaning) > 15 for meaning in [*STATES.values(), *SEGMENT_STATES.values()])
    assert all(set(after) <= set(STATES) for after in MOVES.values())
    assert all(after <= set(SEGMENT_STATES) for after in SEGMENT_MOVES.values())


@pytest.mark.parametrize(("first", "moves"), [(INITIAL, MOVES), ("waiting", SEGMENT_MOVES)])
def test_every_state_can_be_reached(first: str, moves: dict[str, frozenset[str]]) -> None:
    reached = {first}
    for _ in moves:
        reached |= {after for before in reached for after in moves[before]}
    assert reached == set(moves)


def test_open_states_can_end_and_ends_lead_back_only_by_a_retry() -> None:
    assert all(MOVES[state] >= ENDS for state in OPEN)
    assert {state for state in ENDS if MOVES[state]} == {"completed_with_failures", "failed"}
    assert all(MOVES[state] <= {"running"} for state in ENDS)
    assert OPEN.isdisjoint(ENDS)
    assert ENDED.isdisjoint(IN_FLIGHT)


def test_verbs_move_only_where_the_table_allows() -> None:
    for verb, (before, after) in VERBS.items():
        assert all(may_move(state, after) for state in before)
        assert {state for state in STATES if after_verb(verb, state)} == before


def test_every_state_of_an_execution_is_one_of_a_segment() -> None:
    for before, moves in executions.MOVES.items():
        ours = of_execution(before)
        assert (ours in ENDED) == executions.is_final(before)
        assert all(
            of_execution(after) == ours or of_execution(after) in SEGMENT_MOVES[ours] for after in moves
        )
    assert of_execution("failed", is_refused=True) == "refused"
    assert of_execution("completed", is_refused=True) == "completed"


@pytest.mark.parametrize(
    ("state", "count", "end"),
    [
        ("running", {"completed": 3}, "completed"),
        ("running", {"completed": 3, "present": 2}, "completed"),
        ("running", {"present": 2}, "completed"),
        ("running", {}, "completed"),
        ("running", {"completed": 2, "failed": 1}, "completed_with_failures"),
        ("running", {"completed": 2, "refused": 1}, "completed_with_failures"),
        ("running", {"completed": 2, "cancelled": 1}, "completed_with_failures"),
        ("paused", {"completed": 2, "failed": 1}, "completed_with_failures"),
        ("running", {"failed": 3}, "failed"),
        ("running", {"refused": 3}, "failed"),
        ("running", {"failed": 3, "present": 9}, "failed"),
        ("running", {"cancelled": 3}, "cancelled"),
        ("running", {"completed": 1, "failed": 1, "skipped": 1}, "failed"),
        ("cancelling", {"completed": 2, "cancelled": 1}, "cancelled"),
        ("cancelling", {"completed": 2, "failed": 1, "cancelled": 1}, "cancelled"),
        ("cancelling", {"completed": 2}, "completed"),
        ("cancelling", {"completed": 2, "failed": 1}, "completed_with_failures"),
        ("cancelling", {"waiting": 1, "completed": 1}, "cancelling"),
        ("running", {"completed": 2, "running": 1}, "running"),
        ("cancelling", {"cancelled": 2, "collecting": 1}, "cancelling"),
        ("paused", {"completed": 2, "waiting": 1}, "paused"),
        ("completed", {"failed": 2}, "completed"),
    ],
)
def test_the_end_says_what_became_of_the_segments(state: str, count: dict[str, int], end: str) -> None:
    assert settle(state, Counter(count)) == end


def test_what_waits_is_given_up_on_a_cancel_and_on_a_failure_where_that_stops() -> None:
    count = Counter(completed=3, failed=1, waiting=5)
    assert give_up("running", count, "continue") is None
    assert give_up("running", count, "stop") == give_up("paused", count, "stop") == "skipped"
    assert give_up("cancelling", count, "continue") == give_up("cancelling", count, "stop") == "cancelled"
    assert give_up("running", Counter(refused=1, waiting=1), "stop") is None
    assert give_up("failed", count, "stop") is None


@given(ended, st.sampled_from(sorted(OPEN)))
def test_ends_are_honest(states: list[str], state: str) -> None:
    """Once a collection was "completed" although weeks had failed."""
    end = settle(state, tally(states))
    assert end in MOVES[state]
    assert (end == "completed") == (not any(one in BAD for one in states))
    if end == "completed_with_failures":
        assert "completed" in states
    if end == "cancelled":
        assert "cancelled" in states
    if end == "failed":
        assert {"failed", "refused", "skipped"} & set(states)


@given(segments, st.sampled_from(sorted(STATES)), policies)
def test_it_never_ends_while_anything_is_in_flight(states: list[str], state: str, policy: str) -> None:
    after = settle(state, tally(states))
    assert after == state or after in MOVES[state]
    if IN_FLIGHT & set(states):
        assert after == state
    if state == "running" and after == "running" and not give_up(state, tally(states), policy):
        assert IN_FLIGHT & set(states) or next_up(states, state=state, on_failure=policy, concurrency=1)


@given(segments, st.sampled_from(sorted(STATES)), policies, st.integers(0, 6), st.integers(0, 2))
def test_who_is_next_fits_the_concurrency_and_keeps_the_order(
    states: list[str], state: str, policy: str, concurrency: int, ahead: int
) -> None:
    chosen = next_up(states, state=state, on_failure=policy, concurrency=concurrency, ahead=ahead)
    assert all(states[place] == "waiting" for place in chosen)
    assert list(chosen) == sorted(set(chosen))
    if state != "running" or (policy == "stop" and "failed" in states):
        assert chosen == ()
        return
    room = concurrency + ahead - states.count("running")
    assert len(chosen) == max(0, min(room, states.count("waiting")))
    left = [place for place, one in enumerate(states) if one == "waiting" and place not in chosen]
    assert all(place < other for place in chosen for other in left)


@given(st.randoms(use_true_random=False), policies, st.integers(1, 4), st.integers(0, 12))
def test_any_walk_ends_and_loses_nothing(
    chance: random.Random, policy: str, concurrency: int, size: int
) -> None:
    """Segments end at random, people pause, resume, cancel and retry: it ends, and every segment has too."""
    states, state = ["waiting"] * size, INITIAL
    for step in range(200):
        if (waiting := give_up(state, tally(states), policy)) is not None:
            states = [waiting if one == "waiting" else one for one in states]
        for place in next_up(states, state=state, on_failure=policy, concurrency=concurrency):
            states[place] = "running"
        assert states.count("running") <= concurrency
        moving = [place for place, one in enumerate(states) if one in IN_FLIGHT]
        if moving:
            place = chance.choice(moving)
            states[place] = chance.choice(sorted(SEGMENT_MOVES[states[place]]))
        state = settle(state, tally(states))
        if state == "paused" and step > 100:
            state = "running"
        verb = chance.choice([*VERBS, *[None] * 12]) if step < 100 else None
        if verb and (after := after_verb(verb, state)):
            assert may_move(state, after)
            state = after
            if verb == "retry-failed":
                for place in to_retry(states):
                    states[place] = "waiting"
        elif state in ENDS:
            break
    assert state in ENDS
    assert set(states) <= ENDED
    assert len(states) == size


def test_what_is_retried() -> None:
    assert to_retry(["completed", "failed", "refused", "skipped", "cancelled", "present"]) == (1, 3)


def test_progress_is_not_100_before_all_has_ended() -> None:
    assert percentage(Counter(completed=399, running=1)) == 99
    assert percentage(Counter(completed=300, failed=50, present=50)) == 100
    assert percentage(Counter()) == 100
    assert tell(Counter(completed=3, failed=1, skipped=2, present=4)) == (
        "3 of 6 segments have come; 1 failed, 2 were not asked for after a failure, 4 were there before."
    )
    assert tell(Counter(completed=2)) == "2 of 2 segments have come."


def test_a_word_that_is_no_state_is_not_overlooked() -> None:
    """Once a status that nobody knew was read as running, for ever."""
    with pytest.raises(ValueError, match="succeeded"):
        tally(["completed", "succeeded"])
