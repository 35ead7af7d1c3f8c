"""The WSGI application: AMC's addresses, each answered from the sandbox's own state."""

import contextlib
import socket
from collections.abc import Callable
from http import HTTPStatus

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError

from reportbuilder.sandbox import world
from reportbuilder.sandbox.answers import (
    DATA_SOURCES,
    PLAIN,
    answer,
    created_body,
    data_source_body,
    execution_body,
    refusal,
)
from reportbuilder.sandbox.asking import create_body, flag, limit_of, listing, read_token, token_for
from reportbuilder.sandbox.box import Box, UnknownExecutionError
from reportbuilder.sandbox.dialect import RefusedError
from reportbuilder.sandbox.downloads import file_answer
from reportbuilder.sandbox.instants import BadRequestError
from reportbuilder.sandbox.signing_in import caller_error, token_answer
from reportbuilder.sandbox.tables import documented
from reportbuilder.sandbox.troubles import broken

_EXECUTIONS = "/amc/reporting/<instance>/workflowExecutions"


def create_app(box: Box) -> Flask:
    """Return the application over this box."""
    app = Flask("reportbuilder.sandbox", static_folder=None)
    app.register_error_handler(BadRequestError, lambda error: refusal(400, str(error)))
    app.register_error_handler(HTTPException, _http_error)
    _add_signing_in(app, box)
    _add_administration(app, box)
    _add_executions(app, box)
    _add_data_sources(app, box)
    _add_downloads(app, box)
    if box.options.control:
        _add_control(app, box)
    return app


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        return refusal(500, f"Internal error: {error.original_exception}")
    return refusal(error.code or 500, error.description or "")


Door = Callable[..., Response]


def _guarded(box: Box, kind: str, door: Door, *, entity: bool = True) -> Door:
    """Wrap a door: count the call, let faults strike, check the caller and the instance."""

    def opened(**parts: str) -> Response:
        box.count(kind)
        request.get_data()  # read to the end, or the connection cannot be used again
        struck = box.troubles.answer(kind, box.now())
        if struck is not None:
            return struck
        wrong = caller_error(box.tokens, box.now(), entity=entity)
        if wrong is None and parts.get("instance", world.INSTANCES[0]) not in box.instances:
            wrong = (HTTPStatus.FORBIDDEN, "Unauthorized request.")
        return refusal(*wrong) if wrong else door(**parts)

    return opened


def _add_signing_in(app: Flask, box: Box) -> None:
    def token() -> Response:
        box.count("token")
        if box.troubles.strikes("token_error_next"):
            return broken(503, "html")
        return token_answer(box.tokens, box.faults, box.now())

    app.add_url_rule("/auth/o2/token", "token", token, methods=["POST"])


def _add_administration(app: Flask, box: Box) -> None:
    def accounts() -> Response:
        return answer({"amcAccounts": [world.account_body()]}, kind=PLAIN)

    def instances() -> Response:
        limit, token = limit_of(request.args.get("limit")), request.args.get("nextToken")
        start = read_token(token) if token else 0
        everyone = list(box.instances.values())
        body: dict[str, object] = {
            "instances": [world.instance_body(one) for one in everyone[start : start + limit]]
        }
        if start + limit < len(everyone):
            body["nextToken"] = token_for(start + limit)
        return answer(body, kind=PLAIN)

    def instance(instance: str) -> Response:
        return answer({"instance": world.instance_body(box.instances[instance])}, kind=PLAIN)

    def advertisers(instance: str) -> Response:
        bodies = world.advertiser_bodies(box.instances[instance].advertiser_types)
        return answer({"advertisers": bodies, "totalCount": len(bodies)}, kind=PLAIN)

    app.add_url_rule("/amc/accounts", "accounts", _guarded(box, "accounts", accounts, entity=False))
    app.add_url_rule("/amc/instances", "instances", _guarded(box, "instances", instances))
    app.add_url_rule("/amc/instances/<instance>", "instance", _guarded(box, "instances", instance))
    rule = "/amc/instances/<instance>/advertisers"
    app.add_url_rule(rule, "advertisers", _guarded(box, "instances", advertisers))


def _add_executions(app: Flask, box: Box) -> None:
    def unknown(error: UnknownExecutionError) -> Response:
        return refusal(400, f"Workflow execution with ID {error} does not exist.")

    app.register_error_handler(UnknownExecutionError, unknown)
    one = f"{_EXECUTIONS}/<execution>"
    app.add_url_rule(_EXECUTIONS, "submit", _guarded(box, "submit", _create(box)), methods=["POST"])
    app.add_url_rule(_EXECUTIONS, "list", _guarded(box, "list", _list(box)))
    app.add_url_rule(one, "get", _guarded(box, "get", _get(box)))
    app.add_url_rule(one, "cancel", _guarded(box, "cancel", _update(box)), methods=["PUT"])
    app.add_url_rule(f"{one}/downloadUrls", "download_urls", _guarded(box, "download_urls", _links(box)))


def _create(box: Box) -> Door:
    def create(instance: str) -> Response:
        body = create_body(request.get_data())
        try:
            execution = box.submit(instance, body)
        except RefusedError as error:
            name = body["workflow"].get("workflowId", "")
            text = f"Was unable to compile workflow {name} because it was found to be invalid: {error}"
            return refusal(400, text)
        lost = box.troubles.strikes("lost_next", box.faults.lost_rate)
        return _lose(box) if lost else answer(created_body(execution))

    return create


def _list(box: Box) -> Door:
    def list_(instance: str) -> Response:
        asked = listing(request.args)
        found, token = box.page(instance, asked)
        bodies = [execution_body(one, with_workflow=asked.with_workflow) for one in found]
        return answer({"executions": bodies} | ({"nextToken": token} if token else {}))

    return list_


def _get(box: Box) -> Door:
    def get(instance: str, execution: str) -> Response:
        with_workflow = flag(request.args, "includeWorkflow")
        return answer(execution_body(box.find(instance, execution), with_workflow=with_workflow))

    return get


def _update(box: Box) -> Door:
    def update(instance: str, execution: str) -> Response:
        body = request.get_json(silent=True, force=True)
        if not isinstance(body, dict) or body.get("status", "CANCELLED") != "CANCELLED":
            return refusal(400, "The only status that can be set is CANCELLED.")
        box.find(instance, execution)
        if "status" in body and not box.cancel(instance, execution):
            text = f"Workflow execution with ID {execution} cannot be cancelled because it has already ended."
            return refusal(400, text)
        return answer({})

    return update


def _links(box: Box) -> Door:
    def links(instance: str, execution: str) -> Response:
        found = box.find(instance, execution)
        if found.status != "SUCCEEDED" or not found.computation.files:
            return refusal(400, f"Execution with ID {execution} is unavailable for download.")
        here = request.host_url.rstrip("/")
        urls = [box.link(here, found, path.name) for path in found.computation.files]
        metadata = [box.link(here, found, "metadata.json")]
        return answer({"downloadUrls": urls, "metadataDownloadUrls": metadata})

    return links


def _lose(box: Box) -> Response:
    """Answer an accepted submission with nothing: a dropped connection, or a gateway's time-out."""
    connection = request.environ.get("werkzeug.socket")
    if box.faults.lost_style == "drop":
        _hang_up(connection)
    return broken(504, "message")


def _hang_up(connection: socket.socket | None) -> None:
    """Close the caller's connection in the middle of an answer, if the server lets us have it."""
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _add_data_sources(app: Flask, box: Box) -> None:
    def list_(instance: str) -> Response:  # noqa: ARG001 - all instances have the same ones
        bodies = [data_source_body(table) for table in documented().values()]
        return answer({"dataSources": bodies}, kind=DATA_SOURCES)

    def get(instance: str, name: str) -> Response:  # noqa: ARG001 - all instances have the same ones
        table = documented().get(name.lower())
        if table is None:
            return refusal(404, f"Data source with ID {name} does not exist.", DATA_SOURCES)
        return answer({"dataSource": data_source_body(table)}, kind=DATA_SOURCES)

    rule = "/amc/reporting/<instance>/dataSources"
    app.add_url_rule(rule, "data_sources", _guarded(box, "data_sources", list_))
    app.add_url_rule(f"{rule}/<name>", "data_source", _guarded(box, "data_sources", get))


def _add_downloads(app: Flask, box: Box) -> None:
    def download(execution: str, name: str) -> Response:
        box.count("download")
        wrong = box.signer.error(request.path, box.now())
        if wrong is not None:
            return wrong
        content = box.content(execution, name)
        if isinstance(content, dict):
            return answer(content, kind=PLAIN)
        connection = request.environ.get("werkzeug.socket")
        cut = (lambda: _hang_up(connection)) if box.troubles.strikes("cut_next") else None
        return file_answer(content, box.faults.bytes_per_second, cut)

    app.add_url_rule("/results/<execution>/<name>", "download", download)


def _add_control(app: Flask, box: Box) -> None:
    def faults() -> Response:
        try:
            box.fault(**(request.get_json(force=True) or {}))
        except (ValueError, TypeError) as error:
            return refusal(400, str(error), PLAIN)
        return answer(box.state()["faults"], kind=PLAIN)

    app.add_url_rule("/_sandbox/faults", "control_faults", faults, methods=["POST"])
    app.add_url_rule("/_sandbox/state", "control_state", lambda: answer(box.state(), kind=PLAIN))
