"""The reports that schedules and backfills of the chaos run."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.reports import defining
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.models import ReportDefinition


def make(session: Session, what: str, count: int) -> list[ReportDefinition]:
    """Make so many reports on the instances in turn."""
    owner, template = session.scalars(select(User)).one(), session.scalars(select(QueryTemplate)).one()
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
