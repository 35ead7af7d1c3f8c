"""Every date expression tiles the calendar: no day in two, none in no period, in any zone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportbuilder.errors import Invalid
from reportbuilder.parameters import DateRange, Window, resolve_expression
from reportbuilder.parameters.dates import (
    EXPRESSIONS,
    read_expression,
    read_relative_day,
    resolve_days,
    resolve_relative_day,
    start_of_day,
)

quick = settings(max_examples=80, deadline=None)
DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))
# With clocks that change at midnight, by half an hour, and one that skipped a whole day.
ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/Havana",
        "America/Sao_Paulo",
        "Asia/Kolkata",
        "Asia/Tokyo",
        "Asia/Beirut",
        "Africa/Cairo",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Chatham",
    ]
)
ONE = timedelta(days=1)


@pytest.mark.parametrize(
    ("expression", "start", "end"),
    [
        ("today", "2025-08-13", "2025-08-13"),
        ("yesterday", "2025-08-12", "2025-08-12"),
        ("last_7_days", "2025-08-07", "2025-08-13"),
        ("last_30_days", "2025-07-15", "2025-08-13"),
        ("last_90_days", "2025-05-16", "2025-08-13"),
        ("last_1_days", "2025-08-13", "2025-08-13"),
        ("this_week", "2025-08-11", "2025-08-17"),
        ("last_week", "2025-08-04", "2025-08-10"),
        ("this_month", "2025-08-01", "2025-08-31"),
        ("last_month", "2025-07-01", "2025-07-31"),
        ("this_quarter", "2025-07-01", "2025-09-30"),
        ("last_quarter", "2025-04-01", "2025-06-30"),
        ("this_year", "2025-01-01", "2025-12-31"),
        ("last_year", "2024-01-01", "2024-12-31"),
        ("mtd", "2025-08-01", "2025-08-13"),
        ("qtd", "2025-07-01", "2025-08-13"),
        ("ytd", "2025-01-01", "2025-08-13"),
    ],
)
def test_expression_on_a_wednesday(expression: str, start: str, end: str) -> None:
    found = resolve_days(expression, date(2025, 8, 13))
    assert found == DateRange(date.fromisoformat(start), date.fromisoformat(end))
    assert found.to_json() == {"start": start, "end": end}


@pytest.mark.parametrize(
    ("today", "expression", "start", "end"),
    [
        ("2024-03-01", "last_month", "2024-02-01", "2024-02-29"),
        ("2025-01-05", "last_quarter", "2024-10-01", "2024-12-31"),
        ("2025-01-01", "last_week", "2024-12-23", "2024-12-29"),
        ("2025-01-01", "last_month", "2024-12-01", "2024-12-31"),
    ],
)
def test_expression_across_a_year_or_a_leap_day(today: str, expression: str, start: str, end: str) -> None:
    found = resolve_days(expression, date.fromisoformat(today))
    assert found.to_json() == {"start": start, "end": end}


@pytest.mark.parametrize("period", ["week", "month", "quarter", "year"])
@given(today=DAYS, zone=ZONES)
@quick
def test_periods_tile_the_calendar(period: str, today: date, zone: str) -> None:
    this = resolve_days(f"this_{period}", today)
    last = resolve_days(f"last_{period}", today)
    assert this.start <= today <= this.end, "the day is in its own period"
    assert last.end + ONE == this.start, "the one before ends where this one starts"
    assert resolve_days(f"this_{period}", this.start) == this == resolve_days(f"this_{period}", this.end)
    assert resolve_days(f"last_{period}", this.end + ONE) == this
    before, now = Window.of_days(last.start, last.end, zone), Window.of_days(this.start, this.end, zone)
    assert before.end == now.start, "as instants they abut exactly"
    assert now.days == this


@given(today=DAYS, zone=ZONES)
@quick
def test_each_day_belongs_to_exactly_one_yesterday(today: date, zone: str) -> None:
    yesterday, next_yesterday = resolve_days("yesterday", today), resolve_days("yesterday", today + ONE)
    assert yesterday.start == yesterday.end == today - ONE
    assert next_yesterday == resolve_days("today", today)
    assert start_of_day(yesterday.end + ONE, zone) == start_of_day(next_yesterday.start, zone)


@given(today=DAYS, days=st.integers(1, 400), zone=ZONES)
@quick
def test_last_n_days_are_n_days_and_tile(today: date, days: int, zone: str) -> None:
    found = resolve_days(f"last_{days}_days", today)
    assert (found.days, found.end) == (days, today)
    assert resolve_days(f"last_{days}_days", found.start - ONE).end + ONE == found.start


@pytest.mark.parametrize(("expression", "period"), [("mtd", "month"), ("qtd", "quarter"), ("ytd", "year")])
@given(today=DAYS)
@quick
def test_to_date_is_the_period_up_to_today(expression: str, period: str, today: date) -> None:
    whole = resolve_days(f"this_{period}", today)
    assert resolve_days(expression, today) == DateRange(whole.start, today)


@given(days=st.integers(0, 36_000), seconds=st.integers(0, 86_399), zone=ZONES)
@quick
def test_the_zone_decides_which_day_it_is(days: int, seconds: int, zone: str) -> None:
    as_of = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(days=days, seconds=seconds)
    today = resolve_expression("today", as_of=as_of, zone=zone)
    assert start_of_day(today.start, zone) <= as_of < start_of_day(today.end + ONE, zone)


def test_one_instant_is_two_days_in_two_zones() -> None:
    as_of = datetime(2025, 8, 1, 3, 0, tzinfo=UTC)
    assert resolve_expression("last_month", as_of=as_of, zone="UTC").to_json()["start"] == "2025-07-01"
    assert (
        resolve_expression("last_month", as_of=as_of, zone="America/New_York").to_json()["start"]
        == "2025-06-01"
    )


@pytest.mark.parametrize(
    "expression", ["last_month_or_so", "lst_30_days", "", "last_0_days", "last_401_days", "CURRENT_DATE - 30"]
)
def test_an_unknown_expression_is_refused_and_never_becomes_thirty_days(expression: str) -> None:
    with pytest.raises(Invalid) as caught:
        resolve_expression(expression, as_of=datetime(2025, 8, 13, tzinfo=UTC), zone="UTC")
    assert f'"{expression}"' in caught.value.message


def test_a_refusal_names_the_nearest_expressions_and_zones() -> None:
    as_of = datetime(2025, 8, 13, tzinfo=UTC)
    with pytest.raises(Invalid, match="last_30_days"):
        resolve_expression("last_30_day", as_of=as_of, zone="UTC")
    with pytest.raises(Invalid, match="Europe/Berlin"):
        resolve_expression("today", as_of=as_of, zone="Europe/Berln")


@pytest.mark.parametrize("zone", ["../etc/passwd", "Europe", "", "posix/UTC", "GMT+25"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(Invalid, match="not a time zone"):
        resolve_expression("today", as_of=datetime(2025, 8, 13, tzinfo=UTC), zone=zone)


def test_a_naive_instant_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="aware"):
        resolve_expression("today", as_of=datetime(2025, 8, 13), zone="UTC")  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("word", EXPRESSIONS)
def test_spelling_is_free_but_stored_in_one_way(word: str) -> None:
    assert read_expression(f" {word.replace('_', ' ').title()} ") == word == read_expression(word)


@pytest.mark.parametrize(
    ("text", "word", "day"),
    [
        ("today", "today", "2025-03-01"),
        ("Yesterday", "yesterday", "2025-02-28"),
        ("today - 007", "today-7", "2025-02-22"),
        ("today-0", "today", "2025-03-01"),
    ],
)
def test_relative_days(text: str, word: str, day: str) -> None:
    assert read_relative_day(text) == word
    assert resolve_relative_day(word, date(2025, 3, 1)).isoformat() == day


def test_other_text_is_no_relative_day() -> None:
    assert read_relative_day("tomorrow") is None
    assert read_relative_day("today-1000") is None
