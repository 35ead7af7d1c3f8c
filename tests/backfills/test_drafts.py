"""What a draft says: windows in the report's zone, what is there, warnings, and when it may be finished."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.backfills import changing
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import db, reading, transaction
from reportbuilder.errors import Conflict, Invalid
from reportbuilder.executions import lifecycle
from reportbuilder.executions.lifecycle import Order
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.moving import move
from reportbuilder.parameters.windows import Window
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.results.models import ResultSet
from tests.backfills.reporters import Reporter
from tests.backfills.test_backfill_walks import go_on, let_end

MINUTE = timedelta(minutes=1)


def set_zone(reporter: Reporter, zone: str) -> None:
    with transaction() as session:
        session.get_one(ReportDefinition, reporter.report_id).timezone = zone


def run_before(reporter: Reporter, windows: list[Window], *, minutes: float = 1, **changes: object) -> None:
    """Write runs of the report's template that have completed, as others have asked for them."""
    with transaction() as session:
        report = session.get_one(ReportDefinition, reporter.report_id)
        user = session.get_one(User, reporter.user.id)
        for window in windows:
            order = Order(report.template, report.instance, user, "SELECT 1", window, {}, "manual")
            row = lifecycle.request(session, order)
            row.state, row.submitted_at = "completed", clock.now() - minutes * MINUTE
            row.completed_at = clock.now()
            for name, value in changes.items():
                setattr(row, name, value)


def test_the_windows_are_days_of_the_reports_zone(reporter: Reporter) -> None:
    set_zone(reporter, "Pacific/Auckland")
    draft = reporter.draft(3)
    assert {one.window.zone for one in draft.plan.segments} == {"Pacific/Auckland"}
    assert {one.window.local_start[11:] for one in draft.plan.segments} == {"00:00:00"}
    assert [one.sql for one in draft.prepared.values()].count(draft.specimen.sql) == 3


def test_a_query_that_looks_at_its_window_has_a_text_for_each(reporter: Reporter) -> None:
    with transaction() as session:
        report = session.get_one(ReportDefinition, reporter.report_id)
        sql = "SELECT campaign FROM dsp_impressions WHERE campaign <> '{{start_date}}' GROUP BY campaign"
        session.get_one(QueryTemplate, report.template_id).sql_template = sql
        report.parameters = {}
    draft = reporter.draft(3)
    for window, prepared in draft.prepared.items():
        assert f"'{window.days.start}'" in prepared.sql
    with pytest.raises(Invalid, match="segments_per_run"):
        reporter.draft(3, segments_per_run=2)


def test_runs_with_other_inputs_or_over_other_windows_are_not_there(reporter: Reporter) -> None:
    draft = reporter.draft(3)
    [first, second, _] = [one.window for one in draft.plan.segments]
    sql = draft.specimen.sql
    run_before(reporter, [first], report_id=reporter.report_id)  # another SQL
    longer = Window(second.start, second.end + timedelta(hours=1), second.zone)
    run_before(reporter, [longer], report_id=reporter.report_id, sql_text=sql)
    run_before(reporter, [second], sql_text=sql)  # of no report
    assert reporter.draft(3).standings == ("missing", "missing", "missing")
    run_before(reporter, [second], report_id=reporter.report_id, sql_text=sql)
    assert reporter.draft(3).standings == ("missing", "missing", "missing"), "its rows are not here"
    with transaction() as session:
        run = session.scalars(select(ReportExecution).order_by(ReportExecution.created_at.desc())).first()
        assert run is not None
        result = ResultSet(execution_id=run.id, key="k", sha256="s", size_bytes=1, row_count=1, columns=[])
        session.add(result)
    assert reporter.draft(3).standings == ("missing", "done", "missing")


def test_running_and_failed_runs_are_told_and_chosen_by_reprocess(reporter: Reporter) -> None:
    backfill = reporter.start(3, concurrency=2)
    go_on(backfill)
    let_end(backfill, 0, "failed")
    go_on(backfill)
    draft = reporter.draft(3)
    assert draft.counts == {"running": 2, "done": 0, "refused": 0, "failed": 1, "missing": 0}
    assert any("being run already" in remark for remark in draft.remarks)
    assert len(draft.chosen) == 1
    assert len(reporter.draft(3, reprocess="missing").chosen) == 0
    remarks = reporter.draft(3, reprocess="missing").remarks
    assert any("run before without bringing rows" in remark for remark in remarks)


def test_nothing_to_do_is_told(reporter: Reporter) -> None:
    backfill = reporter.start(1)
    go_on(backfill)
    let_end(backfill, 0, "failed")
    go_on(backfill)
    with pytest.raises(Invalid, match="nothing is left to run"):
        reporter.start(1, reprocess="missing")


def test_crowds_over_the_same_data_are_warned_of(reporter: Reporter) -> None:
    draft = reporter.draft(3)
    assert not any("AMC may refuse" in remark for remark in draft.remarks)
    run_before(reporter, [draft.plan.segments[1].window] * 12)
    [warning] = [one for one in reporter.draft(3).remarks if "AMC may refuse" in one]
    assert "1 segments" in warning
    assert "up to 12 earlier runs" in warning


def test_the_finish_is_foreseen_from_past_runs_and_slots(reporter: Reporter) -> None:
    now = clock.now()
    unknown = reporter.draft(20).forecast
    run_before(reporter, [Window(now - timedelta(days=99), now - timedelta(days=98), "UTC")] * 25, minutes=1)
    known = reporter.draft(20)
    spent = known.forecast.expected - now
    assert MINUTE <= spent < 10 * MINUTE < unknown.expected - now
    narrow = reporter.draft(20, concurrency=1).forecast.expected - now
    assert narrow >= 20 * MINUTE
    with transaction() as session:
        session.get_one(AmcInstance, reporter.instance.id).slots = 2
    assert reporter.draft(20).forecast.expected - now >= 10 * MINUTE
    assert known.forecast.earliest <= known.forecast.expected <= known.forecast.latest


@pytest.mark.parametrize(("daily", "waits"), [(None, 0), (0, 0), (45, 0), (35, 12), (15, 36)])
def test_the_finish_is_foreseen_by_the_runs_that_the_instance_may_have_a_day(
    reporter: Reporter, daily: int | None, waits: int
) -> None:
    noon = clock.now().replace(hour=12, minute=0, second=0, microsecond=0)
    with clock.frozen(noon):
        run_before(reporter, [Window(noon - timedelta(days=99), noon - timedelta(days=98), "UTC")] * 25)
        with transaction() as session:
            session.get_one(AmcInstance, reporter.instance.id).daily_runs = daily
        found = reporter.draft(20).forecast  # beside the 25 runs of today
    assert timedelta(hours=waits) < found.earliest - noon <= found.latest - noon
    assert found.latest - noon < timedelta(hours=waits) + 10 * MINUTE


def test_two_cannot_be_open_and_a_retry_gives_way_to_another(reporter: Reporter) -> None:
    first = reporter.start(2, concurrency=1)
    with pytest.raises(Conflict, match="bf_"):
        reporter.start(2)
    for _ in range(2):
        go_on(first)
        let_end(first, 0, "failed")
    go_on(first)
    assert (reporter.read(first).status, reporter.states(first)) == ("failed", Counter(failed=2))
    second = reporter.start(2)
    with pytest.raises(Conflict, match="another backfill"), transaction() as session:
        changing.retry_failed(session, session.get_one(ReportDataCollection, first))
    assert reporter.read(first).status == "failed"
    assert reporter.read(second).status == "running"


def test_an_advance_takes_as_many_statements_for_a_year_as_for_a_week(reporter: Reporter) -> None:
    taken = []
    for days in (7, 340):
        backfill = reporter.start(days, concurrency=3, reprocess="all")
        go_on(backfill)
        seen: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_: object, seen: list[str] = seen) -> None:
            seen.append(statement)

        with transaction() as session:
            first = session.scalars(
                select(ReportExecution).where(
                    ReportExecution.collection_id == backfill, ReportExecution.state == "pending"
                )
            ).first()
            assert first is not None
            for state in ("submitting", "running", "collecting", "completed"):
                move(session, first, state, "x")
        event.listen(db.engine, "before_cursor_execute", note)
        go_on(backfill)
        event.remove(db.engine, "before_cursor_execute", note)
        taken.append(len(seen))
        with transaction() as session:
            changing.cancel(session, session.get_one(ReportDataCollection, backfill), "ben", 10)
    assert taken[0] == taken[1] <= 20
    with reading() as session:
        waiting = select(func.count()).where(ReportDataWeek.status == "waiting")
        assert session.scalar(waiting) == 0
