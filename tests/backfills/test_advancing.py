"""A backfill at a real local AMC, from its start to an honest end."""

from tests.backfills.reporters import Reporter
from tests.executions.desk import Workers


def test_all_segments_come(reporter: Reporter, workers: Workers) -> None:
    backfill = reporter.start(6)
    workers.work_until(lambda: reporter.has_ended(backfill))
    row, segments = reporter.read(backfill), reporter.segments(backfill)
    assert (row.status, row.weeks_completed, row.progress_percentage) == ("completed", 6, 100)
    assert [one.week_start_date for one in segments] == sorted(
        (one.week_start_date for one in segments), reverse=True
    )
    assert {one.attempts for one in segments} == {1}
