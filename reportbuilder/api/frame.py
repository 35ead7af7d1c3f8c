"""The frame that all parts of the API stand in: OpenAPI, strict JSON, ids in paths."""

from typing import Any

import flask_smorest  # type: ignore[import-untyped]  # it publishes no types
from flask import Flask

from reportbuilder.api import (
    backfills,
    executions,
    instances,
    metadata,
    notifications,
    pauses,
    reports,
    rows,
    schedules,
    template_import,
    template_versions,
    templates,
)
from reportbuilder.api.doors import BODY_MAX, Door
from reportbuilder.api.failures import ErrorSchema
from reportbuilder.api.shapes import Ident, ident_schema
from reportbuilder.api.strictjson import StrictJson

DOORS: tuple[Door, ...] = (
    templates.door,
    template_import.door,
    template_versions.door,
    reports.door,
    backfills.starting,
    backfills.door,
    schedules.door,
    executions.door,
    rows.door,
    instances.door,
    pauses.door,
    metadata.door,
    notifications.door,
    notifications.reports_door,
)

DESCRIPTION = (
    "Ad-hoc SQL reports on Amazon Marketing Cloud. Say who you are with `Authorization: Bearer rb_…`; "
    "`reportbuilder token add` issues a token. Every write that starts work takes an `Idempotency-Key`. "
    "Unknown fields are refused. All errors have one shape: `error` with `code`, `message` and `details` by "
    "field, `request_id` and `timestamp`. Lists take `page`, `limit` and `sort`, and answer `items`, "
    "`total`, `page` and `limit`. Limited answers carry `X-RateLimit-Limit`, `X-RateLimit-Remaining` and "
    "`X-RateLimit-Reset` (seconds since 1970), a 429 also `Retry-After` (seconds)."
)
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API token: `reportbuilder token add`",
}


class Api(flask_smorest.Api):  # type: ignore[misc]  # it publishes no types
    """The OpenAPI of all doors; errors are ours, see ``failures``."""

    ERROR_SCHEMA = ErrorSchema

    def _register_error_handlers(self) -> None:
        """Leave errors to ``failures``, which answers those outside of the API too."""


def register(app: Flask) -> None:
    """Add all doors to the app."""
    app.json = StrictJson(app)
    app.url_map.converters["ident"] = Ident
    app.config.update(
        API_TITLE="AMC Report Builder",
        API_VERSION="1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        MAX_CONTENT_LENGTH=BODY_MAX,
        MAX_FORM_MEMORY_SIZE=BODY_MAX,  # of fields of a form, which hold SQL and whole files of templates
        API_SPEC_OPTIONS=_options(app.config["SESSION_COOKIE_NAME"]),
    )
    api = Api(app)
    api.register_converter(Ident, ident_schema)
    for door in DOORS:
        api.register_blueprint(door)


def _options(cookie: str) -> dict[str, Any]:
    console = {
        "type": "apiKey",
        "in": "cookie",
        "name": cookie,
        "description": "The console's session; writes need its X-CSRF-Token",
    }
    return {
        "info": {"description": DESCRIPTION, "license": {"name": "MIT"}},
        "components": {"securitySchemes": {"bearer": BEARER, "console": console}},
        "security": [{"bearer": []}, {"console": []}],
    }
