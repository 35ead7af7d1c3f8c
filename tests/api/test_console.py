"""The console: sign-in, sign-out, the home page, and its session at the API."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from admin.pages import HOME, local
from reportbuilder import clock, logs, settings
from reportbuilder.accounts import users
from reportbuilder.database import transaction
from tests.api.conftest import BASE, PASSWORD, Callers, Make
from tests.cast import Cast

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def csrf(client: FlaskClient, path: str = "/sign-in") -> str:
    found = TOKEN.search(client.get(path).text)
    assert found
    return found[1]


def sign_in(client: FlaskClient, **changes: str) -> TestResponse:
    form = {"email": "ben@example.test", "password": PASSWORD, "csrf_token": csrf(client), "next": HOME}
    return client.post("/sign-in", data=form | changes)


@pytest.fixture
def browser(callers: Callers, passwords: None) -> FlaskClient:
    client = callers.app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html,*/*;q=0.8"
    return client


def test_a_stranger_is_led_to_the_sign_in_and_back(browser: FlaskClient) -> None:
    assert browser.get("/").headers["Location"] == HOME
    led = browser.get(f"{HOME}?page=2", headers={"Accept": "text/html"})
    assert led.headers["Location"] == "/sign-in?next=/report-builder?page%3D2"
    assert f'value="{HOME}?page=2"' in browser.get(led.headers["Location"]).text


def test_signing_in_shows_what_one_may_see(browser: FlaskClient) -> None:
    answer = sign_in(browser)
    assert (answer.status_code, answer.headers["Location"]) == (303, HOME)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    page = browser.get(HOME).text
    assert "Ben" in page
    assert "amcnorthwind01" in page
    assert "amcnorthwind02" not in page
    assert "Nothing has run yet" in page


@pytest.mark.parametrize(
    "changes", [{"password": "wrong"}, {"email": "eve@example.test"}, {"email": ""}, {"password": "\0"}]
)
def test_who_does_not_know_the_password_stays_out(browser: FlaskClient, changes: dict[str, str]) -> None:
    answer = sign_in(browser, **changes)
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert PASSWORD not in answer.text
    assert browser.get(HOME).status_code == 302


def test_forms_of_other_sites_are_refused(browser: FlaskClient) -> None:
    assert sign_in(browser, csrf_token="").status_code == 403
    assert sign_in(browser, csrf_token="ü").status_code == 403
    sign_in(browser)
    assert browser.post("/sign-out").status_code == 403
    assert browser.get(HOME).status_code == 200


def test_signing_out(browser: FlaskClient) -> None:
    sign_in(browser)
    answer = browser.post("/sign-out", data={"csrf_token": csrf(browser, HOME)})
    assert answer.status_code == 303
    assert "You are signed out" in browser.get("/sign-in").text
    assert browser.get(HOME).status_code == 302


def test_a_new_password_or_a_deactivation_ends_the_session(browser: FlaskClient, cast: Cast) -> None:
    sign_in(browser)
    assert browser.get(HOME).status_code == 200
    with transaction() as session:
        users.set_password(users.get(session, "ben@example.test"), PASSWORD + "!")
    assert browser.get(HOME).status_code == 302
    sign_in(browser, password=PASSWORD + "!")
    assert browser.get(HOME).status_code == 200
    with transaction() as session:
        users.deactivate(session, users.get(session, "ben@example.test"))
    assert browser.get(HOME).status_code == 302


def test_a_session_ends_after_a_week_however_busy(browser: FlaskClient) -> None:
    sign_in(browser)
    for days, status in ((6.9, 200), (7.1, 302)):
        with clock.frozen(datetime.now(UTC) + timedelta(days=days)):
            assert browser.get(HOME).status_code == status


def test_signing_in_makes_a_session_of_its_own(browser: FlaskClient) -> None:
    token = csrf(browser)
    sign_in(browser, csrf_token=token)
    assert csrf(browser, HOME) != token
    assert browser.post("/sign-out", data={"csrf_token": token}).status_code == 403


def test_pages_have_an_icon_of_ours(browser: FlaskClient) -> None:
    for path in ("/sign-in", "/nothing", "/api/docs"):
        found = re.search(r'rel="icon" href="([^"]+)"', browser.get(path).text)
        assert found
        assert browser.get(found[1], buffered=True).mimetype == "image/svg+xml"


def test_no_password_and_no_cookie_gets_into_the_logs(
    browser: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("DEBUG")
    sign_in(browser, password="a wrong password")
    answer = sign_in(browser)
    cookie = answer.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    browser.get(HOME)
    written = capsys.readouterr().err
    assert "sign-in refused" in written
    assert "signed in" in written
    for secret in (PASSWORD, "a wrong password", cookie):
        assert secret not in written


def test_guessing_is_slowed_down(browser: FlaskClient) -> None:
    token = csrf(browser)
    form = {"email": "ben@example.test", "password": "wrong", "csrf_token": token}
    seen = [browser.post("/sign-in", data=form).status_code for _ in range(11)]
    assert seen == [401] * 10 + [429]


def test_the_session_works_at_the_api_and_writes_need_its_token(browser: FlaskClient) -> None:
    sign_in(browser)
    assert browser.get(f"{BASE}/instances").get_json()["total"] == 1
    path = f"{BASE}/executions/exec_unknown/cancel"
    refused = browser.post(path)
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (403, "NOT_PERMITTED")
    token = csrf(browser, HOME)
    assert browser.post(path, headers={"X-CSRF-Token": token}).status_code == 404


def test_over_https_the_cookie_stays_there(configured: settings.Settings, make_web: Make) -> None:
    app = make_web(replace(configured, public_url="https://reports.example.test"))
    cookie = app.test_client().get("/sign-in", base_url="https://reports.example.test").headers["Set-Cookie"]
    assert cookie.startswith("__Host-")
    assert "Secure" in cookie


def test_pages_have_no_scripts_and_no_inline_styles(browser: FlaskClient) -> None:
    sign_in(browser)
    for path in (HOME, "/sign-in"):
        page = browser.get(path).text
        assert "<script" not in page
        assert "style=" not in page
        assert '<meta name="viewport"' in page


@pytest.mark.parametrize(
    "target",
    [
        "//evil.test",
        "/\\evil.test",
        "https://evil.test",
        "javascript:alert(1)",
        "evil",
        "",
        None,
        "/\t/evil.test",
        "/sign-in",
        "/[",
        "///evil.test",
    ],
)
def test_next_leads_nowhere_else(target: str | None) -> None:
    assert local(target) in {HOME, "/["}


@given(st.text())
def test_next_is_always_local(target: str) -> None:
    led = local(target)
    assert led.startswith("/")
    assert led[1:2] not in {"/", "\\"}


def contrast(first: str, second: str) -> float:
    def luminance(colour: str) -> float:
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("path", "grounds"),
    [
        ("/assets/console.css", ("ground", "card")),
        ("/api/static/docs.css", ("ground", "raised")),
    ],
)
def test_colours_can_be_read_in_both_schemes(web: Flask, path: str, grounds: tuple[str, ...]) -> None:
    sheet = web.test_client().get(path, buffered=True).text
    schemes: list[dict[str, Any]] = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)
    ]
    assert len(schemes) == 2
    for scheme in schemes:
        inks = {name for name in scheme if name not in {*grounds, "line", "on-accent"}}
        assert inks
        for ink in inks:
            for ground in grounds:
                assert contrast(scheme[ink], scheme[ground]) >= 4.5, (ink, ground)
        if "on-accent" in scheme:
            assert contrast(scheme["on-accent"], scheme["accent"]) >= 4.5
