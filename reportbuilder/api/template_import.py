"""Templates as files: import, older shapes included, and export."""

from typing import Any

from flask import Response
from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts import permissions
from reportbuilder.accounts.models import User
from reportbuilder.api import context
from reportbuilder.api.doors import BASE, Door, Key, once
from reportbuilder.api.shapes import Body, Flag, one_of
from reportbuilder.catalog import exporting, importing, searching
from reportbuilder.catalog.older.files import FORMAT, MOST_TEMPLATES, VERSION, find_sources
from reportbuilder.database import reading

door = Door(
    "Template files", f"{BASE}/templates", "Templates as files: import, older shapes too, and export."
)


class ImportBody(Body):
    """Templates to be imported."""

    content = fields.Raw(
        required=True,
        metadata={
            "description": "What an export gives, an older template, a list of them, or tables of an older "
            f"database; at most {MOST_TEMPLATES} templates",
            "oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}],
        },
    )
    dry_run = Flag(load_default=False, metadata={"description": "Say what would happen, and do nothing"})
    update = Flag(
        load_default=False,
        metadata={"description": "Publish what differs from an earlier import as the next version"},
    )


class NoteSchema(Schema):
    """What is to be said of one template."""

    field = fields.String(required=True)
    reason = fields.String(required=True, metadata={"description": "What was done or is wrong; the way out"})


class OutcomeSchema(Schema):
    """What became of one template."""

    name = fields.String(required=True)
    outcome = fields.String(required=True, validate=one_of(importing.OUTCOMES))
    template_id = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True, allow_none=True)
    warnings = fields.List(fields.Nested(NoteSchema), required=True)
    refusals = fields.List(fields.Nested(NoteSchema), required=True)


class ImportSchema(Schema):
    """What became of all, in the order in which they stood."""

    dry_run = fields.Boolean(required=True)
    outcomes = fields.List(fields.Nested(OutcomeSchema), required=True)
    counts = fields.Dict(
        keys=fields.String(), values=fields.Integer(), required=True, metadata={"description": "By outcome"}
    )


class ExportQuery(Schema):
    """What goes along."""

    value_sets = fields.Boolean(
        load_default=False, metadata={"description": "With the values that you have saved for it"}
    )


class ExportedTemplate(Schema):
    """A template with the id and the version that it has here."""

    template_id = fields.String(required=True)
    version = fields.Integer(required=True)
    publication = fields.Dict(required=True, metadata={"description": "What publishing takes"})
    origin = fields.Dict(metadata={"description": "Columns of an older template, as they came"})
    value_sets = fields.List(fields.Dict())


class ExportSchema(Schema):
    """A file of templates; importing it gives the same publications."""

    format = fields.String(required=True, validate=one_of((FORMAT,)))
    version = fields.Integer(required=True, metadata={"description": f"Of this format; {VERSION}"})
    templates = fields.List(fields.Nested(ExportedTemplate), required=True)


@door.route("/import", methods=["POST"])
@door.arguments(Key, location="headers")
@door.arguments(ImportBody)
@door.response(200, ImportSchema)
@door.refuses(400, 403, 409)
def import_templates(headers: dict[str, str], body: dict[str, Any]) -> Response:
    """Import templates, each wholly or not at all; those of an earlier import are not doubled."""
    permissions.ensure(context.principal(), "template:publish")

    def allowed(session: Session) -> User:
        return session.get_one(User, context.principal().user_id)

    def work(session: Session, user: User) -> dict[str, Any]:
        terms = importing.Terms.of(context.principal(), user, clock.now(), update=body["update"])
        sources = find_sources(body["content"])
        outcomes = importing.import_sources(session, sources, terms, dry_run=body["dry_run"])
        return {
            "dry_run": body["dry_run"],
            "outcomes": outcomes,
            "counts": importing.count(outcomes),
        }

    return once(headers, allowed, work, ImportSchema(), 200)


@door.route("/<ident:template_id>/export")
@door.arguments(ExportQuery, location="query")
@door.response(200, ExportSchema)
@door.refuses(404)
def export_template(query: dict[str, Any], template_id: str) -> dict[str, Any]:
    """Export a template in the form that import takes."""
    with reading() as session:
        template = searching.find(session, context.principal(), template_id)
        saved = context.principal().user_id if query["value_sets"] else None
        return exporting.export(session, [template], value_sets_of=saved)
