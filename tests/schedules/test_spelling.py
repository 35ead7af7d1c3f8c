"""Recurrences as JSON and in words."""

from contextlib import suppress
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.errors import Invalid
from reportbuilder.schedules.cronlines import CronLine
from reportbuilder.schedules.patterns import WEEKDAYS, Biweekly, Monthly, Weekly
from reportbuilder.schedules.recurrence import Recurrence
from reportbuilder.schedules.spelling import TYPES, read_recurrence, write_recurrence
from reportbuilder.schedules.wording import describe

MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"type": "daily"}, "every day at 02:00, UTC"),
        ({"type": "business_days"}, "every day from Monday to Friday at 02:00, UTC"),
        ({"type": "weekly", "timezone": "America/New_York"}, "every Monday at 03:00, New York"),
        (
            {"type": "weekly", "weekdays": ["friday", "monday", "Wednesday"], "time": "7:05"},
            "every Monday, Wednesday and Friday at 07:05, UTC",
        ),
        (
            {"type": "biweekly", "weekdays": "tuesday"},
            "Tuesday of every second week, counted from that of 2026-03-02 at 03:00, UTC",
        ),
        ({"type": "monthly"}, "the 1st of every month at 04:00, UTC"),
        ({"type": "monthly", "day": "31"}, "the 31st of every month, or its last day, at 04:00, UTC"),
        ({"type": "monthly", "day": "last"}, "the last day of every month at 04:00, UTC"),
        ({"type": "first_business_day"}, "the first of Monday to Friday in every month at 04:00, UTC"),
        ({"type": "quarterly"}, "the 1st of January, April, July and October at 05:00, UTC"),
        ({"type": "quarterly", "day": "last"}, "the last day of every quarter at 05:00, UTC"),
        ({"type": "cron", "cron": "0  2 * * 1-5"}, "at 02:00 on Monday through Friday, UTC"),
        (
            {
                "type": "daily",
                "timezone": "America/Argentina/Buenos_Aires",
                "start": "2026-03-04",
                "end": "2026-04-01",
            },
            "every day at 02:00, Buenos Aires, from 2026-03-04, until 2026-04-01",
        ),
        ({"type": "daily", "timezone": "Etc/GMT+5"}, "every day at 02:00, Etc/GMT+5"),
    ],
)
def test_types_their_usual_times_and_their_words(data: dict[str, Any], words: str) -> None:
    assert describe(read_recurrence(data, today=MONDAY)) == words


def test_every_type_can_be_read() -> None:
    for kind in TYPES:
        data = {"type": kind, **({"cron": "0 0 * * *"} if kind == "cron" else {})}
        assert read_recurrence(data, today=MONDAY).pattern.kind == kind


def test_the_zone_and_the_anchor_have_defaults() -> None:
    read = read_recurrence(
        {"type": "biweekly", "start": "2026-03-12"}, default_zone="Asia/Tokyo", today=MONDAY
    )
    assert read == Recurrence(
        Biweekly(time(3), anchor=date(2026, 3, 12)), "Asia/Tokyo", start=date(2026, 3, 12)
    )
    assert read_recurrence({"type": "biweekly"}, today=MONDAY).pattern == Biweekly(time(3), anchor=MONDAY)
    with pytest.raises(Invalid, match="day of a week that counts"):
        read_recurrence({"type": "biweekly"})


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        ({}, "type", "is missing; give one of daily, "),
        ({"type": "dayly"}, "type", '"dayly" is not a type of schedule; did you mean daily'),
        ({"type": ["daily"]}, "type", "is not a type"),
        ({"type": "daily", "day": 3}, "day", "has no meaning for daily; leave it out"),
        ({"type": "weekly", "weekday": "monday"}, "weekday", "did you mean weekdays"),
        ({"type": "weekly", "weekdays": ["mon"]}, "weekdays", '"mon" is not a weekday; give some of monday'),
        ({"type": "weekly", "weekdays": []}, "weekdays", "is no list of weekdays"),
        ({"type": "weekly", "weekdays": 1}, "weekdays", "1 is no list of weekdays"),
        ({"type": "daily", "time": "24:00"}, "time", '"24:00" is not a time of day; write it as HH:MM'),
        ({"type": "daily", "time": 2}, "time", "2 is not a time of day"),
        ({"type": "monthly", "day": 0}, "day", "0 is not a day of a month; give 1 to 31, or last"),
        ({"type": "monthly", "day": True}, "day", "true is not a day of a month"),
        ({"type": "monthly", "day": "32"}, "day", "32 is not a day of a month"),
        ({"type": "daily", "start": "2026-02-30"}, "start", "is not in the calendar"),
        ({"type": "daily", "start": "1.3.2026"}, "start", "write it as YYYY-MM-DD"),
        ({"type": "daily", "end": "9999-12-31"}, "end", "out of reach; give a day from 2000-01-01"),
        ({"type": "daily", "start": "2026-03-02", "end": "2026-03-01"}, "end", "take a later day"),
        ({"type": "daily", "timezone": "Berlin"}, "timezone", '"Berlin" is not a time zone'),
        ({"type": "daily", "timezone": 7}, "timezone", "7 is not text"),
        ({"type": "cron"}, "cron", "is missing; give five fields"),
        ({"type": "cron", "cron": 5}, "cron", "5 is not text"),
        ({"type": "cron", "cron": "@daily"}, "cron", "has 1 fields; give five: minute, hour"),
        ({"type": "cron", "cron": "0 0 0 * * *"}, "cron", "has 6 fields"),
        ({"type": "cron", "cron": "60 * * * *"}, "cron", '"60" is no minute; give 0-59'),
        ({"type": "cron", "cron": "0 24 * * *"}, "cron", '"24" is no hour; give 0-23'),
        ({"type": "cron", "cron": "0 0 0 * *"}, "cron", '"0" is no day of month; give 1-31'),
        ({"type": "cron", "cron": "0 0 * 13 *"}, "cron", '"13" is no month; give 1-12'),
        (
            {"type": "cron", "cron": "0 0 * * sat-sun"},
            "cron",
            "is no day of week; give 0-7 (0 and 7 are Sunday)",
        ),
        ({"type": "cron", "cron": "*/0 * * * *"}, "cron", '"*/0" is no minute'),
        ({"type": "cron", "cron": "0 0 31 2,4,6 *"}, "cron", "names a day that never comes"),
        ({"type": "cron", "cron": "0," * 200 + "0 * * * *"}, "cron", "is longer than 200 characters"),
    ],
)
def test_what_is_wrong_is_named_with_its_value_and_the_way_out(
    data: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(Invalid) as error:
        read_recurrence(data)
    assert reason in error.value.details[field][0]


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Invalid) as error:
        read_recurrence(
            {"type": "monthly", "day": 40, "time": "noon", "timezone": "x/y", "cron": "0 0 * * *"}
        )
    assert set(error.value.details) == {"day", "time", "timezone", "cron"}


DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
COMMON = {"timezone": st.sampled_from(["UTC", "Europe/Berlin"]), "start": DAYS.map(str)}
TIME = st.times().map(lambda at: f"{at:%H:%M}")
WEEKLY = {"time": TIME, "weekdays": st.lists(st.sampled_from(WEEKDAYS), min_size=1)}
MONTHLY = {"time": TIME, "day": st.one_of(st.integers(1, 31), st.just("last"))}


def _wishes(kind: str, **keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind)}, optional=COMMON | keys)


@given(
    st.one_of(
        *(_wishes(kind, time=TIME) for kind in ("daily", "business_days", "first_business_day")),
        _wishes("weekly", **WEEKLY),
        _wishes("biweekly", **WEEKLY, anchor=DAYS.map(str)),
        *(_wishes(kind, **MONTHLY) for kind in ("monthly", "quarterly")),
        st.just({"type": "cron", "cron": "*/5 9-17 * jan-mar mon-fri"}),
    )
)
def test_what_is_written_is_read_back(wish: dict[str, Any]) -> None:
    recurrence = read_recurrence(wish, today=MONDAY)
    written = write_recurrence(recurrence)
    assert read_recurrence(written) == recurrence
    assert write_recurrence(read_recurrence(written)) == written
    assert all(written[key] == wish[key] for key in ("time", "anchor", "day", "start") if key in wish)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(["time", "weekdays", "day", "anchor", "cron", "timezone", "start", "end", "x"])


@given(st.sampled_from(TYPES), st.dictionaries(KEYS, JSON))
def test_nothing_but_invalid_comes_of_any_json(kind: str, data: dict[str, Any]) -> None:
    try:
        recurrence = read_recurrence({"type": kind, **data}, today=MONDAY)
    except Invalid:
        return
    assert read_recurrence(write_recurrence(recurrence)) == recurrence


@given(st.text(alphabet="0123456789*/,-#LWlwsunmofrijan ²½\t", max_size=20).map(lambda text: text + " * * *"))
def test_any_text_is_a_cron_line_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        line = CronLine(text)
        assert CronLine(line.text) == line
        assert describe(Recurrence(line))


def test_patterns_are_values() -> None:
    assert Weekly(time(3)) == Weekly(time(3), (0,))
    assert Monthly(time(4)) != Monthly(time(4), None)
