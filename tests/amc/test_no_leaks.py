"""Through every failure, no secret shows in a log, an exception, its frames, or a repr."""

import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from flask import Flask

from reportbuilder import settings
from reportbuilder.amc.client import AmcClient
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.models import AmcAccount
from reportbuilder.amc.vault import Secret
from reportbuilder.amc.wire import TimeWindow
from reportbuilder.database import transaction
from reportbuilder.errors import ReportBuilderError
from tests.amc.kit import EXECUTION, INSTANCE, SINCE, TAG, WINDOW
from tests.amc.scripted_server import Reply, ScriptedServer

ACCESS, REFRESH, CLIENT, SIGNATURE = "s3cr3t-access", "s3cr3t-refresh", "s3cr3t-client", "s3cr3t-signature"
WORD = "s3cr3t"
GRANT = {"access_token": f"Atza|{ACCESS}", "refresh_token": f"Atzr|{REFRESH}", "expires_in": 3600}
ECHO = {"details": f"Bearer Atza|{ACCESS} of Atzr|{REFRESH} with client_secret={CLIENT} is refused"}
STORE = f"<Error><Code>AccessDenied</Code><SignatureProvided>{SIGNATURE}</SignatureProvided></Error>"

TROUBLES = [
    Reply(400, ECHO),
    Reply(400, {"error": "invalid_grant", "error_description": ECHO["details"]}),
    Reply(401, ECHO),
    Reply(401, {"error": "invalid_client", "error_description": ECHO["details"]}),
    Reply(403, ECHO),
    Reply(403, STORE),
    Reply(404, ECHO),
    Reply(422, ECHO["details"]),
    Reply(429, f"<title>{ECHO['details']}</title>", {"Retry-After": f"Bearer {ACCESS}"}),
    Reply(500, ECHO),
    Reply(502, f"<html>{ECHO['details']}</html>"),
    Reply(200, ECHO["details"]),
    Reply(200, {**GRANT, "access_token": f"Atza|{ACCESS}\nwith a line"}),
    Reply(200, {"workflowExecutionId": EXECUTION, "status": f"Atza|{ACCESS}"}),
    Reply(200, b"a,b\n", drop="unanswered"),
    Reply(200, b"a,b\n", drop="inside"),
    Reply(200, b"a,b\n", delay=0.45),
    Reply(307, b"", {"Location": f"http://127.0.0.1:9/?X-Amz-Signature={SIGNATURE}"}),
]


@pytest.fixture
def database_url(sqlite_tables: Path, tmp_path: Path) -> str:
    """One kind of database is enough here."""
    target = tmp_path / "leaks.sqlite"
    target.write_bytes(sqlite_tables.read_bytes())
    return f"sqlite:///{target}"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """All that any logger writes, down to DEBUG, and all that is printed."""
    stream = StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    before = {name: logging.getLogger(name).level for name in ("", "urllib3", "requests")}
    for name in before:
        logging.getLogger(name).setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield lambda: "".join([stream.getvalue(), *capsys.readouterr()])
    root.removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def connections(chosen: settings.Settings, server: ScriptedServer) -> Iterator[Connections]:
    class Unpaced:
        def take(self, key: str, share: float = 1.0) -> None:
            pass

    made = Connections(
        replace(
            chosen,
            amc_api_url=server.url,
            amc_token_url=f"{server.url}/token",
            amc_client_secret=CLIENT,
            amc_connect_timeout=0.3,
            amc_read_timeout=0.3,
        ),
        pace=Unpaced(),
    )
    yield made
    made.close()


@pytest.fixture
def account(database: Flask, connections: Connections) -> AmcAccount:
    with transaction() as session:
        account = AmcAccount(
            account_id="ENTITYNORTHWIND1",
            account_name="Northwind Brands",
            marketplace_id="ATVPDKIKX0DER",
            sealed_refresh_token=connections.vault.seal(f"Atzr|{REFRESH}"),
        )
        session.add(account)
    return account


def calls(amc: AmcClient, server: ScriptedServer) -> list[Callable[[], object]]:
    window = TimeWindow(WINDOW.start, WINDOW.end)

    def download() -> object:
        with amc.open_download(f"{server.url}/x.csv?X-Amz-Signature={SIGNATURE}&X-Amz-Date=1") as opened:
            return len(b"".join(opened.pieces))

    return [
        lambda: amc.submit(INSTANCE, "SELECT 1", TAG, window),
        lambda: amc.get(INSTANCE, EXECUTION),
        lambda: list(amc.list_executions(INSTANCE, SINCE)),
        lambda: amc.cancel(INSTANCE, EXECUTION),
        lambda: list(amc.accounts()),
        download,
    ]


def told(error: BaseException) -> str:
    """All that an exception can tell, with the values in all its frames, and so for those behind it."""
    trace = traceback.TracebackException.from_exception(error, capture_locals=True)
    behind = [cause for cause in (error.__cause__, error.__context__) if cause is not None]
    return "".join([*trace.format(), repr(error), str(vars(error)), *map(told, behind)])


@pytest.mark.parametrize("while_signing_in", [False, True])
def test_failure_20_no_secret_shows_whatever_goes_wrong(
    server: ScriptedServer,
    connections: Connections,
    account: AmcAccount,
    written: Callable[[], str],
    while_signing_in: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("reportbuilder.amc.calls.LONGEST_WAIT", 0.0)
    amc, seen = connections.client(account), list[str]()
    for number in range(len(calls(amc, server))):
        for trouble in TROUBLES:
            with transaction() as session:
                row = session.get_one(AmcAccount, account.id)
                row.refresh_lease_until = row.signed_out_reason = None
                row.sealed_access_token = row.access_token_expires_at = None
            server._replies.clear()
            server.otherwise = trouble
            if number < len(calls(amc, server)) - 1:  # a download needs no sign-in
                server.say(trouble if while_signing_in else Reply(200, GRANT))
            call = calls(amc, server)[number]
            try:
                seen.append(repr(call()))
            except ReportBuilderError as error:
                logging.getLogger("tests").exception("failed")
                seen.append(_outside_this_test(error))
    shown = written() + "".join(seen)
    assert len(seen) == 6 * len(TROUBLES)
    assert "AMC" in shown, "the net has caught something at all"
    assert ("sign-in call" if while_signing_in else "amc call failed") in shown
    lines = [line for line in shown.splitlines() if WORD in line]
    assert lines == []


def _outside_this_test(error: BaseException) -> str:
    """Tell of the error without this file's own frames, which hold the secrets as constants."""
    inner = error.__traceback__
    while inner is not None and inner.tb_frame.f_code.co_filename == __file__:
        inner = inner.tb_next
    return told(error.with_traceback(inner))


def test_reprs_hide(connections: Connections, account: AmcAccount) -> None:
    amc = connections.client(account)
    login = connections.login()
    for thing in (
        connections,
        connections.vault,
        amc,
        amc._identity,
        login,
        Secret(ACCESS),
        [Secret(ACCESS)],
    ):
        assert WORD not in repr(thing)
        assert WORD not in str(thing)
