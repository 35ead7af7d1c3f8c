"""Reports as JSON: saved choices of a template, an instance and values, and their runs."""

from collections.abc import Sequence
from typing import Any

from flask import Response
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from reportbuilder.accounts import permissions
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context, deleting, limits, ordering, report_lists, report_runs, schedule_shapes
from reportbuilder.api import executions as runs
from reportbuilder.api.doors import BASE, Door, Key, once
from reportbuilder.api.schedule_shapes import ScheduleSchema
from reportbuilder.api.shapes import (
    Body,
    Flag,
    Instant,
    Page,
    Text,
    list_of,
    one_of,
    pick,
    row_id,
    sort_field,
)
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.searching import find as find_template
from reportbuilder.database import reading, transaction
from reportbuilder.executions import overview
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import STATES, STATUS
from reportbuilder.reports import defining, searching
from reportbuilder.reports.models import FREQUENCIES, ReportDefinition
from reportbuilder.schedules import defining as scheduling

door = Door("Reports", f"{BASE}/reports", "Saved reports: a template, an instance and values under a name.")

RECENT = 10  # executions shown with a report


class LatestRun(Schema):
    """The latest execution of a report."""

    execution_id = fields.String(required=True)
    status = fields.String(required=True, validate=one_of(runs.STATUSES))
    phase = fields.String(required=True, validate=one_of(STATES))
    created_at = Instant(required=True)
    completed_at = Instant(required=True, allow_none=True)


class ReportSchema(Schema):
    """A report in the overview."""

    report_id = fields.String(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    template_id = fields.String(required=True)
    template_name = fields.String(required=True)
    instance_id = fields.String(required=True)
    instance_name = fields.String(required=True)
    owner_id = fields.UUID(required=True)
    owner = fields.String(required=True, metadata={"description": "E-mail address"})
    frequency = fields.String(required=True, validate=one_of(FREQUENCIES))
    timezone = fields.String(required=True)
    is_active = fields.Boolean(required=True)
    is_favorite = fields.Boolean(required=True, metadata={"description": "Marked by you"})
    execution_count = fields.Integer(required=True)
    latest = fields.Nested(LatestRun, required=True, allow_none=True)
    next_run_at = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)
    updated_at = Instant(required=True)


class ReportDetail(ReportSchema):
    """A report with what it asks for and its recent executions."""

    parameters = fields.Dict(required=True)
    time_window = fields.Dict(
        required=True, allow_none=True, metadata={"description": "Resolved at each run"}
    )
    recent_executions = fields.List(fields.Nested(runs.ExecutionSchema), required=True)
    schedule = fields.Nested(ScheduleSchema, required=True, allow_none=True)


class ReportQuery(Page):
    """Which reports."""

    instance_id = Text(most=64)
    owner_id = fields.UUID()
    state = fields.String(validate=one_of(searching.STATES))
    frequency = fields.String(validate=one_of(FREQUENCIES))
    status = fields.String(
        validate=one_of(runs.STATUSES), metadata={"description": "Of the latest execution"}
    )
    search = Text(most=200, metadata={"description": "Words that all occur in name, description or template"})
    sort = sort_field(report_lists.SORTS, "-created_at")


class ReportChange(Body):
    """What can be changed of a report; parameters and window are replaced as wholes."""

    name = Text(most=200)
    description = fields.String(allow_none=True)
    parameters = fields.Dict()
    time_window = fields.Dict(allow_none=True)
    timezone = Text(most=64)
    is_active = Flag()


class ReportBody(ReportChange):
    """A new report."""

    name = Text(most=200, required=True)
    template_id = Text(most=64, required=True)
    instance_id = Text(most=64, required=True)
    run = fields.Nested(
        report_runs.RunWish,
        load_default=None,
        allow_none=True,
        metadata={"description": "Null only saves the report"},
    )


class CreatedReport(Schema):
    """What came of a new report."""

    report_id = fields.String(required=True)
    execution_id = fields.String(required=True, allow_none=True)
    schedule_id = fields.String(required=True, allow_none=True)
    backfill_id = fields.String(required=True, allow_none=True)
    dashboard_id = fields.String(required=True, allow_none=True)


class RunBody(Body):
    """What is different in this run alone."""

    parameters = fields.Dict(
        load_default=dict, metadata={"description": "Over the report's; null is the default"}
    )
    time_window = fields.Dict(load_default=None, allow_none=True)


def visible(
    session: Session, report_id: str, permission: str = "report:view", *, deleted: bool = False
) -> ReportDefinition:
    """Return a report if the asker may do that with it; one that is not only viewed is locked.

    :param deleted: return it also if it has been deleted.
    :raises NotFound: if there is none that the asker may see.
    :raises NotPermitted: if it is visible and that is not allowed.
    """
    # run, change and delete wait for each other: nothing runs of what is deleted, changes are judged whole
    locked = permission != "report:view"
    row = searching.find(session, context.principal(), report_id, locked=locked, deleted=deleted)
    permissions.ensure(context.principal(), permission, searching.subject_of(row), "report")
    return row


def shown(session: Session, rows: Sequence[ReportDefinition]) -> list[dict[str, Any]]:
    """Return reports in the words of ReportSchema."""
    return [
        _shown(line.report)
        | {"is_favorite": line.is_favorite, "latest": line.latest and _run(line.latest)}
        | {"next_run_at": line.next_run_at}
        for line in report_lists.lines(session, context.principal(), rows)
    ]


def _shown(row: ReportDefinition) -> dict[str, Any]:
    names = ("report_id", "name", "frequency", "timezone", "is_active", "execution_count", "owner_id")
    return {name: getattr(row, name) for name in (*names, "created_at", "updated_at")} | {
        "description": row.description or "",
        "template_id": row.template.template_id,
        "template_name": row.template.name,
        "instance_id": row.instance.instance_id,
        "instance_name": row.instance.instance_name,
        "owner": row.owner.email,
    }


def _run(run: ReportExecution) -> dict[str, Any]:
    return {
        "execution_id": run.execution_id,
        "status": STATUS[run.state],
        "phase": run.state,
        "created_at": run.created_at,
        "completed_at": run.completed_at,
    }


def _whole(session: Session, row: ReportDefinition) -> dict[str, Any]:
    recent, _ = overview.search(session, overview.Criteria(report_id=row.id), limit=RECENT)
    schedule = scheduling.find_active(session, row)
    return shown(session, [row])[0] | {
        "parameters": row.parameters,
        "time_window": row.time_window,
        "recent_executions": [runs.shown(run) for run in recent],
        "schedule": schedule_shapes.shown(schedule, row) if schedule else None,
    }


@door.route("")
@door.arguments(ReportQuery, location="query")
@door.response(200, list_of(ReportSchema))
@door.refuses()
def list_reports(query: dict[str, Any]) -> dict[str, Any]:
    """List the reports on the instances that you may see."""
    with reading() as session:
        instance_id = row_id(session, AmcInstance.id, AmcInstance.instance_id, query.get("instance_id"))
        wanted = pick(query, "owner_id", "state", "frequency", "search")
        rows, total = report_lists.search(
            session,
            context.principal(),
            searching.Criteria(instance_id=instance_id, **wanted),
            **pick(query, "status", "sort", "page", "limit"),
        )
        return {"items": shown(session, rows), "total": total} | pick(query, "page", "limit")


@door.route("", methods=["POST"])
@door.arguments(Key, location="headers")
@door.arguments(ReportBody)
@door.response(201, CreatedReport)
@door.refuses(400, 403, 404, 409, 429)
@limits.reports
@limits.executions
def create_report(headers: dict[str, str], body: dict[str, Any]) -> Response:
    """Create a report and start what `run` asks for: all or nothing."""
    run = body.pop("run")

    def allowed(session: Session) -> tuple[QueryTemplate, AmcInstance]:
        template = find_template(session, context.principal(), body.pop("template_id"))
        return template, ordering.instance(session, body.pop("instance_id"), "report:create")

    def work(session: Session, found: tuple[QueryTemplate, AmcInstance]) -> dict[str, Any]:
        return report_runs.create(session, body, run, *found)

    return once(headers, allowed, work, CreatedReport(), 201)


@door.route("/<ident:report_id>")
@door.response(200, ReportDetail)
@door.refuses(404)
def get_report(report_id: str) -> dict[str, Any]:
    """Show one report with what it asks for and its recent executions."""
    with reading() as session:
        return _whole(session, visible(session, report_id))


@door.route("/<ident:report_id>", methods=["PATCH"])
@door.arguments(ReportChange, required=False)
@door.response(200, ReportDetail)
@door.refuses(400, 403, 404, 409)
def change_report(body: dict[str, Any], report_id: str) -> dict[str, Any]:
    """Change what is given; the whole must still fit the template."""
    with transaction() as session:
        row = visible(session, report_id, "report:change")
        change(session, row, body)
        return _whole(session, row)


def change(session: Session, row: ReportDefinition, body: dict[str, Any]) -> None:
    """Change what is given of a report; the whole must still fit its template and its schedule.

    :raises Invalid: with everything that is wrong, by field. :raises Conflict: if the name is taken.
    """
    defining.change(session, row, body, terms=ordering.terms(), by=context.principal().email)
    schedule = scheduling.find_active(session, row)
    if schedule is not None:
        scheduling.check_again(row, schedule, terms=ordering.terms())


@door.route("/<ident:report_id>", methods=["DELETE"])
@door.response(204)
@door.refuses(403, 404, 409)
def delete_report(report_id: str) -> Response:
    """Delete a report of which nothing runs and no backfill is open; its executions and their rows stay.

    `restore` takes it back.
    """
    with transaction() as session:
        deleting.delete(session, visible(session, report_id, "report:delete"))
    return Response(status=204)


@door.route("/<ident:report_id>/restore", methods=["POST"])
@door.response(200, ReportDetail)
@door.refuses(403, 404, 409)
def restore_report(report_id: str) -> dict[str, Any]:
    """Take a deletion back: the report is there again as it was, and its schedule goes on.

    What was due meanwhile is left out. A report that is there is answered as it is. A 409 if its owner has
    given its name to another one meanwhile.
    """
    with transaction() as session:
        row = visible(session, report_id, "report:delete", deleted=True)
        deleting.restore(session, row)
        return _whole(session, row)


@door.route("/<ident:report_id>/run", methods=["POST"])
@door.arguments(Key, location="headers")
@door.arguments(RunBody, required=False)
@door.response(202, runs.ExecutionSchema)
@door.refuses(400, 403, 404, 409, 429)
@limits.executions
def run_report(headers: dict[str, str], body: dict[str, Any], report_id: str) -> Response:
    """Run a report now; values and window may be overridden for this run."""

    def allowed(session: Session) -> ReportDefinition:
        return visible(session, report_id, "report:run")

    def work(session: Session, row: ReportDefinition) -> dict[str, Any]:
        return report_runs.start(session, row, body)

    return once(headers, allowed, work, runs.ExecutionSchema(), 202)
