"""The frame of all pages: headers, bundle, navigation, theme, errors, and what scripts are answered."""

import json
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin import assets, error_pages, navigation
from admin.blueprint import HOME
from reportbuilder.api.failures import HTTP
from tests.api.conftest import BASE, Callers
from tests.browser.every_page import NO_PAGES, PAGES
from tests.console.visitors import HTMX, Visitor, sign_in

INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|hx-on|javascript:")


@pytest.mark.parametrize("path", [HOME, "/account", "/nothing"])
def test_pages_run_and_draw_nothing_inline(ben: Visitor, path: str) -> None:
    page = ben.get(path).text
    assert not INLINE.search(page)
    assert '<meta name="viewport"' in page
    assert page.count("<h1") == 1


@pytest.mark.parametrize("path", ["/sign-in", "/nothing", "/api/docs"])
def test_pages_have_an_icon_of_ours(browser: FlaskClient, path: str) -> None:
    found = re.search(r'rel="icon" href="([^"]+)"', browser.get(path).text)
    assert found
    assert browser.get(found[1], buffered=True).mimetype == "image/svg+xml"


def test_the_policy_lets_nothing_in_from_elsewhere(browser: FlaskClient) -> None:
    headers = browser.get("/sign-in").headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "connect-src", "form-action")} == {"'self'"}
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


# ---------------------------------------------------------------- the bundle


@pytest.mark.parametrize(("asked", "coding"), [("gzip, br", "br"), ("gzip", "gzip"), ("", None)])
def test_the_bundle_is_kept_for_ever_and_compressed(ben: Visitor, asked: str, coding: str | None) -> None:
    found = re.search(r'src="(/assets/built/console-\w+\.js)"', ben.get(HOME).text)
    assert found
    answer = ben.get(found[1], headers={"Accept-Encoding": asked}, buffered=True)
    assert answer.status_code == 200
    assert answer.headers.get("Content-Encoding") == coding
    assert answer.mimetype == "text/javascript"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers["Vary"]


@pytest.mark.parametrize("name", ["manifest.json", "nothing.js", "console.js"])
def test_only_files_of_the_bundle_are_sent(browser: FlaskClient, name: str) -> None:
    assert browser.get(f"/assets/built/{name}").status_code == 404


def test_scripts_stay_small(web: Flask) -> None:
    with web.app_context():
        made = assets.bundle()
    assert made
    # what several entries share lies in chunks, which the manifest does not name
    sizes = {path.name: path.stat().st_size for path in assets.BUILT.glob("*.js.br")}
    assert {f"{file}.br" for name, file in made.files.items() if name.endswith(".js")} <= set(sizes)
    assert sum(sizes.values()) < 150_000, sizes


def test_a_console_without_its_bundle_says_how_to_make_it(browser: FlaskClient, web: Flask) -> None:
    web.extensions[assets.BUNDLE] = assets.read(assets.BUILT / "nothing")
    answer = browser.get("/sign-in")
    assert (answer.status_code, answer.text) == (503, assets.MISSING)
    assert "make assets" in browser.get("/nothing").text + answer.text
    assert browser.get(f"{BASE}/instances").status_code == 401


def test_an_icon_or_entry_that_is_not_there_is_named(web: Flask) -> None:
    with web.app_context():
        with pytest.raises(LookupError, match=r"icons\.txt"):
            assets.icon("nothing")
        with pytest.raises(LookupError, match="src"):
            assets.asset("nothing.js")


# ---------------------------------------------------------------- navigation, palette, theme


def test_the_navigation_marks_where_one_is_and_names_only_what_is_there(ben: Visitor, web: Flask) -> None:
    page = ben.get(HOME).text
    assert re.search(rf'<a href="{HOME}"[^>]* aria-current="page"', page)
    for entry in navigation.ENTRIES:
        assert (f'data-palette="{entry.text}"' in page) == (entry.endpoint in web.view_functions)
    below = ben.get(f"{HOME}/runs").text
    assert re.findall(r'<a href="([^"]+)"[^>]* aria-current="page"', below) == [f"{HOME}/runs"]
    assert not re.search(rf'<a href="{HOME}"[^>]* aria-current', below)
    assert 'aria-label="Main"' not in web.test_client().get("/sign-in").text


def test_the_palette_finds_only_what_one_may_see(ben: Visitor, browser: FlaskClient) -> None:
    answer = ben.fragment("/palette?q=nothing+of+this+name")
    assert (answer.status_code, answer.text.strip()) == (200, "")
    stranger = browser.get("/palette", headers=HTMX | {"HX-Current-URL": f"http://localhost{HOME}?page=2"})
    assert stranger.status_code == 401
    assert "HX-Redirect" not in stranger.headers  # what is typed on the page stays
    told = json.loads(stranger.headers["HX-Trigger"])["toast"]
    assert told["action"] == {"label": "Sign in", "href": "/sign-in", "apart": True}


def test_the_theme_is_kept_with_the_user(ben: Visitor) -> None:
    assert 'data-color-mode="auto"' in ben.get(HOME).text
    answer = ben.post("/appearance", {"theme": "dark", "back": f"{HOME}?page=2"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{HOME}?page=2")
    page = ben.get(HOME).text
    assert 'data-color-mode="dark"' in page
    assert '<meta name="color-scheme" content="dark">' in page
    assert ben.post("/appearance", {"theme": "pink"}).status_code == 422
    no_page = ben.post("/appearance", {"theme": "dark", "back": "/sign-out"})
    assert no_page.headers["Location"] == HOME
    script = ben.send("/appearance", {"theme": "light"})
    assert (script.status_code, json.loads(script.headers["HX-Trigger"])) == (204, {"theme": "light"})
    assert ben.client.post("/appearance", data={"theme": "light"}).status_code == 403


# ---------------------------------------------------------------- errors


def test_who_is_signed_in_keeps_the_navigation_on_error_pages(ben: Visitor) -> None:
    answer = ben.get("/nothing")
    assert answer.status_code == 404
    assert 'aria-label="Main"' in answer.text
    assert answer.headers["X-Request-ID"] in answer.text


def test_a_script_gets_an_error_as_a_note_and_the_page_stays(ben: Visitor) -> None:
    answer = ben.send("/appearance", {"theme": "pink"})
    assert (answer.status_code, answer.text) == (422, "")
    assert answer.headers["HX-Reswap"] == "none"
    toast = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert toast["kind"] == "danger"
    assert "pink" in toast["text"]


@pytest.mark.parametrize(
    ("path", "size", "status", "words"),
    [("/nothing", 0, 404, 404), ("/appearance", 0, 405, 405), ("/appearance", 1_200_000, 413, 413)],
)
def test_people_are_not_told_the_words_of_programs(
    ben: Visitor, path: str, size: int, status: int, words: int
) -> None:
    answer = ben.post(path, {"theme": "x" * size}) if size else ben.get(path)
    assert answer.status_code == status
    assert error_pages.WORDS[HTTP[words][1]] in unescape(answer.text)
    assert HTTP[words][1] not in answer.text


def test_a_note_is_short_enough_for_a_header(ben: Visitor) -> None:
    answer = ben.send("/appearance", {"theme": "x" * 5000})
    assert len(answer.headers["HX-Trigger"]) < 1000


def test_every_page_is_looked_at_by_the_browser_tests(web: Flask) -> None:
    asked = {
        rule.endpoint
        for rule in web.url_map.iter_rules()
        if rule.endpoint.startswith("admin.") and "GET" in (rule.methods or ())
    }
    own = {endpoint for endpoint in asked if endpoint.startswith("admin.kit_")}  # of the tests
    assert asked - own == set(PAGES) | set(NO_PAGES)
    assert not set(PAGES) & set(NO_PAGES)


def test_keys_are_shortcuts_unless_a_reader_turns_them_off(ben: Visitor) -> None:
    assert "data-no-keys" not in ben.get(HOME).text
    ben.post("/account", {"name": "Ben", "time_zone": "UTC", "theme": "auto"})
    assert "data-no-keys" in ben.get(HOME).text
    ben.post("/account", {"name": "Ben", "time_zone": "UTC", "theme": "auto", "has_keys": "1"})
    assert "data-no-keys" not in ben.get(HOME).text


def test_the_api_answers_scripts_with_json_all_the_same(ben: Visitor) -> None:
    assert ben.fragment(f"{BASE}/executions/exec_unknown").get_json()["error"]["code"] == "NOT_FOUND"


def test_polling_does_not_keep_one_signed_in(ben: Visitor) -> None:
    assert "Set-Cookie" in ben.get(HOME).headers
    assert "Set-Cookie" not in ben.get(HOME, headers={"X-Polling": "1"}).headers


def test_every_write_of_the_console_needs_its_token(callers: Callers, browser: FlaskClient) -> None:
    sign_in(browser)
    rules = [
        rule
        for rule in callers.app.url_map.iter_rules()
        if rule.endpoint.startswith("admin.") and "POST" in (rule.methods or ())
    ]
    assert rules
    for rule in rules:
        path = re.sub(r"<[^>]+>", "x_1", rule.rule)
        assert browser.post(path).status_code in {403, 404}, rule.rule
        assert browser.post(path, data={"csrf_token": "wrong"}).status_code in {403, 404}, rule.rule
