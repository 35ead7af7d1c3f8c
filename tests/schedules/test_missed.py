"""Each due time is fired or skipped, exactly once, however the scheduler comes and goes."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.schedules.cronlines import CronLine
from reportbuilder.schedules.missed import GRACE, SKIPPED, Verdict, skip_all, verdicts
from reportbuilder.schedules.patterns import Daily
from reportbuilder.schedules.policies import Missed, Policies
from reportbuilder.schedules.recurrence import Recurrence

MIDNIGHT = datetime(2026, 3, 4, tzinfo=UTC)
DAILY = Recurrence(Daily(time(2)))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _said(policies: Policies, *, days: int, late: timedelta = 3 * HOUR) -> list[str]:
    """Return the verdicts after so many days without a scheduler, which comes back some time after 02:00."""
    now = MIDNIGHT + days * DAY + 2 * HOUR + late
    found = verdicts(DAILY, policies, after=MIDNIGHT + 3 * HOUR, now=now)
    return [each.skipped or ("made up" if each.made_up else "fired") for each in found]


def test_a_due_time_is_fired_when_it_comes() -> None:
    for policy in Missed:
        assert _said(Policies(missed=policy), days=1, late=timedelta()) == ["fired"]
        assert _said(Policies(missed=policy), days=1, late=GRACE) == ["fired"]
        assert _said(Policies(missed=policy), days=0) == []


def test_skip_leaves_out_what_was_missed() -> None:
    assert _said(Policies(missed=Missed.SKIP), days=3) == ["missed"] * 3
    assert _said(Policies(missed=Missed.SKIP), days=3, late=HOUR / 60) == ["missed", "missed", "fired"]


def test_once_makes_up_one_run_unless_one_is_due_anyway() -> None:
    assert _said(Policies(missed=Missed.ONCE), days=3) == ["made_up", "made_up", "made up"]
    assert _said(Policies(missed=Missed.ONCE), days=3, late=HOUR / 60) == ["made_up", "made_up", "fired"]


def test_all_makes_up_the_latest_within_the_limit() -> None:
    policies = Policies(missed=Missed.ALL, missed_limit=2)
    assert _said(policies, days=4) == ["over_limit", "over_limit", "made up", "made up"]
    assert _said(policies, days=4, late=HOUR / 60) == ["over_limit", "made up", "made up", "fired"]
    assert _said(policies, days=1) == ["made up"]


def test_a_year_of_minutes_is_decided_one_by_one() -> None:
    minutes = Recurrence(CronLine("* * * * *"))
    for policy in Missed:
        found = verdicts(minutes, Policies(missed=policy), after=MIDNIGHT - 365 * DAY, now=MIDNIGHT)
        assert not next(found).is_fired


def test_nothing_is_due_for_a_clock_that_went_back() -> None:
    assert list(verdicts(DAILY, Policies(), after=MIDNIGHT + DAY, now=MIDNIGHT)) == []


def test_what_comes_while_paused_is_skipped_with_that_reason() -> None:
    found = list(skip_all(DAILY, after=MIDNIGHT, now=MIDNIGHT + 2 * DAY, reason="paused"))
    assert found == [Verdict(MIDNIGHT + n * DAY + 2 * HOUR, skipped="paused") for n in (0, 1)]
    with pytest.raises(ValueError, match="bored"):
        skip_all(DAILY, after=MIDNIGHT, now=MIDNIGHT, reason="bored")


POLICIES = st.builds(Policies, st.sampled_from(Missed), st.integers(1, 8))
RECURRENCES = st.builds(
    Recurrence,
    st.sampled_from([CronLine("*/3 * * * *"), CronLine("*/20 0-4 * * *"), Daily(time(2, 30))]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    start=st.sampled_from([None, date(2026, 3, 8)]),
    end=st.sampled_from([None, date(2026, 3, 9)]),
)


@given(
    RECURRENCES,
    POLICIES,
    st.lists(st.tuples(st.timedeltas(timedelta(), 12 * HOUR), st.integers(1, 40)), max_size=12),
)
def test_every_due_time_gets_one_verdict_however_often_one_looks(
    recurrence: Recurrence, policies: Policies, looks: list[tuple[timedelta, int]]
) -> None:
    """The scheduler looks after pauses of any length, and records a batch of any size each time."""
    begin = now = after = datetime(2026, 3, 7, 20, tzinfo=UTC)
    found: list[Verdict] = []
    for pause, batch in [*looks, (timedelta(), 10_000)]:
        now += pause
        taken = list(islice(verdicts(recurrence, policies, after=after, now=now), batch))
        assert sum(each.made_up for each in taken) <= _made_up_at_most(policies)
        assert all(each.is_fired and not each.made_up for each in taken if each.due_at >= now - GRACE)
        found += taken
        after = taken[-1].due_at if taken else after
    assert [each.due_at for each in found] == list(recurrence.between(begin, now))
    assert all(each.skipped in SKIPPED for each in found if not each.is_fired)


def _made_up_at_most(policies: Policies) -> int:
    return {Missed.SKIP: 0, Missed.ONCE: 1, Missed.ALL: policies.missed_limit}[policies.missed]


@given(RECURRENCES, st.timedeltas(HOUR, 40 * HOUR))
def test_after_an_outage_the_latest_missed_run_is_not_lost(recurrence: Recurrence, outage: timedelta) -> None:
    begin = datetime(2026, 3, 7, 20, tzinfo=UTC)
    for policy in (Missed.ONCE, Missed.ALL):
        found = list(verdicts(recurrence, Policies(missed=policy), after=begin, now=begin + outage))
        assert not found or found[-1].is_fired
