"""The latest runs of reports: states, trends, and the last one that has rows."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.executions import latest
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import STATUS, is_final
from reportbuilder.reports.models import ReportDefinition
from tests.cast import Cast
from tests.conftest import NOON


@pytest.fixture
def report(cast: Cast) -> ReportDefinition:
    with transaction() as session:
        template = QueryTemplate(template_id="tpl_1", name="Reach", category="C", sql_template="SELECT 1")
        session.add(template)
        session.flush()
        made = ReportDefinition(
            name="Spring", template_id=template.id, instance_id=cast.first.id, owner_id=cast.ben.id
        )
        session.add(made)
        session.flush()
        return made


def add(report: ReportDefinition, states: list[str], **columns: object) -> list[ReportExecution]:
    """Add runs, a day apart, each of them a minute longer than the one before; the last is the latest."""
    with transaction() as session:
        made = []
        for number, state in enumerate(states):
            at = NOON + timedelta(days=number)
            values = {
                "report_id": report.id,
                "template_id": report.template_id,
                "template_version": 1,
                "instance_id": report.instance_id,
                "user_id": report.owner_id,
                "triggered_by": "manual",
                "state": state,
                "parameters_snapshot": {},
                "sql_text": "SELECT 1",
                "time_window_start": at,
                "time_window_end": at,
                "time_zone": "UTC",
                "tag": f"rb-{state}-{number}-{len(columns)}",
                "created_at": at,
                "submitted_at": at,
                "completed_at": at + timedelta(minutes=number) if is_final(state) else None,
            }
            made.append(ReportExecution(**(values | columns)))
        session.add_all(made)
        session.flush()
        session.get_one(ReportDefinition, report.id).last_execution_id = made[-1].id
        return made


def having(status: str) -> list[str]:
    with reading() as session:
        return list(session.scalars(select(ReportDefinition.name).where(latest.has_status(status))))


@pytest.mark.parametrize("state", list(STATUS))
def test_the_status_is_that_of_the_latest_run(report: ReportDefinition, state: str) -> None:
    assert having(latest.NEVER) == ["Spring"]
    add(report, ["completed", "failed", state])
    found = {status for status in (*STATUS.values(), latest.NEVER) if having(status)}
    assert found == {STATUS[state]}


def test_a_trend_holds_the_last_runs_the_oldest_first(report: ReportDefinition) -> None:
    add(report, ["failed"] * 5 + ["completed"] * 11 + ["running"])
    with reading() as session:
        found = latest.trends(session, [report.id])[report.id]
    assert [run.state for run in found] == ["completed"] * 9 + ["running"]
    assert [run.seconds for run in found[:2]] == [420.0, 480.0]
    assert found[-1].seconds is None


def test_runs_asked_for_at_once_are_no_more_than_the_last_ones(report: ReportDefinition) -> None:
    runs = add(report, ["completed"] * 12, created_at=NOON)
    add(report, ["failed"], packed_in_id=runs[0].id)
    with reading() as session:
        found = latest.trends(session, [report.id])[report.id]
        assert {run.state for run in found} == {"completed"}
        assert len(found) == latest.TREND
        assert latest.trends(session, []) == {}


def test_the_last_completed_run(report: ReportDefinition) -> None:
    with reading() as session:
        assert latest.last_completed(session, [report.id]) == {}
    runs = add(report, ["completed", "completed", "failed", "running"])
    with reading() as session:
        assert latest.last_completed(session, [report.id]) == {report.id: runs[1].execution_id}
        row = session.get_one(ReportDefinition, report.id)
        assert latest.latest_of(session, [row])[report.id].execution_id == runs[-1].execution_id
