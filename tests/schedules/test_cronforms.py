"""Presets as cron lines."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.schedules.cronforms import cron_expression, schedule_type
from reportbuilder.schedules.cronlines import CronLine
from reportbuilder.schedules.models import SCHEDULE_TYPES
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

TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "kind", "line"),
    [
        (Daily(time(2)), "daily", "0 2 * * *"),
        (BusinessDays(time(2)), "custom", "0 2 * * 1-5"),
        (Weekly(time(3)), "weekly", "0 3 * * 1"),
        (Weekly(time(3, 5), (0, 6)), "weekly", "5 3 * * 1,7"),
        (Monthly(time(4)), "monthly", "0 4 1 * *"),
        (Monthly(time(4), None), "monthly", "0 4 L * *"),
        (Monthly(time(4), 29), "monthly", None),
        (Quarterly(time(5)), "quarterly", "0 5 1 1,4,7,10 *"),
        (Quarterly(time(5), None), "quarterly", "0 5 L 3,6,9,12 *"),
        (Quarterly(time(5), 31), "quarterly", None),
        (FirstBusinessDay(time(4)), "custom", None),
        (Biweekly(time(3), anchor=BEGIN.date()), "custom", None),
        (CronLine("*/5 * * * *"), "custom", "*/5 * * * *"),
    ],
)
def test_what_the_columns_say(pattern: Pattern, kind: str, line: str | None) -> None:
    assert (schedule_type(pattern), cron_expression(pattern)) == (kind, line)
    assert kind in SCHEDULE_TYPES


@given(
    st.one_of(
        st.builds(Daily, TIMES),
        st.builds(BusinessDays, TIMES),
        st.builds(
            Weekly, TIMES, st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
        ),
        st.builds(Monthly, TIMES, st.none() | st.integers(1, 28)),
        st.builds(Quarterly, TIMES, st.none() | st.integers(1, 30)),
    )
)
def test_the_line_is_due_when_the_preset_is(pattern: Pattern) -> None:
    line = cron_expression(pattern)
    assert line is not None
    until = BEGIN + timedelta(days=400)
    expected = list(Recurrence(pattern, "America/New_York").between(BEGIN, until))
    assert list(Recurrence(CronLine(line), "America/New_York").between(BEGIN, until)) == expected
