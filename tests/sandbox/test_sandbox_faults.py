"""What can go wrong at AMC goes wrong here on demand: sign-in, throttling, 5xx, lost answers."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from reportbuilder.sandbox import Faults, Options, Sandbox
from tests.sandbox.caller import CAMPAIGNS, JANUARY, Caller

Start = Callable[..., Caller]
CREATED_SINCE = {"minCreationTime": "2026-01-01T00:00:00"}


@pytest.mark.conforms("limit:token-life", "error:unauthorized")
def test_a_token_lives_for_an_hour(start: Start, clock: Any) -> None:
    caller = start()
    clock.move(3599)
    assert caller.get("/dataSources").status_code == 200
    clock.move(1)
    assert caller.get("/dataSources").status_code == 401


@pytest.mark.conforms("endpoint:token")
def test_a_token_is_given_for_the_refresh_token(caller: Caller) -> None:
    body = caller.token().json()
    assert body["access_token"].startswith("Atza|")
    assert (body["token_type"], body["expires_in"], body["refresh_token"]) == ("bearer", 3600, "Atzr|sandbox")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"refresh_token": "Atzr|other"}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"refresh_token": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
@pytest.mark.conforms("error:token-refused")
def test_wrong_sign_ins(caller: Caller, changes: dict[str, str], status: int, error: str) -> None:
    answer = caller.token(**changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


@pytest.mark.conforms("endpoint:token-code")
def test_consent_gives_a_code_that_is_good_once_and_for_five_minutes(start: Start, clock: Any) -> None:
    caller, back = start(), "http://127.0.0.1:5000/back?a=b"
    asked = {
        "client_id": "amzn1.application-oa2-client.sandbox",
        "scope": "advertising::campaign_management",
        "response_type": "code",
        "redirect_uri": back,
        "state": "s1",
    }

    def consent(**changes: str) -> requests.Response:
        url = f"{caller.box.url}/ap/oa"
        return requests.get(url, params=asked | changes, timeout=10, allow_redirects=False)

    def exchange(code: str, redirect_uri: str = back) -> requests.Response:
        grant = {"grant_type": "authorization_code", "refresh_token": ""}
        return caller.token(**grant, code=code, redirect_uri=redirect_uri)

    def code() -> str:
        sent = parse_qs(urlsplit(consent().headers["Location"]).query)
        assert (sent["a"], sent["state"], sent["scope"]) == (["b"], ["s1"], [asked["scope"]])
        return sent["code"][0]

    mine = code()
    assert exchange(mine).json()["refresh_token"] == "Atzr|sandbox"
    assert exchange(mine).json()["error"] == "invalid_grant"
    assert exchange(code(), "http://127.0.0.1:5000/other").json()["error"] == "invalid_grant"
    late = code()
    clock.move(300)
    assert exchange(late).json()["error"] == "invalid_grant"
    assert exchange("").json()["error"] == "invalid_request"
    for wrong in (
        {"client_id": "x"},
        {"redirect_uri": "https://elsewhere.example/"},
        {"response_type": "token"},
    ):
        assert consent(**wrong).status_code == 400


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Authorization", None, 401),
        ("Authorization", "Bearer Atza|bogus", 401),
        ("Amazon-Advertising-API-ClientId", None, 401),
        ("Amazon-Advertising-API-ClientId", "amzn1.other", 403),
        ("Amazon-Advertising-API-AdvertiserId", None, 400),
        ("Amazon-Advertising-API-AdvertiserId", "1234567890", 403),
        ("Amazon-Advertising-API-MarketplaceId", None, 400),
        ("Amazon-Advertising-API-MarketplaceId", "A1F83G8C2ARO7P", 403),
    ],
)
@pytest.mark.conforms("error:missing-header", "error:unauthorized", "error:wrong-account")
def test_every_header_counts(caller: Caller, header: str, value: str | None, status: int) -> None:
    headers = {name: text for name, text in caller.http.headers.items() if name != header}
    if value is not None:
        headers[header] = value
    url = f"{caller.path}/workflowExecutions"
    answer = requests.get(url, params=CREATED_SINCE, headers=headers, timeout=10)
    assert answer.status_code == status
    if status == 403:
        assert answer.json() == {"code": "403", "details": "Unauthorized request."}


def test_header_names_are_case_insensitive(caller: Caller) -> None:
    headers = {name.lower(): text for name, text in caller.http.headers.items()}
    url = f"{caller.path}/workflowExecutions"
    assert requests.get(url, params=CREATED_SINCE, headers=headers, timeout=10).status_code == 200


def test_the_account_list_needs_no_entity(caller: Caller) -> None:
    names = ("Authorization", "Amazon-Advertising-API-ClientId")
    headers = {name: str(caller.http.headers[name]) for name in names}
    assert requests.get(f"{caller.box.url}/amc/accounts", headers=headers, timeout=10).status_code == 200
    assert requests.get(f"{caller.box.url}/amc/instances", headers=headers, timeout=10).status_code == 400


def test_a_wrong_instance_is_not_permitted(caller: Caller) -> None:
    answer = Caller(caller.box, "0b7c1d6e-uuid").get("/workflowExecutions", **CREATED_SINCE)
    assert (answer.status_code, answer.json()["details"]) == (403, "Unauthorized request.")


@pytest.mark.parametrize("faults", [Faults(token_life=60), Faults(token_dies_after=60)])
def test_a_token_ends(start: Start, clock: Any, faults: Faults) -> None:
    caller = start(faults)
    clock.move(59)
    assert caller.get("/workflowExecutions", **CREATED_SINCE).status_code == 200
    clock.move(1)
    assert caller.get("/workflowExecutions", **CREATED_SINCE).status_code == 401
    caller.sign_in()
    assert caller.get("/workflowExecutions", **CREATED_SINCE).status_code == 200
    assert caller.token().json()["expires_in"] == faults.token_life
    caller.box.tokens.expire_all()
    assert caller.get("/workflowExecutions", **CREATED_SINCE).status_code == 401


@pytest.mark.conforms("fault:revoked-grant")
def test_a_revoked_grant_and_a_broken_token_endpoint(start: Start) -> None:
    caller = start()
    caller.box.fault(token_error_next=1)
    assert caller.token().status_code == 503
    assert caller.token().status_code == 200
    caller.box.fault(revoked=True)
    assert caller.token().json()["error"] == "invalid_grant"


@pytest.mark.conforms(
    "error:throttled",
    "fault:throttled-with-retry-after",
    "fault:throttled-without-retry-after",
    "fault:throttled-as-html",
)
def test_throttling_in_every_style(start: Start, clock: Any) -> None:
    caller = start(Faults(throttle_next=1, retry_after=7))
    first = caller.get("/workflowExecutions", **CREATED_SINCE)
    assert (first.status_code, first.headers["Retry-After"]) == (429, "7")
    caller.box.fault(throttle_next=1, throttle_style="date")
    dated = caller.get("/workflowExecutions", **CREATED_SINCE)
    told = parsedate_to_datetime(dated.headers["Retry-After"])
    assert 6 <= (told - clock.at).total_seconds() <= 7
    caller.box.fault(throttle_next=1, throttle_style="none")
    assert "Retry-After" not in caller.get("/workflowExecutions", **CREATED_SINCE).headers
    caller.box.fault(throttle_next=1, throttle_style="html")
    page = caller.get("/workflowExecutions", **CREATED_SINCE)
    assert (page.status_code, page.headers["Content-Type"]) == (429, "text/html")
    assert "<html>" in page.text
    assert caller.get("/workflowExecutions", **CREATED_SINCE).status_code == 200


def test_server_errors_in_every_body(start: Start) -> None:
    caller = start(Faults(error_next=3, error_status=504, error_body="message"))
    assert caller.get("/workflowExecutions", **CREATED_SINCE).json() == {
        "message": "Endpoint request timed out"
    }
    caller.box.fault(error_body="html")
    assert "openresty" in caller.get("/workflowExecutions", **CREATED_SINCE).text
    caller.box.fault(error_body="empty", error_status=503)
    empty = caller.get("/workflowExecutions", **CREATED_SINCE)
    assert (empty.status_code, empty.content) == (503, b"")
    assert caller.get("/workflowExecutions", **CREATED_SINCE).status_code == 200


@pytest.mark.conforms("fault:server-error")
def test_rates_and_the_calls_that_they_hit(start: Start) -> None:
    caller = start(Faults(error_rate=1.0, only="submit"))
    assert caller.post({"workflow": {"sqlQuery": CAMPAIGNS}, **JANUARY}).status_code in (500, 502, 503, 504)
    assert caller.box.state()["executions"] == []
    assert caller.listed() == {"executions": []}
    caller.box.fault(error_rate=0.5, only="")
    codes = {caller.get("/workflowExecutions", **CREATED_SINCE).status_code for _ in range(60)}
    assert 200 in codes
    assert codes - {200} <= {500, 502, 503, 504}


@pytest.mark.parametrize("style", ["drop", "gateway"])
@pytest.mark.conforms("fault:lost-answer")
def test_an_answer_can_be_lost_after_accept(start: Start, style: str) -> None:
    caller = start(Faults(lost_next=1, lost_style=style))  # type: ignore[arg-type] # one of the two styles
    body = {"workflow": {"sqlQuery": CAMPAIGNS, "workflowId": "rb-lost"}, **JANUARY}
    if style == "drop":
        with pytest.raises(requests.ConnectionError):
            caller.post(body)
    else:
        assert caller.post(body).status_code == 504
    (execution,) = caller.listed(workflowId="rb-lost")["executions"]
    assert execution["workflowId"] == "rb-lost"
    assert caller.post(body).status_code == 200
    assert len(caller.listed(workflowId="rb-lost")["executions"]) == 2


def test_a_run_can_fail(start: Start, clock: Any) -> None:
    caller = start(Faults(failure_next=1))
    failing, fine = caller.submit(), caller.submit()
    caller.box.settle()
    clock.move(10)
    body = caller.execution(failing)
    assert (body["status"], bool(body["statusReason"])) == ("FAILED", True)
    assert caller.status(fine) == "SUCCEEDED"


@pytest.mark.conforms("error:compile-sync")
def test_bad_sql_can_be_refused_at_once(start: Start) -> None:
    caller = start(Faults(sync_refusal=True))
    workflow = {"sqlQuery": "SELECT x FROM nowhere", "workflowId": "rb-bad"}
    answer = caller.post({"workflow": workflow, **JANUARY})
    assert answer.status_code == 400
    assert answer.json()["details"] == (
        "Was unable to compile workflow rb-bad because it was found to be invalid: "
        "From line 1, column 15 to line 1, column 21: Object 'nowhere' not found"
    )
    assert caller.box.state()["executions"] == []
    assert caller.submit()


@pytest.mark.conforms("fault:slow-download")
def test_downloads_can_be_slow(start: Start, clock: Any) -> None:
    caller = start(Faults(bytes_per_second=2000))
    execution = caller.submit()
    caller.box.settle()
    clock.move(10)
    (link,) = caller.links(execution)
    answer = requests.get(link, timeout=10)
    assert answer.elapsed.total_seconds() < 1
    assert len(answer.content) == int(answer.headers["Content-Length"])


@pytest.mark.conforms("fault:broken-download")
def test_a_download_can_break_off(start: Start, clock: Any) -> None:
    caller = start(Faults(cut_next=1))
    execution = caller.submit()
    caller.box.settle()
    clock.move(10)
    (link,) = caller.links(execution)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(link, timeout=10)
    assert requests.get(link, timeout=10).text.count("\n") == 13


def test_faults_are_checked(start: Start) -> None:
    box = start().box
    for wrong in (
        {"throttle": 1},
        {"throttle_rate": "often"},
        {"throttle_style": "soon"},
        {"revoked": 1},
        {"only": "submitting"},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            box.fault(**wrong)
    assert box.faults == Faults()


def test_the_control_address_exists_only_when_asked_for(start: Start) -> None:
    caller = start(control=True)
    url = f"{caller.box.url}/_sandbox"
    assert requests.post(f"{url}/faults", json={"throttle_next": 1}, timeout=10).status_code == 200
    assert caller.get("/workflowExecutions", **CREATED_SINCE).status_code == 429
    assert requests.post(f"{url}/faults", json={"bogus": 1}, timeout=10).status_code == 400
    caller.submit(workflow={"workflowId": "rb-1"})
    state = requests.get(f"{url}/state", timeout=10).json()
    assert state["calls"] == {"token": 1, "list": 1, "submit": 1}
    assert [one["workflowId"] for one in state["executions"]] == ["rb-1"]
    plain = start(control=False).box
    assert requests.get(f"{plain.url}/_sandbox/state", timeout=10).status_code == 404


def test_calls_are_counted_by_kind(start: Start, clock: Any) -> None:
    caller = start()
    execution = caller.submit()
    caller.box.settle()
    clock.move(10)
    caller.texts(execution)
    caller.cancel(execution)
    caller.status(execution)
    expected = {"token": 1, "submit": 1, "download_urls": 1, "download": 1, "cancel": 1, "get": 1}
    assert caller.box.state()["calls"] == expected


ENDLESS = (
    "SELECT COUNT(*) AS n FROM dsp_impressions a, dsp_impressions b, dsp_impressions c WHERE a.site <> c.site"
)


def test_a_query_without_end_is_stopped(start: Start, clock: Any) -> None:
    caller = start(users=2000, query_seconds=0.3)
    execution = caller.submit(ENDLESS, timeWindowType="ALL", timeWindowStart=None, timeWindowEnd=None)
    caller.box.settle()
    clock.move(10)
    assert caller.execution(execution)["statusReason"] == "The query exceeded its time limit."


def test_the_end_waits_for_no_query() -> None:
    with Sandbox(Options(users=2000)).serving() as box:
        box.submit("amcnorthwind01", {"workflow": {"sqlQuery": ENDLESS}, "timeWindowType": "ALL"})
        begin = time.monotonic()
    assert time.monotonic() - begin < 5


def test_nothing_is_left_after_serving() -> None:
    box = Sandbox(Options(users=50))
    with box.serving():
        url = box.url
        session = requests.Session()
        assert session.get(f"{url}/amc/accounts", timeout=10).status_code == 401
    with pytest.raises(requests.ConnectionError):
        session.get(f"{url}/amc/accounts", timeout=2)
    with pytest.raises(RuntimeError):
        _ = box.url
    session.close()
