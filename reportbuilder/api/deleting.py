"""Deleting reports and taking that back, for the API and the console."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from reportbuilder.backfills.starting import refuse_second
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import ACTIVE
from reportbuilder.reports import defining
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import defining as scheduling


def delete(session: Session, report: ReportDefinition) -> None:
    """Delete a locked report and end its schedule; its executions and their rows stay.

    :raises Conflict: if something of it waits or runs, or a backfill of it is open.
    """
    refuse_second(session, report)
    busy = exists().where(ReportExecution.report_id == report.id, ReportExecution.state.in_(ACTIVE))
    defining.delete(session, report, busy=bool(session.scalar(select(busy))))
    scheduling.remove_from(session, report)


def restore(session: Session, report: ReportDefinition) -> None:
    """Let a deleted report, locked, be there again, and its schedule go on that ended with it.

    One that is there stays as it is.

    :raises Conflict: if its owner has given its name to another one meanwhile.
    """
    if report.deleted_at is None:
        return
    scheduling.put_back(session, report)
    defining.restore(session, report)
