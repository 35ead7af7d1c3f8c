"""What the dialog foretells over changes of New York's clocks, against times worked out by hand."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from reportbuilder import clock
from tests.api.conftest import Callers
from tests.console.drafted import Drafted, choose, fill_backfill, make_draft
from tests.console.timely import schedule_form
from tests.console.visitors import Visitor

ROW = re.compile(
    r'<th scope="row" class="nowrap"><time datetime="([^"]+)"[^>]*>([^<]+)</time></th>.*?<div>(.*?)</div>'
    r".*?<div>(.*?)</div>",
    re.DOTALL,
)
TAGS = re.compile(r"<[^>]+>")


@pytest.fixture
def draft(callers: Callers) -> Drafted:
    """A draft of a report whose days are New York's."""
    return make_draft(callers, timezone="America/New_York")


def foretold(ben: Visitor, draft: Drafted, at: datetime, **changes: Any) -> list[tuple[str, ...]]:
    """Return due time, local time, days and remark of each of the next times, as the preview shows them."""
    typed = schedule_form(**changes) | {"kind": "recurring"}
    with clock.frozen(at):
        choose(ben, draft, "recurring")
        told = ben.send(draft.at("details").replace("details?", "details/preview?"), typed).text
    assert "By the clocks of America/New_York" in told
    return [tuple(" ".join(TAGS.sub(" ", part).split()) for part in row) for row in ROW.findall(told)]


def test_an_hour_that_comes_twice(ben: Visitor, draft: Drafted) -> None:
    """On November 1st 02:00 EDT is 01:00 EST; 01:30 EDT is 05:30 UTC."""
    at = datetime(2026, 10, 30, 12, tzinfo=UTC)
    rows = foretold(ben, draft, at, recurrence__type="daily", recurrence__time="01:30")
    assert len(rows) == 10
    assert rows[:3] == [
        ("2026-10-31T05:30:00+00:00", "2026-10-31 01:30", "2026-09-18 to 2026-10-17", ""),
        (
            "2026-11-01T05:30:00+00:00",
            "2026-11-01 01:30",
            "2026-09-19 to 2026-10-18",
            "doubled the clocks show 01:30 twice; it runs the first time",
        ),
        ("2026-11-02T06:30:00+00:00", "2026-11-02 01:30", "2026-09-20 to 2026-10-19", ""),
    ]
    assert not any(remark for *_, remark in rows[2:])


def test_an_hour_that_is_skipped(ben: Visitor, draft: Drafted) -> None:
    """On March 8th 02:00 EST is 03:00 EDT, which is 07:00 UTC."""
    at = datetime(2026, 3, 6, 12, tzinfo=UTC)
    rows = foretold(ben, draft, at, recurrence__type="daily", recurrence__time="02:30")
    assert [row[:2] for row in rows[:3]] == [
        ("2026-03-07T07:30:00+00:00", "2026-03-07 02:30"),
        ("2026-03-08T07:00:00+00:00", "2026-03-08 03:00"),
        ("2026-03-09T06:30:00+00:00", "2026-03-09 02:30"),
    ]
    assert [row[3] for row in rows[:3]] == [
        "",
        "moved the clocks skip 02:30 that day; it runs at 03:00",
        "",
    ]


def test_mondays_at_three_stay_at_three(ben: Visitor, draft: Drafted) -> None:
    rows = foretold(ben, draft, datetime(2026, 10, 20, tzinfo=UTC))
    assert [row[0] for row in rows[:3]] == [
        "2026-10-26T07:00:00+00:00",
        "2026-11-02T08:00:00+00:00",
        "2026-11-09T08:00:00+00:00",
    ]
    assert {row[1][-5:] for row in rows} == {"03:00"}


def test_the_windows_of_a_backfill(ben: Visitor, draft: Drafted) -> None:
    """The day of 25 hours is one segment of two midnights of New York."""
    with clock.frozen(datetime(2026, 11, 20, 12, tzinfo=UTC)):
        choose(ben, draft, "backfill")
        dates = {"span": "dates", "start": "2026-10-30", "end": "2026-11-03"}
        daily = fill_backfill(ben, draft, **dates)
        assert daily.status_code == 303
        days = ben.get(draft.at("details")).text
        fill_backfill(ben, draft, **dates, segment="weekly")
        weeks = ben.get(draft.at("details")).text
    assert "5 segments, 5 to run" in days
    assert "2026-11-01T00:00:00 to 2026-11-02T00:00:00 America/New_York" in days
    assert "2 segments, 2 to run" in weeks
    assert weeks.count("<small>short</small>") == 2
    assert "The segment from 2026-10-30 to 2026-11-01 is short: it has 3 of 7 days." in weeks
