"""The sign-in service: what it is asked, and what each of its answers means."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from reportbuilder import clock
from reportbuilder.amc.failures import AmcFailure, Transient
from reportbuilder.amc.lwa import GrantRefused, LoginWithAmazon
from reportbuilder.amc.transport import Timeouts, http_session
from reportbuilder.amc.vault import Secret
from tests.amc.scripted_server import Reply, ScriptedServer

GOOD = {"access_token": "Atza|a", "token_type": "bearer", "expires_in": 3600, "refresh_token": "Atzr|r"}


@pytest.fixture
def service() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def login_within(seconds: float, service: ScriptedServer) -> Iterator[LoginWithAmazon]:
    with http_session() as session:
        yield LoginWithAmazon(
            session,
            f"{service.url}/auth/o2/token",
            "amzn1.client",
            Secret("s&cret"),
            Timeouts(seconds, seconds, 2 * seconds),
        )


@pytest.fixture
def login(service: ScriptedServer) -> Iterator[LoginWithAmazon]:
    yield from login_within(4.0, service)


@pytest.fixture
def hasty(service: ScriptedServer) -> Iterator[LoginWithAmazon]:
    yield from login_within(0.3, service)


def test_a_refresh_is_one_form(service: ScriptedServer, login: LoginWithAmazon) -> None:
    service.say(Reply(200, GOOD))
    before = clock.now()
    grant = login.refresh(Secret("Atzr|r+/="))
    assert (grant.access_token.reveal(), grant.refresh_token) == ("Atza|a", Secret("Atzr|r"))
    assert timedelta(minutes=59) < grant.expires_at - before <= timedelta(hours=1, seconds=5)
    [asked] = service.asked
    assert (asked.method, asked.path) == ("POST", "/auth/o2/token")
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert asked.headers["Authorization"] is None
    assert {name: values[0] for name, values in parse_qs(asked.body.decode()).items()} == {
        "grant_type": "refresh_token",
        "refresh_token": "Atzr|r+/=",
        "client_id": "amzn1.client",
        "client_secret": "s&cret",
    }


def test_a_code_is_exchanged(service: ScriptedServer, login: LoginWithAmazon) -> None:
    service.say(Reply(200, GOOD))
    login.exchange(Secret("ANcode"), "https://reports.example.test/back")
    form = parse_qs(service.asked[0].body.decode())
    assert (form["grant_type"], form["code"]) == (["authorization_code"], ["ANcode"])
    assert form["redirect_uri"] == ["https://reports.example.test/back"]


@pytest.mark.parametrize("life", [None, "3600", 0, -5, 10**12])
def test_a_life_that_is_none_counts_as_an_hour(
    service: ScriptedServer, login: LoginWithAmazon, life: object
) -> None:
    service.say(Reply(200, {"access_token": "Atza|a", "expires_in": life}))
    grant = login.refresh(Secret("Atzr|r"))
    assert grant.refresh_token is None
    assert grant.expires_at - clock.now() > timedelta(minutes=59)


def failing(login: LoginWithAmazon) -> AmcFailure:
    with pytest.raises(AmcFailure) as caught:
        login.refresh(Secret("Atzr|r"))
    return caught.value


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize("error", ["invalid_grant", "invalid_request", "access_denied"])
def test_a_refused_sign_in_is_final_and_says_the_way_out(
    service: ScriptedServer, login: LoginWithAmazon, status: int, error: str
) -> None:
    service.say(Reply(status, {"error": error, "error_description": "The request has an invalid grant"}))
    failure = failing(login)
    assert isinstance(failure, GrantRefused)
    assert failure.of_the_account
    assert "connect the account again" in failure.message
    assert len(service.asked) == 1


@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client", "unsupported_grant_type"])
def test_a_wrong_client_is_the_deployments_mistake_and_signs_nobody_out(
    service: ScriptedServer, login: LoginWithAmazon, error: str
) -> None:
    service.say(Reply(401, {"error": error}))
    failure = failing(login)
    assert isinstance(failure, GrantRefused)
    assert not failure.of_the_account
    assert "RB_AMC_CLIENT_SECRET" in failure.message


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, b""),
        Reply(503, b"<html>"),
        Reply(429, {"error": "slow_down"}, {"Retry-After": "7"}),
        Reply(403, b"<html>firewall</html>"),
        Reply(400, b"<html>proxy</html>"),
        Reply(400, {"error": "server_error"}),
        Reply(401, {"error": "temporarily_unavailable"}),
        Reply(302, b"", {"Location": "http://127.0.0.1:9/"}),
        Reply(200, b"<html>captive portal</html>"),
        Reply(200, {"token_type": "bearer"}),
        Reply(200, {"access_token": "two words\nand a line"}),
        Reply(200, GOOD, delay=0.6),
        Reply(200, GOOD, drop="unanswered"),
        Reply(200, GOOD, drop="inside"),
    ],
)
def test_everything_else_may_be_tried_again(
    service: ScriptedServer, login: LoginWithAmazon, hasty: LoginWithAmazon, reply: Reply
) -> None:
    service.say(reply)
    failure = failing(hasty if reply.delay else login)
    assert isinstance(failure, Transient)
    assert failure.retry_after == (7.0 if reply.status == 429 else None)
    assert len(service.asked) == 1
