"""Executions as JSON: what runs, what came of it, cancel and retry."""

from typing import Any

from flask import Response
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from reportbuilder.accounts import permissions
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Subject
from reportbuilder.amc.models import AmcInstance
from reportbuilder.amc.wire import with_tag
from reportbuilder.api import context, limits
from reportbuilder.api.doors import BASE, Door, Key, once
from reportbuilder.api.shapes import Instant, Page, Text, list_of, one_of, pick, row_id, sort_field
from reportbuilder.database import reading, transaction
from reportbuilder.errors import NotFound
from reportbuilder.executions import lifecycle, overview, queueing, quotas
from reportbuilder.executions.advice import Advice, advise
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.places import HOLDS
from reportbuilder.executions.states import ERROR_CLASSES, STATES, STATUS, TRIGGERS
from reportbuilder.parameters.finality import Finality
from reportbuilder.reports.models import ReportDefinition

door = Door("Executions", f"{BASE}/executions", "What runs and what has run, with its events and its rows.")

STATUSES = tuple(dict.fromkeys(STATUS.values()))


class AdviceShape(Schema):
    """A failure in plain words."""

    meaning = fields.String(required=True)
    todo = fields.String(required=True, metadata={"description": "What to do about it"})
    line = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Where in the SQL, from 1, if AMC says it"}
    )
    column = fields.Integer(required=True, allow_none=True)


class ExecutionError(Schema):
    """Why an execution failed."""

    kind = fields.String(required=True, validate=one_of(ERROR_CLASSES))
    message = fields.String(required=True, metadata={"description": "What happened and what to do"})
    advice = fields.Nested(AdviceShape, required=True)


class WindowShape(Schema):
    """A half-open span of time: ``start`` is in it, ``end`` is not."""

    start = Instant(required=True)
    end = Instant(required=True)
    time_zone = fields.String(required=True)


class ExecutionSchema(Schema):
    """One run of one query."""

    execution_id = fields.String(required=True)
    status = fields.String(required=True, validate=one_of(STATUSES))
    phase = fields.String(required=True, validate=one_of(STATES), metadata={"description": "The exact state"})
    report_id = fields.String(required=True, allow_none=True)
    template_id = fields.String(required=True)
    template_name = fields.String(required=True)
    template_version = fields.Integer(required=True)
    instance_id = fields.String(required=True)
    user = fields.String(required=True, metadata={"description": "E-mail address of who asked for it"})
    triggered_by = fields.String(required=True, validate=one_of(TRIGGERS))
    time_window = fields.Nested(WindowShape, required=True)
    finality = fields.String(
        required=True,
        allow_none=True,
        validate=one_of(Finality),
        metadata={"description": "Preliminary: asked for while the window's figures may still change"},
    )
    parameters = fields.Dict(required=True)
    error = fields.Nested(ExecutionError, required=True, allow_none=True)
    cancel_requested = fields.Boolean(required=True)
    attempts = fields.Integer(required=True)
    row_count = fields.Integer(required=True, allow_none=True)
    size_bytes = fields.Integer(required=True, allow_none=True)
    created_at = Instant(required=True)
    submitted_at = Instant(required=True, allow_none=True)
    started_at = Instant(required=True, allow_none=True)
    completed_at = Instant(required=True, allow_none=True)


class EventSchema(Schema):
    """A step in the life of an execution; both phases are null for a remark."""

    at = Instant(required=True)
    from_phase = fields.String(required=True, allow_none=True)
    to_phase = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)


class HoldSchema(Schema):
    """What keeps a pending execution from starting, beside those before it."""

    kind = fields.String(required=True, validate=one_of(HOLDS))
    reason = fields.String(required=True, metadata={"description": "In words, with who and why"})
    until = Instant(required=True, allow_none=True)


class QueuePlace(Schema):
    """Where a pending execution stands on its instance."""

    number = fields.Integer(required=True, metadata={"description": "1 is next"})
    expected_start = Instant(
        required=True, allow_none=True, metadata={"description": "An estimate; null while nobody can tell"}
    )
    held_by = fields.Nested(HoldSchema, required=True, allow_none=True)


class ExecutionDetail(ExecutionSchema):
    """One run with all that belongs to it."""

    sql = fields.String(required=True, metadata={"description": "Byte for byte what is sent to AMC"})
    amc_execution_id = fields.String(required=True, allow_none=True)
    amc_status = fields.String(required=True, allow_none=True)
    events = fields.List(fields.Nested(EventSchema), required=True)
    queue = fields.Nested(QueuePlace, required=True, allow_none=True)


class ExecutionQuery(Page):
    """Which executions."""

    report_id = Text(most=64)
    instance_id = Text(most=64)
    status = fields.String(validate=one_of(STATUSES))
    triggered_by = fields.String(validate=one_of(TRIGGERS))
    start_date = Instant(
        metadata={"description": "Asked for at this instant or later; a day alone is its start in UTC"}
    )
    end_date = Instant(metadata={"description": "Asked for before this instant, a day alone is its start"})
    sort = sort_field(overview.SORTS, "-created_at")


def shown(row: ReportExecution) -> dict[str, Any]:
    """Return an execution in the words of ExecutionSchema; its relations are loaded."""
    names = (
        "execution_id",
        "template_version",
        "triggered_by",
        "finality",
        "attempts",
        "row_count",
        "size_bytes",
    )
    instants = ("created_at", "submitted_at", "started_at", "completed_at")
    return {name: getattr(row, name) for name in (*names, *instants)} | {
        "status": STATUS[row.state],
        "phase": row.state,
        "report_id": row.report.report_id if row.report else None,
        "template_id": row.template.template_id,
        "template_name": row.template.name,
        "instance_id": row.instance.instance_id,
        "user": row.user.email,
        "time_window": {
            "start": row.time_window_start,
            "end": row.time_window_end,
            "time_zone": row.time_zone,
        },
        "parameters": row.parameters_snapshot,
        "error": _error(row) if row.error_class else None,
        "cancel_requested": row.cancel_requested_at is not None,
    }


def advice_of(row: ReportExecution) -> Advice:
    """Return what to tell of a failed execution, places counted in its SQL as it was written."""
    sent_before = len(with_tag("", row.tag))
    return advise(row.error_class or "", row.error_message or "", before=sent_before)


def _error(row: ReportExecution) -> dict[str, Any]:
    advice = advice_of(row)
    spot = advice.spot
    told = {"meaning": advice.meaning, "todo": advice.todo}
    place = {"line": spot.line if spot else None, "column": spot.column if spot else None}
    return {"kind": row.error_class, "message": row.error_message or "", "advice": told | place}


def visible(session: Session, execution_id: str, permission: str = "execution:view") -> ReportExecution:
    """Return an execution if the asker may do that with it.

    :raises NotFound: if there is none, or none that the asker may see.
    :raises NotPermitted: if it is visible and that is not allowed.
    """
    what = f"execution {execution_id}"
    try:
        row = overview.find(session, execution_id)
    except NotFound:
        raise permissions.missing(what) from None
    subject = Subject(instance_id=row.instance_id, owner_id=row.user_id)
    permissions.ensure(context.principal(), permission, subject, what)
    return row


@door.route("")
@door.arguments(ExecutionQuery, location="query")
@door.response(200, list_of(ExecutionSchema))
@door.refuses()
def list_executions(query: dict[str, Any]) -> dict[str, Any]:
    """List the executions on the instances that you may see, newest first."""
    with reading() as session:
        criteria = _criteria(session, query)
        rows, total = overview.search(
            session, criteria, sort=query["sort"], page=query["page"], limit=query["limit"]
        )
    return {"items": [shown(row) for row in rows], "total": total} | pick(query, "page", "limit")


@door.route("/<ident:execution_id>")
@door.response(200, ExecutionDetail)
@door.refuses(404)
def get_execution(execution_id: str) -> dict[str, Any]:
    """Show one execution with its events, its place in the queue and its expected start."""
    with reading() as session:
        row = visible(session, execution_id)
        events = overview.events(session, row)
        place = queueing.place(session, row, context.settings())
    return shown(row) | {
        "sql": row.sql_text,
        "amc_execution_id": row.amc_execution_id,
        "amc_status": row.amc_status,
        "events": [
            {
                "at": event.created_at,
                "from_phase": event.from_state,
                "to_phase": event.to_state,
                "reason": event.reason,
            }
            for event in events
        ],
        "queue": place,
    }


@door.route("/<ident:execution_id>/cancel", methods=["POST"])
@door.response(202, ExecutionSchema)
@door.refuses(403, 404, 409)
def cancel_execution(execution_id: str) -> dict[str, Any]:
    """Ask for an execution to be stopped; one that AMC runs ends when AMC confirms it."""
    with transaction() as session:
        row = visible(session, execution_id, "execution:cancel")
        lifecycle.cancel(session, row, context.principal().email)
        session.flush()
        return shown(row)


@door.route("/<ident:execution_id>/retry", methods=["POST"])
@door.arguments(Key, location="headers")
@door.response(202, ExecutionSchema)
@door.refuses(403, 404, 409, 429)
@limits.executions
def retry_execution(headers: dict[str, str], execution_id: str) -> Response:
    """Run what failed or was cancelled once more: the same SQL for the same window.

    A 409 also for what AMC refused for too many runs over overlapping windows: it would refuse it again.
    """

    def allowed(session: Session) -> ReportExecution:
        return visible(session, execution_id, "execution:retry")

    def work(session: Session, row: ReportExecution) -> dict[str, Any]:
        quotas.ensure_runs_left(session, row.instance, context.settings())
        user = session.get_one(User, context.principal().user_id)
        again = lifecycle.retry(session, row, user, settle_days=context.settings().settle_days)
        return shown(overview.find(session, again.execution_id))

    return once(headers, allowed, work, ExecutionSchema(), 202)


def _criteria(session: Session, query: dict[str, Any]) -> overview.Criteria:
    principal = context.principal()
    return overview.Criteria(
        instances=None if principal.sees_all else list(principal.grants),
        instance_id=row_id(session, AmcInstance.id, AmcInstance.instance_id, query.get("instance_id")),
        report_id=row_id(session, ReportDefinition.id, ReportDefinition.report_id, query.get("report_id")),
        status=query.get("status"),
        triggered_by=query.get("triggered_by"),
        start=query.get("start_date"),
        end=query.get("end_date"),
    )
