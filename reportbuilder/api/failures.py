"""The one shape of every error, and which status each error has."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from reportbuilder import clock, errors, logs
from reportbuilder.api import context
from reportbuilder.api.strictjson import instant

log = logs.get_logger(__name__)

STATUS: dict[type[errors.ReportBuilderError], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.NotPermitted: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}

# code and words for what the web server's own machinery refuses
HTTP: dict[int, tuple[str, str]] = {
    400: ("MALFORMED", "The request cannot be read"),
    404: ("NOT_FOUND", "There is nothing at this address"),
    405: ("METHOD_NOT_ALLOWED", "This address does not take that method; Allow says which it takes"),
    413: ("TOO_LARGE", "The body is too large"),
    415: ("UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json"),
    429: ("RATE_LIMITED", "Too many of these requests; Retry-After says when to come again"),
    500: ("INTERNAL_ERROR", "Something went wrong here; the request id helps to find out what"),
}

RETRY_UNAVAILABLE = 5  # seconds, where nobody knows better


@dataclass(frozen=True)
class Problem:
    """An error on its way out."""

    status: int
    code: str
    message: str
    details: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


Page = Callable[[Problem], ResponseReturnValue]


class ErrorBody(Schema):
    """What went wrong."""

    code = fields.String(required=True, metadata={"description": "Stable word for programs"})
    message = fields.String(
        required=True, metadata={"description": "One sentence for people, with the way out"}
    )
    details = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        required=True,
        metadata={"description": "Reasons by field; dots lead into nested ones"},
    )


class ErrorSchema(Schema):
    """The shape of every error."""

    error = fields.Nested(ErrorBody, required=True)
    request_id = fields.String(required=True, metadata={"description": "The same as in X-Request-ID"})
    timestamp = fields.DateTime(required=True)


def register(app: Flask, page: Page) -> None:
    """Answer every error of this app in one shape; people at the console get ``page`` instead."""

    def answer(problem: Problem) -> ResponseReturnValue:
        made = app.make_response(page(problem)) if _wants_page() else _as_json(problem)
        made.headers.update(problem.headers)
        return made

    app.register_error_handler(errors.ReportBuilderError, lambda error: answer(of_room(error)))
    app.register_error_handler(HTTPException, lambda error: answer(of_http(error)))
    app.register_error_handler(IntegrityError, lambda error: answer(_of_clash(error)))
    app.register_error_handler(DataError, lambda error: answer(_of_text(error)))
    for lost in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(lost, lambda error: answer(_of_database(error)))


def of_room(error: errors.ReportBuilderError) -> Problem:
    """Return how an error of a room looks from outside."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request failed", error=error.code, reason=error.message)
    headers: dict[str, str] = {}
    if isinstance(error, errors.TooMany | errors.Unavailable):
        headers["Retry-After"] = str(math.ceil(error.retry_after or RETRY_UNAVAILABLE))
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="reportbuilder"'
    return Problem(status, error.code, error.message, error.details, headers)


def of_http(error: HTTPException) -> Problem:
    """Return how a refusal of Flask, Werkzeug or the limiter looks from outside."""
    status = error.code or 500
    code, message = HTTP.get(status, (HTTPStatus(status).name, error.name))
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return Problem(status, code, message, headers=kept)


def _of_database(error: Exception) -> Problem:
    log.error("the database does not answer", error=type(error).__name__)
    return of_room(errors.Unavailable("The database does not answer; try again in a moment"))


def _of_clash(error: IntegrityError) -> Problem:
    """Return how it looks that what a change rests on has gone, or is there already, since it was read.

    :raises IntegrityError: for what only a fault of ours can be, such as a column without a value.
    """
    told = getattr(error.orig, "sqlstate", None) or str(error.orig)  # PostgreSQL has codes, SQLite words
    if not told.startswith(("23503", "23505", "FOREIGN KEY", "UNIQUE")):
        raise error
    log.warning("somebody else was faster", error=told)
    return of_room(errors.Conflict("Somebody else has just changed or deleted what this needs; load it anew"))


def _of_text(error: DataError) -> Problem:
    """Return how a text looks that PostgreSQL does not keep, and that no field has refused before.

    :raises DataError: for anything else that does not fit its column, which is a fault of ours.
    """
    if "NUL" not in str(error.orig):
        raise error
    return of_room(errors.Malformed("A text that was sent holds a NUL character; remove it"))


def _as_json(problem: Problem) -> Response:
    body: dict[str, Any] = {
        "error": {"code": problem.code, "message": problem.message, "details": problem.details},
        "request_id": context.request_id(),
        "timestamp": instant(clock.now()),
    }
    response = jsonify(body)
    response.status_code = problem.status
    return response


def _wants_page() -> bool:
    if request.path.startswith("/api/") or request.path in {"/api", "/healthz", "/readyz"}:
        return False
    if "HX-Request" in request.headers:  # a script of the console, which takes anything
        return True
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
