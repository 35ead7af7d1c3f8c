"""Reports with runs and schedules, for the tests of the table."""

from datetime import UTC, datetime, timedelta
from typing import Any

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog import publishing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import transaction
from reportbuilder.executions import lifecycle
from reportbuilder.executions.lifecycle import Order
from reportbuilder.executions.models import ReportExecution
from reportbuilder.reports import defining
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import defining as scheduling
from tests.api.conftest import WINDOW
from tests.cast import Cast

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
WEEKLY = {"type": "weekly", "weekdays": ["monday"], "time": "03:00", "timezone": "America/New_York"}


def add_template(cast: Cast, name: str = "Reach") -> QueryTemplate:
    """Publish a template without parameters, for everybody."""
    data = {"name": name, "category": "C", "sql_template": "SELECT COUNT(*) AS n FROM dsp_clicks"}
    with transaction() as session:
        return publishing.publish(session, data | {"is_public": True}, session.merge(cast.ada))


def add_report(
    cast: Cast,
    template: QueryTemplate,
    name: str,
    *,
    owner: str = "ben",
    instance: str = "first",
    runs: tuple[str, ...] = (),
    recurrence: dict[str, Any] | None = None,
) -> str:
    """Add a report; ``runs``: the states in which its runs are, the latest last. Returns its text id."""
    with transaction() as session:
        report = defining.create(
            session,
            {"name": name},
            owner=session.get_one(User, getattr(cast, owner).id),
            template=session.get_one(QueryTemplate, template.id),
            instance=session.get_one(AmcInstance, getattr(cast, instance).id),
            terms=defining.Terms(clock.now()),
        )
        if recurrence is not None:
            terms = defining.Terms(clock.now())
            scheduling.create(session, report, {"recurrence": recurrence}, terms=terms)
        for number, state in enumerate(runs):
            at = DAY + timedelta(days=number)
            _run(lifecycle.request(session, _order(report)), state, at)
            report.last_execution_at = at
        return report.report_id


def _order(report: ReportDefinition) -> Order:
    of = (report.template, report.instance, report.owner)
    return Order(*of, "SELECT 1", WINDOW, {}, "manual", report=report)


def _run(row: ReportExecution, state: str, at: datetime) -> None:
    row.state, row.created_at, row.submitted_at = state, at, at
    if state in {"completed", "failed", "cancelled"}:
        row.completed_at = at + timedelta(minutes=2)
    if state == "failed":
        row.error_message = "Column campaign_idd is not in dsp_impressions"


def found(page: str, names: list[str]) -> list[str]:
    """Return those of the names that a page shows, in its order."""
    places = {name: page.find(f">{name}</a>") for name in names}
    return sorted((name for name in names if places[name] >= 0), key=places.__getitem__)
