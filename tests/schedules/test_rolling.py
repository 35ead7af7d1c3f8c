"""The windows of firings."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.errors import Invalid
from reportbuilder.parameters.windows import FULL_PERIODS, window_schema
from reportbuilder.schedules.patterns import Monthly, Weekly
from reportbuilder.schedules.recurrence import Recurrence
from reportbuilder.schedules.rolling import read_rolling_window, window_of

ZONES = st.sampled_from(["UTC", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"])
INSTANTS = st.integers(0, 900 * 86_400).map(
    lambda at: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
)


def _days(preset: str, due: datetime, lag: int, zone: str = "UTC") -> tuple[str, str]:
    days = window_of(due, {"preset": preset, "lag_days": lag}, default_zone=zone).days
    return days.start.isoformat(), days.end.isoformat()


@pytest.mark.parametrize(
    ("preset", "lag", "first", "last"),
    [
        ("last_full_day", 0, "2026-09-13", "2026-09-13"),
        ("last_full_day", 1, "2026-09-13", "2026-09-13"),
        ("last_full_day", 14, "2026-08-31", "2026-08-31"),
        ("last_full_week", 0, "2026-09-07", "2026-09-13"),
        ("last_full_week", 14, "2026-08-24", "2026-08-30"),
        ("last_full_week", 15, "2026-08-24", "2026-08-30"),
        ("last_full_week", 16, "2026-08-17", "2026-08-23"),
        ("last_full_month", 14, "2026-08-01", "2026-08-31"),
        ("last_full_month", 15, "2026-07-01", "2026-07-31"),
        ("last_month", 14, "2026-07-01", "2026-07-31"),
        ("last_full_quarter", 14, "2026-04-01", "2026-06-30"),
        ("last_7_days", 14, "2026-08-25", "2026-08-31"),
        ("Last full week", 14, "2026-08-24", "2026-08-30"),
    ],
)
def test_the_last_full_period_is_the_last_that_has_settled(
    preset: str, lag: int, first: str, last: str
) -> None:
    assert _days(preset, datetime(2026, 9, 14, 3, tzinfo=UTC), lag) == (first, last)  # a Monday


@given(st.sampled_from(sorted(FULL_PERIODS)), INSTANTS, st.integers(0, 60), ZONES)
def test_full_periods_are_whole_settled_and_the_last_such(
    preset: str, due: datetime, lag: int, zone: str
) -> None:
    first, last = (date.fromisoformat(day) for day in _days(preset, due, lag, zone))
    today = window_of(due, {"lookback_days": 1, "lag_days": 0}, default_zone=zone).days.end
    period = preset.removeprefix("last_full_")
    youngest = today - timedelta(days=max(lag, 1))
    assert _end_of(period, first) == last <= youngest < _end_of(period, last + timedelta(days=1))
    assert _end_of(period, first - timedelta(days=1)) < first


def _end_of(period: str, day: date) -> date:
    """Return the last day of the period that the day lies in, by stepping on until a new one begins."""
    begins: dict[str, Callable[[date], bool]] = {
        "day": lambda _: True,
        "week": lambda each: each.isoweekday() == 1,
        "month": lambda each: each.day == 1,
        "quarter": lambda each: each.day == 1 and each.month in (1, 4, 7, 10),
    }
    while not begins[period](day + timedelta(days=1)):
        day += timedelta(days=1)
    return day


def test_the_default_is_thirty_days_that_have_settled() -> None:
    window = window_of(datetime(2026, 9, 14, 3, tzinfo=UTC), None, default_zone="UTC")
    assert window.days.to_json() == {"start": "2026-08-02", "end": "2026-08-31"}


def test_the_day_is_that_of_the_report_s_zone_when_the_firing_is_due() -> None:
    due = datetime(2026, 9, 14, 3, tzinfo=UTC)  # still Sunday in New York
    assert _days("last_full_day", due, 0, "America/New_York")[0] == "2026-09-12"
    wish = {"preset": "last_full_day", "lag_days": 0, "time_zone": "Asia/Tokyo"}
    window = window_of(due, wish, default_zone="America/New_York")
    assert (window.zone, window.local_start) == ("Asia/Tokyo", "2026-09-13T00:00:00")


def test_firings_of_a_cadence_leave_no_day_out_and_count_none_twice() -> None:
    for pattern, preset in ((Weekly(time(3)), "last_full_week"), (Monthly(time(4)), "last_full_month")):
        recurrence = Recurrence(pattern, "Europe/Berlin")
        begin = datetime(2026, 1, 15, tzinfo=UTC)
        dues = recurrence.between(begin, begin + timedelta(days=700))
        windows = [window_of(due, {"preset": preset}, default_zone="Europe/Berlin") for due in dues]
        assert [each.end for each in windows[:-1]] == [each.start for each in windows[1:]]


@given(st.sampled_from([*sorted(FULL_PERIODS), "last_30_days", "this_month"]), st.integers(0, 400))
def test_wishes_stay_rolling_and_reading_again_changes_nothing(preset: str, lag: int) -> None:
    wish = read_rolling_window({"preset": preset, "lag_days": lag}, default_zone="Asia/Tokyo")
    assert wish == {"preset": preset, "lag_days": lag, "time_zone": "Asia/Tokyo"}
    assert read_rolling_window(wish, default_zone="UTC") == wish


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"start": "2026-08-01", "end": "2026-08-31"}, "would be the same days at every run"),
        ({"preset": "last_full_year"}, "is not a date expression"),
    ],
)
def test_fixed_dates_are_refused_since_they_would_ask_for_the_same_days_again(
    wish: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Invalid, match=reason):
        window_of(datetime(2026, 9, 14, tzinfo=UTC), wish, default_zone="UTC")


def test_a_browser_takes_full_periods_too() -> None:
    pattern = window_schema("UTC")["anyOf"][1]["properties"]["preset"]["pattern"]
    assert all(re.search(pattern, word) for word in (*FULL_PERIODS, "last_30_days"))
    assert not any(
        re.search(pattern, word) for word in ("last_full_year", "xlast_full_day", "last_full_day2")
    )
