"""What a person is shown of the times to come."""

from datetime import UTC, date, datetime, time

from reportbuilder.schedules.cronlines import CronLine
from reportbuilder.schedules.patterns import Daily
from reportbuilder.schedules.preview import MOST, Mark, preview
from reportbuilder.schedules.recurrence import Recurrence

MARCH, NOVEMBER = datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC)


def _shown(recurrence: Recurrence, after: datetime, count: int) -> list[tuple[str, set[Mark]]]:
    return [(f"{each.local:%m-%d %H:%M %Z}", set(each.marks)) for each in preview(recurrence, after, count)]


def test_a_run_in_the_hour_that_is_skipped_moves_to_its_end() -> None:
    new_york = Recurrence(Daily(time(2, 30)), "America/New_York")
    assert _shown(new_york, MARCH, 3) == [
        ("03-07 02:30 EST", set()),
        ("03-08 03:00 EDT", {Mark.MOVED}),
        ("03-09 02:30 EDT", set()),
    ]
    moved = preview(new_york, MARCH, 3)[1]
    assert moved.due_at == datetime(2026, 3, 8, 7, tzinfo=UTC)
    assert [f"{each:%H:%M}" for each in moved.wanted] == ["02:30"]


def test_a_time_that_was_wanted_itself_is_not_marked_as_moved() -> None:
    both = Recurrence(CronLine("0 2,3 * * *"), "America/New_York")
    gap = preview(both, datetime(2026, 3, 8, 6, tzinfo=UTC), 1)[0]
    assert (len(gap.wanted), gap.marks) == (2, frozenset())


def test_a_run_in_the_hour_that_comes_twice_runs_the_first_time() -> None:
    new_york = Recurrence(Daily(time(1, 30)), "America/New_York")
    assert _shown(new_york, NOVEMBER, 3) == [
        ("10-31 01:30 EDT", set()),
        ("11-01 01:30 EDT", {Mark.DOUBLED}),
        ("11-02 01:30 EST", set()),
    ]


def test_times_after_the_end_are_shown_as_such() -> None:
    short = Recurrence(Daily(time(2)), "UTC", end=date(2026, 3, 8))
    assert [marks for _, marks in _shown(short, MARCH, 4)] == [
        set(),
        set(),
        {Mark.AFTER_END},
        {Mark.AFTER_END},
    ]


def test_there_are_ten_and_never_more_than_a_hundred() -> None:
    assert len(preview(Recurrence(CronLine("* * * * *")), MARCH)) == 10
    assert len(preview(Recurrence(CronLine("* * * * *")), MARCH, 10_000)) == MOST
