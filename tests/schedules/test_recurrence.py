"""Due times: in every zone of the tz database over ten years, compared with a walk minute by minute."""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.errors import Invalid
from reportbuilder.schedules.cronlines import CronLine
from reportbuilder.schedules.patterns import (
    Biweekly,
    BusinessDays,
    Daily,
    FirstBusinessDay,
    Monthly,
    Pattern,
    Quarterly,
    Weekly,
)
from reportbuilder.schedules.recurrence import Recurrence
from tests.schedules.clockchanges import FIRST, LAST, MINUTE, Change, every_change, firings, ten_years, walk

Wanted = Callable[[datetime], bool]
REACH = timedelta(hours=4)  # to both sides of a change; the widest gap of the ten years has three hours


def _always(_: date) -> bool:
    return True


def _at(hour: int, minute: int) -> Wanted:
    return lambda local: (local.hour, local.minute) == (hour, minute)


# Written a second time, on purpose without a line of the code under test.
FIXED: list[tuple[Pattern, Wanted]] = [
    (CronLine("* * * * *"), _always),
    (CronLine("*/20 * * * *"), lambda local: local.minute in (0, 20, 40)),
    (
        CronLine("45 1-3 * * 0"),
        lambda local: local.minute == 45 and local.hour in (1, 2, 3) and local.isoweekday() == 7,
    ),
    (CronLine("15 0,23 * * *"), lambda local: local.minute == 15 and local.hour in (0, 23)),
    (Weekly(time(2, 30), (6,)), lambda local: _at(2, 30)(local) and local.isoweekday() == 7),
    (BusinessDays(time(0, 15)), lambda local: _at(0, 15)(local) and local.isoweekday() not in (6, 7)),
    (Monthly(time(2, 10), None), lambda local: _at(2, 10)(local) and (local + timedelta(days=1)).day == 1),
]


def _at_the_edges(change: Change) -> list[tuple[Pattern, Wanted]]:
    """Return daily runs around, at both ends of and within what is skipped or doubled."""
    low, high = sorted((change.at + change.before, change.at + change.after))
    edges = (low - MINUTE, low, low + 10 * MINUTE, high - MINUTE, high)
    return [(Daily(time(at.hour, at.minute)), _at(at.hour, at.minute)) for at in edges]


def test_every_change_of_clocks_in_every_zone_over_ten_years() -> None:
    changes = every_change()
    assert len(changes) > 500  # the tz database is there, and has what it had
    for change, zone in changes.items():
        start, end = change.at.replace(second=0) - REACH, change.at.replace(second=0) + REACH
        steps = walk(zone, start, end)
        for pattern, wanted in [*FIXED, *_at_the_edges(change)]:
            expected = firings(steps, wanted)
            recurrence = Recurrence(pattern, zone)
            assert list(recurrence.between(start, end)) == expected, (zone, change, pattern)


def test_forwards_and_backwards_agree_around_every_change() -> None:
    for change, zone in every_change().items():
        recurrence = Recurrence(CronLine("*/30 * * * *"), zone)
        dues = list(recurrence.between(change.at - REACH, change.at + REACH))
        for before, after in pairwise(dues):
            middle = before + (after - before) / 2
            for at in (middle, after):
                assert recurrence.previous(at) == before, (zone, at)
            for at in (before, middle):
                assert recurrence.next_after(at) == after, (zone, at)


def test_a_daily_run_in_every_zone_over_ten_years() -> None:
    """Each local day has one run, at the wall's time or at the end of the gap that swallows it."""
    for (offset, changes), names in ten_years().items():
        expected, day = [], date(2019, 1, 2)
        while day < date(2028, 12, 30):
            local = datetime.combine(day, time(2, 30), tzinfo=UTC)
            expected.append(_instant(local, offset, changes))
            day += timedelta(days=1)
        found = Recurrence(Daily(time(2, 30)), names[-1], date(2019, 1, 2), date(2028, 12, 29))
        assert list(found.between(FIRST, LAST)) == expected, names


def _instant(local: datetime, offset: timedelta, changes: tuple[Change, ...]) -> datetime:
    """Return the first instant whose clocks show ``local`` or more, from a list of changes alone."""
    for change in changes:
        if local - offset < change.at:
            return local - offset
        if local - change.after < change.at:
            return change.at
        offset = change.after
    return local - offset


ZONES = st.sampled_from(sorted(available_timezones()))
INSTANTS = st.integers(0, 9 * 366 * 24 * 3600).map(lambda seconds: FIRST + timedelta(seconds=seconds))
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
WEEKDAYS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
ANCHOR = date(2024, 2, 29)
DayWanted = Callable[[date], bool]


def _week_counts(day: date) -> bool:
    """Say whether an even number of Mondays lies between the day's week and the anchor's."""
    return (day.toordinal() - 1) // 7 % 2 == (ANCHOR.toordinal() - 1) // 7 % 2


def _tomorrow(day: date) -> date:
    return day + timedelta(days=1)


def _is(number: int | None) -> DayWanted:
    """Return the test for a day of the month, or the last if the month is shorter."""
    return lambda day: (_tomorrow(day).day == 1 and day.day <= (number or 31)) or day.day == number


def _first_of_three(day: date) -> bool:
    before = [day - timedelta(days=n) for n in range(1, day.day)]
    return day.isoweekday() < 6 and all(each.isoweekday() > 5 for each in before)


def _quarterly(number: int | None) -> DayWanted:
    months = (1, 4, 7, 10) if number else (3, 6, 9, 12)
    return lambda day: day.month in months and _is(number)(day)


DAYS = st.one_of(st.none(), st.integers(1, 31))
PRESETS: st.SearchStrategy[tuple[Pattern, time, DayWanted]] = st.one_of(
    TIMES.map(lambda at: (Daily(at), at, _always)),
    TIMES.map(lambda at: (BusinessDays(at), at, lambda day: day.isoweekday() < 6)),
    TIMES.map(lambda at: (FirstBusinessDay(at), at, _first_of_three)),
    st.builds(lambda at, on: (Weekly(at, on), at, lambda day: day.isoweekday() - 1 in on), TIMES, WEEKDAYS),
    st.builds(
        lambda at, on: (
            Biweekly(at, weekdays=on, anchor=ANCHOR),
            at,
            lambda day: day.isoweekday() - 1 in on and _week_counts(day),
        ),
        TIMES,
        WEEKDAYS,
    ),
    st.builds(lambda at, day: (Monthly(at, day), at, _is(day)), TIMES, DAYS),
    st.builds(lambda at, day: (Quarterly(at, day), at, _quarterly(day)), TIMES, DAYS),
)


@given(PRESETS, ZONES, INSTANTS)
def test_presets_are_due_on_the_days_that_a_calendar_shows(
    preset: tuple[Pattern, time, DayWanted], zone: str, at: datetime
) -> None:
    pattern, at_time, wanted = preset
    found = [each.wanted[0] for each in islice(Recurrence(pattern, zone).occurrences(at), 5)]
    expected: list[datetime] = []
    day = at.date() - timedelta(days=3)
    while len(expected) < 12:
        if wanted(day):
            expected.append(datetime.combine(day, at_time))
        day = _tomorrow(day)
    where = expected.index(found[0])
    assert found == expected[where : where + 5]


@pytest.mark.parametrize(
    ("pattern", "days"),
    [
        (Monthly(time(4), 31), ["01-31", "02-28", "03-31", "04-30"]),
        (Monthly(time(4), 30), ["01-30", "02-28", "03-30", "04-30"]),
        (Monthly(time(4), None), ["01-31", "02-28", "03-31", "04-30"]),
        (Quarterly(time(5), 31), ["01-31", "04-30", "07-31", "10-31"]),
        (Quarterly(time(5), None), ["03-31", "06-30", "09-30", "12-31"]),
        (FirstBusinessDay(time(4)), ["01-01", "02-02", "03-02", "04-01"]),
    ],
)
def test_months_that_are_too_short_run_on_their_last_day(pattern: Pattern, days: list[str]) -> None:
    found = islice(Recurrence(pattern).occurrences(datetime(2026, 1, 1, tzinfo=UTC)), 4)
    assert [f"{each.due_at:%m-%d}" for each in found] == days


@given(PRESETS)
def test_patterns_leave_out_the_time_that_they_start_from(preset: tuple[Pattern, time, DayWanted]) -> None:
    pattern = preset[0]
    first = next(pattern.after(datetime(2026, 1, 1)))  # noqa: DTZ001 - patterns know no zone
    second = next(pattern.after(first))
    assert first < second
    assert next(pattern.before(second)) == first


FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


@st.composite
def cron_terms(draw: st.DrawFn, low: int, high: int) -> tuple[str, set[int]]:
    """Return a field without ``*`` and the numbers that it means."""
    first, last = sorted((draw(st.integers(low, high)), draw(st.integers(low, high))))
    step = draw(st.integers(1, 9))
    return draw(
        st.sampled_from(
            [
                (str(first), {first}),
                (f"{first}-{last}", set(range(first, last + 1))),
                (f"{first}-{last}/{step}", set(range(first, last + 1, step)) if first < last else None),
                (f"{last},{first}", {first, last}),
            ]
        ).filter(lambda term: term[1] is not None)
    )  # type: ignore[return-value] # the filter takes None away


@st.composite
def cron_lines(draw: st.DrawFn) -> tuple[str, list[set[int] | None]]:
    """Return a line and the numbers of its fields, None for ``*``."""
    terms = [draw(st.one_of(st.just(("*", None)), cron_terms(low, high))) for low, high in FIELDS]
    return " ".join(text for text, _ in terms), [numbers for _, numbers in terms]


def _cron_matches(fields: list[set[int] | None], local: datetime) -> bool:
    minutes, hours, days, months, weekdays = fields
    here = {local.isoweekday(), local.isoweekday() % 7}
    by_day, by_weekday = days is None or local.day in days, weekdays is None or bool(here & weekdays)
    either = days is not None and weekdays is not None
    return (
        (minutes is None or local.minute in minutes)
        and (hours is None or local.hour in hours)
        and (months is None or local.month in months)
        and (by_day or by_weekday if either else by_day and by_weekday)
    )


@given(cron_lines(), ZONES, INSTANTS)
def test_cron_lines_are_due_at_the_minutes_that_match(
    line: tuple[str, list[set[int] | None]], zone: str, at: datetime
) -> None:
    text, fields = line
    if fields[2] and fields[3] and not fields[4] and not _calendar_has(fields[2], fields[3]):
        with pytest.raises(ValueError, match="never comes"):
            CronLine(text)
        return
    pattern = CronLine(text)
    at = at.replace(minute=0, second=0, microsecond=0)
    at += timedelta(hours=_quiet_hour(zone, at))
    steps = walk(zone, at, at + timedelta(days=1))
    expected = firings(steps, lambda local: _cron_matches(fields, local))
    assert list(Recurrence(pattern, zone).between(at, at + timedelta(days=1))) == expected


def _calendar_has(days: set[int], months: set[int]) -> bool:
    return any(monthrange(2024, month)[1] >= min(days) for month in months)


def _quiet_hour(zone: str, at: datetime) -> int:
    """Return the hours until no clock has changed for the last day, since a walk has to begin so."""

    def offset(hours: int) -> timedelta | None:
        return (at + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).utcoffset()

    return next(n for n in range(48) if offset(n) == offset(n - 25))


def test_weekdays_in_cron_count_from_sunday_and_end_with_it() -> None:
    sunday = datetime(2026, 3, 8, 12, tzinfo=UTC)
    for text in ("0 12 * * 0", "0 12 * * 7", "0 12 * * sun", "0 12 * * SUN"):
        assert Recurrence(CronLine(text)).next_after(sunday - MINUTE) == sunday
    monday = Recurrence(CronLine("0 12 * * 1-5")).next_after(sunday)
    assert monday == sunday + timedelta(days=1)


def test_day_of_month_and_weekday_are_an_or_unless_one_is_a_star() -> None:
    either = Recurrence(CronLine("0 0 13 * fri"))
    first = list(islice(either.occurrences(datetime(2026, 1, 31, tzinfo=UTC)), 5))
    assert [each.due_at.day for each in first] == [6, 13, 20, 27, 6]
    thirteenths = Recurrence(CronLine("0 0 13 * *"))
    assert thirteenths.next_after(datetime(2026, 2, 1, tzinfo=UTC)) == datetime(2026, 2, 13, tzinfo=UTC)


def test_a_day_that_the_calendar_of_a_zone_does_not_have_is_made_up_at_the_next_midnight() -> None:
    """Samoa went over the date line: no 30 December 2011."""
    day = Recurrence(CronLine("0 */6 * * *"), "Pacific/Apia")
    found = list(islice(day.occurrences(datetime(2011, 12, 30, 8, tzinfo=UTC)), 2))
    assert found[0].due_at == datetime(2011, 12, 30, 10, tzinfo=UTC)
    assert [local.day for local in found[0].wanted] == [30, 30, 30, 30, 31]
    assert found[1].due_at == datetime(2011, 12, 30, 16, tzinfo=UTC)


def test_three_times_in_one_gap_are_one_due_time() -> None:
    berlin = Recurrence(CronLine("*/30 2,3 * * *"), "Europe/Berlin")
    gap = datetime(2026, 3, 29, 1, tzinfo=UTC)
    first, second = islice(berlin.occurrences(gap - timedelta(hours=2)), 2)
    assert (first.due_at, [f"{each:%H:%M}" for each in first.wanted]) == (gap, ["02:00", "02:30", "03:00"])
    assert second.due_at == gap + timedelta(minutes=30)
    assert list(berlin.between(gap, gap)) == []
    assert list(berlin.between(gap - timedelta(hours=2), second.due_at)) == [gap, second.due_at]
    before = gap - timedelta(hours=23) + timedelta(minutes=30)  # 03:30 the day before
    assert (berlin.previous(gap), berlin.previous(gap + MINUTE)) == (before, gap)
    assert list(islice(berlin.backwards(second.due_at), 2)) == [gap, before]
    assert berlin.previous(second.due_at) == gap


def test_start_and_end_are_days_of_the_zone_and_belong_to_it() -> None:
    tokyo = Recurrence(Daily(time(8)), "Asia/Tokyo", date(2026, 3, 4), date(2026, 3, 5))
    long_ago, far_off = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    days = [datetime(2026, 3, 3, 23, tzinfo=UTC), datetime(2026, 3, 4, 23, tzinfo=UTC)]
    assert list(tokyo.between(long_ago, far_off)) == days
    assert (tokyo.next_after(days[-1]), tokyo.previous(days[0])) == (None, None)
    assert (tokyo.next_after(long_ago), tokyo.previous(far_off)) == tuple(days)
    assert list(tokyo.backwards(far_off)) == days[::-1]


@given(PRESETS, ZONES, INSTANTS)
def test_previous_undoes_next(preset: tuple[Pattern, time, DayWanted], zone: str, at: datetime) -> None:
    recurrence = Recurrence(preset[0], zone)
    due = recurrence.next_after(at)
    assert due is not None
    assert due > at
    later = recurrence.next_after(due)
    assert later is not None
    assert recurrence.previous(later) == due
    before = recurrence.previous(due)
    assert before is not None
    assert before <= at
    assert list(recurrence.between(before, later)) == [due, later]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(Invalid, match="not a time zone") as unknown:
        Recurrence(Daily(time(2)), "Europe/Berlyn")
    assert "Europe/Berlin" in unknown.value.details["timezone"][0]
    with pytest.raises(Invalid, match="comes before the start"):
        Recurrence(Daily(time(2)), start=date(2026, 3, 2), end=date(2026, 3, 1))
    with pytest.raises(ValueError, match="aware"):
        Recurrence(Daily(time(2))).next_after(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the mistake
