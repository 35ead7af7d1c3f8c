"""Overlaps: neighbours share nothing, what reads beyond its window does, and AMC's refusal is known."""

from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.backfills.overlaps import (
    PastRun,
    Reach,
    count_overlaps,
    crowd_of,
    do_overlap,
    find_crowds,
    find_reach,
)
from reportbuilder.backfills.segments import KINDS, cut_days
from reportbuilder.parameters.dates import DateRange
from reportbuilder.parameters.windows import Window

YEAR = DateRange(date(2025, 3, 1), date(2026, 2, 14))
DAY = timedelta(days=1)
A = frozenset({"a"})
reaches = st.builds(
    Reach,
    st.integers(0, 80).map(lambda hours: timedelta(hours=hours)),
    st.integers(0, 80).map(lambda hours: timedelta(hours=hours)),
)


@given(st.sampled_from(sorted(KINDS)), st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Apia"]))
def test_windows_of_a_backfill_never_overlap(kind: str, zone: str) -> None:
    """Once neighbours shared their boundary day."""
    segments = cut_days(DateRange(date(2011, 11, 1), date(2012, 1, 15)), kind, zone)
    assert not any(do_overlap(one.window, other.window) for one, other in combinations(segments, 2))
    assert crowd_of(segments, Reach()) == 1


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), min_size=2, max_size=2),
)
def test_overlap_is_a_shared_instant(pairs: list[tuple[int, int]]) -> None:
    zero = datetime(2026, 1, 1, tzinfo=UTC)
    one, other = (Window(zero + n * DAY, zero + (n + length) * DAY) for n, length in pairs)
    shared = set(range(pairs[0][0], sum(pairs[0]))) & set(range(pairs[1][0], sum(pairs[1])))
    assert do_overlap(one, other) == do_overlap(other, one) == bool(shared)


@given(st.sampled_from(["daily", "weekly"]), reaches)
def test_the_crowd_is_counted_as_one_by_one(kind: str, reach: Reach) -> None:
    segments = cut_days(DateRange(date(2026, 1, 1), date(2026, 1, 25)), kind, "Europe/Berlin")
    read = [
        Window(one.window.start - reach.before, one.window.end + reach.after, one.window.zone)
        for one in segments
    ]
    assert crowd_of(segments, reach) == max(sum(do_overlap(one, other) for other in read) for one in read)
    assert crowd_of(segments[::-1], reach) == crowd_of(segments, reach)


def test_a_long_reach_makes_days_overlap_and_months_hardly() -> None:
    reach = Reach(28 * DAY)
    crowds = {kind: crowd_of(cut_days(YEAR, kind, "UTC"), reach) for kind in KINDS}
    assert crowds == {"daily": 57, "weekly": 9, "monthly": 3, "quarterly": 3}


@pytest.mark.parametrize(
    ("sql", "before", "after"),
    [
        ("SELECT a FROM t", timedelta(0), timedelta(0)),
        ("SELECT a FROM TABLE(EXTEND_TIME_WINDOW('t', 'P14D', 'P1D'))", 14 * DAY, DAY),
        (
            "SELECT a FROM (extend_time_window('t','P1W','PT36H')), (EXTEND_TIME_WINDOW('u','P2M','P0D'))",
            62 * DAY,
            1.5 * DAY,
        ),
        ("SELECT 'EXTEND_TIME_WINDOW', 'P9D', 'P9D', 'P9D' FROM t", timedelta(0), timedelta(0)),
        ("SELECT a FROM TABLE(EXTEND_TIME_WINDOW('t', '14 days', 'P1D'))", timedelta(0), DAY),
    ],
)
def test_how_far_a_query_reads(sql: str, before: timedelta, after: timedelta) -> None:
    assert find_reach(sql) == Reach(before, after)


def _past(day: int, *sources: str, reach: Reach = Reach()) -> PastRun:  # noqa: B008 - it cannot change
    return PastRun(Window.of_days(date(2026, 1, day), date(2026, 1, day)), frozenset(sources), reach)


def test_past_runs_count_by_data_source_and_overlap() -> None:
    window = Window.of_days(date(2026, 1, 5), date(2026, 1, 6))
    past = [
        _past(4, "a"),
        _past(5, "a", "b"),
        _past(6, "b"),
        _past(6, "c"),
        _past(7, "a"),
        _past(8, "a", reach=Reach(2 * DAY)),
    ]
    assert count_overlaps(window, ["a"], past) == 2  # the 5th, and the 8th that reads two days before
    assert count_overlaps(window, ["a", "b"], past) == 2
    assert count_overlaps(window, ["a"], past, Reach(DAY, DAY)) == 4
    assert count_overlaps(window, [], past) == 0


def test_a_plan_is_warned_of_what_may_be_refused() -> None:
    days = cut_days(DateRange(date(2026, 1, 1), date(2026, 1, 20)), "daily", "UTC")
    assert find_crowds(days, A, [_past(3, "a")] * 9) == []
    (said,) = find_crowds(days, A, [_past(3, "a")] * 10 + [_past(5, "a")] * 12)
    assert said.startswith(
        "2 segments between 2026-01-03 and 2026-01-05 read data that up to 12 earlier runs"
    )
    (said,) = find_crowds(days, A, [], Reach(14 * DAY))
    assert "(14 days before, 0 after), so 20 of these runs" in said
    assert "Take longer segments" in said
