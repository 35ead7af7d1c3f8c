"""Signing in and out, the console's session, and what it may do at the API."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from admin.blueprint import HOME
from admin.signing_in import local
from reportbuilder import clock, logs, settings
from reportbuilder.accounts import users
from reportbuilder.database import transaction
from tests.api.conftest import BASE, PASSWORD, Make
from tests.cast import Cast
from tests.console.visitors import csrf, sign_in


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
    assert "Ben" in browser.get(HOME).text
    page = browser.get("/instances").text
    assert "amcnorthwind01" in page
    assert "amcnorthwind02" not in page


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
    began = datetime.now(UTC)
    for half_days in range(1, 14):
        with clock.frozen(began + timedelta(days=half_days / 2) - timedelta(minutes=half_days)):
            assert browser.get(HOME).status_code == 200
    with clock.frozen(began + timedelta(days=7.01)):
        assert browser.get(HOME).status_code == 302


def test_signing_in_makes_a_session_of_its_own(browser: FlaskClient) -> None:
    token = csrf(browser)
    sign_in(browser, csrf_token=token)
    assert csrf(browser, HOME) != token
    assert browser.post("/sign-out", data={"csrf_token": token}).status_code == 403


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


def test_what_was_typed_before_a_session_ended_can_be_sent_after_it(browser: FlaskClient) -> None:
    sign_in(browser)
    token = csrf(browser, HOME)
    browser.delete_cookie("reportbuilder")
    form = {"csrf_token": token, "theme": "dark", "back": "/account"}
    ended = browser.post("/appearance", data=form)
    assert ended.status_code == 401
    assert "What you have sent is not lost" in ended.text
    sign_in(browser)
    assert browser.post("/appearance", data=form).headers["Location"] == "/account"


def test_a_sign_in_that_has_waited_too_long_comes_back_with_the_address(browser: FlaskClient) -> None:
    answer = sign_in(browser, csrf_token="of yesterday")
    assert answer.status_code == 403
    assert 'value="ben@example.test"' in answer.text
    assert sign_in(browser, csrf_token=csrf(browser)).status_code == 303


def test_who_is_signed_in_is_led_on_from_the_sign_in(browser: FlaskClient) -> None:
    sign_in(browser)
    assert browser.get("/sign-in?next=/account").headers["Location"] == "/account"


def test_a_nul_is_refused_and_no_fault(browser: FlaskClient) -> None:
    assert sign_in(browser, email="a\0@example.test").status_code in {400, 401}
    sign_in(browser)
    for path in ("/templates?search=%00", f"{HOME}/new?search=%00", "/palette?q=%00", f"{HOME}?q=%00"):
        assert browser.get(path).status_code in {200, 400}, path


def test_guessing_is_slowed_down(browser: FlaskClient) -> None:
    token = csrf(browser)
    form = {"email": "ben@example.test", "password": "wrong", "csrf_token": token}
    seen = [browser.post("/sign-in", data=form).status_code for _ in range(11)]
    assert seen == [401] * 10 + [429]
    assert "wait a minute" in browser.post("/sign-in", data=form).text


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
