"""The client against a real HTTP server: exact requests, bounded repeats, and no second POST."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reportbuilder import clock
from reportbuilder.amc import calls, client, failures
from reportbuilder.amc.client import AmcClient
from reportbuilder.amc.failures import AmcFailure, Throttled
from reportbuilder.amc.hosts import Hosts
from reportbuilder.amc.transport import Timeouts, http_session
from reportbuilder.amc.vault import Secret
from reportbuilder.amc.wire import AmcStatus, TimeWindow
from reportbuilder.database import transaction
from tests.amc.scripted_server import Reply, ScriptedServer

INSTANCE, EXECUTION, TAG = "amcnorthwind01", "2f1d8a52-0000-4000-8000-000000000001", "rb-first-1"
WINDOW = TimeWindow(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 15, tzinfo=UTC))
SINCE = datetime(2026, 3, 4, 12, 0, 0, 999999, tzinfo=UTC)
PENDING = {"workflowExecutionId": EXECUTION, "status": "PENDING", "workflowId": TAG}
PATIENT = Timeouts(connect=4.0, read=4.0, total=8.0)
HASTY = Timeouts(connect=0.5, read=0.3, total=1.5)
EXECUTIONS_PATH = f"/amc/reporting/{INSTANCE}/workflowExecutions"


@dataclass
class Signed:
    """An identity whose tokens are numbered: a refused one gives the next."""

    client_id: str = "amzn1.application-oa2-client.sandbox"
    account_id: str = "ENTITYNORTHWIND1"
    marketplace_id: str = "ATVPDKIKX0DER"
    refused: list[str] = field(default_factory=list)
    slow: float = 0.0

    def access_token(self, refused: Secret | None = None) -> Secret:
        threading.Event().wait(self.slow)
        if refused is not None:
            self.refused.append(refused.reveal())
        return Secret(f"Atza|number-{len(self.refused)}")


@dataclass
class Counting:
    """A pace that counts, and can refuse: for good beyond ``left``, and the next few times."""

    taken: list[str] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    left: int = 1000
    refuse: int = 0

    def take(self, key: str, share: float = 1.0) -> None:
        if self.refuse or self.left <= len(self.taken):
            self.refuse = max(0, self.refuse - 1)
            raise Throttled(retry_after=0.5, local=True)
        self.taken.append(key)
        self.shares.append(share)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@dataclass
class Kit:
    server: ScriptedServer
    amc: AmcClient
    hasty: AmcClient  # for answers that come too late, so that the other tests may run on a busy machine
    identity: Signed
    pace: Counting

    def amc_for(self, reply: Reply) -> AmcClient:
        return self.hasty if reply.delay else self.amc

    def submit(self, **options: Any) -> Any:
        return self.amc.submit(INSTANCE, "SELECT 1", TAG, WINDOW, **options)


@pytest.fixture
def kit(server: ScriptedServer) -> Iterator[Kit]:
    identity, pace = Signed(), Counting()
    hosts = Hosts(server.url, "")
    with http_session() as session:
        amc, hasty = (AmcClient(session, hosts, identity, pace, times) for times in (PATIENT, HASTY))
        yield Kit(server, amc, hasty, identity, pace)


def failing(call: Callable[[], object]) -> AmcFailure:
    with pytest.raises(AmcFailure) as caught:
        call()
    return caught.value


# ---------------------------------------------------------------- exact requests


def test_failure_10_a_submission_is_one_post_with_all_headers(kit: Kit) -> None:
    kit.server.say(Reply(200, PENDING))
    execution = kit.submit()
    assert (execution.id, execution.status, execution.workflow_id) == (EXECUTION, AmcStatus.PENDING, TAG)
    [asked] = kit.server.asked
    assert (asked.method, asked.path, asked.query) == ("POST", EXECUTIONS_PATH, {})
    assert {name.lower(): value for name, value in asked.headers.items()} == {
        "host": kit.server.url.removeprefix("http://"),
        "user-agent": "amc-report-builder",
        "accept": "*/*",
        "accept-encoding": asked.headers["Accept-Encoding"],
        "connection": "keep-alive",
        "content-length": str(len(asked.body)),
        "content-type": "application/json",
        "authorization": "Bearer Atza|number-0",
        "amazon-advertising-api-clientid": "amzn1.application-oa2-client.sandbox",
        "amazon-advertising-api-advertiserid": "ENTITYNORTHWIND1",
        "amazon-advertising-api-marketplaceid": "ATVPDKIKX0DER",
    }
    assert asked.json() == {
        "workflow": {"sqlQuery": f"/* {TAG} */ SELECT 1", "workflowId": TAG},
        "timeWindowType": "EXPLICIT",
        "timeWindowStart": "2026-02-01T00:00:00",
        "timeWindowEnd": "2026-02-15T00:00:00",
        "timeWindowTimeZone": "UTC",
    }


def test_a_contract_shaped_answer_with_202_is_accepted_too(kit: Kit) -> None:
    kit.server.say(Reply(202, {"workflowExecution": PENDING}))
    assert kit.submit().id == EXECUTION


def test_get_and_cancel_and_links_ask_at_the_executions_path(kit: Kit) -> None:
    kit.server.say(
        Reply(200, PENDING | {"status": "RUNNING", "sqlQuery": "SELECT 1"}),
        Reply(200, b""),
        Reply(200, {"downloadUrls": ["https://a", "https://b"], "metadataDownloadUrls": ["https://m"]}),
    )
    assert kit.amc.get(INSTANCE, EXECUTION, include_workflow=True).sql == "SELECT 1"
    kit.amc.cancel(INSTANCE, EXECUTION)
    assert kit.amc.download_urls(INSTANCE, EXECUTION).files == ("https://a", "https://b")
    path = f"{EXECUTIONS_PATH}/{EXECUTION}"
    assert [(asked.method, asked.path) for asked in kit.server.asked] == [
        ("GET", path),
        ("PUT", path),
        ("GET", f"{path}/downloadUrls"),
    ]
    assert kit.server.asked[0].query == {"includeWorkflow": "true"}
    assert kit.server.asked[1].json() == {"status": "CANCELLED"}


def test_failure_32_a_list_goes_through_all_pages_as_they_are_reached(kit: Kit) -> None:
    kit.server.say(
        Reply(200, {"executions": [PENDING] * 100, "nextToken": "a+/="}),
        Reply(200, {"executions": [], "nextToken": "b"}),
        Reply(200, {"executions": [PENDING], "nextToken": ""}),
    )
    listed = kit.amc.list_executions(INSTANCE, SINCE, include_workflow=True)
    next(listed)
    assert len(kit.server.asked) == 1
    assert len(list(listed)) == 100
    first = {
        "minCreationTime": "2026-03-04T12:00:00",
        "timeZone": "UTC",
        "includeWorkflow": "true",
        "includeCancelled": "true",
        "limit": "100",
    }
    assert [asked.query for asked in kit.server.asked] == [
        first,
        first | {"nextToken": "a+/="},
        first | {"nextToken": "b"},
    ]
    assert {asked.path for asked in kit.server.asked} == {EXECUTIONS_PATH}


def test_a_list_can_ask_for_one_tag_and_an_end(kit: Kit) -> None:
    kit.server.say(Reply(200, {"executions": [PENDING]}))
    until = SINCE + timedelta(hours=1)
    page = kit.amc.list_page(INSTANCE, SINCE, until=until, tag=TAG, include_cancelled=False, limit=10)
    assert (len(page.executions), page.next_token) == (1, None)
    assert kit.server.asked[0].query == {
        "minCreationTime": "2026-03-04T12:00:00",
        "maxCreationTime": "2026-03-04T13:00:00",
        "timeZone": "UTC",
        "workflowId": TAG,
        "includeWorkflow": "false",
        "includeCancelled": "false",
        "limit": "10",
    }


def test_a_list_that_never_ends_is_an_error_and_never_cut(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.server.otherwise = Reply(200, {"executions": [PENDING], "nextToken": "again"})
    circle = failing(lambda: list(kit.amc.list_executions(INSTANCE, SINCE)))
    assert "circle" in circle.message
    monkeypatch.setattr(client, "MAX_PAGES", 3)
    kit.server.say(*(Reply(200, {"executions": [PENDING], "nextToken": str(n)}) for n in range(5)))
    assert "more than 3 pages" in failing(lambda: list(kit.amc.list_executions(INSTANCE, SINCE))).message


def test_accounts_need_no_account_and_instances_do(kit: Kit) -> None:
    account = {
        "accountId": "ENTITYNORTHWIND1",
        "accountName": "Northwind Brands",
        "marketplaceId": "ATVPDKIKX0DER",
    }
    instance = {
        "instanceId": INSTANCE,
        "instanceName": "Northwind 1",
        "creationStatus": "COMPLETED",
        "creationDatetime": "2026-01-01T00:00:00.123Z",
        "entities": ["NA"],
        "advertiserTypes": ["SPONSORED_ADS"],
    }
    kit.server.say(
        Reply(200, {"amcAccounts": [account], "nextToken": None}),
        Reply(200, {"instances": [instance], "nextToken": "more"}),
        Reply(200, {"instances": [instance | {"instanceId": "amcnorthwind02", "creationStatus": "FAILED"}]}),
        Reply(200, {"instance": instance}),
    )
    assert [found.account_id for found in kit.amc.accounts()] == ["ENTITYNORTHWIND1"]
    first, second = kit.amc.instances()
    assert (first.is_usable, second.is_usable, first.advertiser_types) == (True, False, ("SPONSORED_ADS",))
    assert kit.amc.instance(INSTANCE) == first
    asked = kit.server.asked
    assert [one.path for one in asked] == [
        "/amc/accounts",
        *["/amc/instances"] * 2,
        f"/amc/instances/{INSTANCE}",
    ]
    assert asked[0].headers["Amazon-Advertising-API-AdvertiserId"] is None
    assert asked[0].headers["Amazon-Advertising-API-ClientId"]
    assert asked[1].headers["Amazon-Advertising-API-AdvertiserId"] == "ENTITYNORTHWIND1"
    assert asked[2].query == {"limit": "100", "nextToken": "more"}


def test_data_sources_and_advertisers_are_read_over_pages(kit: Kit) -> None:
    source = {
        "dataSourceId": "dsp_clicks",
        "columns": [{"name": "clicks", "columnType": "METRIC"}],
        "tags": [],
    }
    kit.server.say(
        Reply(200, {"dataSources": [source], "nextToken": "n"}),
        Reply(200, {"dataSources": [source | {"dataSourceId": "conversions"}]}),
        Reply(200, {"advertisers": [{"id": 17, "name": "Northwind", "type": "DISPLAY"}], "totalCount": 1}),
    )
    assert [found.data_source_id for found in kit.amc.data_sources(INSTANCE)] == ["dsp_clicks", "conversions"]
    assert [found.id for found in kit.amc.advertisers(INSTANCE)] == ["17"]
    assert kit.server.asked[0].path == f"/amc/reporting/{INSTANCE}/dataSources"
    assert kit.server.asked[2].path == f"/amc/instances/{INSTANCE}/advertisers"


@pytest.mark.parametrize(
    "instance_id", ["", "..", "a/b", "amc?x", "3f0c9f4e-58aa-4a7b-9d67-0f3a5d5f7a10", "amc north", "ämc"]
)
def test_failure_09_ids_that_amc_cannot_know_never_leave(kit: Kit, instance_id: str) -> None:
    failure = failing(lambda: kit.amc.get(instance_id, EXECUTION))
    assert isinstance(failure, failures.Rejected)
    assert failing(lambda: kit.amc.get(INSTANCE, "../../x")).code == "AMC_REJECTED"
    assert kit.server.asked == []


# ---------------------------------------------------------------- sign-in


def test_a_refused_token_is_renewed_once_and_the_call_repeated_even_a_post(kit: Kit) -> None:
    kit.server.say(Reply(401, b""), Reply(200, PENDING))
    assert kit.submit().id == EXECUTION
    assert kit.identity.refused == ["Atza|number-0"]
    assert [asked.headers["Authorization"] for asked in kit.server.asked] == [
        "Bearer Atza|number-0",
        "Bearer Atza|number-1",
    ]


def test_a_second_refusal_is_signed_out_with_the_way_out(kit: Kit) -> None:
    kit.server.otherwise = Reply(401, {"message": "Not authorized to access"})
    failure = failing(kit.submit)
    assert isinstance(failure, failures.Unauthorized)
    assert "connect the account again" in failure.message
    assert (len(kit.server.asked), len(kit.identity.refused)) == (2, 1)


@pytest.mark.parametrize("status", [403, 401])
def test_failure_34_rights_and_terms_are_no_sign_out(kit: Kit, status: int) -> None:
    body = (
        {"code": "403", "details": "Unauthorized request."}
        if status == 403
        else {"message": "Terms and conditions must be accepted to continue"}
    )
    kit.server.say(Reply(status, body))
    failure = failing(kit.submit)
    assert isinstance(failure, failures.NotGranted)
    assert (len(kit.server.asked), kit.identity.refused) == (1, [])


def test_a_netrc_of_the_machine_does_not_replace_the_token(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    kit.server.say(Reply(200, PENDING), Reply(200, b"a,b\n"))
    kit.submit()
    with kit.amc.open_download(f"{kit.server.url}/x.csv") as download:
        assert b"".join(download.pieces) == b"a,b\n"
    assert kit.server.asked[0].headers["Authorization"] == "Bearer Atza|number-0"
    assert kit.server.asked[1].headers["Authorization"] is None


def test_a_proxy_of_the_machine_does_not_see_calls_to_this_machine(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    kit.server.say(Reply(200, PENDING))
    assert kit.submit().id == EXECUTION


def test_cookies_are_not_kept(kit: Kit) -> None:
    kit.server.say(Reply(200, PENDING, {"Set-Cookie": "session=north; Path=/"}), Reply(200, PENDING))
    kit.submit()
    kit.submit()
    assert kit.server.asked[1].headers["Cookie"] is None


def test_redirects_are_not_followed(kit: Kit) -> None:
    kit.server.otherwise = Reply(307, b"", {"Location": f"{kit.server.url}/elsewhere"})
    assert isinstance(failing(lambda: kit.amc.get(INSTANCE, EXECUTION)), failures.Transient)
    assert isinstance(failing(kit.submit), failures.UnknownOutcome)
    assert all("elsewhere" not in asked.path for asked in kit.server.asked)


# ---------------------------------------------------------------- a POST is sent once


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(500, {"details": "Internal"}), "UnknownOutcome"),
        (Reply(504, {"message": "Endpoint request timed out"}), "UnknownOutcome"),
        (Reply(200, PENDING, delay=0.8), "UnknownOutcome"),
        (Reply(200, PENDING, drop="unanswered"), "UnknownOutcome"),
        (Reply(200, PENDING, drop="inside"), "UnknownOutcome"),
        (Reply(200, b"<html>fine</html>"), "UnknownOutcome"),
        (Reply(200, {"status": "PENDING"}), "UnknownOutcome"),
        (Reply(200, b""), "UnknownOutcome"),
        (Reply(400, {"code": "400", "details": "Was unable to compile workflow"}), "Rejected"),
        (Reply(422, {"message": "window"}), "Rejected"),
        (Reply(429, b"<html><title>429</title></html>", {"Retry-After": "1"}), "Throttled"),
        (Reply(429, b""), "Throttled"),
    ],
)
def test_failure_17_a_submission_is_never_repeated_and_fails_by_class(
    kit: Kit, reply: Reply, kind: str
) -> None:
    kit.server.say(reply)
    failure = failing(lambda: kit.amc_for(reply).submit(INSTANCE, "SELECT 1", TAG, WINDOW))
    assert type(failure).__name__ == kind
    assert len(kit.server.asked) == 1


def test_a_refused_connection_is_harmless_for_a_post(kit: Kit) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = Hosts(f"http://127.0.0.1:{unused.getsockname()[1]}", "")
        with http_session() as session:
            amc = AmcClient(session, nobody, Signed(), Counting(), PATIENT)
            failure = failing(lambda: amc.submit(INSTANCE, "SELECT 1", TAG, WINDOW))
    assert isinstance(failure, failures.Transient)
    assert failure.message == "AMC: it refuses the connection"


def test_a_name_that_does_not_resolve_is_harmless_for_a_post() -> None:
    with http_session() as session:
        amc = AmcClient(session, Hosts("http://amc.invalid", ""), Signed(), Counting(), PATIENT)
        failure = failing(lambda: amc.submit(INSTANCE, "SELECT 1", TAG, WINDOW))
    assert isinstance(failure, failures.Transient)


def test_a_connection_that_never_stands_is_harmless_for_a_post() -> None:
    with socket.socket() as deaf, http_session() as session, ExitStack() as queue:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)  # nobody accepts: once the queue is full, the next connection hangs
        for _ in range(4):
            waiting = queue.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        host = Hosts(f"http://127.0.0.1:{deaf.getsockname()[1]}", "")
        amc = AmcClient(session, host, Signed(), Counting(), Timeouts(0.3, 5.0, 9.0))
        failure = failing(lambda: amc.submit(INSTANCE, "SELECT 1", TAG, WINDOW))
    assert isinstance(failure, failures.Transient)
    assert failure.message == "AMC: no connection within 0.3 s"


def test_a_tls_handshake_that_fails_is_harmless_for_a_post(server: ScriptedServer) -> None:
    with http_session() as session:
        secure = Hosts(server.url.replace("http://", "https://"), "")
        amc = AmcClient(session, secure, Signed(), Counting(), PATIENT)
        failure = failing(lambda: amc.submit(INSTANCE, "SELECT 1", TAG, WINDOW))
    assert isinstance(failure, failures.Transient)
    assert server.asked == []


def test_a_post_that_would_leave_too_late_does_not_leave(kit: Kit) -> None:
    kit.identity.slow = 0.3
    kit.server.otherwise = Reply(200, PENDING)
    failure = failing(lambda: kit.submit(within=2.2))  # half of the time for the answer must be left: 2 s
    assert isinstance(failure, failures.Transient)
    assert "no time left" in failure.message
    # the headers may be out before the body refuses to leave; without its body it is no request
    assert [asked.body for asked in kit.server.asked if asked.body] == []
    assert kit.submit(within=7.0).id == EXECUTION


def test_a_kept_connection_that_the_server_has_closed_is_not_used_for_a_post(kit: Kit) -> None:
    kit.server.say(Reply(200, PENDING, {"Connection": "close"}), Reply(200, PENDING), Reply(200, PENDING))
    for _ in range(3):
        kit.submit()
    assert kit.server.connections == 2


# ---------------------------------------------------------------- a GET may be repeated, within bounds


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, b""),
        Reply(503, b"<html>", {"Retry-After": "0"}),
        Reply(200, b"not json at first", drop="inside"),
        Reply(200, PENDING, drop="unanswered"),
        Reply(200, PENDING, delay=0.5),
        Reply(429, b"", {"Retry-After": "0"}),
    ],
)
def test_a_look_is_repeated_after_a_passing_trouble(kit: Kit, reply: Reply) -> None:
    kit.server.say(reply, Reply(200, PENDING))
    assert kit.amc_for(reply).get(INSTANCE, EXECUTION).id == EXECUTION
    assert len(kit.server.asked) == len(kit.pace.taken) == 2


def test_a_look_gives_up_soon(kit: Kit) -> None:
    began = clock.monotonic()
    assert isinstance(failing(lambda: kit.amc.get(INSTANCE, EXECUTION)), failures.Transient)
    assert len(kit.server.asked) == 1 + calls.REPEATS
    assert clock.monotonic() - began < PATIENT.total


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "30"}])
def test_a_look_does_not_wait_for_a_throttle_that_lasts(kit: Kit, headers: dict[str, str]) -> None:
    kit.server.say(Reply(429, b"<html>openresty</html>", headers))
    failure = failing(lambda: kit.amc.get(INSTANCE, EXECUTION))
    assert isinstance(failure, failures.Throttled)
    assert (failure.retry_after, failure.local) == (30.0 if headers else None, False)
    assert len(kit.server.asked) == 1


def test_a_call_ends_with_its_total_time_even_if_bytes_keep_trickling(kit: Kit) -> None:
    trickle = Reply(200, chunks=tuple(b" " for _ in range(200)))
    slow = ScriptedServer()
    began = clock.monotonic()
    with slow, http_session() as session:
        slow.otherwise = trickle
        slow.pause_between_chunks = 0.05
        amc = AmcClient(session, Hosts(slow.url, ""), Signed(), Counting(), Timeouts(0.5, 0.3, 0.6))
        assert isinstance(failing(lambda: amc.get(INSTANCE, EXECUTION)), failures.Transient)
    assert clock.monotonic() - began < 2.0


def test_refusals_are_not_repeated(kit: Kit) -> None:
    kit.server.say(
        Reply(400, {"code": "400", "details": f"Workflow execution with ID {EXECUTION} does not exist."}),
        Reply(404, {"details": f"Execution with ID {EXECUTION} is unavailable for download."}),
        Reply(400, {"details": "only PENDING or RUNNING can be cancelled"}),
    )
    assert isinstance(failing(lambda: kit.amc.get(INSTANCE, EXECUTION)), failures.NotFoundAtAmc)
    assert isinstance(failing(lambda: kit.amc.download_urls(INSTANCE, EXECUTION)), failures.NotReady)
    assert type(failing(lambda: kit.amc.cancel(INSTANCE, EXECUTION))) is failures.Rejected
    assert len(kit.server.asked) == 3


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"executions": 7}', b"[" * 100_000])
def test_a_list_that_cannot_be_read_is_an_error_that_is_seen(kit: Kit, body: bytes) -> None:
    kit.server.otherwise = Reply(200, body)
    failure = failing(lambda: list(kit.amc.list_executions(INSTANCE, SINCE)))
    assert isinstance(failure, failures.Transient)
    assert "cannot be read" in failure.message


def test_an_answer_without_end_is_not_kept_in_memory(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportbuilder.amc.transport.MAX_BODY", 1000)
    kit.server.otherwise = Reply(200, b" " * 5000)
    assert "too large" in failing(lambda: kit.amc.get(INSTANCE, EXECUTION)).message


# ---------------------------------------------------------------- pace, transactions, threads


def test_each_request_takes_from_the_instances_pace_and_none_leaves_without(kit: Kit) -> None:
    kit.server.otherwise = Reply(200, PENDING)
    kit.pace.left = 1
    kit.submit()
    failure = failing(kit.submit)
    assert isinstance(failure, Throttled)
    assert failure.local
    assert (kit.pace.taken, len(kit.server.asked)) == ([INSTANCE], 1)


def test_a_submission_waits_a_little_for_the_pace_and_a_look_does_not(kit: Kit) -> None:
    kit.server.otherwise = Reply(200, PENDING)
    kit.pace.refuse = 2
    kit.submit()
    assert (kit.pace.refuse, len(kit.server.asked)) == (0, 1)
    kit.pace.refuse = 1
    assert isinstance(failing(lambda: kit.amc.list_page(INSTANCE, SINCE)), Throttled)


def test_looks_and_downloads_leave_some_of_the_pace_to_submissions(kit: Kit) -> None:
    kit.server.say(
        Reply(200, {"executions": []}), Reply(200, {"downloadUrls": ["https://a"]}), Reply(200, PENDING)
    )
    kit.amc.list_page(INSTANCE, SINCE)
    kit.amc.download_urls(INSTANCE, EXECUTION)
    kit.submit()
    looks, downloads, submissions = kit.pace.shares
    assert downloads < looks < submissions == 1.0


@pytest.mark.usefixtures("database")
def test_nobody_calls_amc_inside_a_transaction(kit: Kit) -> None:
    with transaction(), pytest.raises(RuntimeError, match="nobody calls AMC"):
        kit.submit()
    assert kit.server.asked == []


def test_threads_share_a_client_and_its_connections(kit: Kit) -> None:
    kit.server.otherwise = Reply(200, PENDING)
    found: list[str] = []

    def work() -> None:
        found.extend(kit.amc.get(INSTANCE, EXECUTION).id for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [EXECUTION] * 160
    assert kit.server.connections <= 8
