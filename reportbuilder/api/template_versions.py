"""The versions of templates, their copies, what uses them, and their deletion."""

from typing import Any

from flask import Response
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from reportbuilder.accounts import permissions
from reportbuilder.accounts.models import User
from reportbuilder.api import context
from reportbuilder.api.doors import BASE, Door, Key, once
from reportbuilder.api.shapes import Body, Instant, Text, Whole
from reportbuilder.api.template_shapes import TemplateDetail, shown_whole
from reportbuilder.catalog import publishing, searching, versions
from reportbuilder.catalog.differences import compare
from reportbuilder.catalog.models import QueryTemplate, QueryTemplateVersion
from reportbuilder.database import reading, transaction
from reportbuilder.executions import uses

door = Door("Template versions", f"{BASE}/templates", "Versions of templates, copies, and what uses them.")
NUMBER = "<int(max=2147483647):number>"  # as large as databases keep


class VersionSchema(Schema):
    """One publication of a template."""

    version = fields.Integer(required=True)
    name = fields.String(required=True)
    author = fields.String(required=True, allow_none=True, metadata={"description": "E-mail address"})
    note = fields.String(required=True, metadata={"description": "Why, in one line"})
    created_at = Instant(required=True)
    is_current = fields.Boolean(required=True)


class VersionDetail(VersionSchema):
    """One publication with all that was published."""

    publication = fields.Dict(required=True, metadata={"description": "What publishing takes"})


class VersionList(Schema):
    """All publications, newest first."""

    items = fields.List(fields.Nested(VersionSchema), required=True)


class DiffQuery(Schema):
    """With which version to compare."""

    to = Whole(1, 2_147_483_647, metadata={"description": "A version; without it, the present one"})


class DiffSchema(Schema):
    """What differs between two versions."""

    before = fields.Integer(required=True)
    after = fields.Integer(required=True)
    sql = fields.String(required=True, metadata={"description": "Unified diff; empty if it is the same"})
    parameters = fields.List(fields.String(), required=True, metadata={"description": "In words"})
    fields_ = fields.List(
        fields.String(),
        required=True,
        attribute="fields",
        data_key="fields",
        metadata={"description": "In words"},
    )


class RestoreBody(Body):
    """How to restore."""

    version = fields.Integer(
        strict=True, metadata={"description": "The version that you saw last; another since is a 409"}
    )


class ForkBody(Body):
    """What to call the copy."""

    name = Text(most=200)


class UsingReport(Schema):
    """A report made of the template."""

    report_id = fields.String(required=True)
    name = fields.String(required=True)
    instance_id = fields.String(required=True)
    owner = fields.String(required=True, metadata={"description": "E-mail address"})


class UsesSchema(Schema):
    """What uses a template."""

    reports = fields.Integer(required=True)
    deleted_reports = fields.Integer(required=True, metadata={"description": "Kept for what they ran"})
    executions = fields.Integer(required=True)
    copies = fields.Integer(required=True, metadata={"description": "No use: they stay when it is deleted"})
    is_unused = fields.Boolean(required=True, metadata={"description": "Whether it can be deleted"})
    items = fields.List(
        fields.Nested(UsingReport),
        required=True,
        metadata={"description": f"Those of the reports that you may see, at most {uses.MOST_LISTED}"},
    )


def shown_version(template: QueryTemplate, row: QueryTemplateVersion) -> dict[str, Any]:
    """Return a publication in the words of VersionDetail."""
    return {
        "version": row.version,
        "name": row.snapshot.get("name", ""),
        "author": row.author.email if row.author else None,
        "note": row.note,
        "created_at": row.created_at,
        "is_current": row.version == template.version,
        "publication": row.snapshot,
    }


def shown_uses(found: uses.Uses) -> dict[str, Any]:
    """Return uses in the words of UsesSchema."""
    names = ("reports", "deleted_reports", "executions", "copies", "is_unused")
    return {name: getattr(found, name) for name in names} | {
        "items": [
            {
                "report_id": report.report_id,
                "name": report.name,
                "instance_id": report.instance.instance_id,
                "owner": report.owner.email,
            }
            for report in found.seen
        ]
    }


@door.route("/<ident:template_id>/versions")
@door.response(200, VersionList)
@door.refuses(404)
def list_versions(template_id: str) -> dict[str, Any]:
    """List the publications of a template, newest first."""
    with reading() as session:
        template = searching.find(session, context.principal(), template_id)
        return {"items": [shown_version(template, row) for row in versions.versions_of(session, template)]}


@door.route(f"/<ident:template_id>/versions/{NUMBER}")
@door.response(200, VersionDetail)
@door.refuses(404)
def get_version(template_id: str, number: int) -> dict[str, Any]:
    """Show one publication of a template."""
    with reading() as session:
        template = searching.find(session, context.principal(), template_id)
        return shown_version(template, versions.version_of(session, template, number))


@door.route(f"/<ident:template_id>/versions/{NUMBER}/diff")
@door.arguments(DiffQuery, location="query")
@door.response(200, DiffSchema)
@door.refuses(404)
def diff_versions(query: dict[str, Any], template_id: str, number: int) -> dict[str, Any]:
    """Compare two publications of a template."""
    with reading() as session:
        template = searching.find(session, context.principal(), template_id)
        before = versions.version_of(session, template, number)
        after = versions.version_of(session, template, query.get("to", template.version))
        found = compare(
            before.snapshot,
            after.snapshot,
            names=(f"version {before.version}", f"version {after.version}"),
        )
    return {
        "before": before.version,
        "after": after.version,
        "sql": found.sql,
        "parameters": found.parameters,
        "fields": found.fields,
    }


@door.route(f"/<ident:template_id>/versions/{NUMBER}/restore", methods=["POST"])
@door.arguments(RestoreBody, required=False)
@door.response(200, TemplateDetail)
@door.refuses(400, 403, 404, 409)
def restore_version(body: dict[str, Any], template_id: str, number: int) -> dict[str, Any]:
    """Publish what a template was at a version as its next one."""
    with transaction() as session:
        template = searching.find(session, context.principal(), template_id, locked=True)
        permissions.ensure(
            context.principal(), "template:publish", searching.subject_of(template), "template"
        )
        author = context.principal().user_id
        publishing.restore(session, template, number, author_id=author, seen_version=body.get("version"))
        return shown_whole(template, searching.parent_of(session, context.principal(), template))


@door.route("/<ident:template_id>/fork", methods=["POST"])
@door.arguments(Key, location="headers")
@door.arguments(ForkBody, required=False)
@door.response(201, TemplateDetail)
@door.refuses(400, 403, 404, 409)
def fork_template(headers: dict[str, str], body: dict[str, Any], template_id: str) -> Response:
    """Make a copy of a template your own; it tells when the original has a newer version."""

    def allowed(session: Session) -> tuple[QueryTemplate, User]:
        template = searching.find(session, context.principal(), template_id)
        permissions.ensure(context.principal(), "template:publish")
        return template, session.get_one(User, context.principal().user_id)

    def work(session: Session, found: tuple[QueryTemplate, User]) -> dict[str, Any]:
        copy = publishing.fork(session, *found, name=body.get("name"))
        return shown_whole(copy, searching.parent_of(session, context.principal(), copy))

    return once(headers, allowed, work, TemplateDetail(), 201)


@door.route("/<ident:template_id>/used-by")
@door.response(200, UsesSchema)
@door.refuses(404)
def show_uses(template_id: str) -> dict[str, Any]:
    """Show what uses a template: how many in all, and the reports that you may see."""
    with reading() as session:
        template = searching.find(session, context.principal(), template_id)
        return shown_uses(uses.uses_of(session, context.principal(), template))


@door.route("/<ident:template_id>", methods=["DELETE"])
@door.response(204)
@door.refuses(403, 404, 409)
def delete_template(template_id: str) -> Response:
    """Delete a template that nothing uses; a shipped one stays."""
    with transaction() as session:
        template = searching.find(session, context.principal(), template_id)
        permissions.ensure(context.principal(), "template:delete", searching.subject_of(template), "template")
        uses.delete_unused(session, template)
    return Response(status=204)
