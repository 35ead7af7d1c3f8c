"""Result files come whole or not at all, and only the link itself goes to the store."""

import gzip
import tracemalloc
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests

from reportbuilder.amc import downloads, failures
from reportbuilder.amc.downloads import open_download
from reportbuilder.amc.failures import AmcFailure
from reportbuilder.amc.transport import Timeouts, http_session
from reportbuilder.amc.vault import Secret
from tests.amc.scripted_server import Reply, ScriptedServer

PATIENT = Timeouts(connect=4.0, read=4.0, total=8.0)
HASTY = Timeouts(connect=0.5, read=0.3, total=1.0)
SIGNED = "/result.csv?X-Amz-Expires=600&X-Amz-Signature=0badc0de"


@pytest.fixture
def store() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with closing(http_session()) as opened:
        yield opened


def fetched(session: requests.Session, url: str, timeouts: Timeouts = PATIENT) -> bytes:
    with open_download(session, Secret(url), timeouts, plain=True) as download:
        return b"".join(download.pieces)


def failing(session: requests.Session, url: str, timeouts: Timeouts = PATIENT) -> AmcFailure:
    with pytest.raises(AmcFailure) as caught:
        fetched(session, url, timeouts)
    return caught.value


def test_a_file_is_streamed_as_it_is_with_no_sign_in(
    store: ScriptedServer, session: requests.Session
) -> None:
    content = b"campaign,impressions\nNorthwind \xff,7\n" * 50_000
    store.say(Reply(200, content), Reply(200, content))
    with open_download(session, Secret(store.url + SIGNED), PATIENT, plain=True) as download:
        assert download.length == len(content)
        assert b"".join(download.pieces) == content
    assert fetched(session, store.url + SIGNED) == content
    [asked, _] = store.asked
    assert asked.query["X-Amz-Signature"] == "0badc0de"
    assert {name.lower() for name in asked.headers} == {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "connection",
    }
    assert store.connections == 1


def test_chunked_and_compressed_files_are_read_too(store: ScriptedServer, session: requests.Session) -> None:
    packed = gzip.compress(b"a,b\n1,2\n" * 1000)
    store.say(
        Reply(200, chunks=(b"a,b\n", b"1,2\n")),
        Reply(200, packed, {"Content-Encoding": "gzip"}),
        Reply(200, b""),
    )
    assert fetched(session, store.url + SIGNED) == b"a,b\n1,2\n"
    with open_download(session, Secret(store.url + SIGNED), PATIENT, plain=True) as download:
        assert download.length is None
        assert b"".join(download.pieces) == b"a,b\n1,2\n" * 1000
    assert fetched(session, store.url + SIGNED) == b""


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"a,b\n1,2\n", drop="inside"),
        Reply(200, chunks=(b"a,b\n", b"1,2\n"), drop="between"),
        Reply(200, gzip.compress(b"a,b\n" * 10_000)[:60], {"Content-Encoding": "gzip"}, drop="inside"),
    ],
)
def test_a_file_that_breaks_off_is_a_failure_and_never_a_shorter_file(
    store: ScriptedServer, session: requests.Session, reply: Reply
) -> None:
    store.say(reply)
    failure = failing(session, store.url + SIGNED)
    assert isinstance(failure, failures.Transient)
    assert "broke off" in failure.message


def test_a_store_that_stops_speaking_is_left(store: ScriptedServer, session: requests.Session) -> None:
    store.pause_between_chunks = 0.6
    store.say(Reply(200, chunks=(b"a,b\n", b"1,2\n")), Reply(200, b"", delay=0.6))
    assert "no answer within 0.3 s" in failing(session, store.url + SIGNED, HASTY).message
    assert "no answer within 0.3 s" in failing(session, store.url + SIGNED, HASTY).message


EXPIRED = (
    b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message>'
    b"<SignatureProvided>0badc0de</SignatureProvided></Error>"
)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, EXPIRED, failures.LinkExpired),
        (403, b"", failures.LinkExpired),
        (400, b"<Error><Code>ExpiredToken</Code></Error>", failures.LinkExpired),
        (404, b"<Error><Code>NoSuchKey</Code></Error>", failures.Transient),
        (503, b"<Error><Code>SlowDown</Code></Error>", failures.Transient),
        (500, b"", failures.Transient),
        (400, b"odd", failures.Transient),
        (206, b"half", failures.Transient),
    ],
)
def test_the_stores_refusals_have_classes_and_repeat_no_signature(
    store: ScriptedServer, session: requests.Session, status: int, body: bytes, kind: type[AmcFailure]
) -> None:
    store.say(Reply(status, body))
    failure = failing(session, store.url + SIGNED)
    assert type(failure) is kind
    assert "0badc0de" not in failure.message
    assert str(status) in failure.message


def test_only_https_links_are_opened_unless_amc_itself_is_on_http(session: requests.Session) -> None:
    for url in ("http://store/x.csv", "file:///etc/passwd", "ftp://store/x", ""):
        with (
            pytest.raises(failures.Rejected, match="no https address"),
            open_download(session, Secret(url), PATIENT),
        ):
            pass


def test_a_download_left_early_is_closed(store: ScriptedServer, session: requests.Session) -> None:
    store.say(Reply(200, b"x" * 10_000_000))
    with open_download(session, Secret(store.url + SIGNED), PATIENT, plain=True) as download:
        assert next(download.pieces)
    store.say(Reply(200, b"fine"))
    assert fetched(session, store.url + SIGNED) == b"fine"


def test_a_large_file_needs_no_large_memory(store: ScriptedServer, session: requests.Session) -> None:
    size = 64 * 1024 * 1024
    store.say(Reply(200, b"x" * size))
    with open_download(session, Secret(store.url + SIGNED), PATIENT, plain=True) as download:
        tracemalloc.start()
        try:
            assert sum(map(len, download.pieces)) == size
            assert tracemalloc.get_traced_memory()[1] < 8 * 1024 * 1024
        finally:
            tracemalloc.stop()


def test_a_store_that_trickles_is_not_waited_for_without_end(
    store: ScriptedServer, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "PATIENCE", 0.05)
    store.pause_between_chunks = 0.01
    store.say(Reply(200, chunks=(b"x",) * 100))
    failure = failing(session, store.url + SIGNED)
    assert isinstance(failure, failures.Transient)
    assert "too slow" in failure.message
