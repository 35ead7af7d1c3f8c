"""Starting a backfill: everything that it will send is frozen in one transaction."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reportbuilder import clock, wakeups
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.backfills.planning import Draft
from reportbuilder.backfills.segments import Segment
from reportbuilder.backfills.states import INITIAL, OPEN, percentage, tally
from reportbuilder.backfills.wishes import MOST_DAYS
from reportbuilder.crashpoints import reached
from reportbuilder.database import after_commit
from reportbuilder.errors import Conflict, Invalid, TooMany
from reportbuilder.executions.standing import lock as lock_instance
from reportbuilder.executions.waking import ADVANCE_BACKFILL
from reportbuilder.reports.models import ReportDefinition

DAY = timedelta(days=1)


def start_backfill(
    session: Session, report: ReportDefinition, draft: Draft, user: User
) -> ReportDataCollection:
    """Write a backfill and its segments, and have the workers told once that is committed.

    The caller has locked the report.

    :raises Conflict: if one of this report is open. :raises Invalid: if there is nothing to run.
    """
    refuse_second(session, report)
    if not draft.has_work:
        raise Invalid.field("reprocess", _nothing_to_do(draft))
    backfill = _row(report, draft, user)
    try:
        with session.begin_nested():
            session.add(backfill)
    except IntegrityError:
        raise _second() from None
    session.execute(insert(ReportDataWeek), list(_segments(backfill, draft)))
    after_commit(session, partial(reached, "backfill_started"))
    wakeups.ask(session, ADVANCE_BACKFILL, str(backfill.id))
    return backfill


def refuse_second(session: Session, report: ReportDefinition) -> None:
    """Do nothing if no backfill of the report is open.

    :raises Conflict: if one is, with its id and the way out.
    """
    found = session.scalar(
        select(ReportDataCollection.collection_id).where(
            ReportDataCollection.report_id == report.id, ReportDataCollection.status.in_(OPEN)
        )
    )
    if found:
        raise _second(found)


def _second(found: str = "") -> Conflict:
    return Conflict(
        f"A backfill of this report is open{f' ({found})' if found else ''}; wait for its end, or cancel it"
    )


def left_today(session: Session, instance: AmcInstance, most: int) -> tuple[int, float]:
    """Return how many backfills may still be started on an instance, and the seconds until one more may.

    They are counted in the rows of the last 24 hours, under a lock: exact over all processes, and only what
    was really started counts.
    """
    lock_instance(session, instance.instance_id)
    return count_left(session, instance, most)


def count_left(session: Session, instance: AmcInstance, most: int) -> tuple[int, float]:
    """Return what `left_today` does as far as one can tell without a lock, which is enough to show it."""
    now = clock.now()
    started = select(func.count(), func.min(ReportDataCollection.created_at)).where(
        ReportDataCollection.instance_id == instance.id,
        ReportDataCollection.report_id.is_not(None),
        ReportDataCollection.created_at > now - DAY,
    )
    count, oldest = session.execute(started).one()
    until = now if count == 0 else oldest + DAY
    return max(0, most - count), (until - now).total_seconds()


def refuse_too_many(instance: AmcInstance, left: int, seconds: float, most: int) -> None:
    """Do nothing if one more may be started.

    :raises TooMany: if not, with the seconds until it may.
    """
    if left <= 0:
        raise TooMany(
            f"{most} backfills a day may be started on {instance.instance_id}; come again later, or "
            "start one with longer segments or more days instead of several",
            retry_after=seconds,
        )


def _nothing_to_do(draft: Draft) -> str:
    counts = ", ".join(f"{count} {word}" for word, count in draft.counts.items() if count)
    return f"nothing is left to run ({counts}); choose all to run everything again"


def _row(report: ReportDefinition, draft: Draft, user: User) -> ReportDataCollection:
    kept, count = draft.kept, draft.counts
    return ReportDataCollection(
        id=uuid4(),
        instance_id=report.instance_id,
        user_id=user.id,
        collection_type="backfill",
        status=INITIAL,
        target_weeks=len(kept),
        start_date=draft.plan.days.start,
        end_date=draft.plan.days.end,
        progress_percentage=percentage(tally(_state(draft, segment) for segment in kept)),
        configuration={
            "wish": draft.wish.to_json(),
            "parameters": draft.specimen.given,
            "values": draft.specimen.values,
            "template_version": report.template.version,
            "settle_days": draft.settle_days,
            "standings": count,
            "remarks": list(draft.remarks),
            "packing": _packing(draft),
        },
        report_id=report.id,
        segment_type=draft.wish.segment,
        max_lookback_days=MOST_DAYS,
        time_zone=report.timezone,
        concurrency=draft.wish.concurrency,
    )


def _state(draft: Draft, segment: Segment) -> str:
    return "present" if segment.window in draft.done and segment not in draft.chosen else "waiting"


def _packing(draft: Draft) -> dict[str, Any] | None:
    """Say which pack is checked first: the first one that holds several segments, against its probe."""
    for number, pack in enumerate(draft.packs):
        if len(pack.segments) > 1:
            return {"state": "unproven", "pack": number, "probe": pack.probe.days.start.isoformat()}
    return None


def _segments(backfill: ReportDataCollection, draft: Draft) -> Iterator[dict[str, Any]]:
    packing = backfill.configuration["packing"] or {}
    packs = {
        segment: number
        for number, pack in enumerate(draft.packs)
        for segment in pack.segments
        if len(pack.segments) > 1 and segment.days.start.isoformat() != packing.get("probe")
    }
    now = clock.now()
    for place, segment in enumerate(draft.kept):
        state = _state(draft, segment)
        yield {
            "id": uuid4(),
            "created_at": now,
            "updated_at": now,
            "collection_id": backfill.id,
            "week_start_date": segment.days.start,
            "week_end_date": segment.days.end,
            "status": state,
            "execution_id": draft.done.get(segment.window) if state == "present" else None,
            "place": place,
            "pack": packs.get(segment),
            "window_start": segment.window.start,
            "window_end": segment.window.end,
            "attempts": 0,
            "sql_text": draft.prepared[segment.window].sql,
        }
