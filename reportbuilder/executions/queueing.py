"""Where an execution stands in its instance's queue, read from the rows; see ``places`` for the rules."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, defer, joinedload

from reportbuilder import clock
from reportbuilder.amc.models import AmcInstance
from reportbuilder.executions import quotas
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.pausing import pause_of
from reportbuilder.executions.places import FALLBACK_DURATION, Hold, Place, Queue, first_places, place_of
from reportbuilder.executions.slots import Contender
from reportbuilder.executions.standing import standing
from reportbuilder.executions.states import IN_SLOT
from reportbuilder.settings import Settings

LATEST = 300  # past runs of an instance that are read
TYPICAL_OF = 20  # of which so many of a template say how long it takes

Durations = dict[UUID, timedelta]


def place(session: Session, execution: ReportExecution, settings: Settings) -> Place | None:
    """Return where a pending execution stands in its instance's queue, None once it does not wait.

    One whose next attempt is still to come is told its place among those who wait now.
    """
    if execution.state != "pending":
        return None
    queue = _queue(session, execution.instance, settings)
    if execution.not_before is not None and execution.not_before > queue.now:
        at = execution.not_before
        hold = Hold("retry", f"its next attempt is at {at:%H:%M:%S} UTC", at)
        queue = replace(queue, waiting=[*queue.waiting, _contender(execution)], holds=[*queue.holds, hold])
    return place_of(execution.execution_id, queue)


def line_up(
    session: Session, instance: AmcInstance, settings: Settings, most: int
) -> tuple[list[tuple[ReportExecution, Place]], int]:
    """Return who starts first on an instance, with report, template and user, and how many wait in all.

    Those whose next attempt is still to come do not wait yet.
    """
    queue = _queue(session, instance, settings)
    places = first_places(queue, most)
    rows = session.scalars(
        select(ReportExecution)
        .where(ReportExecution.execution_id.in_([name for name, _ in places]))
        .options(
            defer(ReportExecution.sql_text),
            joinedload(ReportExecution.report),
            joinedload(ReportExecution.template),
            joinedload(ReportExecution.user),
        )
    )
    named = {row.execution_id: row for row in rows}
    return [(named[name], place) for name, place in places], len(queue.waiting)


def _queue(session: Session, instance: AmcInstance, settings: Settings) -> Queue:
    now = clock.now()
    stand = standing(session, instance, settings.instance_slots)
    typical = typical_durations(session, instance.id)
    return Queue(
        now=now,
        waiting=stand.waiting,
        holding=stand.holding,
        slots=stand.limit - stand.foreign,
        elapsed=_elapsed(session, instance, typical, now),
        takes=_takes(session, instance, typical),
        midnight=quotas.midnight(now),
        served=stand.served,
        holds=_holds(session, instance, settings, now),
        runs_left=quotas.runs_left(session, instance, settings.instance_daily_runs),
        runs_daily=quotas.daily_runs(instance, settings.instance_daily_runs),
    )


def _contender(execution: ReportExecution) -> Contender:
    report = str(execution.report_id) if execution.report_id else None
    return Contender(
        execution.execution_id, execution.triggered_by, str(execution.user_id), report, execution.created_at
    )


def _elapsed(
    session: Session, instance: AmcInstance, typical: Durations, now: datetime
) -> list[tuple[timedelta, timedelta]]:
    rows = session.execute(
        select(ReportExecution.template_id, ReportExecution.submitted_at).where(
            ReportExecution.instance_id == instance.id, ReportExecution.state.in_(IN_SLOT)
        )
    )
    return [(now - (began or now), typical.get(template, FALLBACK_DURATION)) for template, began in rows]


def _takes(session: Session, instance: AmcInstance, typical: Durations) -> Callable[[Contender], timedelta]:
    rows = session.execute(
        select(ReportExecution.execution_id, ReportExecution.template_id).where(
            ReportExecution.instance_id == instance.id, ReportExecution.state == "pending"
        )
    )
    return partial(_of_template, {name: typical.get(template) for name, template in rows})


def _of_template(usual: dict[str, timedelta | None], contender: Contender) -> timedelta:
    return usual.get(contender.id) or FALLBACK_DURATION


def _holds(session: Session, instance: AmcInstance, settings: Settings, now: datetime) -> Sequence[Hold]:
    found = []
    if pause := pause_of(session, instance.id):
        what = "everything is" if pause.is_whole else "the instance is"
        found.append(Hold("pause", f"{what} paused by {pause.paused_by}: {pause.reason}"))
    if instance.throttled_until is not None and instance.throttled_until > now:
        reason = f"nothing is sent to AMC for it until {instance.throttled_until:%H:%M:%S} UTC"
        found.append(Hold("throttle", reason, instance.throttled_until))
    if quotas.account_left(session, instance.account_id, settings.account_slots) == 0:
        reason = f"all {settings.account_slots} slots of the account are in use"
        found.append(Hold("account", reason, now + FALLBACK_DURATION))
    return found


def typical_durations(session: Session, instance_id: UUID) -> Durations:
    """Return by template the median time from AMC's accept to our rows of its last runs on an instance.

    Only what is among the instance's last runs is known.
    """
    latest = session.execute(
        select(ReportExecution.template_id, ReportExecution.submitted_at, ReportExecution.completed_at)
        .where(
            ReportExecution.instance_id == instance_id,
            ReportExecution.submitted_at.is_not(None),
            ReportExecution.state == "completed",
        )
        .order_by(ReportExecution.submitted_at.desc())
        .limit(LATEST)
    )
    spans: dict[UUID, list[float]] = {}
    for template, began, ended in latest:
        if began and ended:
            spans.setdefault(template, []).append((ended - began).total_seconds())
    return {template: timedelta(seconds=median(found[:TYPICAL_OF])) for template, found in spans.items()}
