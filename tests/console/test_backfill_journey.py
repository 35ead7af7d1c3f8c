"""A backfill driven through the pages alone, at a real local AMC: a segment fails and is retried."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from admin.blueprint import HOME
from reportbuilder import settings, wakeups
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.backfills.states import OPEN
from reportbuilder.backfills.sweeping import sweep_backfills
from reportbuilder.database import reading
from reportbuilder.executions.sweeping import sweep
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.sandbox import Sandbox
from reportbuilder.settings import Settings
from tests.api.conftest import Callers
from tests.backfills.reporters import make_reporter
from tests.console.timely import backfill_form
from tests.console.visitors import Visitor
from tests.executions.conftest import box, hasty, ports, shared_box, workers
from tests.executions.desk import Workers

__all__ = ["box", "hasty", "ports", "shared_box", "workers"]


@pytest.fixture
def configured(hasty: Settings, redis_url: str) -> settings.Settings:
    """The web application and the workers on one database and one local AMC."""
    return replace(hasty, redis_url=redis_url)


def statuses() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(ReportDataCollection.status)))


def follow(workers: Workers) -> None:
    """Work until no backfill is open."""
    wakeups.deliver_with(workers.deliver)
    sweep(workers.ports.settings)
    sweep_backfills(workers.ports.settings)
    workers.work_until(lambda: not OPEN & set(statuses()), sweeps=True)


def test_a_failed_segment_is_retried_on_its_page(
    ben: Visitor, callers: Callers, workers: Workers, box: Sandbox
) -> None:
    reporter = make_reporter(callers.cast.ben, callers.cast.first)
    with reading() as session:
        report_id = session.get_one(ReportDefinition, reporter.report_id).report_id
    page = f"{HOME}/reports/{report_id}/backfill"
    started = ben.post(f"{page}/new", backfill_form(lookback_days="19", concurrency="1") | {"do": "start"})
    one = started.headers["Location"]
    box.fault(script="0.1 FAILED Out of memory in stage 7")
    follow(workers)
    assert statuses() == ["completed_with_failures"]
    with reading() as session:
        failed = session.scalars(select(ReportDataWeek).where(ReportDataWeek.status == "failed")).one()
    shown = ben.get(f"{one}?segment={failed.week_start_date}").text
    assert "Out of memory in stage 7" in shown
    assert "Retry this segment" in shown
    assert ben.fragment(f"{one}/progress").status_code == 286
    assert ben.post(f"{one}/retry", {"first_day": str(failed.week_start_date)}).status_code == 303
    assert ben.fragment(f"{one}/progress").status_code == 200
    follow(workers)
    assert statuses() == ["completed"]
    assert "6 of 6 segments have come." in ben.get(one).text
