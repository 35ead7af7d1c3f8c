"""The table of states: complete, walkable, and with no way out of an end."""

from reportbuilder.executions.states import (
    ACTIVE,
    FINAL,
    IN_SLOT,
    INITIAL,
    MOVES,
    STATES,
    STATUS,
    is_final,
    may_move,
    phases_of,
)


def test_every_state_has_a_meaning_moves_and_a_status() -> None:
    assert set(STATES) == set(MOVES) == set(STATUS)
    assert all(len(meaning) > 10 for meaning in STATES.values())


def test_every_state_can_be_reached_and_every_walk_can_end() -> None:
    reached = {INITIAL}
    for _ in STATES:
        reached |= {after for before in reached for after in MOVES[before]}
    assert reached == set(STATES)
    for state in ACTIVE:
        assert MOVES[state] & {"failed", "cancelled"} == {"failed", "cancelled"}


def test_ends_are_final() -> None:
    assert {state for state in STATES if not MOVES[state]} == FINAL
    assert all(is_final(state) and not may_move(state, after) for state in FINAL for after in STATES)


def test_only_what_amc_may_have_holds_a_slot() -> None:
    assert {"submitting", "running"} == IN_SLOT
    assert IN_SLOT < ACTIVE


def test_the_five_words_cover_all_states() -> None:
    words = set(STATUS.values())
    assert words == {"pending", "running", "completed", "failed", "cancelled"}
    assert sorted(state for word in words for state in phases_of(word)) == sorted(STATES)
