"""The frame of the API: one shape for all errors, ids, headers, identity, documentation."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from reportbuilder import errors, settings
from tests.api.conftest import BASE, Callers, Make

SHAPE = Draft202012Validator(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["error", "request_id", "timestamp"],
        "properties": {
            "error": {
                "type": "object",
                "additionalProperties": False,
                "required": ["code", "message", "details"],
                "properties": {
                    "code": {"type": "string", "pattern": "^[A-Z_]+$"},
                    "message": {"type": "string", "minLength": 1},
                    "details": {
                        "type": "object",
                        "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                    },
                },
            },
            "request_id": {"type": "string", "minLength": 1},
            "timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"},
        },
    }
)


def check(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is an error of that status and code in the one shape; return its details."""
    assert (response.status_code, response.mimetype) == (status, "application/json"), response.text
    body = response.get_json()
    SHAPE.validate(body)
    assert body["error"]["code"] == code
    assert body["request_id"] == response.headers["X-Request-ID"]
    details: dict[str, Any] = body["error"]["details"]
    return details


# ---------------------------------------------------------------- the shape of errors

ROOM_ERRORS: list[tuple[errors.ReportBuilderError, int, str]] = [
    (errors.Malformed("x"), 400, "MALFORMED"),
    (errors.Unauthenticated("x"), 401, "UNAUTHENTICATED"),
    (errors.NotPermitted("x"), 403, "NOT_PERMITTED"),
    (errors.NotFound("x"), 404, "NOT_FOUND"),
    (errors.Conflict("x"), 409, "CONFLICT"),
    (errors.Gone("x"), 410, "GONE"),
    (errors.Invalid.field("name", "x"), 422, "VALIDATION_ERROR"),
    (errors.TooMany("x", retry_after=7.2), 429, "RATE_LIMITED"),
    (errors.Unavailable("x"), 503, "UNAVAILABLE"),
]


def failing(web: Flask) -> Callable[[Any], TestResponse]:
    """Return what gives the answer of a view that fails so."""
    cell: list[Any] = []

    def fail() -> str:
        what = cell.pop()
        if isinstance(what, int):
            abort(what)
        raise what

    def ask(what: Any) -> TestResponse:
        cell.append(what)
        return web.test_client().get("/api/failing")

    web.config["PROPAGATE_EXCEPTIONS"] = False
    web.add_url_rule("/api/failing", view_func=fail)
    return ask


def test_every_error_of_the_rooms(web: Flask) -> None:
    answer = failing(web)
    for error, status, code in ROOM_ERRORS:
        response = answer(error)
        check(response, status, code)
        assert ("Retry-After" in response.headers) == (status in {429, 503})
        assert ("WWW-Authenticate" in response.headers) == (status == 401)


def test_retry_after_is_rounded_up(web: Flask) -> None:
    assert failing(web)(errors.TooMany("x", retry_after=7.2)).headers["Retry-After"] == "8"


MACHINERY: list[tuple[Any, int, str]] = [
    (400, 400, "MALFORMED"),
    (404, 404, "NOT_FOUND"),
    (405, 405, "METHOD_NOT_ALLOWED"),
    (413, 413, "TOO_LARGE"),
    (415, 415, "UNSUPPORTED_MEDIA_TYPE"),
    (418, 418, "IM_A_TEAPOT"),
    (429, 429, "RATE_LIMITED"),
    (500, 500, "INTERNAL_ERROR"),
    (RuntimeError("postgresql://user:hunter2@host"), 500, "INTERNAL_ERROR"),
    (OperationalError("SELECT secret", {}, Exception("hunter2")), 503, "UNAVAILABLE"),
]


def test_every_error_of_the_machinery(web: Flask) -> None:
    answer = failing(web)
    for what, status, code in MACHINERY:
        response = answer(what)
        check(response, status, code)
        assert "hunter2" not in response.text
        assert "secret" not in response.text


def test_paths_and_methods_that_do_not_exist(callers: Callers) -> None:
    client = callers.app.test_client()
    for path in (
        "/api/nothing",
        f"{BASE}/nothing",
        "/nothing",
        f"{BASE}/executions/a%00b",
        f"{BASE}/executions/%ff",
    ):
        check(client.get(path), 404, "NOT_FOUND")
    response = callers.ben.ask("DELETE", "/instances")
    check(response, 405, "METHOD_NOT_ALLOWED")
    assert "GET" in response.headers["Allow"]


def test_a_person_sees_a_page_for_an_unknown_address(web: Flask) -> None:
    response = web.test_client().get("/nothing", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (response.status_code, response.mimetype) == (404, "text/html")
    assert response.headers["X-Request-ID"] in response.text


# ---------------------------------------------------------------- identity


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer rb_unknown", "Basic YTpi", "Bearer \udcff", "rb_x", "Bearer " + "x" * 9000],
)
def test_nobody(web: Flask, database: Flask, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = web.test_client().get(f"{BASE}/instances", headers=headers)
    check(response, 401, "UNAUTHENTICATED")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_names_its_user_and_is_marked_as_used(callers: Callers) -> None:
    from sqlalchemy import func, select

    from reportbuilder.accounts.models import ApiToken
    from reportbuilder.database import reading

    assert callers.ben.get("/instances").status_code == 200
    with reading() as session:
        used = session.scalar(select(func.count()).where(ApiToken.last_used_at.is_not(None)))
    assert used == 1


# ---------------------------------------------------------------- ids, headers, logs


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [("abc-123", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("", False)],
)
def test_request_ids(web: Flask, given: str, is_kept: bool) -> None:
    answered = web.test_client().get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert (answered == given) == is_kept
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answered)


def test_security_headers_are_on_everything(web: Flask) -> None:
    for path in ("/healthz", "/nothing", "/sign-in", "/api/docs", "/assets/icon.svg"):
        headers = web.test_client().get(path, buffered=True).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Strict-Transport-Security" not in headers
    assert "Strict-Transport-Security" in web.test_client().get("/healthz", base_url="https://x").headers


def test_only_trusted_proxies_say_where_a_request_came_from(
    configured: settings.Settings, make_web: Make
) -> None:
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    for proxies in (0, 1):
        app = make_web(replace(configured, trusted_proxies=proxies))
        headers = app.test_client().get("/healthz", headers=said).headers
        assert ("Strict-Transport-Security" in headers) == bool(proxies)


def test_each_request_is_one_line_without_secrets(
    callers: Callers, capsys: pytest.CaptureFixture[str]
) -> None:
    from reportbuilder import logs

    logs.configure()
    callers.ben.get("/executions/exec_unknown?token=hunter2", headers={"X-Request-ID": "trace-1"})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    access = [line for line in lines if line["logger"] == "reportbuilder.access"]
    assert [(line["method"], line["route"], line["status"], line["request_id"]) for line in access] == [
        ("GET", f"{BASE}/executions/<ident:execution_id>", 404, "trace-1")
    ]
    assert access[0]["ms"] >= 0
    assert callers.ben.text not in str(lines)
    assert "hunter2" not in str(lines)


# ---------------------------------------------------------------- documentation


def test_openapi_names_every_operation_and_its_errors(web: Flask) -> None:
    spec = web.test_client().get("/api/openapi.json").get_json()
    served = {
        (re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in web.url_map.iter_rules()
        if rule.rule.startswith(BASE)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    told = {
        (path, method.upper())
        for path, item in spec["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert told == served
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                assert {"401", "default"} <= set(operation["responses"]), (path, method)
                assert operation["summary"]


def test_the_documentation_shows_every_operation_without_scripts(client: FlaskClient) -> None:
    page = client.get("/api/docs").text
    spec = client.get("/api/openapi.json").get_json()
    assert all(f"<code>{path}</code>" in page for path in spec["paths"])
    assert "<code>Idempotency-Key</code>" in page
    assert "`" not in page
    kinds = re.findall(r'<td data-label="Type"><code>([^<]*)</code></td>', page)
    assert kinds
    assert "any" not in kinds
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert "style=" not in page


def test_openapi_names_the_cookie_that_is_set(configured: settings.Settings, make_web: Make) -> None:
    for url, name in (("", "reportbuilder"), ("https://reports.example.test", "__Host-reportbuilder")):
        client = make_web(replace(configured, public_url=url)).test_client()
        schemes = client.get("/api/openapi.json").get_json()["components"]["securitySchemes"]
        assert schemes["console"]["name"] == name
        assert client.get("/sign-in").headers["Set-Cookie"].startswith(f"{name}=")


@pytest.fixture
def client(web: Flask) -> FlaskClient:
    return web.test_client()
