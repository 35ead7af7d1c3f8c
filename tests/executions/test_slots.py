"""Who starts next: priority, fairness, the slot kept for others, and that nobody starves."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.executions.slots import (
    AGEING,
    NOBODY,
    RANKS,
    Contender,
    Line,
    Shares,
    free,
    order,
    startable,
)

NEVER = datetime.min.replace(tzinfo=UTC)
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


def rank(one: Contender, holding: Iterable[Contender] = (), served: Mapping[Line, datetime] = NOBODY) -> int:
    return Shares.of(holding, served, NOW).rank(one)


def test_waiting_lifts_a_backfill_over_fresh_manual_runs() -> None:
    old = contender("old", "backfill", ago=3 * AGEING.total_seconds())
    assert rank(old) < rank(contender("fresh"))
    assert ids(list(order([contender("fresh"), old], [], NOW))) == ["old", "fresh"]


def test_a_backfill_that_holds_a_slot_is_not_in_need() -> None:
    """However long its segments have waited, a person's run starts at the next free slot."""
    waiting = [contender(f"b{n}", "backfill", ago=9e4 - n) for n in range(365)]
    holding = [contender("held", "backfill", ago=9e5)]
    assert ids(startable([*waiting, contender("m")], holding, limit=10, foreign=0, now=NOW))[0] == "m"


def test_a_line_that_was_served_begins_to_wait_anew() -> None:
    """On one slot nobody holds any when it comes free."""
    old = contender("old", "backfill", user="ben", ago=9e4)
    just_now = {("ben", "backfill"): NOW - timedelta(minutes=2)}
    assert rank(old) < 0 < rank(old, served=just_now)
    assert ids(list(order([old, contender("m")], [], NOW, just_now))) == ["m", "old"]


def test_two_users_take_turns_on_one_slot() -> None:
    """Whoever asked for more first does not go on alone."""
    waiting = [contender(f"a{n}", user="ada", ago=500 - n) for n in range(3)]
    waiting += [contender(f"b{n}", user="ben", ago=90 - n) for n in range(3)]
    served = {("ada", "manual"): NOW - timedelta(seconds=9)}
    assert ids(startable(waiting, [], limit=1, foreign=0, now=NOW, served=served)) == ["b0"]


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


def test_backfills_leave_one_of_the_slots_that_others_at_amc_leave_us() -> None:
    holding = [contender("h", "backfill")]
    waiting = [contender("b", "backfill", user="ben", ago=9e4), contender("m")]
    assert ids(startable(waiting, holding, limit=10, foreign=8, now=NOW)) == ["m"]


def test_no_more_start_than_there_is_room_for() -> None:
    waiting = [contender(str(n)) for n in range(5)]
    assert len(startable(waiting, [], limit=4, foreign=0, now=NOW, room=2)) == 2
    assert startable(waiting, [], limit=4, foreign=0, now=NOW, room=0) == []


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


lines = st.dictionaries(
    st.tuples(st.sampled_from(["ada", "ben", "cleo"]), st.sampled_from(sorted(RANKS))),
    st.integers(0, 4000).map(lambda seconds: NOW - timedelta(seconds=seconds)),
    max_size=4,
)


@given(contenders, contenders, lines)
def test_each_pick_is_the_best_of_all_that_are_left(
    waiting: list[Contender], holding: list[Contender], served: dict[Line, datetime]
) -> None:
    """By the rule itself, which goes through all for each pick."""
    left, held = list(waiting), list(holding)
    turns: dict[str, tuple[datetime, int]] = {}
    for (user, _), at in served.items():
        turns[user] = max(turns.get(user, (NEVER, 0)), (at, 0))
    for number, picked in enumerate(order(waiting, holding, NOW, served), 1):

        def key(one: Contender) -> tuple[object, ...]:
            needy = not any(other.line == one.line for other in held)
            waits = NOW - max(one.since, served.get(one.line, one.since))
            users = sum(other.user == one.user for other in held)
            reports = sum((other.user, other.report) == (one.user, one.report) for other in held)
            turn = turns.get(one.user, (NEVER, 0))
            return (RANKS[one.trigger] - needy * (waits // AGEING), users, turn, reports, one.since, one.id)

        assert picked == min(left, key=key)
        left.remove(picked)
        held.append(picked)
        turns[picked.user] = (NOW, number)


@given(contenders, contenders, st.integers(1, 12), st.integers(0, 5), st.integers(0, 2))
def test_the_heads_of_the_queues_tell_who_is_next(
    waiting: list[Contender], holding: list[Contender], limit: int, foreign: int, room: int
) -> None:
    """Two of each queue are enough to know the next, and whether anybody comes after."""
    queues: dict[tuple[str, str, str | None], list[Contender]] = {}
    for one in sorted(waiting, key=lambda one: (one.since, one.id)):
        queues.setdefault((one.user, one.trigger, one.report), []).append(one)
    heads = [one for queue in queues.values() for one in queue[:2]]
    whole = startable(waiting, holding, limit=limit, foreign=foreign, now=NOW, room=room)
    assert startable(heads, holding, limit=limit, foreign=foreign, now=NOW, room=room) == whole


@given(contenders, st.integers(1, 12))
def test_no_slot_is_left_empty_but_the_one_kept_from_backfills(waiting: list[Contender], limit: int) -> None:
    chosen = startable(waiting, [], limit=limit, foreign=0, now=NOW)
    left = [one for one in waiting if one not in chosen]
    if len(chosen) < limit:
        assert all(one.trigger == "backfill" for one in left)
        assert not left or sum(one.trigger == "backfill" for one in chosen) >= limit - 1


@given(contenders, st.integers(1, 4))
def test_nobody_starves(waiting: list[Contender], limit: int) -> None:
    """However many manual runs come in, a line that waits long enough is the next to be served."""
    poor = contender("poor", "backfill", user="dan", ago=8000)
    assert ids(startable([*waiting, poor], [], limit=limit, foreign=0, now=NOW))[0] == "poor"
