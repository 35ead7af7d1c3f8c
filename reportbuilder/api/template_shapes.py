"""A query template as JSON: in a list, and whole with its form."""

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.amc import sources
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context
from reportbuilder.api.shapes import Instant
from reportbuilder.catalog import searching
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.needs import tables_needed
from reportbuilder.catalog.older.files import read_object, read_tags
from reportbuilder.catalog.preparing import definition_rows, definitions_of, form_of
from reportbuilder.errors import Invalid
from reportbuilder.parameters.forms import Form
from reportbuilder.valuelists import finding


class TemplateSchema(Schema):
    """A query template in a list."""

    template_id = fields.String(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    category = fields.String(required=True)
    report_type = fields.String(required=True, allow_none=True)
    tags = fields.List(fields.String(), required=True)
    version = fields.Integer(required=True)
    is_public = fields.Boolean(required=True)
    is_shipped = fields.Boolean(required=True, metadata={"description": "Comes with the product"})
    execution_count = fields.Integer(required=True)
    created_at = Instant(required=True)
    updated_at = Instant(required=True)
    tables = fields.List(
        fields.String(), required=True, metadata={"description": "AMC's tables that it reads"}
    )


class FormSchema(Schema):
    """A form, the same that the server reads values by."""

    json_schema = fields.Dict(required=True, metadata={"description": "JSON Schema (2020-12) of the values"})
    ui = fields.Dict(required=True, metadata={"description": "How to show it, by react-jsonschema-form"})


class ParentSchema(Schema):
    """The template that this one is a copy of."""

    template_id = fields.String(required=True)
    name = fields.String(required=True)
    copied_version = fields.Integer(required=True, allow_none=True, attribute="copied")
    version = fields.Integer(required=True, metadata={"description": "The present one"})
    has_newer = fields.Boolean(required=True, metadata={"description": "Whether it has changed since"})


class TemplateDetail(TemplateSchema):
    """A query template with its SQL and its form."""

    sql_template = fields.String(required=True)
    parameter_definitions = fields.List(fields.Dict(), required=True)
    ui_schema = fields.Dict(required=True)
    report_config = fields.Dict(required=True)
    form = fields.Nested(FormSchema, required=True, allow_none=True)
    form_problem = fields.String(
        required=True, allow_none=True, metadata={"description": "Why there is no form, if there is none"}
    )
    missing_tables = fields.List(
        fields.String(),
        required=True,
        allow_none=True,
        metadata={
            "description": "Those that the instance lacks; null without `instance_id`, or while AMC has not "
            "told which it has"
        },
    )
    parent = fields.Nested(ParentSchema, required=True, allow_none=True)


def shown(row: QueryTemplate) -> dict[str, Any]:
    """Return a template in the words of TemplateSchema."""
    names = ("template_id", "name", "category", "report_type", "version", "is_public", "execution_count")
    return {name: getattr(row, name) for name in (*names, "created_at", "updated_at")} | {
        "description": row.description or "",
        "tags": read_tags(row.tags),
        "is_shipped": row.library_key is not None,
        "tables": sorted(tables_needed(row)),
    }


def shown_whole(
    row: QueryTemplate,
    parent: searching.Parent | None = None,
    *,
    session: Session | None = None,
    on: AmcInstance | None = None,
) -> dict[str, Any]:
    """Return a template in the words of TemplateDetail, with an instance's values in its form."""
    tables = sources.tables_of(session, on.id) if session and on else None
    listed = shown(row)
    return (
        listed
        | _form(row, session, on)
        | {
            "missing_tables": None if tables is None else sorted(set(listed["tables"]) - tables),
            "sql_template": row.sql_template,
            "parameter_definitions": definition_rows(row),
            "ui_schema": read_object(row.ui_schema),
            "report_config": read_object(row.report_config),
            "parent": parent,
        }
    )


def form_on(
    row: QueryTemplate, session: Session | None, on: AmcInstance | None, zone: str | None = None
) -> tuple[Form, dict[str, Any]]:
    """Return a template's form and the hints for showing it, with an instance's values to pick from.

    :param zone: whose calendar counts; by default the asker's.
    :raises Invalid: if the template's definitions are broken.
    """
    definitions = definitions_of(row)
    choices = finding.choices_of(session, on.id, definitions) if session and on else {}
    form = form_of(
        row,
        as_of=clock.now(),
        zone=zone or context.principal().time_zone,
        lag_days=context.settings().settle_days,
        choices=choices,
    )
    ui = form.ui()
    for name, values in finding.prefilled(definitions, choices).items():
        ui[name]["ui:options"] = read_object(ui[name].get("ui:options")) | {"prefill": values}
    return form, ui


def _form(row: QueryTemplate, session: Session | None, on: AmcInstance | None) -> dict[str, Any]:
    try:
        form, ui = form_on(row, session, on)
    except Invalid as error:
        return {"form": None, "form_problem": error.message}
    return {"form": {"json_schema": form.json_schema(), "ui": ui}, "form_problem": None}
