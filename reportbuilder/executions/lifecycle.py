"""What people, programs, schedules and backfills may ask of executions: request, cancel, retry."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.crashpoints import reached
from reportbuilder.database import after_commit, new_id
from reportbuilder.errors import Conflict
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.moving import claim, move, record
from reportbuilder.executions.refusals import ADVICE, is_overlap_refusal
from reportbuilder.executions.states import IN_SLOT, RETRIED, is_final
from reportbuilder.executions.waking import ask_cancel, ask_submit
from reportbuilder.parameters.finality import finality
from reportbuilder.parameters.windows import LAG_DAYS, Window
from reportbuilder.reports.models import ReportDefinition


@dataclass(frozen=True)
class Order:
    """What shall run: the SQL as it will be sent, its window, and what both were made from.

    ``values`` are the JSON values that the form took. ``triggered_by`` is one of ``states.TRIGGERS``.
    ``template_version``: the one that made the SQL, if that was frozen earlier; else the present one.
    """

    template: QueryTemplate
    instance: AmcInstance
    user: User
    sql: str
    window: Window
    values: Mapping[str, Any]
    triggered_by: str
    report: ReportDefinition | None = None
    schedule_id: UUID | None = None
    collection_id: UUID | None = None
    retry_of: ReportExecution | None = None
    firing_id: UUID | None = None
    is_rerun: bool = False
    settle_days: int = LAG_DAYS
    template_version: int | None = None


def request(session: Session, order: Order) -> ReportExecution:
    """Write down that something shall run, and have the workers told once that is committed."""
    execution = ReportExecution(**row_of(order))
    session.add(execution)
    session.flush()
    record(session, execution.id, f"asked for ({order.triggered_by})", None, execution.state)
    _count(session, order, execution)
    after_commit(session, partial(reached, "requested"))
    ask_submit(session, order.instance)
    return execution


def row_of(order: Order) -> dict[str, Any]:
    """Return the columns of the execution that an order asks for, with a fresh id and tag."""
    execution_id = new_id("exec")
    return {
        "execution_id": execution_id,
        "tag": f"rb-{execution_id}",
        "report_id": order.report.id if order.report else None,
        "template_id": order.template.id,
        "template_version": order.template_version or order.template.version,
        "instance_id": order.instance.id,
        "user_id": order.user.id,
        "triggered_by": order.triggered_by,
        "schedule_id": order.schedule_id,
        "collection_id": order.collection_id,
        "retry_of_id": order.retry_of.id if order.retry_of else None,
        "firing_id": order.firing_id,
        "is_rerun": order.is_rerun,
        "finality": finality(order.window, clock.now(), settle_days=order.settle_days),
        "parameters_snapshot": dict(order.values),
        "sql_text": order.sql,
        "time_window_start": order.window.start,
        "time_window_end": order.window.end,
        "time_zone": order.window.zone,
    }


def _count(session: Session, order: Order, execution: ReportExecution) -> None:
    # Added up in the database, so that two requests at once both count; the report before the template, since
    # many reports share one, and whoever locks in another order would block those who fire schedules.
    if order.report is not None:
        session.execute(
            update(ReportDefinition)
            .where(ReportDefinition.id == order.report.id)
            .values(
                execution_count=ReportDefinition.execution_count + 1,
                last_execution_id=execution.id,
                last_execution_at=execution.created_at,
                updated_at=ReportDefinition.updated_at,
            )
            .execution_options(synchronize_session=False)
        )
    session.execute(
        update(QueryTemplate)
        .where(QueryTemplate.id == order.template.id)
        .values(execution_count=QueryTemplate.execution_count + 1, updated_at=QueryTemplate.updated_at)
        .execution_options(synchronize_session=False)
    )


def cancel(session: Session, execution: ReportExecution, by: str) -> None:
    """Stop an execution: at once where AMC does not have it, else AMC is told and a look confirms it.

    ``execution`` needs its instance loaded. Asking twice is the same as asking once.

    :raises Conflict: if it has ended already.
    """
    if is_final(execution.state):
        raise Conflict(f"{execution.execution_id} is {execution.state}: there is nothing to cancel")
    if execution.state in IN_SLOT:
        done = execution.cancel_requested_at is not None or _ask_amc(session, execution, by)
    else:
        done = _end_here(session, execution, by)
    if not done:  # it has just moved on: what was asked holds for where it is now
        session.refresh(execution)
        cancel(session, execution, by)


def _ask_amc(session: Session, execution: ReportExecution, by: str) -> bool:
    unasked = ReportExecution.cancel_requested_at.is_(None)
    if not claim(session, execution, guard=(unasked,), cancel_requested_at=clock.now()):
        return False
    record(session, execution.id, f"cancel asked by {by}")
    after_commit(session, partial(reached, "cancel_asked"))
    ask_cancel(session, execution)
    return True


def _end_here(session: Session, execution: ReportExecution, by: str) -> bool:
    won = move(session, execution, "cancelled", f"cancelled by {by}", cancel_requested_at=clock.now())
    if won:
        ask_submit(session, execution.instance)
    return won


def retry(
    session: Session, execution: ReportExecution, user: User, *, settle_days: int = LAG_DAYS
) -> ReportExecution:
    """Run the same SQL for the same window once more, as a new execution that knows its forerunner.

    ``execution`` needs its instance, template and report loaded.

    :raises Conflict: if it has not ended, or ended well; if it belongs to a backfill, which retries its own;
        if AMC would surely refuse it again; if its report has been deleted. The message says what to do
        instead.
    """
    if execution.state not in RETRIED:
        raise Conflict(
            f"{execution.execution_id} is {execution.state}: only what failed or was cancelled is retried"
        )
    if execution.collection_id is not None:
        raise Conflict(
            f"{execution.execution_id} is a segment of a backfill, which keeps account of its attempts: "
            "retry its failed segments there (POST /backfills/{id}/retry-failed), or run the report for this "
            "window"
        )
    if is_overlap_refusal(execution.error_message):
        raise Conflict(f"{execution.execution_id} would be refused again. {ADVICE}")
    if execution.report is not None:
        _ensure_there(session, execution.report)
    again = Order(
        template=execution.template,
        instance=execution.instance,
        user=user,
        sql=execution.sql_text,
        window=Window(execution.time_window_start, execution.time_window_end, execution.time_zone),
        values=execution.parameters_snapshot,
        triggered_by=execution.triggered_by,
        report=execution.report,
        schedule_id=execution.schedule_id,
        retry_of=execution,
        template_version=execution.template_version,
        settle_days=settle_days,
    )
    return request(session, again)


def _ensure_there(session: Session, report: ReportDefinition) -> None:
    """Keep others from deleting a report meanwhile.

    :raises Conflict: if somebody has.
    """
    there = select(ReportDefinition.deleted_at).where(ReportDefinition.id == report.id)
    if session.scalar(there.with_for_update(key_share=True)) is not None:
        raise Conflict(f"the report {report.name!r} has been deleted: restore it before you run it again")
