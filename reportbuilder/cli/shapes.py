"""Executions as JSON, in the very shape in which the API shows them."""

from typing import Any, cast

from sqlalchemy.orm import Session

from reportbuilder.api.executions import ExecutionDetail, ExecutionSchema, shown
from reportbuilder.executions import overview, queueing
from reportbuilder.executions.models import ReportExecution
from reportbuilder.settings import Settings


def brief(execution: ReportExecution) -> dict[str, Any]:
    """Return an execution as a list of the API shows it."""
    return cast("dict[str, Any]", ExecutionSchema().dump(shown(execution)))


def whole(session: Session, execution: ReportExecution, settings: Settings) -> dict[str, Any]:
    """Return an execution as the API shows a single one."""
    events = [
        {
            "at": event.created_at,
            "from_phase": event.from_state,
            "to_phase": event.to_state,
            "reason": event.reason,
        }
        for event in overview.events(session, execution)
    ]
    more = {
        "sql": execution.sql_text,
        "amc_execution_id": execution.amc_execution_id,
        "amc_status": execution.amc_status,
        "events": events,
        "queue": queueing.place(session, execution, settings),
    }
    return cast("dict[str, Any]", ExecutionDetail().dump(shown(execution) | more))
