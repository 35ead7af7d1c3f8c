"""Packed runs at a real local AMC: parted on arrival, checked against a single run, given up if they lie."""

from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from reportbuilder.backfills import splitting
from reportbuilder.backfills.advancing import advance_backfill
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Invalid, Unavailable
from reportbuilder.executions import lifecycle, overview
from reportbuilder.executions.models import ReportExecution
from reportbuilder.parameters.windows import Window
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.results.models import ResultSet
from reportbuilder.results.parting import Parted, first_rows, part_rows
from reportbuilder.sandbox import Sandbox
from tests.backfills.reporters import SQL, Reporter, creep
from tests.executions.desk import Workers


def rows_of(workers: Workers, execution_id: str) -> list[dict[str, Any]]:
    with reading() as session:
        result = session.scalars(
            select(ResultSet)
            .join(ReportExecution, ReportExecution.id == ResultSet.execution_id)
            .where(ReportExecution.execution_id == execution_id)
        ).one()
    with workers.ports.store.local(result.key, result.sha256) as path:
        return sorted(first_rows(path, 10_000), key=str)


def change_sql(reporter: Reporter, sql: str) -> None:
    with transaction() as session:
        report = session.get_one(ReportDefinition, reporter.report_id)
        session.get_one(QueryTemplate, report.template_id).sql_template = sql


def test_a_packed_backfill_has_the_rows_of_single_runs(reporter: Reporter, workers: Workers) -> None:
    backfill = reporter.start(8, segments_per_run=3)
    workers.work_until(lambda: reporter.has_ended(backfill), seconds=40)
    assert reporter.read(backfill).status == "completed"
    packing = reporter.read(backfill).configuration["packing"]
    assert packing["state"] == "proven", reporter.read(backfill).configuration["remarks"]
    executions = {one.execution_id: one for one in reporter.executions(backfill)}
    assert Counter(one.packed_in_id is None for one in executions.values()) == Counter({False: 7, True: 4})
    single = reporter.start(8, reprocess="all")
    workers.work_until(lambda: reporter.has_ended(single), seconds=40)
    pairs = zip(reporter.segments(backfill), reporter.segments(single), strict=True)
    for packed, alone in pairs:
        execution = executions[packed.execution_id or ""]
        window = Window(execution.time_window_start, execution.time_window_end, execution.time_zone)
        assert (window.start, window.end) == (packed.window_start, packed.window_end)
        assert (execution.state, execution.row_count) == ("completed", packed.record_count)
        rows = rows_of(workers, packed.execution_id or "")
        assert rows == rows_of(workers, alone.execution_id or "")
        assert rows
    assert reporter.draft(8).counts["done"] == 8


def test_a_template_that_may_not_be_packed_is_refused_with_the_reasons(reporter: Reporter) -> None:
    change_sql(
        reporter,
        "SELECT campaign AS day, COUNT(DISTINCT user_id) AS n FROM dsp_impressions GROUP BY campaign",
    )
    with pytest.raises(Invalid) as refused:
        reporter.draft(8, segments_per_run=3)
    reasons = refused.value.details["segments_per_run"]
    assert any("groups by campaign, which is no date" in reason for reason in reasons)


def prepare_pack(reporter: Reporter, workers: Workers) -> tuple[Any, str]:
    """Bring the first pack and its probe so far that only the splitting is left to do."""
    split = workers.works.pop("split_pack")
    backfill = reporter.start(3, segments_per_run=3)

    def is_here() -> bool:
        states = Counter(one.state for one in reporter.executions(backfill))
        return states == Counter(completed=2) and reporter.states(backfill) == Counter(
            completed=1, collecting=2
        )

    creep(workers, is_here)
    workers.works["split_pack"] = split
    [pack] = {one.execution_id for one in reporter.segments(backfill) if one.status == "collecting"}
    return backfill, pack or ""


def test_a_split_that_was_interrupted_is_done_again_and_once(
    reporter: Reporter, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    backfill, pack = prepare_pack(reporter, workers)

    def die(_point: str) -> None:
        raise InterruptedError

    monkeypatch.setattr(splitting, "reached", die)
    with pytest.raises(InterruptedError):
        splitting.split_pack(workers.ports, pack)
    assert reporter.states(backfill) == Counter(completed=1, collecting=2)
    monkeypatch.undo()
    for _ in range(3):
        splitting.split_pack(workers.ports, pack)
    workers.work_until(lambda: reporter.has_ended(backfill))
    assert reporter.states(backfill) == Counter(completed=3)
    with reading() as session:
        assert len(session.scalars(select(ResultSet)).all()) == 4
    assert len(reporter.executions(backfill)) == 4


def remark_of(reporter: Reporter, backfill: UUID) -> str:
    row = reporter.read(backfill)
    assert (row.status, row.configuration["packing"]["state"]) == ("completed", "ended")
    assert {one.packed_in_id for one in reporter.executions(backfill)} == {None}
    assert Counter(one.attempts for one in reporter.segments(backfill)) == Counter({2: 2, 1: 1})
    [remark] = [one for one in row.configuration["remarks"] if "no longer share runs" in one]
    return str(remark)


def test_packing_ends_where_the_parts_are_not_what_single_runs_give(
    reporter: Reporter, workers: Workers
) -> None:
    """The advertiser's days are not those of the report's zone, which no rule can see in the SQL."""
    change_sql(reporter, SQL.replace("impression_date_utc", "impression_date"))
    backfill, _ = prepare_pack(reporter, workers)
    workers.works["advance_backfill"](workers.ports, str(backfill))
    workers.work_until(lambda: reporter.has_ended(backfill))
    assert "0 rows out of the packed run, 1 of the single one" in remark_of(reporter, backfill)


def test_packing_ends_where_amc_hides_a_date(
    reporter: Reporter, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    backfill, pack = prepare_pack(reporter, workers)

    def part(source: Path, _: str, *more: Any) -> Parted:  # names stand for dates that are null
        return part_rows(source, "campaign", *more)

    monkeypatch.setattr(splitting, "part_rows", part)
    splitting.split_pack(workers.ports, pack)
    workers.work_until(lambda: reporter.has_ended(backfill))
    assert "do not show their day" in remark_of(reporter, backfill)


def test_a_first_pack_that_fails_lets_all_run_alone(
    reporter: Reporter, workers: Workers, box: Sandbox
) -> None:
    box.fault(script="0.1 FAILED no memory")
    backfill = reporter.start(6, segments_per_run=3, concurrency=1)
    workers.work_until(lambda: reporter.has_ended(backfill), seconds=40)
    assert reporter.read(backfill).configuration["packing"]["state"] == "ended"
    states = reporter.states(backfill)
    assert states["completed"] + states["failed"] == 6
    assert states["failed"] in {1, 2}
    assert {one.reason for one in reporter.segments(backfill) if one.status == "failed"} == {"no memory"}


def test_rows_that_come_after_the_single_run_has_failed_are_not_taken_unchecked(
    reporter: Reporter, workers: Workers, box: Sandbox
) -> None:
    collect = workers.works.pop("collect_execution")
    backfill = reporter.start(3, segments_per_run=3)
    creep(workers, lambda: {one.state for one in reporter.executions(backfill)} == {"collecting"})
    probe = next(one.execution_id for one in reporter.segments(backfill) if one.pack is None)
    with transaction() as session:
        lifecycle.cancel(session, overview.find(session, probe or ""), "ben@example.test")
    advance_backfill(workers.ports, str(backfill))
    workers.works["collect_execution"] = collect
    workers.work_until(lambda: reporter.has_ended(backfill), sweeps=True, seconds=60)
    assert reporter.states(backfill) == Counter(completed=2, cancelled=1)
    assert reporter.read(backfill).configuration["packing"]["state"] == "ended"
    assert {one.packed_in_id for one in reporter.executions(backfill)} == {None}


def test_a_store_that_is_away_does_not_end_packing(
    reporter: Reporter, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    backfill, pack = prepare_pack(reporter, workers)

    def part(*_: Any) -> Parted:
        raise Unavailable("the store is away")

    with monkeypatch.context() as away:
        away.setattr(splitting, "part_rows", part)
        for _ in range(workers.ports.settings.collect_attempts + splitting.TRIES + 2):
            with pytest.raises(Unavailable):
                splitting.split_pack(workers.ports, pack)
    splitting.split_pack(workers.ports, pack)
    workers.work_until(lambda: reporter.has_ended(backfill))
    assert reporter.read(backfill).configuration["packing"]["state"] == "proven"
