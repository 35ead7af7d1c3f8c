"""One refresh for all workers, nothing lost on the way, and a person asked only where one is needed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from reportbuilder import clock, settings
from reportbuilder.amc import tokens
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.failures import Throttled, Transient, Unauthorized
from reportbuilder.amc.lwa import LoginWithAmazon
from reportbuilder.amc.models import AmcAccount
from reportbuilder.amc.tokens import Tokens
from reportbuilder.amc.transport import Timeouts, http_session
from reportbuilder.amc.vault import Secret, Vault, new_key
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Invalid
from tests.amc.scripted_server import Reply, ScriptedServer

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
OTHER_KEY = new_key()


@dataclass
class Desk:
    """An account with a sign-in service, and the clock stopped at noon."""

    app: Flask
    keys: tuple[str, ...]
    service: ScriptedServer
    vault: Vault
    login: LoginWithAmazon
    id: UUID
    move_on: Callable[[float], None]

    @property
    def tokens(self) -> Tokens:
        """Tokens as another worker has them: nothing is shared but the row."""
        return Tokens(self.id, self.vault, self.login)

    def access(self, refused: str | None = None) -> str:
        return self.tokens.access_token(Secret(refused) if refused else None).reveal()

    def put(self, **values: Any) -> None:
        with transaction() as session:
            account = session.get_one(AmcAccount, self.id)
            for name, value in values.items():
                setattr(account, name, value)

    def row(self) -> AmcAccount:
        with reading() as session:
            return session.get_one(AmcAccount, self.id)

    def signed_in(self, token: str = "Atza|first", left: timedelta = HOUR) -> None:
        self.put(sealed_access_token=self.vault.seal(token), access_token_expires_at=clock.now() + left)


def granted(token: str, **more: Any) -> Reply:
    return Reply(200, {"access_token": token, "expires_in": 3600, "refresh_token": "Atzr|north", **more})


REFUSED = Reply(400, {"error": "invalid_grant", "error_description": "The refresh token is revoked"})


@pytest.fixture
def desk(database: Flask, chosen: settings.Settings) -> Iterator[Desk]:
    vault = Vault(chosen.vault_keys)
    with transaction() as session:
        account = AmcAccount(
            account_id="ENTITYNORTHWIND1",
            account_name="Northwind Brands",
            marketplace_id="ATVPDKIKX0DER",
            sealed_refresh_token=vault.seal("Atzr|north"),
        )
        session.add(account)
    with ScriptedServer() as service, http_session() as session, clock.frozen(NOON) as move_on:
        login = LoginWithAmazon(session, service.url, "client", Secret("secret"), Timeouts(4.0, 4.0, 8.0))
        yield Desk(database, chosen.vault_keys, service, vault, login, account.id, move_on)


def test_the_first_call_fetches_a_token_and_the_next_use_it_sealed_from_the_row(desk: Desk) -> None:
    desk.service.say(granted("Atza|first"))
    assert [desk.access(), desk.access()] == ["Atza|first"] * 2
    row = desk.row()
    assert len(desk.service.asked) == 1
    assert row.access_token_expires_at == NOON + HOUR
    assert row.refresh_lease_until is None
    assert "Atza" not in str(row.sealed_access_token)
    assert desk.vault.open(str(row.sealed_access_token)).reveal() == "Atza|first"


def test_a_token_is_renewed_five_minutes_before_its_end(desk: Desk) -> None:
    desk.signed_in()
    desk.service.say(granted("Atza|second"))
    desk.move_on(54 * 60 + 59)
    assert desk.access() == "Atza|first"
    desk.move_on(2)
    assert desk.access() == "Atza|second"


def test_while_one_renews_early_the_others_go_on_with_the_good_token(desk: Desk) -> None:
    desk.signed_in(left=timedelta(minutes=4))
    desk.put(refresh_lease_until=clock.in_seconds(20))
    assert desk.access() == "Atza|first"
    assert desk.service.asked == []


def test_while_one_renews_and_no_token_is_good_the_others_come_again_soon(desk: Desk) -> None:
    desk.put(refresh_lease_until=clock.in_seconds(20))
    with pytest.raises(Throttled, match="being renewed") as caught:
        desk.access()
    assert caught.value.local
    assert caught.value.retry_after == tokens.OTHERS_RETRY
    assert desk.service.asked == []


def test_a_worker_that_died_while_renewing_is_replaced_after_its_lease(desk: Desk) -> None:
    desk.put(refresh_lease_until=clock.in_seconds(tokens.LEASE))
    desk.service.say(granted("Atza|first"))
    desk.move_on(tokens.LEASE + 1)
    assert desk.access() == "Atza|first"


@pytest.mark.parametrize("start", ["none", "ending", "refused"])
def test_threads_that_race_for_a_token_make_one_call(desk: Desk, start: str) -> None:
    if start != "none":
        desk.signed_in(left=timedelta(minutes=4) if start == "ending" else HOUR)
    refused = "Atza|first" if start == "refused" else None
    desk.service.otherwise = Reply(
        200, {"access_token": "Atza|second", "expires_in": 3600, "refresh_token": "Atzr|north"}, delay=0.15
    )
    found: list[str] = []
    together = threading.Barrier(8)

    def work() -> None:
        with desk.app.app_context():
            together.wait()
            for _ in range(100):
                try:
                    found.append(desk.access(refused))
                except Throttled:
                    threading.Event().wait(0.05)
                else:
                    return

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(desk.service.asked) == 1
    assert len(found) == 8
    assert set(found) <= ({"Atza|first", "Atza|second"} if start == "ending" else {"Atza|second"})
    assert desk.access() == "Atza|second"


def test_a_refused_token_that_another_has_renewed_is_replaced_without_a_call(desk: Desk) -> None:
    desk.signed_in("Atza|second")
    assert desk.access(refused="Atza|first") == "Atza|second"
    assert desk.service.asked == []


def test_a_refused_token_is_renewed_although_it_seemed_good(desk: Desk) -> None:
    desk.signed_in()
    desk.service.say(granted("Atza|second"))
    assert desk.access(refused="Atza|first") == "Atza|second"


def test_a_revoked_sign_in_is_written_down_and_not_asked_again(desk: Desk) -> None:
    desk.service.say(REFUSED)
    for _ in range(2):
        with pytest.raises(Unauthorized, match=r"revoked.*connect the account again"):
            desk.access()
    row = desk.row()
    assert len(desk.service.asked) == 1
    assert "connect the account again" in str(row.signed_out_reason)
    assert row.sealed_refresh_token, "nothing is deleted"


def test_a_sign_in_revoked_early_lasts_as_long_as_its_token(desk: Desk) -> None:
    desk.signed_in(left=timedelta(minutes=4))
    desk.service.say(REFUSED)
    assert [desk.access(), desk.access()] == ["Atza|first"] * 2
    assert len(desk.service.asked) == 1
    desk.move_on(5 * 60)
    with pytest.raises(Unauthorized, match="revoked"):
        desk.access()


def test_a_deployments_wrong_secret_signs_nobody_out(desk: Desk) -> None:
    desk.service.say(Reply(401, {"error": "invalid_client"}), granted("Atza|first"))
    with pytest.raises(Unauthorized, match="RB_AMC_CLIENT_SECRET"):
        desk.access()
    assert desk.row().signed_out_reason is None
    desk.move_on(tokens.PAUSE + 1)
    assert desk.access() == "Atza|first"


@pytest.mark.parametrize("trouble", [Reply(500, b""), Reply(200, b"", drop="unanswered"), Reply(200, b"{}")])
def test_a_passing_trouble_holds_all_workers_off_for_a_moment(desk: Desk, trouble: Reply) -> None:
    desk.service.say(trouble, granted("Atza|first"))
    with pytest.raises(Transient):
        desk.access()
    for _ in range(3):
        with pytest.raises(Throttled, match="being renewed"):
            desk.access()
    assert len(desk.service.asked) == 1
    desk.move_on(tokens.PAUSE + 1)
    assert desk.access() == "Atza|first"
    assert desk.row().signed_out_reason is None


def test_a_throttled_sign_in_is_left_alone_as_long_as_it_asks(desk: Desk) -> None:
    desk.service.say(Reply(429, b"", {"Retry-After": "60"}), granted("Atza|first"))
    with pytest.raises(Transient) as caught:
        desk.access()
    assert caught.value.retry_after == 60.0
    desk.move_on(59)
    with pytest.raises(Throttled):
        desk.access()
    assert len(desk.service.asked) == 1
    desk.move_on(2)
    assert desk.access() == "Atza|first"


def test_a_passing_trouble_while_the_token_is_good_is_no_trouble(desk: Desk) -> None:
    desk.signed_in(left=timedelta(minutes=4))
    desk.service.say(Reply(500, b""))
    assert desk.access() == "Atza|first"


def test_a_different_refresh_token_is_kept_and_the_same_is_not_written_again(desk: Desk) -> None:
    before = desk.row().sealed_refresh_token
    desk.service.say(granted("Atza|first"))
    desk.access()
    assert desk.row().sealed_refresh_token == before
    desk.service.say(granted("Atza|second", refresh_token="Atzr|newer"))
    desk.access(refused="Atza|first")
    assert desk.vault.open(str(desk.row().sealed_refresh_token)).reveal() == "Atzr|newer"


def test_failure_16_the_refresh_token_is_sent_opened(desk: Desk) -> None:
    desk.service.say(granted("Atza|first"))
    desk.access()
    assert b"refresh_token=Atzr%7Cnorth" in desk.service.asked[0].body


def test_failure_16_another_key_deletes_nothing_and_signs_nobody_out(desk: Desk) -> None:
    desk.signed_in()
    before = desk.row()
    stranger = Tokens(desk.id, Vault((OTHER_KEY,)), desk.login)
    with pytest.raises(Transient, match="key that is not here"):
        stranger.access_token()
    after = desk.row()
    assert after.sealed_refresh_token == before.sealed_refresh_token
    assert after.sealed_access_token == before.sealed_access_token
    assert (after.signed_out_reason, after.refresh_lease_until) == (None, None)
    assert desk.service.asked == []
    assert desk.access() == "Atza|first"


def test_an_account_never_connected_says_so(desk: Desk) -> None:
    desk.put(sealed_refresh_token=None)
    with pytest.raises(Unauthorized, match="connect the account"):
        desk.access()


def test_connecting_again_ends_a_sign_out(desk: Desk) -> None:
    desk.service.say(REFUSED, granted("Atza|back", refresh_token=None))
    with pytest.raises(Unauthorized):
        desk.access()
    with transaction() as session:
        tokens.connect(session.get_one(AmcAccount, desk.id), Secret("Atzr|again"), desk.vault)
    assert desk.access() == "Atza|back"
    assert desk.vault.open(str(desk.row().sealed_refresh_token)).reveal() == "Atzr|again"


@pytest.mark.parametrize("answer", [granted("Atza|late"), REFUSED])
def test_a_late_answer_does_not_touch_an_account_connected_in_between(desk: Desk, answer: Reply) -> None:
    real = desk.login.refresh

    def reconnect_meanwhile(refresh_token: Secret) -> Any:
        with transaction() as session:
            tokens.connect(session.get_one(AmcAccount, desk.id), Secret("Atzr|again"), desk.vault)
        return real(refresh_token)

    desk.login.refresh = reconnect_meanwhile  # type: ignore[method-assign] # the very moment to test
    desk.service.say(answer)
    with suppress(Unauthorized):
        desk.access()
    row = desk.row()
    assert desk.vault.open(str(row.sealed_refresh_token)).reveal() == "Atzr|again"
    assert (row.sealed_access_token, row.signed_out_reason) == (None, None)


def test_sealing_again_during_a_refresh_loses_nothing(desk: Desk) -> None:
    real, both = desk.login.refresh, Vault((OTHER_KEY, *desk.keys))

    def reseal_meanwhile(refresh_token: Secret) -> Any:
        with transaction() as session:
            assert tokens.reseal(session, both) == (1, 0)
        return real(refresh_token)

    desk.login.refresh = reseal_meanwhile  # type: ignore[method-assign] # the very moment to test
    desk.service.say(granted("Atza|first", refresh_token="Atzr|newer"))
    assert Tokens(desk.id, both, desk.login).access_token().reveal() == "Atza|first"
    row, newest = desk.row(), Vault((OTHER_KEY,))
    assert newest.open(str(row.sealed_refresh_token)).reveal() == "Atzr|newer"
    assert newest.open(str(row.sealed_access_token)).reveal() == "Atza|first"
    assert row.refresh_lease_until is None


def test_resealing_leaves_what_it_cannot_open(desk: Desk) -> None:
    desk.signed_in()
    stray = Vault((new_key(),)).seal("Atzr|stray")
    with transaction() as session:
        session.add(
            AmcAccount(
                account_id="ENTITYSTRAY",
                account_name="Stray",
                marketplace_id="ATVPDKIKX0DER",
                sealed_refresh_token=stray,
            )
        )
        session.add(
            AmcAccount(account_id="ENTITYEMPTY", account_name="Empty", marketplace_id="ATVPDKIKX0DER")
        )
    both = Vault((OTHER_KEY, *desk.keys))
    with transaction() as session:
        assert tokens.reseal(session, both) == (2, 1)
    with reading() as session:
        found = {row.account_id: row for row in session.query(AmcAccount)}
    assert found["ENTITYSTRAY"].sealed_refresh_token == stray
    assert found["ENTITYEMPTY"].sealed_refresh_token is None
    newest = Vault((OTHER_KEY,))
    assert newest.open(str(found["ENTITYNORTHWIND1"].sealed_refresh_token)).reveal() == "Atzr|north"
    assert newest.open(str(found["ENTITYNORTHWIND1"].sealed_access_token)).reveal() == "Atza|first"


def test_connections_start_only_with_a_key_and_reach_the_settings_hosts(
    desk: Desk, chosen: settings.Settings
) -> None:
    with pytest.raises(Invalid, match="RB_VAULT_KEYS"):
        Connections(replace(chosen, vault_keys=()))
    sandbox = replace(chosen, amc_api_url=desk.service.url + "/", amc_token_url=f"{desk.service.url}/token")
    connections = Connections(sandbox, pace=Unpaced())
    desk.service.say(granted("Atza|first"), Reply(200, {"amcAccounts": []}))
    assert list(connections.client(desk.row()).accounts()) == []
    assert [asked.path for asked in desk.service.asked] == ["/token", "/amc/accounts"]
    assert desk.service.asked[1].headers["Authorization"] == "Bearer Atza|first"
    connections.close()


class Unpaced:
    def take(self, key: str, share: float = 1.0) -> None:
        pass
