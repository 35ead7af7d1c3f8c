"""What the lint tells, as JSON."""

from typing import Any

from marshmallow import Schema, fields

from reportbuilder.api.shapes import Body, Text, one_of
from reportbuilder.catalog import judging
from reportbuilder.catalog.lint import ERROR, INFO, WARNING


class LintBody(Body):
    """SQL to be judged; with its parameters and tables, if these are to be judged too."""

    sql_template = Text(most=200_000, required=True)
    parameter_definitions = fields.List(fields.Dict(), load_default=None)
    tables = fields.List(
        fields.String(),
        load_default=None,
        metadata={"description": "What `report_config.about.tables` declares, own uploads included"},
    )


class FindingSchema(Schema):
    """A fault and its place: lines and columns count from 1; null where no one place is meant."""

    field = fields.String(
        required=True, metadata={"description": "`sql_template`, or `parameter_definitions.<name>`"}
    )
    code = fields.String(required=True)
    severity = fields.String(required=True, validate=one_of((ERROR, WARNING, INFO)))
    message = fields.String(required=True)
    line = fields.Integer(required=True, allow_none=True)
    column = fields.Integer(required=True, allow_none=True)
    end_line = fields.Integer(required=True, allow_none=True)
    end_column = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Behind the last character"}
    )
    length = fields.Integer(required=True, allow_none=True, metadata={"description": "In characters"})


class FieldFault(Schema):
    """What is wrong with one field."""

    field = fields.String(required=True)
    message = fields.String(required=True)


class LintSchema(Schema):
    """Everything that can be said against a template; only errors refuse publishing."""

    publishable = fields.Boolean(required=True)
    findings = fields.List(fields.Nested(FindingSchema), required=True)
    errors = fields.List(
        fields.Nested(FieldFault),
        required=True,
        metadata={"description": "Parameter definitions that cannot be read at all"},
    )


def judge(body: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of the lint in the words of LintSchema."""
    found = judging.judge(body["sql_template"], body["parameter_definitions"], tables=body["tables"])
    return {
        "publishable": found.is_publishable,
        "findings": [finding.to_json() for finding in found.findings],
        "errors": [
            {"field": name, "message": reason} for name, reasons in found.wrong.items() for reason in reasons
        ],
    }
