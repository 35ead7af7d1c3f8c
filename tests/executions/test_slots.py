"""Who starts next: priority, fairness, the slot kept for others, and that nobody starves."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.executions.slots import AGEING, Contender, free, order, place_of, rank, startable

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def contender(
    id: str, trigger: str = "manual", user: str = "ada", report: str = "r", ago: float = 0
) -> Contender:
    return Contender(id, trigger, user, report, NOW - timedelta(seconds=ago))


contenders = st.lists(
    st.builds(
        Contender,
        id=st.uuids().map(str),
        trigger=st.sampled_from(["manual", "api", "schedule", "backfill"]),
        user=st.sampled_from(["ada", "ben", "cleo"]),
        report=st.sampled_from(["r1", "r2", None]),
        since=st.integers(0, 5000).map(lambda seconds: NOW - timedelta(seconds=seconds)),
    ),
    max_size=25,
    unique_by=lambda one: one.id,
)


def ids(found: list[Contender]) -> list[str]:
    return [one.id for one in found]


def test_manual_before_scheduled_before_backfill() -> None:
    waiting = [contender("b", "backfill", ago=9), contender("s", "schedule", ago=5), contender("m", ago=1)]
    assert ids(list(order(waiting, [], NOW))) == ["m", "s", "b"]


def test_users_share_evenly() -> None:
    waiting = [contender(f"a{n}", user="ada", ago=100 - n) for n in range(3)]
    waiting += [contender(f"b{n}", user="ben", ago=50 - n) for n in range(3)]
    assert ids(list(order(waiting, [], NOW))) == ["a0", "b0", "a1", "b1", "a2", "b2"]


def test_what_is_held_counts_for_fairness() -> None:
    holding = [contender("x", user="ada"), contender("y", user="ada")]
    waiting = [contender("a", user="ada", ago=60), contender("b", user="ben", ago=1)]
    assert ids(list(order(waiting, holding, NOW))) == ["b", "a"]


def test_reports_of_one_user_share_evenly() -> None:
    waiting = [contender(f"{report}{n}", report=report, ago=90 - n) for report in "pq" for n in range(2)]
    assert ids(list(order(waiting, [], NOW))) == ["p0", "q0", "p1", "q1"]


def test_waiting_lifts_a_backfill_over_fresh_manual_runs() -> None:
    old = contender("old", "backfill", ago=3 * AGEING.total_seconds())
    assert rank(old, NOW) < rank(contender("fresh"), NOW)
    assert ids(list(order([contender("fresh"), old], [], NOW))) == ["old", "fresh"]


def test_backfills_leave_a_slot_to_those_who_wait() -> None:
    holding = [contender(f"h{n}", "backfill") for n in range(9)]
    aged = contender("aged", "backfill", ago=9000)
    assert ids(startable([aged, contender("m")], holding, limit=10, foreign=0, now=NOW)) == ["m"]
    assert ids(startable([aged], holding, limit=10, foreign=0, now=NOW)) == ["aged"]


def test_one_slot_is_shared_in_turn() -> None:
    aged = contender("aged", "backfill", ago=9000)
    assert ids(startable([aged, contender("m")], [], limit=1, foreign=0, now=NOW)) == ["aged"]


def test_others_at_amc_share_the_budget() -> None:
    waiting = [contender(str(n)) for n in range(5)]
    assert len(startable(waiting, [contender("h")], limit=4, foreign=2, now=NOW)) == 1
    assert free(4, 3, 5) == 0


def test_place_and_expected_start() -> None:
    waiting = [contender(str(n), ago=100 - n) for n in range(6)]
    span = timedelta(minutes=4)
    place = place_of("5", waiting, [], limit=2, foreign=0, typical=span, now=NOW)
    assert place is not None
    assert (place.number, place.expected_start) == (6, NOW + 2 * span)
    first = place_of("0", waiting, [], limit=2, foreign=0, typical=span, now=NOW)
    assert first is not None
    assert (first.number, first.expected_start) == (1, NOW)
    assert place_of("none", waiting, [], limit=2, foreign=0, typical=None, now=NOW) is None


@given(contenders, contenders, st.integers(0, 12), st.integers(0, 5))
def test_never_more_than_the_limit_and_nobody_twice(
    waiting: list[Contender], holding: list[Contender], limit: int, foreign: int
) -> None:
    chosen = startable(waiting, holding, limit=limit, foreign=foreign, now=NOW)
    assert len(chosen) <= free(limit, len(holding), foreign)
    assert len(set(ids(chosen))) == len(chosen)
    assert set(ids(chosen)) <= set(ids(waiting))


@given(contenders, contenders)
def test_the_order_is_complete(waiting: list[Contender], holding: list[Contender]) -> None:
    assert sorted(ids(list(order(waiting, holding, NOW)))) == sorted(ids(waiting))


@given(contenders, contenders)
def test_each_pick_is_the_best_of_all_that_are_left(
    waiting: list[Contender], holding: list[Contender]
) -> None:
    """By the rule itself, which goes through all for each pick."""
    left, held = list(waiting), list(holding)
    for picked in order(waiting, holding, NOW):

        def key(one: Contender) -> tuple[object, ...]:
            users = sum(other.user == one.user for other in held)
            groups = sum(other.group == one.group for other in held)
            return (rank(one, NOW), users, groups, one.since, one.id)

        assert picked == min(left, key=key)
        left.remove(picked)
        held.append(picked)


@given(contenders, st.integers(1, 12))
def test_no_slot_is_left_empty_but_the_one_kept_from_backfills(waiting: list[Contender], limit: int) -> None:
    chosen = startable(waiting, [], limit=limit, foreign=0, now=NOW)
    left = [one for one in waiting if one not in chosen]
    if len(chosen) < limit:
        assert all(one.trigger == "backfill" for one in left)
        assert not left or sum(one.trigger == "backfill" for one in chosen) >= limit - 1


@given(contenders, st.integers(1, 4))
def test_nobody_starves(waiting: list[Contender], limit: int) -> None:
    """However many manual runs come in, whoever waits long enough is the next to start."""
    poor = contender("poor", "backfill", user="ben", ago=8000)
    assert ids(startable([*waiting, poor], [], limit=limit, foreign=0, now=NOW))[0] == "poor"
