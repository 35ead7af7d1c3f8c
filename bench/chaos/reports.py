"""The reports that schedules and backfills of the chaos run."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog import publishing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.reports import defining
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.models import ReportDefinition

BY_DAY: dict[str, Any] = {
    "name": "Impressions by day",
    "category": "bench",
    "sql_template": (
        "SELECT impression_date_utc AS day, campaign, SUM(impressions) AS impressions"
        " FROM dsp_impressions GROUP BY impression_date_utc, campaign"
    ),
    "parameter_definitions": [],
    "report_config": {
        "about": {
            "columns": [
                {"name": "day", "date": "day"},
                {"name": "campaign"},
                {"name": "impressions", "format": "integer"},
            ]
        }
    },
    "is_public": True,
}


def make(session: Session, what: str, count: int) -> list[ReportDefinition]:
    """Make so many reports on the instances in turn."""
    owner, template = session.scalars(select(User)).one(), session.scalars(select(QueryTemplate)).one()
    return _make(session, what, count, owner, template)


def make_by_day(session: Session, what: str, count: int) -> list[ReportDefinition]:
    """Make so many of a template whose segments may share runs."""
    owner = session.scalars(select(User)).one()
    return _make(session, what, count, owner, publishing.publish(session, BY_DAY, owner))


def _make(
    session: Session, what: str, count: int, owner: User, template: QueryTemplate
) -> list[ReportDefinition]:
    instances = session.scalars(select(AmcInstance).order_by(AmcInstance.instance_id)).all()
    return [
        defining.create(
            session,
            {"name": f"{what} {number}", "time_window": {"preset": "last_7_days"}, "timezone": "UTC"},
            owner=owner,
            template=template,
            instance=instances[number % len(instances)],
            terms=Terms(as_of=clock.now()),
        )
        for number in range(count)
    ]
