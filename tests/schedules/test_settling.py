"""Settling: recent windows are run again until they are final."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.parameters.finality import Finality, final_from, finality
from reportbuilder.parameters.windows import Window, warn_of_window
from reportbuilder.schedules.patterns import Daily, Monthly, Pattern, Weekly
from reportbuilder.schedules.recurrence import Recurrence
from reportbuilder.schedules.rolling import window_of
from reportbuilder.schedules.settling import Run, expected_reruns, to_settle

AUGUST = Window.of_days(date(2026, 8, 1), date(2026, 8, 31), "America/New_York")
SETTLED = datetime(2026, 9, 14, 4, tzinfo=UTC)  # midnight in New York
SECOND = timedelta(seconds=1)


def test_a_window_is_final_when_its_last_day_is_fourteen_days_old() -> None:
    assert final_from(AUGUST) == SETTLED
    assert finality(AUGUST, SETTLED) is Finality.FINAL
    assert finality(AUGUST, SETTLED - SECOND) is Finality.PRELIMINARY
    assert finality(AUGUST, datetime(2026, 9, 3, 4, tzinfo=UTC), settle_days=3) is Finality.FINAL


@given(st.integers(-40, 40))
def test_a_final_window_is_one_that_nothing_is_said_against(hours: int) -> None:
    at = SETTLED + timedelta(hours=hours)
    assert (finality(AUGUST, at) is Finality.FINAL) == (not warn_of_window(AUGUST, as_of=at))


def test_windows_of_settled_days_are_final_at_once() -> None:
    assert finality(window_of(SETTLED, None, default_zone="UTC"), SETTLED) is Finality.FINAL


def _day(number: int) -> Window:
    return Window.of_days(date(2026, 8, number), date(2026, 8, number))


def test_what_has_no_final_run_is_run_again_and_the_rest_is_not() -> None:
    at = datetime(2026, 8, 20, 2, tzinfo=UTC)
    runs = [
        Run(_day(1), datetime(2026, 8, 14, 2, tzinfo=UTC)),  # preliminary, and then
        Run(_day(1), datetime(2026, 8, 15, tzinfo=UTC)),  # at the first instant that is final
        Run(_day(5), datetime(2026, 8, 18, 2, tzinfo=UTC)),  # preliminary; final if it is run now
        Run(_day(18), datetime(2026, 8, 19, 2, tzinfo=UTC)),
        Run(_day(19), datetime(2026, 8, 20, 1, tzinfo=UTC)),  # run by hand just now, and this firing's own
    ]
    found = to_settle(runs, at, own=_day(19))
    assert [(each.window, each.finality) for each in found] == [
        (_day(18), Finality.PRELIMINARY),
        (_day(5), Finality.FINAL),
    ]
    assert to_settle(reversed(runs), at, own=_day(19)) == found
    assert to_settle([], at) == []


CADENCES: list[tuple[Pattern, dict[str, Any]]] = [
    (Daily(time(0)), {"preset": "last_full_day", "lag_days": 2}),
    (Daily(time(2)), {"preset": "last_full_day", "lag_days": 1}),
    (Daily(time(0, 30)), {"preset": "last_7_days", "lag_days": 0}),
    (Daily(time(2)), {"preset": "last_full_day", "lag_days": 14}),
    (Daily(time(23)), {"preset": "last_full_week", "lag_days": 3}),
    (Weekly(time(3)), {"preset": "last_full_week", "lag_days": 0}),
    (Monthly(time(4)), {"preset": "last_full_month", "lag_days": 0}),
]


@pytest.mark.parametrize(("pattern", "wish"), CADENCES)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_each_window_ends_in_one_final_run_as_was_foretold(
    pattern: Pattern, wish: dict[str, Any], zone: str
) -> None:
    begin = datetime(2026, 9, 10, tzinfo=UTC)  # over a change of clocks
    recurrence = Recurrence(pattern, zone, start=begin.date())
    window_at = partial(window_of, wish=wish, default_zone=zone)
    runs: list[Run] = []
    for due in recurrence.between(begin - SECOND, begin + timedelta(days=70)):
        own = window_at(due)
        again = to_settle(runs, due, own=own)
        assert again == list(expected_reruns(recurrence, due, window_at))
        runs += [Run(window, due) for window in (own, *(each.window for each in again))]
        last_due = due
    for window in {run.window for run in runs}:
        worth = [finality(window, run.as_of) for run in runs if run.window == window]
        after_its_firing = worth[: worth.index(Finality.FINAL)] if Finality.FINAL in worth else worth
        assert set(after_its_firing) <= {Finality.PRELIMINARY}
        if final_from(window) <= last_due:
            assert worth[-1] is Finality.FINAL


def test_a_daily_run_of_yesterday_brings_twelve_more_preliminary_runs_and_a_final_one() -> None:
    window_at = partial(window_of, wish={"preset": "last_full_day", "lag_days": 1}, default_zone="UTC")
    found = list(expected_reruns(Recurrence(Daily(time(2))), datetime(2026, 9, 14, 2, tzinfo=UTC), window_at))
    assert [each.finality for each in found] == [Finality.PRELIMINARY] * 12 + [Finality.FINAL]
