"""The wake-ups that executions ask for, by the names of the actors that answer them."""

from datetime import datetime

from sqlalchemy import CursorResult, or_, update
from sqlalchemy.orm import Session

from reportbuilder import clock, wakeups
from reportbuilder.amc.models import AmcInstance
from reportbuilder.executions.models import ReportExecution

SUBMIT_NEXT = "submit_next_execution"
LOOK = "look_at_instance"
COLLECT = "collect_execution"
CANCEL = "cancel_execution"
ADVANCE_BACKFILL = "advance_backfill"
FOLLOW_FIRING = "follow_firing"
SPLIT_PACK = "split_pack"


def ask_submit(session: Session, instance: AmcInstance, delay: float = 0.0) -> None:
    """Have the instance's free slots filled."""
    wakeups.ask(session, SUBMIT_NEXT, instance.instance_id, delay)


def ask_look(session: Session, instance: AmcInstance, at: datetime) -> None:
    """Have the instance looked at no later than ``at``.

    The time is a column, and a message leaves only if this brought it forward: one message an instance.
    """
    earlier = or_(AmcInstance.next_look_at.is_(None), AmcInstance.next_look_at > at)
    result = session.execute(
        update(AmcInstance)
        .where(AmcInstance.id == instance.id, earlier)
        .values(next_look_at=at)
        .execution_options(synchronize_session=False)
    )
    if isinstance(result, CursorResult) and result.rowcount == 1:
        wakeups.ask(session, LOOK, instance.instance_id, max(0.0, (at - clock.now()).total_seconds()))


def ask_collect(session: Session, execution: ReportExecution, delay: float = 0.0) -> None:
    """Have the rows of a finished execution fetched."""
    wakeups.ask(session, COLLECT, execution.execution_id, delay)


def ask_cancel(session: Session, execution: ReportExecution) -> None:
    """Have AMC told to stop an execution."""
    wakeups.ask(session, CANCEL, execution.execution_id)


def ask_left(session: Session, execution: ReportExecution) -> None:
    """Have the backfill of an execution that has left its slot fill it again, while the rows are fetched."""
    if execution.collection_id:
        wakeups.ask(session, ADVANCE_BACKFILL, str(execution.collection_id))


def ask_ended(session: Session, execution: ReportExecution) -> None:
    """Have whoever wanted an execution that has ended go on: its backfill, its firing."""
    if execution.collection_id:
        wakeups.ask(session, ADVANCE_BACKFILL, str(execution.collection_id))
    if execution.firing_id:
        wakeups.ask(session, FOLLOW_FIRING, str(execution.firing_id))
