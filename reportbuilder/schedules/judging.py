"""Giving each due time its verdict: it becomes a firing that is planned, or one that is skipped."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, lazyload
from sqlalchemy.orm.attributes import set_committed_value

from reportbuilder import clock, logs, notices
from reportbuilder.executions.pausing import Pauses, open_pauses
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules.ending import count_end, tell_failed
from reportbuilder.schedules.jitter import starts_at
from reportbuilder.schedules.missed import SKIPPED, Verdict, skip_all, verdicts
from reportbuilder.schedules.models import ReportSchedule, ScheduleFiring
from reportbuilder.schedules.plans import Plan, plan_of

log = logs.get_logger(__name__)

VERDICTS: Final = 1_000  # of one schedule at a time: a year of missed minutes must not hold a transaction
ROWS: Final = 5_000  # of all in one transaction
BROKEN_FOR: Final = timedelta(hours=1)  # until one that cannot be read is tried again
_UNTOLD = ("missed", "over_limit")  # nothing makes up for these

Claimed = tuple[ReportSchedule, bool, UUID]  # with whether its report is active, and its instance


@dataclass(frozen=True)
class Judgement:
    """The firings that came of verdicts, and how far the verdicts go."""

    until: datetime
    next_run_at: datetime | None
    firings: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Batch:
    """What one transaction has judged; ``last``: the row after which the next goes on, None at the end."""

    last: UUID | None
    firings: int = 0


def is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition of schedules that have due times without a verdict.

    One that was never judged has no next time either, and must not wait for one for ever.
    """
    never = and_(ReportSchedule.next_run_at.is_(None), ReportSchedule.judged_until.is_(None))
    return and_(ReportSchedule.is_active, or_(ReportSchedule.next_run_at <= now, never))


def claim_due(
    session: Session, *, after: UUID | None = None, only: UUID | None = None, limit: int
) -> list[Claimed]:
    """Lock some of the schedules that are due, in the order of their row ids; others' are passed by."""
    wanted = (
        select(ReportSchedule, ReportDefinition.is_active, ReportDefinition.instance_id)
        .join(ReportDefinition, ReportDefinition.id == ReportSchedule.report_id)
        .where(is_due(clock.now()))
        .order_by(ReportSchedule.id)
        .limit(limit)
        .options(lazyload("*"))
        .with_for_update(of=ReportSchedule, skip_locked=True, key_share=True)
    )
    if after is not None:
        wanted = wanted.where(ReportSchedule.id > after)
    if only is not None:
        wanted = wanted.where(ReportSchedule.id == only)
    return [(schedule, is_active, instance) for schedule, is_active, instance in session.execute(wanted)]


def judge_claimed(session: Session, claimed: Sequence[Claimed]) -> Batch:
    """Give the claimed schedules' due times their verdicts, as many as one transaction may hold."""
    now, pauses = clock.now(), open_pauses(session)
    done: list[tuple[ReportSchedule, Judgement]] = []
    for schedule, is_report_active, instance_id in claimed:
        hold = hold_of(schedule, pauses, instance_id, is_report_active=is_report_active)
        try:
            found = judge(schedule, plan_of(schedule), now=now, hold=hold)
        except Exception as error:  # one that cannot be read must not hold up the others
            log.exception("schedule broken", schedule_id=schedule.schedule_id)
            found = set_aside(session, schedule, error, hold)
        done.append((schedule, found))
        if sum(len(each.firings) for _, each in done) >= ROWS:
            break
    write(session, done)
    return Batch(done[-1][0].id if done else None, sum(len(each.firings) for _, each in done))


def hold_of(
    schedule: ReportSchedule, pauses: Pauses, instance_id: UUID, *, is_report_active: bool
) -> str | None:
    """Return the reason of `SKIPPED` for which a schedule may not run at present, None if it may."""
    if schedule.is_paused:
        return "paused"
    if not is_report_active:
        return "inactive"
    if pauses.everything is not None:
        return "all_paused"
    return "instance_paused" if instance_id in pauses else None


def judge(
    schedule: ReportSchedule, plan: Plan, *, now: datetime, hold: str | None, most: int = VERDICTS
) -> Judgement:
    """Return what comes of the due times up to ``now`` that have no verdict yet, the earliest first.

    :param hold: the reason of `SKIPPED` for which all of them are skipped.
    """
    after = schedule.judged_until or schedule.created_at
    if hold:
        found = skip_all(plan.recurrence, after=after, now=now, reason=hold)
    else:
        found = verdicts(plan.recurrence, plan.policies, after=after, now=now)
    firings, until = [], after
    for verdict in islice(found, most):
        firings.append(_firing(schedule, plan, verdict, now))
        until = verdict.due_at
    return Judgement(until, plan.recurrence.next_after(until), firings)


def _firing(schedule: ReportSchedule, plan: Plan, verdict: Verdict, now: datetime) -> dict[str, Any]:
    begin = verdict.due_at
    if plan.jitter and verdict.is_fired:
        following = plan.recurrence.next_after(verdict.due_at)
        begin = starts_at(schedule.schedule_id, verdict.due_at, following, plan.jitter)
    return {
        "id": uuid4(),
        "created_at": now,
        "updated_at": now,
        "schedule_id": schedule.id,
        "due_at": verdict.due_at,
        "starts_at": begin,
        "state": "planned" if verdict.is_fired else "skipped",
        "is_made_up": verdict.made_up,
        "reason": verdict.skipped,
        "ended_at": None if verdict.is_fired else now,
        "is_told": not verdict.is_fired,
    }


def set_aside(
    session: Session, schedule: ReportSchedule, error: Exception, hold: str | None = None
) -> Judgement:
    """Note that a schedule cannot be read as a firing that has failed, and try it again in an hour."""
    now = clock.now()
    due_at = schedule.next_run_at or now
    reason = hold or f"its times cannot be told, correct the schedule: {error}"
    firing = {
        "id": uuid4(),
        "created_at": now,
        "updated_at": now,
        "schedule_id": schedule.id,
        "due_at": due_at,
        "starts_at": due_at,
        "state": "skipped" if hold else "failed",
        "is_made_up": False,
        "reason": reason,
        "ended_at": now,
        "is_told": True,
    }
    insert_firings(session, [firing])
    if not hold:
        tell_failed(session, schedule, due_at, reason)
        count_end(session, schedule, due_at, "failed", reason)
    return Judgement(now, now + BROKEN_FOR)


def write(session: Session, done: Sequence[tuple[ReportSchedule, Judgement]]) -> None:
    """Store judgements: the firings, how far they go, and word of due times that nobody will make up for."""
    insert_firings(session, [firing for _, found in done for firing in found.firings])
    _advance(session, done)
    for schedule, found in done:
        set_committed_value(schedule, "judged_until", found.until)
        set_committed_value(schedule, "next_run_at", found.next_run_at)
        _tell_missed(session, schedule, found)


def _advance(session: Session, done: Sequence[tuple[ReportSchedule, Judgement]]) -> None:
    table = ReportSchedule.__table__
    changes: dict[str, Any] = {
        "judged_until": bindparam("until"),
        "next_run_at": bindparam("following"),
        "updated_at": table.c.updated_at,  # nobody has changed it
    }
    rows = [
        {"row_id": schedule.id, "until": found.until, "following": found.next_run_at}
        for schedule, found in done
    ]
    if rows:
        session.connection().execute(
            update(ReportSchedule).where(table.c.id == bindparam("row_id")).values(changes), rows
        )


def insert_firings(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write firings; a due time that has one keeps it."""
    if not rows:
        return
    inserts: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    statement = inserts[session.get_bind().dialect.name](ScheduleFiring.__table__)
    session.connection().execute(
        statement.on_conflict_do_nothing(index_elements=["schedule_id", "due_at"]), rows
    )


def _tell_missed(session: Session, schedule: ReportSchedule, found: Judgement) -> None:
    """Leave one notice for all that were missed at once, under the latest of them."""
    lost = [firing["due_at"] for firing in found.firings if firing["reason"] in _UNTOLD]
    if lost:
        about = {
            "schedule_id": schedule.schedule_id,
            "due_at": lost[-1].isoformat(),
            "first_due_at": lost[0].isoformat(),
            "count": len(lost),
            "reason": SKIPPED["missed"],
        }
        key = f"run_overdue:{schedule.schedule_id}:{lost[-1].isoformat()}"
        notices.give(session, "run_overdue", key, schedule.report_id, about)
