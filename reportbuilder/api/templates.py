"""Query templates as JSON: the library, the form of one, validation with preview, ad-hoc runs, publishing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from flask import Response
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from reportbuilder.accounts import permissions
from reportbuilder.accounts.models import User
from reportbuilder.amc import sources
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context, limits, ordering
from reportbuilder.api.doors import BASE, Door, Key, once
from reportbuilder.api.executions import ExecutionSchema
from reportbuilder.api.linting import LintBody, LintSchema, judge
from reportbuilder.api.shapes import Body, Flag, Page, Text, list_of, pick, sort_field
from reportbuilder.api.template_shapes import TemplateDetail, TemplateSchema, shown, shown_whole
from reportbuilder.catalog import publishing, searching
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Invalid
from reportbuilder.executions import overview

door = Door("Templates", f"{BASE}/templates", "Query templates: SQL with typed parameters, and their forms.")


class TemplateQuery(Page):
    """Which templates."""

    category = Text(most=200)
    report_type = Text(most=200)
    search = Text(most=200, metadata={"description": "Words that all occur in name, question, text or tags"})
    instance_id = Text(most=64, metadata={"description": "Keeps what this instance has the tables for"})
    sort = sort_field(searching.SORTS, "name")


class FormQuery(Schema):
    """On which instance it shall run."""

    instance_id = Text(most=64, metadata={"description": "Fills the form's pickers with its values"})


class ValuesBody(Body):
    """A filled form: values, instance and window."""

    instance_id = Text(most=64, required=True)
    parameters = fields.Dict(load_default=dict, metadata={"description": "By the template's form"})
    time_window = fields.Dict(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "`{start, end, time_zone}`, `{preset}` or `{lookback_days}`; else 30 settled days"
        },
    )


class FieldError(Schema):
    """What is wrong with one field."""

    field = fields.String(required=True)
    message = fields.String(required=True)


class Estimate(Schema):
    """How long such a run takes."""

    typical_seconds = fields.Float(
        required=True, allow_none=True, metadata={"description": "Median of the last"}
    )


class LocalWindow(Schema):
    """The window in local time, as a body takes it."""

    start = fields.String(required=True, metadata={"description": "Local date-time; it is in the window"})
    end = fields.String(required=True, metadata={"description": "Local date-time; it is not"})
    time_zone = fields.String(required=True)


class ValidationSchema(Schema):
    """What would be sent, or what stands against it."""

    valid = fields.Boolean(required=True)
    errors = fields.List(fields.Nested(FieldError), required=True)
    warnings = fields.List(fields.String(), required=True)
    preview_sql = fields.String(
        required=True, allow_none=True, metadata={"description": "Byte for byte what would be sent"}
    )
    time_window = fields.Nested(LocalWindow, required=True, allow_none=True)
    estimate = fields.Nested(Estimate, required=True)


class TemplateFields(Body):
    """What can be said of a template."""

    name = Text(most=200)
    category = Text(most=200)
    sql_template = Text(most=100_000)
    parameter_definitions = fields.List(fields.Dict())
    description = fields.String()
    report_type = fields.String(allow_none=True)
    report_config = fields.Dict()
    ui_schema = fields.Dict()
    tags = fields.List(fields.String())
    is_public = Flag()


class PublicationBody(TemplateFields):
    """A template to be published."""

    name = Text(most=200, required=True)
    category = Text(most=200, required=True)
    sql_template = Text(most=100_000, required=True)


class RevisionBody(TemplateFields):
    """The next version of a template; what is not given stays."""

    version = fields.Integer(
        strict=True, metadata={"description": "The version that you started from; another since is a 409"}
    )
    note = Text(most=500, least=0, metadata={"description": "Why, in one line; kept with the version"})


@door.route("")
@door.arguments(TemplateQuery, location="query")
@door.response(200, list_of(TemplateSchema))
@door.refuses()
def list_templates(query: dict[str, Any]) -> dict[str, Any]:
    """List the templates that you may see."""
    part = pick(query, "sort", "page", "limit")
    criteria = pick(query, "category", "report_type", "search")
    with reading() as session:
        wanted = searching.Criteria(**criteria, tables=_tables(session, query.get("instance_id")))
        rows, total = searching.search(session, context.principal(), wanted, **part)
    return {
        "items": [shown(row) for row in rows],
        "total": total,
        "page": part["page"],
        "limit": part["limit"],
    }


def _tables(session: Session, instance_id: str | None) -> frozenset[str] | None:
    """Return the tables of an instance; None without one, and while they are not known."""
    if instance_id is None:
        return None
    return sources.tables_of(session, ordering.instance(session, instance_id, "instance:view").id)


@door.route("/<ident:template_id>")
@door.arguments(FormQuery, location="query")
@door.response(200, TemplateDetail)
@door.refuses(404)
def get_template(query: dict[str, Any], template_id: str) -> dict[str, Any]:
    """Show one template with its SQL, its parameters and its form."""
    with reading() as session:
        template = searching.find(session, context.principal(), template_id)
        on = None
        if "instance_id" in query:
            on = ordering.instance(session, query["instance_id"], "instance:view")
        parent = searching.parent_of(session, context.principal(), template)
        return shown_whole(template, parent, session=session, on=on)


@door.route("/<ident:template_id>/validate-parameters", methods=["POST"])
@door.arguments(ValuesBody)
@door.response(200, ValidationSchema)
@door.refuses(400, 404)
def validate_parameters(body: dict[str, Any], template_id: str) -> dict[str, Any]:
    """Check values, and preview the SQL that would be sent. Runs nothing."""
    with reading() as session:
        template = searching.find(session, context.principal(), template_id)
        on = ordering.instance(session, body["instance_id"], "instance:view")
        typical = overview.typical_duration(session, template.id, on.id)
        try:
            what = ordering.prepared(template, body)
        except Invalid as error:
            return _judged(typical, errors=list(_field_errors(error)))
    return _judged(typical, what.sql, what.window.to_json(), warnings=list(what.warnings))


@door.route("/<ident:template_id>/execute", methods=["POST"])
@door.arguments(Key, location="headers")
@door.arguments(ValuesBody)
@door.response(202, ExecutionSchema)
@door.refuses(400, 403, 404, 409, 429)
@limits.executions
def execute_template(headers: dict[str, str], body: dict[str, Any], template_id: str) -> Response:
    """Run a template once, without a report."""

    def allowed(session: Session) -> tuple[QueryTemplate, AmcInstance]:
        template = searching.find(session, context.principal(), template_id)
        return template, ordering.instance(session, body["instance_id"], "instance:run")

    def work(session: Session, found: tuple[QueryTemplate, AmcInstance]) -> dict[str, Any]:
        return ordering.start(session, *found, ordering.prepared(found[0], body))

    return once(headers, allowed, work, ExecutionSchema(), 202)


@door.route("", methods=["POST"])
@door.arguments(Key, location="headers")
@door.arguments(PublicationBody)
@door.response(201, TemplateDetail)
@door.refuses(400, 403, 409)
def publish_template(headers: dict[str, str], body: dict[str, Any]) -> Response:
    """Publish a template; faults of the SQL are told with line and column."""

    def allowed(session: Session) -> User:
        permissions.ensure(context.principal(), "template:publish")
        return session.get_one(User, context.principal().user_id)

    def work(session: Session, user: User) -> dict[str, Any]:
        return shown_whole(publishing.publish(session, body, user))

    return once(headers, allowed, work, TemplateDetail(), 201)


@door.route("/<ident:template_id>", methods=["PUT"])
@door.arguments(RevisionBody, required=False)
@door.response(200, TemplateDetail)
@door.refuses(400, 403, 404, 409)
def revise_template(body: dict[str, Any], template_id: str) -> dict[str, Any]:
    """Publish the next version of a template of yours; shipped ones are copied instead."""
    seen, note = body.pop("version", None), body.pop("note", "")
    with transaction() as session:
        # of two who started from one version the second waits here, and then sees the first one's
        template = searching.find(session, context.principal(), template_id, locked=True)
        permissions.ensure(
            context.principal(), "template:publish", searching.subject_of(template), "template"
        )
        author = context.principal().user_id
        publishing.update(session, template, body, seen_version=seen, author_id=author, note=note)
        return shown_whole(template, searching.parent_of(session, context.principal(), template))


@door.route("/lint", methods=["POST"])
@door.arguments(LintBody)
@door.response(200, LintSchema)
@door.refuses(400, 403)
def lint_template(body: dict[str, Any]) -> dict[str, Any]:
    """Tell all that can be said against a template, with its place; only errors refuse publishing."""
    permissions.ensure(context.principal(), "template:lint")
    return judge(body)


def _judged(
    typical: timedelta | None,
    sql: str | None = None,
    window: dict[str, str] | None = None,
    *,
    errors: list[dict[str, str]] | None = None,
    warnings: list[str] | None = None,
) -> dict[str, Any]:
    return {
        "valid": sql is not None,
        "errors": errors or [],
        "warnings": warnings or [],
        "preview_sql": sql,
        "time_window": window,
        "estimate": {"typical_seconds": typical.total_seconds() if typical else None},
    }


def _field_errors(error: Invalid) -> Iterator[dict[str, str]]:
    for name, reasons in error.details.items():
        for reason in reasons:
            yield {"field": name, "message": reason}
