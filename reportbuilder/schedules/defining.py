"""Making, changing, pausing, resuming and removing the schedule of a report."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reportbuilder import clock, logs
from reportbuilder.errors import Conflict, Invalid
from reportbuilder.executions.pausing import open_pauses
from reportbuilder.parameters.dates import today_in
from reportbuilder.reports.defining import Terms, prepare_run
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules.cronforms import cron_expression, schedule_type
from reportbuilder.schedules.following import lock
from reportbuilder.schedules.frequencies import frequency_of
from reportbuilder.schedules.judging import hold_of, judge, write
from reportbuilder.schedules.models import ReportSchedule, ScheduleFiring
from reportbuilder.schedules.plans import plan_of, policies_of
from reportbuilder.schedules.recurrence import Recurrence
from reportbuilder.schedules.rolling import window_of
from reportbuilder.schedules.spelling import write_recurrence
from reportbuilder.schedules.wishes import Wishes, read_wishes

log = logs.get_logger(__name__)

LONGEST_REASON: Final = 500  # characters


def draft(report: ReportDefinition, data: Mapping[str, Any], *, terms: Terms) -> ReportSchedule:
    """Return the schedule that the data describe, judged as a whole and not stored: what a preview shows.

    :raises Invalid: with everything that is wrong, by field.
    """
    schedule = ReportSchedule(
        report_id=report.id, default_parameters={}, policies={}, jitter_minutes=0, is_settling=False
    )
    _apply(schedule, report, {"recurrence": {}, **data}, terms)
    schedule.judged_until = schedule.counts_from = terms.as_of
    schedule.next_run_at = _next(schedule, terms.as_of)
    return schedule


def create(
    session: Session,
    report: ReportDefinition,
    data: Mapping[str, Any],
    *,
    terms: Terms,
    by: str | None = None,
) -> ReportSchedule:
    """Make the schedule of a report, which its caller has locked; ``by``: as for `change`.

    ``data``: recurrence (see `read_recurrence`; its zone is the report's unless it says otherwise), and if
    wanted policies, time_window (rolling, else the report's), parameters (over the report's), jitter_minutes,
    is_settling.

    :raises Invalid: with everything that is wrong, by field. :raises Conflict: if it has an active one.
    """
    there = find_active(session, report)
    if there is not None:
        raise _taken(report, there)
    schedule = draft(report, data, terms=terms)
    schedule.changed_by, schedule.changed_at = by, clock.now()
    try:
        with session.begin_nested():
            session.add(schedule)
    except IntegrityError:
        raise _taken(report, find_active(session, report)) from None
    report.frequency = frequency_of(plan_of(schedule).recurrence, terms.as_of)
    session.flush()
    log.info("schedule made", schedule_id=schedule.schedule_id, report_id=report.report_id)
    return schedule


def change(
    session: Session,
    schedule: ReportSchedule,
    report: ReportDefinition,
    data: Mapping[str, Any],
    *,
    terms: Terms,
    by: str | None = None,
) -> ReportSchedule:
    """Change what is given; policies one by one, everything else as wholes. Both rows are locked by then.

    Due times up to now keep to what was before; what has started goes on.

    :param by: who does so, for those who have the same schedule open in a form.
    :raises Invalid: with everything that is wrong, by field. :raises Conflict: if it has been removed.
    """
    refuse_removed(schedule)
    catch_up(session, schedule, report)
    _apply(schedule, report, data, terms)
    _begin_anew(schedule, terms.as_of)
    schedule.changed_by, schedule.changed_at = by, clock.now()
    if schedule.is_active:
        report.frequency = frequency_of(plan_of(schedule).recurrence, terms.as_of)
    session.flush()
    return schedule


def check_again(report: ReportDefinition, schedule: ReportSchedule, *, terms: Terms) -> None:
    """See that a report that has been changed still fits its schedule.

    :raises Invalid: as `create`.
    """
    _check_whole(report, schedule.time_window, schedule.default_parameters, terms)


def pause(
    session: Session, schedule: ReportSchedule, report: ReportDefinition, *, by: str, reason: str
) -> None:
    """Hold a schedule: its due times are skipped until it is resumed, what has started goes on.

    :raises Invalid: without a reason. :raises Conflict: if it is paused already, or removed.
    """
    said = reason.strip()
    if not 0 < len(said) <= LONGEST_REASON:
        raise Invalid.field("reason", f"say in 1 to {LONGEST_REASON} characters why, so that others know")
    refuse_removed(schedule)
    if schedule.is_paused:
        raise Conflict(
            f"{schedule.schedule_id} is paused already by {schedule.paused_by}: {schedule.paused_reason}; "
            "resume it before you pause it anew"
        )
    catch_up(session, schedule, report)
    schedule.is_paused, schedule.paused_by = True, by
    schedule.paused_reason, schedule.paused_at = said, clock.now()
    session.flush()


def resume(session: Session, schedule: ReportSchedule, report: ReportDefinition) -> None:
    """Let a schedule go on with its next due time; failures until now count no more.

    If its instance or everything is paused, it goes on when that ends.

    :raises Conflict: if it is not paused, or removed.
    """
    refuse_removed(schedule)
    if not schedule.is_paused:
        raise Conflict(f"{schedule.schedule_id} is not paused, so there is nothing to resume")
    catch_up(session, schedule, report)
    schedule.is_paused = False
    schedule.paused_by = schedule.paused_reason = schedule.paused_at = None
    _begin_anew(schedule, clock.now())
    session.flush()


def remove(session: Session, schedule: ReportSchedule, report: ReportDefinition) -> None:
    """End a schedule; its history stays, what has started goes on, what waits is left out."""
    if not schedule.is_active:
        return
    catch_up(session, schedule, report)
    schedule.is_active, schedule.next_run_at = False, None
    now = clock.now()
    session.execute(
        update(ScheduleFiring)
        .where(ScheduleFiring.schedule_id == schedule.id, ScheduleFiring.state.in_(("planned", "waiting")))
        .values(state="skipped", reason="removed", ended_at=now, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    report.frequency = "once"
    session.flush()


def remove_from(session: Session, report: ReportDefinition) -> None:
    """End the schedule of a report that is being deleted, if it has one; the report is locked by then."""
    there = find_active(session, report)
    if there is not None:
        remove(session, lock(session, there.id), report)


def put_back(session: Session, report: ReportDefinition) -> None:
    """Let the schedule go on that ended with a report which is about to be restored; the report is locked.

    What was due meanwhile is left out. One that somebody had removed before stays so.
    """
    ended = select(ReportSchedule.id).where(
        ReportSchedule.report_id == report.id,
        ReportSchedule.is_active.is_(False),
        ReportSchedule.updated_at >= report.deleted_at,  # nothing changes a schedule after its end
    )
    there = session.scalars(ended.order_by(ReportSchedule.updated_at.desc()).limit(1)).first()
    if there is None:
        return
    schedule, now = lock(session, there), clock.now()
    schedule.is_active = True
    _begin_anew(schedule, now)
    report.frequency = frequency_of(plan_of(schedule).recurrence, now)
    session.flush()


def find_active(session: Session, report: ReportDefinition) -> ReportSchedule | None:
    """Return the active schedule of a report, None if there is none."""
    return session.scalars(
        select(ReportSchedule).where(ReportSchedule.report_id == report.id, ReportSchedule.is_active)
    ).one_or_none()


def catch_up(session: Session, schedule: ReportSchedule, report: ReportDefinition) -> None:
    """Give all due times up to now their verdicts, by what has held for them until now."""
    now = clock.now()
    if not schedule.is_active or not _is_behind(schedule, now):
        return
    pauses = open_pauses(session)
    hold = hold_of(schedule, pauses, report.instance_id, is_report_active=report.is_active)
    try:
        plan = plan_of(schedule)
    except Invalid:
        return  # it could not be read, which is why somebody changes it
    while _is_behind(schedule, now):  # each time as many as are judged at once
        write(session, [(schedule, judge(schedule, plan, now=now, hold=hold))])


def _is_behind(schedule: ReportSchedule, now: datetime) -> bool:
    return schedule.next_run_at is not None and schedule.next_run_at <= now


def _begin_anew(schedule: ReportSchedule, now: datetime) -> None:
    schedule.judged_until = max(now, schedule.judged_until or now)
    schedule.counts_from = now
    schedule.next_run_at = _next(schedule, schedule.judged_until)


def _next(schedule: ReportSchedule, after: datetime) -> datetime | None:
    return plan_of(schedule).recurrence.next_after(after)


def _apply(schedule: ReportSchedule, report: ReportDefinition, data: Mapping[str, Any], terms: Terms) -> None:
    """Write the fields into the schedule; nothing is written if anything is wrong."""
    so_far = policies_of(schedule)
    by = Wishes(report.timezone, today_in(terms.as_of, report.timezone), terms.lag_days, so_far)
    found, wrong = read_wishes(data, by)
    wrong |= _find_wrong(schedule, report, found, terms) if not wrong.keys() & _RENDERED else {}
    if wrong:
        raise Invalid("; ".join(f"{name}: {why[0]}" for name, why in wrong.items()), details=wrong)
    if "recurrence" in found:
        _write_recurrence(schedule, found["recurrence"])
    schedule.policies = found.get("policies", so_far).to_json()
    for name, column in _COLUMNS.items():
        if name in found:
            setattr(schedule, column, found[name])
    if "jitter_minutes" in found:
        schedule.jitter_minutes = int(found["jitter_minutes"].total_seconds() // 60)


_RENDERED: Final = {"time_window", "parameters"}
_COLUMNS: Final = {
    "time_window": "time_window",
    "parameters": "default_parameters",
    "is_settling": "is_settling",
}


def _write_recurrence(schedule: ReportSchedule, recurrence: Recurrence) -> None:
    schedule.recurrence = write_recurrence(recurrence)
    schedule.schedule_type = schedule_type(recurrence.pattern)
    schedule.cron_expression = cron_expression(recurrence.pattern)
    schedule.timezone = recurrence.zone


def _find_wrong(
    schedule: ReportSchedule, report: ReportDefinition, found: Mapping[str, Any], terms: Terms
) -> dict[str, list[str]]:
    """Return what is wrong with fields that are right each by itself."""
    wrong: dict[str, list[str]] = {}
    recurrence = found.get("recurrence")
    if recurrence is not None and recurrence.next_after(terms.as_of) is None:
        why = f"{recurrence.end} comes before it would be due; take a later day, or none"
        wrong["recurrence.end"] = [why]
    try:
        _check_whole(
            report,
            found.get("time_window", schedule.time_window),
            found.get("parameters", schedule.default_parameters),
            terms,
        )
    except Invalid as error:
        wrong |= error.details
    return wrong


def _check_whole(
    report: ReportDefinition, wish: Mapping[str, Any] | None, values: Mapping[str, Any], terms: Terms
) -> None:
    """See that what would be sent now can be rendered."""
    window = window_of(
        terms.as_of,
        report.time_window if wish is None else wish,
        default_zone=report.timezone,
        lag_days=terms.lag_days,
    )
    prepare_run(report, terms, parameters=values, window=window)


def refuse_removed(schedule: ReportSchedule) -> None:
    """Refuse to work on a schedule that is no more.

    :raises Conflict: if it has been removed.
    """
    if not schedule.is_active:
        raise Conflict(f"{schedule.schedule_id} has been removed; make another one for the report")


def _taken(report: ReportDefinition, there: ReportSchedule | None) -> Conflict:
    name = there.schedule_id if there else "one"
    return Conflict(
        f"{report.name!r} has an active schedule already, {name}; change that, or remove it before"
    )
