"""A backfill at a real local AMC, from its start to an honest end."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import select, update

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.backfills import changing
from reportbuilder.backfills.advancing import advance_backfill
from reportbuilder.backfills.models import ReportDataCollection
from reportbuilder.backfills.sweeping import find_late
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import for_thread, reading, transaction
from reportbuilder.errors import Conflict
from reportbuilder.executions import lifecycle, overview
from reportbuilder.executions.models import Pause, ReportExecution
from reportbuilder.executions.standing import holding, lock
from reportbuilder.notices import Notice
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.results.models import ResultSet
from reportbuilder.sandbox import Sandbox
from tests.backfills.reporters import Reporter, creep, runs_of, set_slots
from tests.deployment import most_at_once
from tests.executions.desk import Workers, until_somebody_waits


def test_all_segments_come_and_each_has_an_execution_of_its_own(reporter: Reporter, workers: Workers) -> None:
    backfill = reporter.start(6)
    workers.work_until(lambda: reporter.has_ended(backfill))
    row, segments = reporter.read(backfill), reporter.segments(backfill)
    assert (row.status, row.weeks_completed, row.progress_percentage) == ("completed", 6, 100)
    days = [one.week_start_date for one in segments]
    assert days == sorted(days, reverse=True)
    assert {one.attempts for one in segments} == {1}
    executions = {one.execution_id: one for one in reporter.executions(backfill)}
    for segment in segments:
        execution = executions[segment.execution_id or ""]
        assert (execution.time_window_start, execution.time_window_end) == (
            segment.window_start,
            segment.window_end,
        )
        assert segment.amc_execution_id == execution.amc_execution_id is not None
        assert segment.record_count == execution.row_count
        assert (execution.triggered_by, execution.finality) == ("backfill", "final")
    with reading() as session:
        [notice] = session.scalars(select(Notice))
        assert notice.kind == "backfill_ended"
        assert notice.about["words"] == "6 of 6 segments have come."


def test_failure_19_outputs_of_segments_do_not_overwrite_each_other(
    reporter: Reporter, workers: Workers
) -> None:
    backfill = reporter.start(5)
    workers.work_until(lambda: reporter.has_ended(backfill))
    with reading() as session:
        results = session.scalars(select(ResultSet)).all()
        assert len({result.key for result in results}) == len(results) == 5
        for result in results:
            with workers.ports.store.local(result.key, result.sha256) as path:
                assert path.stat().st_size == result.size_bytes
    assert {one.data_checksum for one in reporter.segments(backfill)} == {one.sha256 for one in results}


def test_failure_02_a_segment_is_not_completed_before_its_rows_are_here(
    reporter: Reporter, workers: Workers, box: Sandbox
) -> None:
    box.fault(run_seconds=60.0)
    backfill = reporter.start(3)
    workers.work_until(lambda: runs_of(reporter, backfill) == Counter(running=3))
    assert reporter.states(backfill) == Counter(running=3)
    assert (reporter.read(backfill).weeks_completed, reporter.read(backfill).progress_percentage) == (0, 0)


def test_failure_03_and_07_a_failed_segment_is_told_with_amcs_words_and_retried(
    reporter: Reporter, workers: Workers, box: Sandbox
) -> None:
    box.fault(script="0.1 FAILED Out of memory in stage 7")
    backfill = reporter.start(4)
    workers.work_until(lambda: reporter.has_ended(backfill))
    assert reporter.read(backfill).status == "completed_with_failures"
    [failed] = [one for one in reporter.segments(backfill) if one.status == "failed"]
    assert "Out of memory in stage 7" in (failed.reason or "")
    assert reporter.read(backfill).weeks_completed == 3
    with transaction() as session:
        execution = overview.find(session, failed.execution_id or "")
        user = session.get_one(User, reporter.user.id)
        with pytest.raises(Conflict, match="retry-failed"):
            lifecycle.retry(session, execution, user)
    with transaction() as session:
        assert changing.retry_failed(session, session.get_one(ReportDataCollection, backfill)) == 1
    workers.work_until(lambda: reporter.has_ended(backfill))
    assert reporter.read(backfill).status == "completed"
    attempts = Counter(one.attempts for one in reporter.segments(backfill))
    assert attempts == Counter({1: 3, 2: 1})
    with reading() as session:
        kinds = [
            notice.about["status"] for notice in session.scalars(select(Notice).order_by(Notice.created_at))
        ]
    assert kinds == ["completed_with_failures", "completed"]


def test_stop_at_the_first_failure(reporter: Reporter, workers: Workers, box: Sandbox) -> None:
    box.fault(script="0.1 FAILED no memory")
    backfill = reporter.start(8, concurrency=1, on_failure="stop")
    workers.work_until(lambda: reporter.has_ended(backfill))
    assert (reporter.read(backfill).status, reporter.states(backfill)) == (
        "failed",
        Counter(skipped=7, failed=1),
    )
    with transaction() as session:
        assert changing.retry_failed(session, session.get_one(ReportDataCollection, backfill)) == 8
    workers.work_until(lambda: reporter.has_ended(backfill))
    assert reporter.read(backfill).status == "completed"


def test_a_refusal_for_overlaps_is_permanent(reporter: Reporter, workers: Workers, box: Sandbox) -> None:
    words = "Too many workflows have already been run against the same input data sources"
    box.fault(script=f"0.1 REJECTED {words}")
    backfill = reporter.start(3)
    workers.work_until(lambda: reporter.has_ended(backfill))
    assert reporter.states(backfill) == Counter(completed=2, refused=1)
    [refused] = [one for one in reporter.segments(backfill) if one.status == "refused"]
    assert words in (refused.reason or "")
    with pytest.raises(Conflict, match="no segment"), transaction() as session:
        changing.retry_failed(session, session.get_one(ReportDataCollection, backfill))
    draft = reporter.draft(3)
    assert (draft.counts["refused"], len(draft.chosen)) == (1, 0)


def test_its_own_concurrency_is_never_exceeded_and_can_be_changed(
    reporter: Reporter, workers: Workers, box: Sandbox
) -> None:
    box.fault(run_seconds=0.2)
    backfill = reporter.start(10, concurrency=2)
    seen = []

    def look() -> bool:
        seen.append(
            sum(one.state in {"pending", "submitting", "running"} for one in reporter.executions(backfill))
        )
        return reporter.states(backfill)["completed"] >= 3

    creep(workers, look)
    assert max(seen) == 2
    with transaction() as session:
        changing.set_concurrency(session, session.get_one(ReportDataCollection, backfill), 5, 10)
    workers.work_until(lambda: reporter.has_ended(backfill))
    tags = {one.tag for one in reporter.executions(backfill)}
    runs = [run for run in box.state()["executions"] if run["workflowId"] in tags]
    assert 2 <= most_at_once(runs) <= 5
    assert reporter.read(backfill).status == "completed"


def test_a_lower_concurrency_takes_back_what_waits_for_a_slot(
    reporter: Reporter, workers: Workers, box: Sandbox
) -> None:
    backfill = reporter.start(5)
    advance_backfill(workers.ports, str(backfill))
    assert runs_of(reporter, backfill) == Counter(pending=5)
    with transaction() as session:
        changing.set_concurrency(session, session.get_one(ReportDataCollection, backfill), 1, 10)
    assert runs_of(reporter, backfill) == Counter(pending=1, cancelled=4)
    assert reporter.states(backfill) == Counter(running=1, waiting=4)
    assert reporter.segments(backfill)[0].status == "running", "the first goes on"
    workers.work_until(lambda: reporter.has_ended(backfill), seconds=60)
    assert reporter.read(backfill).status == "completed"
    assert [one.attempts for one in reporter.segments(backfill)] == [1, 2, 2, 2, 2]
    tags = {one.tag for one in reporter.executions(backfill)}
    assert most_at_once([run for run in box.state()["executions"] if run["workflowId"] in tags]) == 1


def test_slots_never_run_dry_and_are_never_exceeded(
    reporter: Reporter, workers: Workers, box: Sandbox
) -> None:
    box.fault(script="0.1", run_seconds=60.0)
    set_slots(reporter, 2)
    backfill = reporter.start(9)
    creep(workers, lambda: runs_of(reporter, backfill)["running"] == 2)
    assert runs_of(reporter, backfill) == Counter(running=2), "nothing has ended, so nothing waits ahead"
    workers.work_until(lambda: runs_of(reporter, backfill) == Counter(running=2, pending=1, completed=1))


def test_what_has_settled_by_the_deployments_own_days_is_there(
    reporter: Reporter, workers: Workers, box: Sandbox
) -> None:
    quick = replace(reporter, lag_days=3)
    backfill = quick.start(3)
    workers.work_until(lambda: quick.has_ended(backfill))
    assert {one.finality for one in quick.executions(backfill)} == {"final"}
    assert quick.draft(3).standings == ("done",) * 3


def test_cancel_stops_what_is_in_flight_too(reporter: Reporter, workers: Workers, box: Sandbox) -> None:
    box.fault(run_seconds=60.0)
    backfill = reporter.start(6, concurrency=2)
    workers.work_until(lambda: [one.state for one in reporter.executions(backfill)] == ["running", "running"])
    with transaction() as session:
        changing.cancel(session, session.get_one(ReportDataCollection, backfill), "ben@example.test", 10)
    assert reporter.read(backfill).status == "cancelling"
    workers.work_until(lambda: reporter.has_ended(backfill))
    assert (reporter.read(backfill).status, reporter.states(backfill)) == ("cancelled", Counter(cancelled=6))
    tags = {one.tag for one in reporter.executions(backfill)}
    ends = [run["status"] for run in box.state()["executions"] if run["workflowId"] in tags]
    assert ends == ["CANCELLED", "CANCELLED"]
    with pytest.raises(Conflict, match="cancelled"), transaction() as session:
        changing.cancel(session, session.get_one(ReportDataCollection, backfill), "ben@example.test", 10)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_a_cancel_and_a_look_do_not_wait_for_each_other(reporter: Reporter, workers: Workers) -> None:
    backfill = reporter.start(3)
    advance_backfill(workers.ports, str(backfill))
    with transaction() as session:
        session.execute(update(ReportExecution).values(state="running"))

    def cancel() -> None:
        with transaction() as session:
            changing.cancel(session, session.get_one(ReportDataCollection, backfill), "ben@example.test", 10)

    cancelling = Thread(target=for_thread(cancel), daemon=True)
    newest = select(ReportExecution.id).order_by(ReportExecution.created_at.desc(), ReportExecution.id.desc())
    with transaction() as session:  # as a look does it
        on = lock(session, reporter.instance.instance_id)
        assert on
        session.execute(newest.limit(1).with_for_update(key_share=True)).all()
        cancelling.start()
        until_somebody_waits(cancelling)
        assert len(holding(session, on, locked=True)) == 3
    cancelling.join(20)
    assert reporter.read(backfill).status == "cancelling"
    assert all(one.cancel_requested_at for one in reporter.executions(backfill))


def test_failure_04_and_38_lost_hints_leave_no_segment_running_and_force_nothing(
    reporter: Reporter, workers: Workers
) -> None:
    """Every hint to advance is lost: the sweep alone brings it to its end, each state by what really came."""
    del workers.works["advance_backfill"]
    backfill = reporter.start(3)

    def swept() -> bool:
        with reading() as session:
            late = find_late(session, 10)
        for found in late:
            advance_backfill(workers.ports, str(found))
        return reporter.has_ended(backfill)

    workers.work_until(swept, seconds=60)
    assert reporter.states(backfill) == Counter(completed=3)
    assert all(one.row_count is not None for one in reporter.executions(backfill))


def test_failure_30_template_values_and_sql_are_kept_and_frozen(reporter: Reporter, workers: Workers) -> None:
    backfill = reporter.start(4, concurrency=1)
    with transaction() as session:
        report = session.get_one(ReportDefinition, reporter.report_id)
        report.parameters = {"left_out": "everything"}
        template = session.get_one(QueryTemplate, report.template_id)
        template.sql_template = "SELECT 1 AS changed FROM dsp_impressions"
        template.version = 7
    workers.work_until(lambda: reporter.has_ended(backfill))
    for execution in reporter.executions(backfill):
        assert execution.parameters_snapshot == {"left_out": "none"}
        assert execution.template_version == 1
        assert "'none'" in execution.sql_text
        assert "changed" not in execution.sql_text
    assert reporter.read(backfill).configuration["template_version"] == 1


def test_what_is_there_is_not_run_again(reporter: Reporter, workers: Workers) -> None:
    first = reporter.start(3)
    workers.work_until(lambda: reporter.has_ended(first))
    draft = reporter.draft(5)
    assert (draft.counts["done"], draft.counts["missing"], len(draft.chosen)) == (3, 2, 2)
    second = reporter.start(5)
    workers.work_until(lambda: reporter.has_ended(second))
    assert reporter.states(second) == Counter(present=3, completed=2)
    before = {one.execution_id for one in reporter.segments(first)}
    present = {one.execution_id for one in reporter.segments(second) if one.status == "present"}
    assert present == before
    assert len(reporter.draft(3, reprocess="all").chosen) == 3


def test_nothing_runs_beside_a_run_of_the_same_window(
    reporter: Reporter, workers: Workers, box: Sandbox
) -> None:
    with transaction() as session:  # held back, so that one can run by hand what it is about to ask for
        held = Pause(is_whole=True, reason="x", paused_by="ada")
        session.add(held)
    backfill = reporter.start(2)
    workers.queue.clear()
    segment = reporter.segments(backfill)[0]
    by_hand = reporter.run_itself(segment)
    with transaction() as session:
        session.get_one(Pause, held.id).ended_at = clock.now()
    workers.works["advance_backfill"](workers.ports, str(backfill))
    assert reporter.states(backfill) == Counter(waiting=1, running=1)
    workers.work_until(lambda: reporter.states(backfill)["completed"] == 1)
    with reading() as session:
        assert overview.find(session, by_hand).state == "completed"
    workers.works["advance_backfill"](workers.ports, str(backfill))
    assert reporter.states(backfill) == Counter(present=1, completed=1)
    assert reporter.segments(backfill)[0].execution_id == by_hand
    assert reporter.read(backfill).status == "completed"


def test_a_deleted_run_is_missing_and_a_preliminary_one_too(reporter: Reporter, workers: Workers) -> None:
    backfill = reporter.start(3)
    workers.work_until(lambda: reporter.has_ended(backfill))
    with transaction() as session:
        runs = session.scalars(select(ReportExecution).order_by(ReportExecution.time_window_start)).all()
        runs[0].finality = "preliminary"
        removed = session.scalars(select(ResultSet).where(ResultSet.execution_id == runs[1].id)).one()
        removed.removed_at = clock.now() - timedelta(days=1)
    assert reporter.draft(3).standings == ("done", "missing", "missing")
