"""The plan of a backfill: what may be asked, which days it means, what is clipped, refused and said."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.backfills.plans import Plan, plan_backfill
from reportbuilder.backfills.segments import FROM_START, WEEKDAYS
from reportbuilder.backfills.wishes import (
    MOST_DAYS,
    BackfillWish,
    check_concurrency,
    read_wish,
)
from reportbuilder.errors import Invalid
from reportbuilder.parameters.dates import DAY, start_of_day, today_in

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
ZONES = sorted(available_timezones())

wishes = st.builds(
    BackfillWish,
    segment=st.sampled_from(["daily", "weekly", "monthly", "quarterly"]),
    lookback_days=st.integers(14, MOST_DAYS),
    week_start=st.sampled_from(WEEKDAYS),
    order=st.sampled_from(["newest_first", "oldest_first"]),
)
moments = st.datetimes(datetime(2001, 6, 1), datetime(2036, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


def plan(at: datetime = NOON, zone: str = "UTC", lag_days: int = 14, most: int = 365, **wish: Any) -> Plan:
    return plan_backfill(read_wish(wish), as_of=at, zone=zone, lag_days=lag_days, most_segments=most)


def refusal(**wish: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        plan(**wish)
    return caught.value.details


@given(wishes, moments, st.sampled_from(ZONES), st.integers(0, 14))
def test_never_into_the_lag_nor_more_than_a_year_back(
    wish: BackfillWish, at: datetime, zone: str, lag: int
) -> None:
    made = plan_backfill(wish, as_of=at, zone=zone, lag_days=lag)
    today = today_in(at, zone)
    settled = start_of_day(today - timedelta(days=max(1, lag)) + DAY, zone)
    ordered = sorted(made.segments, key=lambda one: one.window.start)
    assert ordered[-1].window.end == settled <= start_of_day(today, zone)
    assert wish.lookback_days is not None
    assert ordered[0].window.start == start_of_day(today - timedelta(days=wish.lookback_days), zone)
    assert all(a.window.end == b.window.start for a, b in pairwise(ordered))
    assert list(made.segments) == (ordered if wish.order == "oldest_first" else ordered[::-1])


@given(wishes, moments, st.sampled_from(ZONES))
def test_asked_again_tomorrow_whole_segments_are_the_same(
    wish: BackfillWish, at: datetime, zone: str
) -> None:
    today, tomorrow = (
        {one.window for one in plan_backfill(wish, as_of=when, zone=zone).segments if not one.is_short}
        for when in (at, at + DAY)
    )
    assert len(today - tomorrow) <= 1  # the oldest may have become short
    assert len(tomorrow - today) <= 1  # the newest may have become whole


def test_a_year_of_days() -> None:
    assert len(plan(segment="daily", lookback_days=365).segments) == 352  # from 365 to 14 days ago
    assert len(plan(segment="daily", lookback_days=365, lag_days=0).segments) == 365


def test_days_of_the_zone_not_of_utc() -> None:
    late = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    assert str(plan(late, "Asia/Tokyo", segment="daily", lookback_days=20).days.end) == "2026-02-19"
    assert str(plan(late, segment="daily", lookback_days=20).days.end) == "2026-02-18"


def test_newest_first_unless_told_otherwise() -> None:
    starts = [one.days.start for one in plan(segment="weekly", lookback_days=60).segments]
    assert starts == sorted(starts, reverse=True)
    assert [
        one.days.start for one in plan(segment="weekly", lookback_days=60, order="oldest_first").segments
    ] == (starts[::-1])


def test_a_plan_says_what_it_leaves_out_and_what_is_short() -> None:
    made = plan(segment="monthly", start="2025-12-15", end="2026-03-01")
    assert made.remarks == (
        "The days after 2026-02-18 are left out, since figures settle for 14 days.",
        "The segment from 2025-12-15 to 2025-12-31 is short: it has 17 of 31 days.",
        "The segment from 2026-02-01 to 2026-02-18 is short: it has 18 of 28 days.",
    )
    assert plan(segment="monthly", start="2025-12-01", end="2026-01-31").remarks == ()
    assert "today is not over" in plan(segment="daily", lookback_days=3, lag_days=0).remarks[0]


def test_weeks_from_the_start_are_found_again() -> None:
    wish: dict[str, Any] = {"segment": "weekly", "start": "2026-01-07", "week_start": FROM_START}
    today, tomorrow = (
        {one.window for one in plan(at, **wish).segments if not one.is_short} for at in (NOON, NOON + DAY)
    )
    assert today <= tomorrow
    assert len(today) == 6


@pytest.mark.parametrize(
    ("wish", "field", "words"),
    [
        ({"segment": "daily", "lookback_days": 13}, "lookback_days", "give at least 14"),
        ({"segment": "daily", "lookback_days": 366}, "lookback_days", "from 1 to 365"),
        ({"segment": "daily", "lookback_days": True}, "lookback_days", "true is not a whole number"),
        ({"segment": "daily", "lookback_days": "30"}, "lookback_days", '"30" is not a whole number'),
        ({"segment": "daily"}, "lookback_days", "is missing; give 1 to 365 days, or a start and an end"),
        ({"lookback_days": 30}, "segment", "is missing; give one of daily"),
        ({"segment": "yearly", "lookback_days": 30}, "segment", '"yearly" is not one of daily, weekly'),
        ({"segment": ["daily"], "lookback_days": 30, "week_start": "monday"}, "segment", "is not one of"),
        ({"segment": "daily", "start": "2026-01-01", "lookback_days": 9}, "start", "contradicts"),
        ({"segment": "daily", "end": "2026-01-01"}, "start", "is missing"),
        ({"segment": "daily", "start": "2025-03-03"}, "start", "take 2025-03-04 or later"),
        ({"segment": "daily", "start": "2026-02-19"}, "start", "the last settled one is 2026-02-18"),
        ({"segment": "daily", "start": "2026-01-02", "end": "2026-01-01"}, "end", "swap them"),
        (
            {"segment": "daily", "start": "2026-01-02", "end": "2026-03-05"},
            "end",
            "future; today is 2026-03-04",
        ),
        ({"segment": "daily", "start": "2026-02-30"}, "start", "not in the calendar"),
        ({"segment": "daily", "start": "2026-01-02T00:00:00"}, "start", "write YYYY-MM-DD"),
        ({"segment": "daily", "start": 20260102}, "start", "is not a day"),
        ({"segment": "monthly", "lookback_days": 30, "week_start": "monday"}, "week_start", "means nothing"),
        ({"segment": "weekly", "lookback_days": 30, "week_start": FROM_START}, "week_start", "give start"),
        ({"segment": "weekly", "lookback_days": 30, "week_start": "1"}, "week_start", "is not one of monday"),
        ({"segment": "daily", "lookback_days": 30, "order": "random"}, "order", "newest_first"),
        ({"segment": "daily", "lookback_days": 30, "reprocess": "done"}, "reprocess", "missing_and_failed"),
        ({"segment": "daily", "lookback_days": 30, "on_failure": 1}, "on_failure", "continue, stop"),
        ({"segment": "daily", "lookback_days": 30, "concurrency": 0}, "concurrency", "from 1"),
        ({"segment": "daily", "lookback_days": 30, "segments_per_run": 32}, "segments_per_run", "to 31"),
        ({"segment": "daily", "lookback_day": 30}, "lookback_day", "did you mean lookback_days?"),
    ],
)
def test_what_is_refused_says_the_way_out(wish: dict[str, Any], field: str, words: str) -> None:
    (reason, *_) = refusal(**wish)[field]
    assert words in reason


def test_every_wrong_field_is_named_at_once() -> None:
    assert set(refusal(segment="hourly", lookback_days=-1, order=2, foo=3)) == {
        "segment",
        "lookback_days",
        "order",
        "foo",
    }


def test_too_many_segments_are_refused_with_what_fits() -> None:
    (reason,) = refusal(segment="daily", lookback_days=100, most=13)["segment"]
    assert reason == (
        "daily makes 87 segments of these days, and 13 are allowed; "
        "take weekly segments (13) or monthly segments (4) or quarterly segments (2) "
        "or a start at 2026-02-06 or later"
    )
    assert len(plan(segment="weekly", lookback_days=100, most=13).segments) == 13
    assert len(plan(segment="daily", start="2026-02-06", most=13).segments) == 13
    (reason,) = refusal(segment="daily", lookback_days=100, most=0)["segment"]
    assert reason.endswith("0 are allowed; come again when some are")


def test_days_that_the_zone_skips_are_no_backfill() -> None:
    with pytest.raises(Invalid, match="skip these days"):
        plan(
            datetime(2012, 3, 1, tzinfo=UTC),
            "Pacific/Apia",
            segment="daily",
            start="2011-12-30",
            end="2011-12-30",
        )


def test_a_wish_is_read_back_as_it_was() -> None:
    for wish in (
        BackfillWish("daily", lookback_days=30),
        BackfillWish("weekly", start=date(2026, 1, 1), end=date(2026, 2, 1), week_start=FROM_START),
        BackfillWish("monthly", 365, order="oldest_first", reprocess="all", on_failure="stop", concurrency=3),
    ):
        assert read_wish(json.loads(json.dumps(wish.to_json()))) == wish
    short = read_wish({"segment": "daily", "lookback_days": 30, "reprocess": "failed", "start": None})
    assert short.reprocess == "missing_and_failed"


def test_concurrency_goes_up_to_the_limit_of_the_instance() -> None:
    assert check_concurrency(10, 10) == 10
    for value in (11, 0, "3", None, True, 2.0):
        with pytest.raises(Invalid, match="from 1 to 10") as caught:
            check_concurrency(value, 10)
        assert list(caught.value.details) == ["concurrency"]
