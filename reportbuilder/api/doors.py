"""The blueprint of all parts of the API: strict arguments, documented errors, and whoever asks."""

import http
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar, cast

import flask_smorest  # type: ignore[import-untyped]  # it publishes no types
import marshmallow as ma
from flask import Request, Response, jsonify, request
from sqlalchemy.orm import Session
from webargs import core
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.exceptions import UnsupportedMediaType

from reportbuilder.accounts import idempotency
from reportbuilder.api import context, identity, strictjson
from reportbuilder.api.shapes import flatten
from reportbuilder.database import transaction
from reportbuilder.errors import Invalid

BASE = "/api/report-builder"
UNKNOWN = "Unknown field."  # as marshmallow says it
BODY_MAX = 1024 * 1024  # bytes

View = Callable[..., Any]
Decorator = Callable[[View], View]
FileShape = dict[str, str]  # as OpenAPI says it


class StrictParser(FlaskParser):
    """Reads arguments strictly: unknown fields are errors everywhere, and bodies are standard JSON."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 - so declared in the parser
        "json": ma.RAISE,
        "query": ma.RAISE,
        "headers": ma.EXCLUDE,
        "form": ma.RAISE,
    }

    def load_json(self, req: Request, schema: ma.Schema) -> Any:  # noqa: ARG002 - the parser's signature
        """Read the body; an empty one counts as an object without fields."""
        body = req.get_data(cache=True)
        if not body:
            return core.missing
        if not is_json_request(req):
            raise UnsupportedMediaType
        return strictjson.loads(body)

    def handle_error(
        self,
        error: ma.ValidationError,
        req: Request,  # noqa: ARG002 - the parser's signature
        schema: ma.Schema,
        **_options: Any,
    ) -> NoReturn:
        """Tell which fields are wrong, and of those that there are not, which there are."""
        inner = error.messages
        messages = next(iter(inner.values())) if isinstance(inner, dict) and len(inner) == 1 else inner
        known = ", ".join(field.data_key or name for name, field in schema.load_fields.items())
        details = {
            name: [f"Unknown field; there are {known}." if why == UNKNOWN else why for why in reasons]
            if "." not in name
            else reasons
            for name, reasons in flatten(messages).items()
        }
        reasons = "; ".join(f"{name}: {' '.join(found)}" for name, found in details.items())
        raise Invalid(f"Not valid: {reasons}", details=details)


class Door(flask_smorest.Blueprint):  # type: ignore[misc]  # for the same reason
    """A part of the API, open only to those who say who they are."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, name: str, prefix: str, description: str) -> None:
        super().__init__(name, __name__, url_prefix=prefix, description=description)
        self.before_request(identity.require)

    def route(self, rule: str, **options: Any) -> Decorator:
        """Serve a view at a path below the door's."""
        register = super().route(rule, **options)

        def decorate(view: View) -> View:
            return cast("View", register(self.doc(operationId=view.__name__)(view)))

        return decorate

    def arguments(self, schema: type[ma.Schema], *, location: str = "json", **options: Any) -> Decorator:
        """Read arguments by a schema and give them to the view, before what is in the path."""
        return cast("Decorator", super().arguments(schema, location=location, **options))

    def response(
        self, status_code: int, schema: type[ma.Schema] | FileShape | None = None, **options: Any
    ) -> Decorator:
        """Answer with what the view returns, in the shape of a schema."""
        return cast("Decorator", super().response(status_code, schema, **options))

    def alt_response(self, status_code: int, response: str | None = None, **options: Any) -> Decorator:
        """Document another answer."""
        return cast("Decorator", super().alt_response(status_code, response, **options))

    def refuses(self, *statuses: int) -> Decorator:
        """Document the errors of an operation, beside those that every operation has."""

        def decorate(view: View) -> View:
            for status in sorted({*statuses, 401}):
                view = self.alt_response(status, response=http.HTTPStatus(status).name)(view)
            return view

        return decorate


class Key(ma.Schema):
    """The header of writes that start work."""

    key = ma.fields.String(
        data_key="Idempotency-Key",
        metadata={
            "description": "Your own id of this request: the same key and body get the same answer again",
            "pattern": f"^[ -~]{{1,{idempotency.KEY_MAX}}}$",
        },
    )


Allowed = TypeVar("Allowed")
Work = Callable[[Session, Allowed], Mapping[str, Any]]


def once(
    headers: Mapping[str, str],
    allowed: Callable[[Session], Allowed],
    work: Work[Allowed],
    shape: ma.Schema,
    status: int,
) -> Response:
    """Do work in one transaction and answer with it; a repeated Idempotency-Key gets the first answer.

    :param allowed: finds what the work is about and sees that the asker may do it, at a repetition too: who
        has lost the right since gets no answer again.
    """
    with transaction() as session:
        found = allowed(session)
        if "key" not in headers:
            return _answer(shape.dump(work(session, found)), status)
        print_ = idempotency.fingerprint(request.method, request.path, request.get_data(cache=True))

        def doing() -> tuple[int, dict[str, Any]]:
            return status, dict(shape.dump(work(session, found)))

        answer = idempotency.once(session, context.principal().user_id, headers["key"], print_, doing)
    response = _answer(answer.body, answer.status_code)
    if answer.is_replay:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _answer(body: Any, status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response
