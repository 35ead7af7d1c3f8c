"""The delay that spreads firings."""

from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.errors import Invalid
from reportbuilder.schedules.cronlines import CronLine
from reportbuilder.schedules.jitter import LONGEST, read_jitter, starts_at
from reportbuilder.schedules.patterns import Daily
from reportbuilder.schedules.recurrence import Recurrence

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DELAYS = st.timedeltas(timedelta(), LONGEST)


@given(st.text(max_size=20), DELAYS, st.sampled_from(["* * * * *", "*/7 1-3 * * *", "0 2 * * *"]))
def test_a_start_comes_before_the_next_due_time_and_in_order(
    schedule_id: str, longest: timedelta, line: str
) -> None:
    dues = [each.due_at for each in islice(Recurrence(CronLine(line)).occurrences(NOON), 12)]
    starts = [starts_at(schedule_id, due, later, longest) for due, later in pairwise(dues)]
    assert starts == sorted(starts)
    for (due, later), start in zip(pairwise(dues), starts, strict=True):
        assert due <= start < later
        assert start - due <= longest
    last = starts_at(schedule_id, dues[-1], None, longest)
    assert timedelta() <= last - dues[-1] <= longest


def test_the_same_schedule_and_due_time_start_at_the_same_instant_everywhere() -> None:
    found = starts_at("sch_0123456789ab", NOON, None, timedelta(minutes=10))
    assert found == datetime(2026, 3, 4, 12, 3, 42, 802348, tzinfo=UTC)  # a figure, so that processes agree
    berlin = NOON.astimezone(ZoneInfo("Europe/Berlin"))
    assert starts_at("sch_0123456789ab", berlin, None, timedelta(minutes=10)) == found


def test_a_thousand_schedules_are_spread_evenly() -> None:
    starts = [starts_at(f"sch_{n:012x}", NOON, None, timedelta(minutes=10)) - NOON for n in range(1000)]
    by_minute = [
        sum(minute <= start / timedelta(minutes=1) < minute + 1 for start in starts) for minute in range(10)
    ]
    assert sum(by_minute) == 1000
    assert min(by_minute) > 60
    assert max(by_minute) < 140


def test_one_schedule_does_not_always_start_at_the_same_minute() -> None:
    daily = islice(Recurrence(Daily(time(2))).occurrences(NOON), 30)
    delays = {starts_at("sch_0123456789ab", each.due_at, None, LONGEST) - each.due_at for each in daily}
    assert len(delays) == 30


def test_minutes_are_read() -> None:
    assert [read_jitter(value) for value in (None, 0, 60)] == [timedelta(), timedelta(), LONGEST]
    for wrong in (-1, 61, True, "5", 1.5):
        with pytest.raises(Invalid, match="give 0 to 60"):
            read_jitter(wrong)
