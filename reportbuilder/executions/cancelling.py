"""Telling AMC to stop an execution; only a look confirms that it has."""

from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from reportbuilder import clock, logs
from reportbuilder.amc.failures import AmcFailure, Rejected
from reportbuilder.crashpoints import reached
from reportbuilder.database import transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.moving import claim, remark_once
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.standing import is_held_back
from reportbuilder.executions.waking import ask_look

log = logs.get_logger(__name__)


def send_cancel(ports: Ports, execution_id: str) -> None:
    """Tell AMC to stop a running execution that somebody wants stopped; may run any number of times."""
    with logs.bound(execution_id=execution_id):
        with transaction() as session:
            execution = _claim(ports, session, execution_id)
        if execution is None:
            return
        reached("cancel_claimed")
        remark = _tell_amc(ports, execution)
        reached("cancel_sent")
        with transaction() as session:
            remark_once(session, execution.id, remark)
            ask_look(session, execution.instance, clock.now() + timedelta(seconds=1))


def _claim(ports: Ports, session: Session, execution_id: str) -> ReportExecution | None:
    now = clock.now()
    execution = session.scalars(
        select(ReportExecution)
        .where(ReportExecution.execution_id == execution_id, ReportExecution.state == "running")
        .where(ReportExecution.cancel_requested_at.is_not(None))
        .options(joinedload(ReportExecution.instance))
    ).one_or_none()
    again = now - timedelta(seconds=ports.settings.cancel_again)
    due = or_(ReportExecution.cancel_sent_at.is_(None), ReportExecution.cancel_sent_at <= again)
    if execution is None or is_held_back(execution.instance):
        return None  # the sweep comes back to it
    if not claim(session, execution, guard=(due,), cancel_sent_at=now):
        return None
    return execution


def _tell_amc(ports: Ports, execution: ReportExecution) -> str:
    try:
        client = ports.amc(execution.instance)
        client.cancel(execution.instance.instance_id, execution.amc_execution_id or "")
    except Rejected as refusal:
        return f"AMC did not cancel it: {refusal.message}"  # it has ended, most likely; the look will tell
    except AmcFailure as failure:
        log.warning("cancel failed", failure=type(failure).__name__)
        return f"the cancel did not reach AMC, it is sent again: {failure.message}"
    return "AMC has been told to cancel it"
