"""A report of Ben's with runs in whatever state, and rows in the store, for the pages of reports and runs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from admin.blueprint import HOME
from reportbuilder import settings
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog import publishing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import transaction
from reportbuilder.executions import lifecycle
from reportbuilder.executions.lifecycle import Order
from reportbuilder.parameters.windows import Window
from reportbuilder.reports.defining import Terms, create
from reportbuilder.reports.models import ReportDefinition
from tests.api.conftest import Callers
from tests.api.stored import put_rows
from tests.api.test_templates_api import PUBLICATION

START = datetime(2026, 1, 1, tzinfo=UTC)
SQL = "SELECT campaign, SUM(impressions) AS impressions\nFROM dsp_impressions -- all\nGROUP BY campaign"
# what cells may hold that means something to a browser, a spreadsheet or a reader of SQL
HOSTILE = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\u202eevil",
    "a" * 500,
    '"><img src=x>',
    "NULL",
]
ROWS = """
SELECT * FROM (VALUES
  ('Spring', 11::BIGINT, 1234567::BIGINT, 1234.5000::DECIMAL(18, 4), 0.1::DOUBLE + 0.2, DATE '2026-01-01'),
  ('Summer', 12, 20, 5.2500::DECIMAL(18, 4), NULL, DATE '2026-01-02'),
  (NULL, 13, 3, NULL, 1.5, NULL)
) AS t("campaign", "campaign_id", "impressions", "spend", "share, of all", "day")
"""


@dataclass
class Reported:
    """A report, its address on the console, and what makes runs of it."""

    callers: Callers
    chosen: settings.Settings
    folder: Path
    report_id: str
    number: int = 0

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"{HOME}/reports/{self.report_id}"

    def run(
        self, state: str = "pending", *, sql: str = SQL, alone: bool = False, days: int = 0, **changes: Any
    ) -> str:
        """Ask for a run and put it into a state; ``alone``: without the report. Returns its id."""
        self.number += 1
        window = Window(START + timedelta(days=days), START + timedelta(days=days + 7), "UTC")
        with transaction() as session:
            report = session.scalars(
                select(ReportDefinition).where(ReportDefinition.report_id == self.report_id)
            ).one()
            order = Order(
                template=session.get_one(QueryTemplate, report.template_id),
                instance=session.get_one(AmcInstance, report.instance_id),
                user=session.get_one(User, self.callers.cast.ben.id),
                sql=sql,
                window=window,
                values={"campaign": "Spring"},
                triggered_by=changes.pop("triggered_by", "manual"),
                report=None if alone else report,
            )
            row = lifecycle.request(session, order)
            for name, value in {"state": state, **changes}.items():
                setattr(row, name, value)
            return row.execution_id

    def failed(self, message: str, error_class: str = "permanent", **changes: Any) -> str:
        """Let a run fail with a message."""
        return self.run("failed", error_class=error_class, error_message=message, **changes)

    def completed(self, rows: str = ROWS, **changes: Any) -> str:
        """Let a run complete with the rows of a SELECT; returns its id."""
        execution_id = self.run("completed", row_count=3, **changes)
        put_rows(execution_id, self.chosen, self.folder, rows)
        return execution_id

    def page_of(self, execution_id: str) -> str:
        """The address of a run's page."""
        return f"{self.path}/runs/{execution_id}"


def make_report(callers: Callers, chosen: settings.Settings, folder: Path, name: str = "Spring") -> Reported:
    """Publish a template and make a report of Ben's on the first instance."""
    with transaction() as session:
        ben = session.get_one(User, callers.cast.ben.id)
        template = publishing.publish(session, PUBLICATION, session.get_one(User, callers.cast.ada.id))
        instance = session.get_one(AmcInstance, callers.cast.first.id)
        data = {"name": name, "parameters": {"campaign": "O'Brien & <b>sons</b>"}}
        terms = Terms(START + timedelta(days=60))
        report = create(session, data, owner=ben, template=template, instance=instance, terms=terms)
        return Reported(callers, chosen, folder, report.report_id)
