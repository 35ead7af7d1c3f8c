"""How long to wait between looks and before trying again."""

from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.executions.cadence import ENOUGH, Span, Usual, backoff, until_next_look

SPAN = Span(0.25, 2, 30)
SECONDS = st.floats(0, 1e6)
USUAL = st.lists(SECONDS, max_size=20).map(Usual.of)


def test_nothing_runs_nothing_is_looked_at() -> None:
    assert until_next_look([], SPAN) is None


def test_the_young_are_looked_at_more_often() -> None:
    assert until_next_look([(1.0, None), (4000.0, None)], SPAN) == 2
    assert until_next_look([(80.0, None)], SPAN) == 10
    assert until_next_look([(4000.0, None)], SPAN) == 30


def test_runs_of_two_seconds_are_looked_at_four_times_a_second() -> None:
    assert until_next_look([(0.1, Usual(0.3, 2.0))], SPAN) == 0.25


def test_nobody_looks_before_a_run_may_end() -> None:
    usual = Usual.of([100.0, 300.0, 320.0])
    assert until_next_look([(50.0, usual)], SPAN) == 25
    assert until_next_look([(80.0, usual)], SPAN) == 15


def test_a_few_runs_tell_only_what_is_usual() -> None:
    assert Usual.of([]) is None
    assert Usual.of([2.0] * (ENOUGH - 1)) == Usual(0.0, 2.0)
    assert Usual.of([9.0, 1.0, 2.0]) == Usual(1.0, 2.0)


@given(st.lists(st.tuples(SECONDS, USUAL), min_size=1))
def test_looks_stay_between_their_bounds(runs: list[tuple[float, Usual | None]]) -> None:
    delay = until_next_look(runs, SPAN)
    assert delay is not None
    assert SPAN.least <= delay <= SPAN.most
    if all(usual is None for _, usual in runs):
        assert delay >= SPAN.unknown


@given(st.lists(st.tuples(SECONDS, USUAL), min_size=1), st.tuples(SECONDS, USUAL))
def test_one_more_run_never_makes_a_look_later(
    runs: list[tuple[float, Usual | None]], another: tuple[float, Usual | None]
) -> None:
    before, after = until_next_look(runs, SPAN), until_next_look([*runs, another], SPAN)
    assert before is not None
    assert after is not None
    assert after <= before


@given(st.floats(1, 20_000), st.lists(st.floats(1, 20_000), min_size=1, max_size=20))
def test_an_end_is_seen_soon_whatever_was_usual(length: float, earlier: list[float]) -> None:
    """Late by a twentieth of it or of what is usual; if it is shorter than ever, by the longest pause."""
    usual, age, looks = Usual.of(earlier), 0.0, 0
    assert usual is not None
    while age < length:
        pause = until_next_look([(age, usual)], SPAN)
        assert pause is not None
        age, looks = age + pause, looks + 1
    shorter_than_ever = length < usual.shortest
    most = SPAN.most if shorter_than_ever else max(SPAN.least, max(length, usual.middle) / 20)
    assert age - length <= min(SPAN.most, most) + 1e-6
    assert looks <= 20 + 20 * max(0.0, length / usual.middle) + length / SPAN.most + 1


@given(st.integers(0, 10_000))
def test_backoff_doubles_and_is_bounded(attempt: int) -> None:
    pause = min(120.0, 2.0 * 2.0 ** min(max(0, attempt - 1), 30))
    assert 0.9 * pause <= backoff(attempt) <= 1.1 * pause
