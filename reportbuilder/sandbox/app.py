"""The WSGI application: AMC's addresses, each answered from the sandbox's own state."""

import contextlib
import socket

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError

from reportbuilder.sandbox.administration import add_administration, add_data_sources
from reportbuilder.sandbox.answers import PLAIN, answer, created_body, execution_body, refusal
from reportbuilder.sandbox.asking import create_body, flag, listing
from reportbuilder.sandbox.box import Box, UnknownExecutionError
from reportbuilder.sandbox.control import add_control, add_page
from reportbuilder.sandbox.dialect import RefusedError
from reportbuilder.sandbox.doors import Door, guarded
from reportbuilder.sandbox.downloads import file_answer, gone, gone_wrong
from reportbuilder.sandbox.instants import BadRequestError
from reportbuilder.sandbox.signing_in import consent_answer, token_answer
from reportbuilder.sandbox.troubles import broken

_EXECUTIONS = "/amc/reporting/<instance>/workflowExecutions"


def create_app(box: Box) -> Flask:
    """Return the application over this box."""
    app = Flask("reportbuilder.sandbox", static_folder=None)
    app.register_error_handler(BadRequestError, lambda error: refusal(400, str(error)))
    app.register_error_handler(HTTPException, _http_error)
    _add_signing_in(app, box)
    add_administration(app, box)
    _add_executions(app, box)
    add_data_sources(app, box)
    _add_downloads(app, box)
    add_page(app, box)
    if box.options.control:
        add_control(app, box)
    return app


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        return refusal(500, f"Internal error: {error.original_exception}")
    return refusal(error.code or 500, error.description or "")


def _add_signing_in(app: Flask, box: Box) -> None:
    def token() -> Response:
        box.count("token")
        if box.troubles.strikes("token_error_next"):
            return broken(503, "html")
        return token_answer(box.tokens, box.faults, box.now())

    app.add_url_rule("/auth/o2/token", "token", token, methods=["POST"])
    app.add_url_rule("/ap/oa", "consent", lambda: consent_answer(box.tokens, box.now()))


def _add_executions(app: Flask, box: Box) -> None:
    def unknown(error: UnknownExecutionError) -> Response:
        return refusal(400, f"Workflow execution with ID {error} does not exist.")

    app.register_error_handler(UnknownExecutionError, unknown)
    one = f"{_EXECUTIONS}/<execution>"
    app.add_url_rule(_EXECUTIONS, "submit", guarded(box, "submit", _create(box)), methods=["POST"])
    app.add_url_rule(_EXECUTIONS, "list", guarded(box, "list", _list(box)))
    app.add_url_rule(one, "get", guarded(box, "get", _get(box)))
    app.add_url_rule(one, "cancel", guarded(box, "cancel", _update(box)), methods=["PUT"])
    app.add_url_rule(one, "delete", guarded(box, "cancel", _delete(box)), methods=["DELETE"])
    app.add_url_rule(f"{one}/downloadUrls", "download_urls", guarded(box, "download_urls", _links(box)))


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
        return answer(execution_body(box.told(instance, execution), with_workflow=with_workflow))

    return get


def _update(box: Box) -> Door:
    def update(instance: str, execution: str) -> Response:
        body = request.get_json(silent=True, force=True)
        if not isinstance(body, dict) or body.get("status", "CANCELLED") != "CANCELLED":
            return refusal(400, "The only status that can be set is CANCELLED.")
        if "status" not in body:
            box.find(instance, execution)
            return answer({})
        return _cancelled(box, instance, execution)

    return update


def _delete(box: Box) -> Door:
    def delete(instance: str, execution: str) -> Response:
        return _cancelled(box, instance, execution)

    return delete


def _cancelled(box: Box, instance: str, execution: str) -> Response:
    if box.cancel(instance, execution):
        return answer({})
    status = box.find(instance, execution).status
    return refusal(400, f"Workflow execution with ID {execution} cannot be cancelled because it is {status}.")


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


def _add_downloads(app: Flask, box: Box) -> None:
    def download(execution: str, name: str) -> Response:
        box.count("download")
        wrong = box.signer.error(request.path, box.now())
        if wrong is not None:
            return wrong
        content = box.content(execution, name)
        if content is None:
            return gone()
        if isinstance(content, dict):
            return answer(content, kind=PLAIN)
        style = box.troubles.download()
        if style is not None:
            return gone_wrong(style, content)
        connection = request.environ.get("werkzeug.socket")
        cut = (lambda: _hang_up(connection)) if box.troubles.strikes("cut_next") else None
        return file_answer(content, box.faults.bytes_per_second, cut)

    app.add_url_rule("/results/<execution>/<name>", "download", download)
