"""What the client repeats, and what it never does; how long it waits, and for whom."""

import socket
from contextlib import ExitStack

import pytest

from reportbuilder import clock
from reportbuilder.amc import calls, failures
from reportbuilder.amc.client import AmcClient
from reportbuilder.amc.failures import Throttled
from reportbuilder.amc.hosts import Hosts
from reportbuilder.amc.transport import Timeouts, http_session
from tests.amc.kit import (
    EXECUTION,
    INSTANCE,
    PATIENT,
    PENDING,
    SINCE,
    TAG,
    WINDOW,
    Counting,
    Kit,
    Signed,
    failing,
)
from tests.amc.scripted_server import Reply, ScriptedServer

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
