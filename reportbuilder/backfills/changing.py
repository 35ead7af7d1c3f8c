"""What people may ask of a backfill: pause, resume, cancel, retry what failed, and how many at once."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from reportbuilder import clock, wakeups
from reportbuilder.amc.models import AmcInstance
from reportbuilder.backfills.advancing import advance, lock
from reportbuilder.backfills.following import count_segments
from reportbuilder.backfills.forecasting import limit_of
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.backfills.states import OPEN, VERBS, after_verb, percentage, to_retry
from reportbuilder.backfills.wishes import check_concurrency
from reportbuilder.errors import Conflict
from reportbuilder.executions import lifecycle
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.moving import move
from reportbuilder.executions.standing import lock as lock_instance
from reportbuilder.executions.states import ACTIVE, IN_SLOT
from reportbuilder.executions.waking import ADVANCE_BACKFILL
from reportbuilder.reports.models import ReportDefinition


def pause(session: Session, backfill: ReportDataCollection, reason: str | None) -> None:
    """Ask for nothing more until somebody resumes it; what is at AMC goes on, what waits is taken back.

    :raises Conflict: if it does not run.
    """
    locked = _apply(session, backfill, "pause")
    _take_back(session, locked, 0, "taken back: its backfill was paused")
    backfill.paused_reason = reason


def resume(session: Session, backfill: ReportDataCollection) -> None:
    """Go on asking.

    :raises Conflict: if it is not paused.
    """
    _apply(session, backfill, "resume")
    backfill.paused_reason = None
    _wake(session, backfill)


def cancel(session: Session, backfill: ReportDataCollection, by: str, default_slots: int) -> None:
    """Give up what waits and stop what is in flight; it ends when all of that has ended.

    :raises Conflict: if it has ended, or is being cancelled.
    """
    _apply(session, backfill, "cancel")
    # a look locks the instance and then all that runs on it: in another order each would wait for the other
    lock_instance(session, session.get_one(AmcInstance, backfill.instance_id).instance_id)
    in_flight = session.scalars(
        select(ReportExecution)
        .where(ReportExecution.collection_id == backfill.id, ReportExecution.state.in_(ACTIVE))
        .order_by(ReportExecution.created_at, ReportExecution.id)
        .options(joinedload(ReportExecution.instance))
    ).all()
    for execution in in_flight:
        try:
            lifecycle.cancel(session, execution, by)
        except Conflict:
            continue  # it has just ended, and its segment will say how
    session.flush()
    advance(session, backfill, default_slots)


def retry_failed(
    session: Session, backfill: ReportDataCollection, only: Collection[date] | None = None
) -> int:
    """Ask again for the segments that failed, and for those that were not asked for because of that.

    Each runs by itself then. Returns how many.

    :param only: the first days of those to ask for again, if not for all.
    :raises Conflict: if it has not ended with failures, its report is gone, another one of it is open, or
        ``only`` leaves failed ones in a backfill that stops at a failure.
    """
    locked = _apply(session, backfill, "retry-failed", write=False)
    report = session.scalar(
        select(ReportDefinition)
        .where(ReportDefinition.id == locked.report_id)
        .with_for_update(of=ReportDefinition, key_share=True)
        .execution_options(populate_existing=True)
    )
    if report is None or report.deleted_at is not None:
        raise Conflict(
            f"the report of {backfill.collection_id} has been deleted, so nothing of it is run again"
        )
    rows = session.execute(
        select(ReportDataWeek.id, ReportDataWeek.status, ReportDataWeek.week_start_date)
        .where(ReportDataWeek.collection_id == backfill.id)
        .order_by(ReportDataWeek.place)
    ).all()
    failed = [rows[place] for place in to_retry([row.status for row in rows])]
    again = [row.id for row in failed if only is None or row.week_start_date in only]
    if len(again) < len(failed) and locked.configuration["wish"]["on_failure"] == "stop":
        raise Conflict(f"{backfill.collection_id} stops at a failure, so retry all that failed at once")
    if not again:
        raise Conflict(
            f"no segment of {backfill.collection_id} failed; what was refused or cancelled is not asked for "
            "again: start another backfill for that"
        )
    _reopen(session, locked)
    session.execute(
        update(ReportDataWeek)
        .where(ReportDataWeek.id.in_(again))
        .values(status="waiting", pack=None, reason=None, updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    locked.progress_percentage = percentage(count_segments(session, locked))
    _wake(session, locked)
    return len(again)


def set_concurrency(
    session: Session, backfill: ReportDataCollection, concurrency: int | None, default_slots: int
) -> None:
    """Let so many of its runs be in flight from now on; None is as many as the instance runs at once.

    What is at AMC goes on; what waits for a slot beyond that is taken back.

    :raises Invalid: beyond the limit of the instance. :raises Conflict: if it has ended.
    """
    locked = _lock(session, backfill)
    if locked.status not in OPEN:
        raise Conflict(f"{locked.collection_id} is {locked.status}: nothing of it is asked for any more")
    instance = session.get_one(AmcInstance, locked.instance_id)
    if concurrency is not None:
        check_concurrency(concurrency, max(1, limit_of(instance, default_slots)))
        told = f"taken back: no more than {concurrency} of its backfill may be in flight now"
        _take_back(session, locked, concurrency, told)
    locked.concurrency = concurrency
    _wake(session, locked)


def _take_back(session: Session, backfill: ReportDataCollection, most: int, reason: str) -> None:
    """End what waits for a slot beyond so many in flight, the last first; its segments wait anew."""
    flying = session.scalars(
        select(ReportExecution)
        .where(ReportExecution.collection_id == backfill.id, ReportExecution.state.in_({*IN_SLOT, "pending"}))
        .order_by(ReportExecution.created_at.desc(), ReportExecution.id)
    ).all()
    waiting = [execution for execution in flying if execution.state == "pending"]
    ended = [
        execution.execution_id
        for execution in waiting[: max(0, len(flying) - most)]
        if move(session, execution, "cancelled", reason)
    ]
    # as a failure and its retry at once
    session.execute(
        update(ReportDataWeek)
        .where(ReportDataWeek.collection_id == backfill.id, ReportDataWeek.execution_id.in_(ended))
        .values(status="waiting", execution_id=None, updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _lock(session: Session, backfill: ReportDataCollection) -> ReportDataCollection:
    locked = lock(session, backfill.id)
    if locked is None:
        raise Conflict(f"{backfill.collection_id} is from before the Report Builder and cannot be changed")
    return locked


def _apply(
    session: Session, backfill: ReportDataCollection, verb: str, *, write: bool = True
) -> ReportDataCollection:
    locked = _lock(session, backfill)
    after = after_verb(verb, locked.status)
    if after is None:
        wanted = " or ".join(sorted(VERBS[verb][0]))
        raise Conflict(
            f"{locked.collection_id} is {locked.status}: {verb} can be done only while it is {wanted}"
        )
    if write:
        locked.status = after
        session.flush()
    return locked


def _reopen(session: Session, backfill: ReportDataCollection) -> None:
    try:
        with session.begin_nested():
            backfill.status, backfill.ended_at = "running", None
            session.flush()
    except IntegrityError:
        session.refresh(backfill)
        raise Conflict("another backfill of this report is open; wait for its end, or cancel it") from None


def _wake(session: Session, backfill: ReportDataCollection) -> None:
    wakeups.ask(session, ADVANCE_BACKFILL, str(backfill.id))
