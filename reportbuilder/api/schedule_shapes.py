"""Schedules as JSON: what one says, in words too, what became of its due times, and what comes next."""

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Range

from reportbuilder.api.executions import WindowShape
from reportbuilder.api.shapes import Body, Flag, Instant, one_of
from reportbuilder.errors import Invalid
from reportbuilder.executions.states import STATUS
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import overview
from reportbuilder.schedules.jitter import LONGEST
from reportbuilder.schedules.missed import SKIPPED
from reportbuilder.schedules.models import FIRING_STATES, SCHEDULE_TYPES, ReportSchedule
from reportbuilder.schedules.overview import Outlook, Told
from reportbuilder.schedules.plans import plan_of, policies_of
from reportbuilder.schedules.preview import Mark
from reportbuilder.schedules.wording import describe

MOST_JITTER = round(LONGEST.total_seconds() / 60)
ENDS = ("completed", "failed", "cancelled")
_AS_THEY_ARE = (
    "schedule_id",
    "schedule_type",
    "cron_expression",
    "timezone",
    "recurrence",
    "policies",
    "time_window",
    "jitter_minutes",
    "is_settling",
    "is_active",
    "is_paused",
    "last_run_at",
    "last_run_status",
    "run_count",
    "failure_count",
    "created_at",
    "updated_at",
)


class PauseShape(Schema):
    """Who has paused a schedule, and why."""

    by = fields.String(required=True, metadata={"description": "E-mail address, or: itself"})
    reason = fields.String(required=True)
    at = Instant(required=True)


class ScheduleSchema(Schema):
    """When a report runs by itself, and what it does when something is not as planned."""

    schedule_id = fields.String(required=True)
    report_id = fields.String(required=True)
    report_name = fields.String(required=True)
    instance_id = fields.String(required=True)
    words = fields.String(required=True, metadata={"description": "every Monday at 03:00, New York"})
    policies_in_words = fields.List(fields.String(), required=True)
    schedule_type = fields.String(required=True, validate=one_of(SCHEDULE_TYPES))
    cron_expression = fields.String(
        required=True, allow_none=True, metadata={"description": "The same as a cron line, if there is one"}
    )
    timezone = fields.String(required=True)
    recurrence = fields.Dict(required=True)
    policies = fields.Dict(required=True)
    time_window = fields.Dict(
        required=True, allow_none=True, metadata={"description": "Rolling; null is the report's own"}
    )
    parameters = fields.Dict(required=True, metadata={"description": "Over the report's"})
    jitter_minutes = fields.Integer(required=True)
    is_settling = fields.Boolean(required=True)
    is_active = fields.Boolean(required=True, metadata={"description": "False once it has been removed"})
    is_paused = fields.Boolean(required=True)
    paused = fields.Nested(PauseShape, required=True, allow_none=True)
    next_run_at = Instant(
        required=True, allow_none=True, metadata={"description": "Null while it or its report rests"}
    )
    last_run_at = Instant(
        required=True, allow_none=True, metadata={"description": "The due time of the last run that ended"}
    )
    last_run_status = fields.String(required=True, allow_none=True, validate=one_of(ENDS))
    run_count = fields.Integer(required=True)
    failure_count = fields.Integer(required=True)
    created_at = Instant(required=True)
    updated_at = Instant(required=True)


class ScheduleChange(Body):
    """What can be changed of a schedule: policies one by one, everything else as wholes."""

    recurrence = fields.Dict(
        metadata={
            "description": "type (daily, business_days, weekly, biweekly, monthly, first_business_day, "
            "quarterly, cron), timezone (else the report's), start and end (days), and by type: time, "
            "weekdays, day (1 to 31, or last), anchor, cron"
        }
    )
    policies = fields.Dict(
        metadata={
            "description": "missed (skip, once, all), missed_limit, overlap (skip, queue, cancel), "
            "pause_after (failures in a row; 0 is never)"
        }
    )
    time_window = fields.Dict(allow_none=True, metadata={"description": "Rolling; null is the report's own"})
    parameters = fields.Dict(metadata={"description": "Over the report's; null is the default"})
    jitter_minutes = fields.Integer(
        strict=True,
        validate=Range(0, MOST_JITTER),
        metadata={"description": "A run starts up to so many minutes later, to spread load"},
    )
    is_settling = Flag(metadata={"description": "Run earlier windows again until their figures are final"})


class ScheduleBody(ScheduleChange):
    """A new schedule."""

    recurrence = fields.Dict(required=True, metadata={"description": "As in a change of a schedule"})


class UpcomingSchema(Schema):
    """A time at which a schedule is due."""

    due_at = Instant(required=True)
    local = fields.String(required=True, metadata={"description": "The same by the zone's clocks"})
    wanted = fields.List(
        fields.String(), required=True, metadata={"description": "The local times that ask for it"}
    )
    marks = fields.List(
        fields.String(validate=one_of(Mark)),
        required=True,
        metadata={
            "description": "moved: the clocks skip the time, so it is the first after the gap; doubled: the "
            "clocks show it twice, and the first is taken; after_end: the schedule has ended by then"
        },
    )
    time_window = fields.Nested(WindowShape, required=True)


class OutlookSchema(Schema):
    """What a schedule will do."""

    words = fields.String(required=True)
    policies_in_words = fields.List(fields.String(), required=True)
    times = fields.List(fields.Nested(UpcomingSchema), required=True)
    expected_reruns = fields.Integer(
        required=True, metadata={"description": "Earlier windows that each run will run again"}
    )


class FiringSchema(Schema):
    """What became of a due time."""

    due_at = Instant(required=True)
    starts_at = Instant(required=True, metadata={"description": "The due time, later by the jitter"})
    state = fields.String(required=True, validate=one_of(FIRING_STATES))
    is_made_up = fields.Boolean(required=True)
    skipped = fields.String(required=True, allow_none=True, validate=one_of(SKIPPED))
    reason = fields.String(required=True, allow_none=True, metadata={"description": "In words"})
    execution_id = fields.String(required=True, allow_none=True)
    execution_status = fields.String(required=True, allow_none=True)
    reruns = fields.Integer(required=True, metadata={"description": "Executions that settle earlier windows"})
    ended_at = Instant(required=True, allow_none=True)


def shown(schedule: ReportSchedule, report: ReportDefinition) -> dict[str, Any]:
    """Return a schedule in the words of ScheduleSchema."""
    pause = {"by": schedule.paused_by, "reason": schedule.paused_reason, "at": schedule.paused_at}
    return {name: getattr(schedule, name) for name in _AS_THEY_ARE} | {
        "report_id": report.report_id,
        "report_name": report.name,
        "instance_id": report.instance.instance_id,
        "parameters": schedule.default_parameters,
        "paused": pause if schedule.is_paused else None,
        "next_run_at": overview.next_run_at(schedule, report),
        **_words(schedule),
    }


def _words(schedule: ReportSchedule) -> dict[str, Any]:
    try:
        words = describe(plan_of(schedule).recurrence)
    except Invalid as error:
        words = f"cannot be read: {error.message}"
    return {"words": words, "policies_in_words": policies_of(schedule).describe()}


def foreseen(schedule: ReportSchedule, found: Outlook) -> dict[str, Any]:
    """Return what a schedule will do in the words of OutlookSchema."""
    times = [
        {
            "due_at": each.due_at,
            "local": each.local.isoformat(timespec="minutes"),
            "wanted": [local.isoformat(timespec="minutes") for local in each.wanted],
            "marks": sorted(each.marks),
            "time_window": {"start": window.start, "end": window.end, "time_zone": window.zone},
        }
        for each, window in found.times
    ]
    return _words(schedule) | {"times": times, "expected_reruns": found.reruns}


def told(one: Told) -> dict[str, Any]:
    """Return what became of a due time in the words of FiringSchema."""
    firing, is_skipped = one.firing, one.firing.state == "skipped"
    names = ("due_at", "starts_at", "state", "is_made_up", "ended_at")
    return {name: getattr(firing, name) for name in names} | {
        "skipped": firing.reason if is_skipped else None,
        "reason": SKIPPED.get(firing.reason or "", firing.reason) if is_skipped else firing.reason,
        "execution_id": one.own.execution_id if one.own else None,
        "execution_status": STATUS[one.own.state] if one.own else None,
        "reruns": one.reruns,
    }
