"""Asks for the next runs of a backfill, as many as its concurrency allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from reportbuilder import clock, logs, notices
from reportbuilder.accounts.grants import principal_of
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import may
from reportbuilder.amc.models import AmcInstance
from reportbuilder.backfills.following import Flight
from reportbuilder.backfills.forecasting import limit_of
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.backfills.packing import is_unproven, packing_of, probe_of
from reportbuilder.backfills.states import Tally, next_up
from reportbuilder.backfills.wishes import MOST_IN_ONE_RUN
from reportbuilder.executions import lifecycle
from reportbuilder.executions.lifecycle import Order
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.settling import ASKED_FOR
from reportbuilder.executions.states import ACTIVE
from reportbuilder.parameters.windows import Window
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.reports.searching import subject_of

log = logs.get_logger(__name__)

LATELY = timedelta(minutes=1)

Run = Sequence[ReportDataWeek]  # the segments of one run, the oldest first


@dataclass(frozen=True)
class Other:
    """A run of the same report that this backfill has not asked for."""

    window: Window
    sql: str
    state: str
    execution_id: str
    rows: int | None


def ask_next(
    session: Session,
    backfill: ReportDataCollection,
    instance: AmcInstance,
    flights: Sequence[Flight],
    count: Tally,
    default_slots: int,
) -> None:
    """Ask for what comes next, and write it down in the rows and in ``count``.

    Nothing is asked for beside a run of the same window and SQL that somebody else has asked for; once that
    has brought its rows, the segment is there. It pauses itself if whoever started it may no longer do that.
    """
    lately = _ended_lately(session, backfill) if backfill.concurrency is None else 0
    room = _room(backfill, flights, limit_of(instance, default_slots), lately)
    if room == 0:
        return
    report = _lock_report(session, backfill)
    user = session.get_one(User, backfill.user_id)
    if reason := _refusal(session, user, report):
        _pause_itself(session, backfill, report, reason)
        return
    others = _others(session, backfill)
    for run in _waiting(session, backfill, room + len(others))[: room + len(others)]:
        if room and not _is_settled_by(others, run, count):
            _ask(session, backfill, report, user, run, count)
            room -= 1
    session.flush()


def _refusal(session: Session, user: User, report: ReportDefinition) -> str | None:
    """Say why its starter may run nothing more, None if she may."""
    if user.is_active and may(principal_of(session, user), "backfill:start", subject_of(report)):
        return None
    return (
        f"{user.email}, in whose name it runs, may no longer run on {report.instance.instance_id}; resume it "
        "when that is mended, or cancel it and start another one"
    )


def _pause_itself(
    session: Session, backfill: ReportDataCollection, report: ReportDefinition, reason: str
) -> None:
    """Ask for nothing more, and leave word of it: nobody watches what runs for hours."""
    backfill.status, backfill.paused_reason = "paused", reason
    about = {"backfill_id": backfill.collection_id, "reason": reason}
    key = f"backfill_paused:{backfill.collection_id}:{clock.now().isoformat()}"
    notices.give(session, "backfill_paused", key, report.id, about)
    log.warning("backfill paused itself", backfill_id=backfill.collection_id)


def _room(backfill: ReportDataCollection, flights: Sequence[Flight], limit: int, lately: int) -> int:
    """Return how many runs may be asked for.

    One that takes whatever the instance has is held to that by the slots themselves, so a few more may queue
    and no slot runs dry between two advances: at most as many as have ended within a minute, so that none
    waits for much longer than that, ages, and gets before those who ask by hand. One with a concurrency of
    its own never has more than that.
    """
    own = backfill.concurrency
    running = len({flight.execution_id for flight in flights if flight.status == "running"})
    concurrency = limit if own is None else min(own, limit)
    ahead = min(lately, (limit + 1) // 2) if own is None else 0
    states = ["running"] * running + ["waiting"] * (concurrency + ahead)
    return len(
        next_up(states, state=backfill.status, on_failure="continue", concurrency=concurrency, ahead=ahead)
    )


def _ended_lately(session: Session, backfill: ReportDataCollection) -> int:
    found = select(func.count()).where(
        ReportExecution.collection_id == backfill.id,
        ReportExecution.packed_in_id.is_(None),
        ReportExecution.completed_at >= clock.now() - LATELY,
    )
    return session.scalar(found) or 0


def _lock_report(session: Session, backfill: ReportDataCollection) -> ReportDefinition:
    """Lock the report before its counters are written, as whoever runs it by hand does."""
    return session.scalars(
        select(ReportDefinition)
        .where(ReportDefinition.id == backfill.report_id)
        .with_for_update(of=ReportDefinition, key_share=True)
    ).one()


def _others(session: Session, backfill: ReportDataCollection) -> list[Other]:
    foreign = or_(ReportExecution.collection_id.is_(None), ReportExecution.collection_id != backfill.id)
    has_come = (ReportExecution.state == "completed") & (ReportExecution.completed_at >= backfill.created_at)
    rows = session.scalars(
        select(ReportExecution).where(
            ReportExecution.report_id == backfill.report_id,
            ReportExecution.created_at >= backfill.created_at - ASKED_FOR - timedelta(days=1),
            foreign,
            or_(ReportExecution.state.in_(ACTIVE), has_come),
        )
    )
    return [
        Other(
            Window(one.time_window_start, one.time_window_end, one.time_zone),
            one.sql_text,
            one.state,
            one.execution_id,
            one.row_count,
        )
        for one in rows
    ]


def _waiting(session: Session, backfill: ReportDataCollection, most: int) -> list[Run]:
    """Return the next runs in their order, at least ``most`` if there are so many."""
    mine = (ReportDataWeek.collection_id == backfill.id, ReportDataWeek.status == "waiting")
    packing = packing_of(backfill)
    size = MOST_IN_ONE_RUN if packing.get("state") in {"unproven", "proven"} else 1
    segments = session.scalars(
        select(ReportDataWeek)
        .where(*mine, *_eligible(backfill))
        .order_by(ReportDataWeek.place)
        .limit(most * size)
        .execution_options(populate_existing=True)
    ).all()
    runs: dict[Any, list[ReportDataWeek]] = {}
    for segment in segments:
        runs.setdefault(segment.id if segment.pack is None else segment.pack, []).append(segment)
    return [sorted(run, key=lambda one: one.week_start_date) for run in runs.values()]


def _eligible(backfill: ReportDataCollection) -> tuple[ColumnElement[bool], ...]:
    """Until the first pack is proven, no other is asked for."""
    if not is_unproven(backfill):
        return ()
    return (or_(ReportDataWeek.pack.is_(None), ReportDataWeek.pack == packing_of(backfill)["pack"]),)


def _is_settled_by(others: Sequence[Other], run: Run, count: Tally) -> bool:
    """Say whether a run of somebody else makes this one needless, now or until that has ended."""
    beside = [(segment, other) for segment in run for other in others if _is_same(segment, other)]
    for segment, other in beside:
        if other.state == "completed" and len(run) == 1:
            segment.status, segment.execution_id = "present", other.execution_id
            segment.record_count, segment.reason = other.rows, "it was run beside this backfill"
            count["waiting"] -= 1
            count["present"] += 1
            return True
    return any(other.state in ACTIVE for _, other in beside)


def _is_same(segment: ReportDataWeek, other: Other) -> bool:
    edges = (segment.window_start, segment.window_end)
    return edges == (other.window.start, other.window.end) and segment.sql_text == other.sql


def _ask(
    session: Session,
    backfill: ReportDataCollection,
    report: ReportDefinition,
    user: User,
    run: Run,
    count: Tally,
) -> None:
    first, last = _edges(session, backfill, run)
    frozen: dict[str, Any] = backfill.configuration
    order = Order(
        template=report.template,
        instance=report.instance,
        user=user,
        sql=run[0].sql_text or "",
        window=Window(first, last, backfill.time_zone or report.timezone),
        values=frozen["values"],
        triggered_by="backfill",
        report=report,
        collection_id=backfill.id,
        template_version=frozen["template_version"],
        settle_days=frozen["settle_days"],
    )
    execution_id = lifecycle.request(session, order).execution_id
    changes = {"status": "running", "execution_id": execution_id, "amc_execution_id": None, "reason": None}
    session.execute(
        update(ReportDataWeek)
        .where(ReportDataWeek.id.in_([segment.id for segment in run]))
        .values(**changes, attempts=ReportDataWeek.attempts + 1, updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    count["waiting"] -= len(run)
    count["running"] += len(run)


def _edges(session: Session, backfill: ReportDataCollection, run: Run) -> tuple[Any, Any]:
    """Return the ends of a run's window; the pack that is checked reaches over its probe as well."""
    segments = list(run)
    if is_unproven(backfill) and run[0].pack == packing_of(backfill)["pack"]:
        segments.append(probe_of(session, backfill))
    starts = [segment.window_start for segment in segments if segment.window_start]
    ends = [segment.window_end for segment in segments if segment.window_end]
    return min(starts), max(ends)
