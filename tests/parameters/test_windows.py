"""Windows: half-open instants, read from JSON, written for AMC."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportbuilder.errors import Invalid
from reportbuilder.parameters import Window, default_window, parse_window, read_window, warn_of_window

quick = settings(max_examples=60, deadline=None)
NOW = datetime(2025, 9, 14, 12, tzinfo=UTC)
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe"]
)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2025, 3, 30), 23), (date(2025, 10, 26), 25), (date(2025, 8, 1), 24)]
)
def test_days_have_23_24_or_25_hours(day: date, hours: int) -> None:
    window = Window.of_days(day, day, "Europe/Berlin")
    assert window.end - window.start == timedelta(hours=hours)
    assert (window.local_start, window.local_end[:10]) == (f"{day}T00:00:00", f"{day + timedelta(days=1)}")


def test_a_day_whose_midnight_the_clocks_skip_starts_after_the_gap() -> None:
    window = Window.of_days(date(2018, 11, 4), date(2018, 11, 4), "America/Sao_Paulo")
    assert (window.local_start, window.local_end) == ("2018-11-04T01:00:00", "2018-11-05T00:00:00")


def test_amc_gets_local_text_without_offset() -> None:
    window = Window.of_days(date(2025, 8, 1), date(2025, 8, 31), "America/New_York")
    assert window.start == datetime(2025, 8, 1, 4, tzinfo=UTC)
    assert (window.local_start, window.local_end) == ("2025-08-01T00:00:00", "2025-09-01T00:00:00")


def test_default_window_ends_two_weeks_ago() -> None:
    window = default_window(as_of=NOW, zone="UTC")
    assert window.days.to_json() == {"start": "2025-08-02", "end": "2025-08-31"}
    assert window.days.days == 30
    assert parse_window(None, as_of=NOW) == parse_window({}, as_of=NOW) == window
    assert default_window(as_of=NOW, lookback_days=7, lag_days=0).days.to_json()["end"] == "2025-09-14"


def test_an_end_date_is_the_last_day_and_an_end_time_is_the_first_instant_after() -> None:
    whole = parse_window({"start": "2025-08-01", "end": "2025-08-31"}, as_of=NOW, default_zone="Asia/Tokyo")
    timed = parse_window(
        {"start": "2025-08-01T00:00:00", "end": "2025-09-01T00:00", "time_zone": "Asia/Tokyo"}, as_of=NOW
    )
    assert whole == timed
    assert whole.local_end == "2025-09-01T00:00:00"


@pytest.mark.parametrize(
    ("data", "start", "end"),
    [
        ({"preset": "last_30_days"}, "2025-08-02", "2025-08-31"),
        ({"preset": "last_30_days", "lag_days": 0}, "2025-08-16", "2025-09-14"),
        ({"preset": "last_month"}, "2025-07-01", "2025-07-31"),
        ({"preset": "last_month", "lag_days": 0}, "2025-08-01", "2025-08-31"),
        ({"preset": "this_month", "lag_days": 0}, "2025-09-01", "2025-09-14"),
        ({"preset": "this_year"}, "2025-01-01", "2025-08-31"),
        ({"lookback_days": 7}, "2025-08-25", "2025-08-31"),
        ({"lookback_days": "7", "lag_days": "1"}, "2025-09-07", "2025-09-13"),
    ],
)
def test_rolling_windows(data: dict[str, Any], start: str, end: str) -> None:
    assert parse_window(data, as_of=NOW).days.to_json() == {"start": start, "end": end}


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({"start": "2025-08-01"}, "time_window.end", "is missing"),
        ({"start": "2025-08-01", "end": "2025-07-01"}, "time_window.end", "take a later end"),
        ({"start": "2025-08-01T10:00:00", "end": "2025-08-01T10:00:00"}, "time_window.end", "later end"),
        ({"start": "2025-09-01", "end": "2025-09-15"}, "time_window.end", "future"),
        ({"start": "2025-09-01", "end": "2025-09-15T00:00:01"}, "time_window.end", "future"),
        ({"start": "2025-02-30", "end": "2025-03-15"}, "time_window.start", "calendar"),
        ({"start": "2025-08-01T00:00:00Z", "end": "2025-08-15"}, "time_window.start", "without Z or offset"),
        ({"start": "2025-08-01T00:00:00+02:00", "end": "2025-08-15"}, "time_window.start", "without Z"),
        ({"start": "01.08.2025", "end": "2025-08-15"}, "time_window.start", "YYYY-MM-DD"),
        ({"start": 20250801, "end": "2025-08-15"}, "time_window.start", "YYYY-MM-DD"),
        ({"preset": "fortnight"}, "time_window.preset", "not a date expression"),
        ({"preset": "last_7_days", "start": "2025-08-01"}, "time_window", "contradict"),
        ({"start": "2025-08-01", "end": "2025-08-02", "lag_days": 1}, "time_window", "contradict"),
        ({"preset": "last_7_days", "lag_days": -1}, "time_window.lag_days", "number of days"),
        ({"lookback_days": True}, "time_window.lookback_days", "number of days"),
        ({"lookback_days": 0}, "time_window.lookback_days", "from 1"),
        ({"from": "2025-08-01"}, "time_window.from", "is not known"),
        ({"time_zone": "Mars/Base"}, "time_window.time_zone", "not a time zone"),
        ({"time_zone": 5}, "time_window.time_zone", "not text"),
        ("last_month", "time_window", "not an object"),
        ({"start": "x" * 10**6, "end": "y"}, "time_window.start", "YYYY-MM-DD"),
        ({"start": 10**5000, "end": "y"}, "time_window.start", "YYYY-MM-DD"),
        ({"start": ["2025-08-01"], "end": "y"}, "time_window.start", "YYYY-MM-DD"),
        ({"preset": 10**5000}, "time_window.preset", "not text"),
        ({"preset": ["mtd"]}, "time_window.preset", "not text"),
        ({5: 1, "preset": "mtd"}, "time_window.5", "is not known"),
    ],
)
def test_what_cannot_be_is_refused(data: Any, field: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_window(data, as_of=NOW)
    assert list(caught.value.details) == [field]
    assert words in caught.value.details[field][0]
    assert len(caught.value.message) < 500


def test_a_long_name_is_cut_in_the_message() -> None:
    with pytest.raises(Invalid, match="is not known") as caught:
        parse_window({"x" * 10**6: 1}, as_of=NOW)
    assert len(caught.value.message) < 200


def test_a_local_time_that_the_clocks_skip_is_refused() -> None:
    data = {"start": "2025-03-30T02:30:00", "end": "2025-04-01", "time_zone": "Europe/Berlin"}
    with pytest.raises(Invalid, match="does not exist in Europe/Berlin"):
        parse_window(data, as_of=NOW)


def test_today_may_be_the_last_day() -> None:
    window = parse_window({"start": "2025-09-01", "end": "2025-09-14"}, as_of=NOW)
    assert window.local_end == "2025-09-15T00:00:00"


def test_warnings_do_not_refuse() -> None:
    settled = parse_window({"start": "2025-08-01", "end": "2025-08-31"}, as_of=NOW)
    assert warn_of_window(settled, as_of=NOW) == []
    fresh = parse_window({"start": "2024-08-01", "end": "2025-09-01"}, as_of=NOW)
    assert ["13 months" in each or "settle" in each for each in warn_of_window(fresh, as_of=NOW)] == [
        True,
        True,
    ]


def test_a_window_is_made_of_aware_instants_in_order() -> None:
    with pytest.raises(ValueError, match="aware"):
        Window(datetime(2025, 8, 1), datetime(2025, 8, 2))  # noqa: DTZ001 - that is the point
    with pytest.raises(Invalid, match="after the start"):
        Window(NOW, NOW)


@given(
    first=st.dates(date(2024, 9, 1), date(2025, 9, 14)),
    days=st.integers(0, 300),
    zone=ZONES,
)
@quick
def test_window_to_json_to_window(first: date, days: int, zone: str) -> None:
    last = min(first + timedelta(days=days), date(2025, 9, 14))
    window = Window.of_days(first, last, zone)
    assert parse_window(window.to_json(), as_of=NOW + timedelta(days=1)) == window
    assert (window.days.start, window.days.end) == (first, last)


@given(
    st.one_of(
        st.just({}),
        st.fixed_dictionaries({"preset": st.sampled_from(["last_7_days", "Last Month", "ytd"])}),
        st.fixed_dictionaries({"lookback_days": st.integers(1, 400), "lag_days": st.integers(0, 400)}),
        st.fixed_dictionaries({"start": st.just("2025-08-01T10:00"), "end": st.just(date(2025, 8, 3))}),
    )
)
@quick
def test_reading_a_wish_again_changes_nothing(data: dict[str, Any]) -> None:
    wish = read_window(data, default_zone="Europe/Berlin")
    assert read_window(wish) == wish
    assert parse_window(wish, as_of=NOW) == parse_window(data, as_of=NOW, default_zone="Europe/Berlin")
