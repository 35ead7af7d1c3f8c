"""Segments: whole, gapless, disjoint, inside their calendar units, in every zone; the same again tomorrow."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.backfills.segments import FROM_START, KINDS, WEEKDAYS, Segment, cut_days, unit_of
from reportbuilder.parameters.dates import DAY, DateRange, start_of_day

ZONES = sorted(available_timezones())
INSTANT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)

days_asked = st.builds(
    lambda first, count: DateRange(first, first + timedelta(days=count)),
    st.dates(date(2000, 1, 1), date(2036, 12, 31)),
    st.integers(0, 120),
)
kinds = st.one_of(
    st.tuples(st.sampled_from([kind for kind in KINDS if kind != "weekly"]), st.just("monday")),
    st.tuples(st.just("weekly"), st.sampled_from([*WEEKDAYS, FROM_START])),
)


def unit_key(day: date, kind: str, week_start: str, first: date) -> tuple[int, ...]:
    """Name the calendar unit of a day, by another way than the code goes."""
    if kind == "daily":
        return (day.toordinal(),)
    if kind == "weekly" and week_start == FROM_START:
        return ((day.toordinal() - first.toordinal()) // 7,)
    if kind == "weekly":
        return (day - timedelta(days=WEEKDAYS.index(week_start))).isocalendar()[:2]
    return (day.year, day.month) if kind == "monthly" else (day.year, -(-day.month // 3))


def local_day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def check(segments: tuple[Segment, ...], days: DateRange, kind: str, zone: str, week_start: str) -> None:
    begin, end = start_of_day(days.start, zone), start_of_day(days.end + DAY, zone)
    if begin == end:
        assert segments == ()
        return
    assert (segments[0].window.start, segments[-1].window.end) == (begin, end)
    for one, following in pairwise(segments):
        assert one.window.end == following.window.start
    keys = []
    for one in segments:
        first, last = (
            local_day(one.window.start, zone),
            local_day(one.window.end - INSTANT, zone),
        )
        assert one.unit.start <= one.days.start <= first <= last <= one.days.end <= one.unit.end
        touched = {unit_key(day, kind, week_start, days.start) for day in (first, last, one.days.start)}
        assert len(touched) == 1
        keys.append(touched.pop())
        assert one.is_short == (one.days != one.unit)
    assert len(set(keys)) == len(keys)


@given(days_asked, kinds, st.sampled_from(ZONES))
def test_segments_cover_the_days_exactly_each_inside_its_unit(
    days: DateRange, kind: tuple[str, str], zone: str
) -> None:
    check(cut_days(days, kind[0], zone, kind[1]), days, kind[0], zone, kind[1])


@pytest.mark.parametrize("kind", ["weekly", "monthly", "quarterly"])
def test_a_year_in_every_zone(kind: str) -> None:
    for place, zone in enumerate(ZONES):
        first = date(2001 + place % 35, 1 + place % 12, 1 + place % 28)
        days = DateRange(first, first + timedelta(days=364))
        check(cut_days(days, kind, zone), days, kind, zone, "monday")


@pytest.mark.parametrize(
    ("first", "last"), [(date(2011, 12, 27), date(2012, 1, 2)), (date(2025, 3, 1), None)]
)
def test_days_in_every_zone(first: date, last: date | None) -> None:
    for zone in ZONES:
        days = DateRange(first, last or date(2025, 4, 8))
        check(cut_days(days, "daily", zone), days, "daily", zone, "monday")


@given(days_asked, kinds, st.sampled_from(ZONES), st.integers(1, 9))
def test_whole_segments_are_the_same_when_asked_on_another_day(
    days: DateRange, kind: tuple[str, str], zone: str, later: int
) -> None:
    if kind[1] == FROM_START:
        days_later = DateRange(days.start, days.end + timedelta(days=later))
    else:
        days_later = DateRange(days.start + timedelta(days=later), days.end + timedelta(days=later))
    now = {one.unit: one for one in cut_days(days, kind[0], zone, kind[1]) if not one.is_short}
    then = {one.unit: one for one in cut_days(days_later, kind[0], zone, kind[1]) if not one.is_short}
    for unit in now.keys() & then.keys():
        assert now[unit] == then[unit]
    shared = {unit for unit in now if days_later.start <= unit.start}
    assert shared <= then.keys()


@given(st.dates(date(1990, 1, 1), date(2040, 1, 1)), kinds, st.dates(date(1990, 1, 1), date(2040, 1, 1)))
def test_every_day_of_a_unit_belongs_to_it(day: date, kind: tuple[str, str], anchor: date) -> None:
    unit = unit_of(day, *kind, anchor)
    assert unit.start <= day <= unit.end
    lengths = {"daily": {1}, "weekly": {7}, "monthly": {28, 29, 30, 31}, "quarterly": {90, 91, 92}}
    assert unit.days in lengths[kind[0]]
    assert {unit_of(unit.start + timedelta(days=n), *kind, anchor) for n in range(unit.days)} == {unit}
    assert unit_of(unit.end + DAY, *kind, anchor).start == unit.end + DAY


def test_days_have_23_24_or_25_hours() -> None:
    spring = cut_days(DateRange(date(2026, 3, 28), date(2026, 3, 30)), "daily", "Europe/Berlin")
    assert [(one.window.end - one.window.start) // HOUR for one in spring] == [24, 23, 24]
    autumn = cut_days(DateRange(date(2026, 10, 25), date(2026, 10, 25)), "daily", "Europe/Berlin")
    assert autumn[0].window.end - autumn[0].window.start == 25 * HOUR
    lord_howe = cut_days(DateRange(date(2026, 4, 5), date(2026, 4, 5)), "daily", "Australia/Lord_Howe")
    assert lord_howe[0].window.end - lord_howe[0].window.start == 24.5 * HOUR


def test_a_day_that_the_zone_skips_makes_no_segment() -> None:
    days = DateRange(date(2011, 12, 29), date(2011, 12, 31))
    segments = cut_days(days, "daily", "Pacific/Apia")
    assert [one.days.start.day for one in segments] == [29, 31]
    assert segments[0].window.end == segments[1].window.start == datetime(2011, 12, 30, 10, tzinfo=UTC)
    assert cut_days(DateRange(date(2011, 12, 30), date(2011, 12, 30)), "daily", "Pacific/Apia") == ()
    (week,) = cut_days(DateRange(date(2011, 12, 26), date(2012, 1, 1)), "weekly", "Pacific/Apia")
    assert week.window.end - week.window.start == timedelta(days=6)
    assert not week.is_short


def test_months_are_calendar_months_and_quarters_calendar_quarters() -> None:
    """Once a month was 30 days and a quarter 90, and neighbours shared their boundary day."""
    days = DateRange(date(2025, 11, 15), date(2026, 4, 10))
    months = cut_days(days, "monthly", "UTC")
    assert [one.days.days for one in months] == [16, 31, 31, 28, 31, 10]
    assert [one.cut for one in months] == ["start", "", "", "", "", "end"]
    quarters = cut_days(days, "quarterly", "UTC")
    assert [str(one.days.start) for one in quarters] == ["2025-11-15", "2026-01-01", "2026-04-01"]
    assert all(a.days.end < b.days.start for a, b in pairwise(months))


def test_weeks_begin_where_they_are_told_to() -> None:
    days = DateRange(date(2026, 3, 4), date(2026, 3, 20))  # a Wednesday and a Friday
    starts = {
        name: [one.days.start.day for one in cut_days(days, "weekly", "UTC", name)]
        for name in ("monday", "sunday", "wednesday", FROM_START)
    }
    assert starts == {
        "monday": [4, 9, 16],
        "sunday": [4, 8, 15],
        "wednesday": [4, 11, 18],
        FROM_START: [4, 11, 18],
    }
    (only,) = cut_days(DateRange(date(2026, 3, 4), date(2026, 3, 5)), "weekly", "UTC")
    assert only.cut == "both"
    with pytest.raises(ValueError, match="the day to count from"):
        unit_of(date(2026, 3, 4), "weekly", FROM_START)


def test_a_segment_in_json() -> None:
    (one,) = cut_days(DateRange(date(2026, 3, 2), date(2026, 3, 4)), "weekly", "Europe/Berlin")
    assert one.to_json() == {
        "first_day": "2026-03-02",
        "last_day": "2026-03-04",
        "time_window": {
            "start": "2026-03-02T00:00:00",
            "end": "2026-03-05T00:00:00",
            "time_zone": "Europe/Berlin",
        },
        "is_short": True,
        "cut": "end",
    }
