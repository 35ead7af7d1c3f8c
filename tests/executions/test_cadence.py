"""How long to wait between looks and before trying again."""

from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.executions.cadence import backoff, until_next_look


def test_nothing_runs_nothing_is_looked_at() -> None:
    assert until_next_look([], 2, 30) is None


def test_the_young_are_looked_at_more_often() -> None:
    assert until_next_look([1.0, 4000.0], 2, 30) == 2
    assert until_next_look([80.0], 2, 30) == 10
    assert until_next_look([4000.0], 2, 30) == 30


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.1, 5), st.floats(5, 60))
def test_looks_stay_between_their_bounds(ages: list[float], shortest: float, longest: float) -> None:
    delay = until_next_look(ages, shortest, longest)
    assert delay is not None
    assert shortest <= delay <= longest


@given(st.integers(0, 10_000))
def test_backoff_doubles_and_is_bounded(attempt: int) -> None:
    pause = min(120.0, 2.0 * 2.0 ** min(max(0, attempt - 1), 30))
    assert 0.9 * pause <= backoff(attempt) <= 1.1 * pause
