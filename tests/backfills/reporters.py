"""Somebody who has a report and starts backfills of it."""

import heapq
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from reportbuilder import clock
from reportbuilder.accounts import grants
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.backfills import overview as backfills
from reportbuilder.backfills.forecasting import Forecast
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.backfills.planning import Draft, draft_backfill
from reportbuilder.backfills.starting import start_backfill
from reportbuilder.backfills.states import OPEN
from reportbuilder.backfills.sweeping import sweep_backfills
from reportbuilder.catalog import publishing
from reportbuilder.database import reading, transaction
from reportbuilder.executions import lifecycle
from reportbuilder.executions.lifecycle import Order
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.sweeping import sweep
from reportbuilder.parameters.windows import Window
from reportbuilder.reports import defining
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.settings import Settings
from tests.cast import Cast
from tests.executions.desk import Workers

SQL = (
    "SELECT impression_date_utc AS day, campaign, SUM(impressions) AS impressions FROM dsp_impressions"
    " WHERE campaign <> {{left_out}} GROUP BY impression_date_utc, campaign"
)
COLUMNS = [
    {"name": "day", "date": "day"},
    {"name": "campaign"},
    {"name": "impressions", "format": "integer"},
]
PUBLICATION: dict[str, Any] = {
    "name": "Impressions by day",
    "category": "Reach",
    "sql_template": SQL,
    "parameter_definitions": [
        {"parameter_name": "left_out", "parameter_type": "string", "default_value": "none"},
    ],
    "report_config": {"about": {"columns": COLUMNS}},
    "is_public": True,
}
SLOTS = 10
SETTINGS = Settings(instance_slots=SLOTS)


@dataclass
class Reporter:
    """Starts backfills of a report and reads what becomes of them."""

    user: User
    instance: AmcInstance
    report_id: UUID
    lag_days: int = 14

    @property
    def terms(self) -> Terms:
        return Terms(as_of=clock.now(), lag_days=self.lag_days)

    def wish(self, days: int, **fields: Any) -> dict[str, Any]:
        """Return a wish for so many daily segments, the newest that have settled."""
        last = clock.now().date() - timedelta(days=self.lag_days)
        start = last - timedelta(days=days - 1)
        return {"segment": "daily", "start": start.isoformat(), "end": last.isoformat()} | fields

    def draft(self, days: int = 6, **fields: Any) -> Draft:
        with reading() as session:
            report = session.get_one(ReportDefinition, self.report_id)
            return draft_backfill(session, report, self.wish(days, **fields), self.terms, SETTINGS)

    def start(self, days: int = 6, **fields: Any) -> UUID:
        with transaction() as session:
            report = session.get_one(ReportDefinition, self.report_id)
            draft = draft_backfill(session, report, self.wish(days, **fields), self.terms, SETTINGS)
            return start_backfill(session, report, draft, session.get_one(User, self.user.id)).id

    def read(self, backfill: UUID) -> ReportDataCollection:
        with reading() as session:
            return session.get_one(ReportDataCollection, backfill)

    def segments(self, backfill: UUID) -> list[ReportDataWeek]:
        with reading() as session:
            found = select(ReportDataWeek).where(ReportDataWeek.collection_id == backfill)
            return list(session.scalars(found.order_by(ReportDataWeek.place)))

    def states(self, backfill: UUID) -> Counter[str]:
        return Counter(segment.status for segment in self.segments(backfill))

    def executions(self, backfill: UUID | None = None) -> list[ReportExecution]:
        with reading() as session:
            found = select(ReportExecution).order_by(ReportExecution.created_at, ReportExecution.id)
            if backfill is not None:
                found = found.where(ReportExecution.collection_id == backfill)
            return list(session.scalars(found))

    def backfills(self) -> list[UUID]:
        with reading() as session:
            return list(session.scalars(select(ReportDataCollection.id)))

    def has_ended(self, backfill: UUID) -> bool:
        return self.read(backfill).status not in OPEN

    def run_itself(self, segment: ReportDataWeek) -> str:
        """Run the report by hand over the window of a segment."""
        with transaction() as session:
            report = session.get_one(ReportDefinition, self.report_id)
            assert segment.window_start
            assert segment.window_end
            window = Window(segment.window_start, segment.window_end, report.timezone)
            what = defining.prepare_run(report, self.terms, window=window)
            order = Order(
                template=report.template,
                instance=report.instance,
                user=session.get_one(User, self.user.id),
                sql=what.sql,
                window=window,
                values=what.values,
                triggered_by="manual",
                report=report,
            )
            return lifecycle.request(session, order).execution_id


def sweep_all(workers: Workers) -> None:
    sweep(workers.ports.settings)
    sweep_backfills(workers.ports.settings)


def creep(workers: Workers, reached: Callable[[], bool], *, seconds: float = 40) -> None:
    """Follow one wake-up after the other until something is so; nothing is followed after that."""
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, f"not reached; waiting wake-ups: {workers.queue}"
        if workers.queue and workers.queue[0][0] <= datetime.now(UTC):
            wake_up = heapq.heappop(workers.queue)[2]
            if wake_up.name in workers.works:
                workers.works[wake_up.name](workers.ports, wake_up.id)
        else:
            time.sleep(0.01)


@pytest.fixture
def reporter(cast: Cast) -> Reporter:
    return make_reporter(cast.ben, cast.first)


def found_reporter() -> Reporter:
    """Return the reporter that another process has made."""
    with reading() as session:
        report = session.scalars(select(ReportDefinition)).one()
        return Reporter(report.owner, report.instance, report.id)


def make_reporter(user: User, instance: AmcInstance) -> Reporter:
    """Publish a template by day and make a report of it."""
    with transaction() as session:
        owner, on = session.get_one(User, user.id), session.get_one(AmcInstance, instance.id)
        grants.grant(session, owner.id, on.id, "run")
        template = publishing.publish(session, PUBLICATION, owner)
        report = defining.create(
            session,
            {"name": "Impressions", "timezone": "UTC"},
            owner=owner,
            template=template,
            instance=on,
            terms=Terms(as_of=clock.now()),
        )
        return Reporter(user, instance, report.id)


def set_slots(reporter: Reporter, slots: int) -> None:
    """Let so many run at once on the instance of a report."""
    with transaction() as session:
        session.get_one(AmcInstance, reporter.instance.id).slots = slots


def foreseen(reporter: Reporter, backfill: UUID) -> Forecast | None:
    """Return what is foreseen of a backfill now."""
    name = reporter.read(backfill).collection_id
    with reading() as session:
        row = backfills.find(session, name)
        return backfills.foresee(session, row, backfills.segments_of(session, row), SETTINGS)


def runs_of(reporter: Reporter, backfill: UUID) -> Counter[str]:
    """Count the executions of a backfill by state."""
    return Counter(one.state for one in reporter.executions(backfill))
