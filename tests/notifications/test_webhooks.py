"""What leaves for webhooks: signed as documented, to public https only, and not for ever."""

import hashlib
import hmac
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reportbuilder.amc.vault import Secret
from reportbuilder.errors import Invalid
from reportbuilder.notifications import webhooks
from reportbuilder.notifications.outcomes import Undelivered
from tests.amc.scripted_server import Reply, ScriptedServer
from tests.notifications.desk import Desk, reach

MOST_DROPS = 300  # who has had so many has not hung up

Wrap = Callable[[socket.socket], socket.socket]


def test_a_webhook_is_signed_json_as_documented(desk: Desk, receiver: ScriptedServer) -> None:
    signing = reach(desk, "webhook", f"{receiver.url}/hook?token=s3cr3t")
    run = desk.run(state="failed", error_class="permanent", error_message="No such table")
    desk.give("run_failed", execution_id=run)
    desk.work()
    (asked,) = receiver.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/hook", {"token": "s3cr3t"})
    key = f"{desk.only().notification_id}.0"
    assert asked.headers["Idempotency-Key"] == key
    assert asked.headers["Content-Type"] == "application/json"
    stamp, _, mac = asked.headers[webhooks.SIGNATURE].partition(",v1=")
    signed = stamp.removeprefix("t=").encode() + b"." + asked.body
    assert mac == hmac.new((signing or "").encode(), signed, hashlib.sha256).hexdigest()
    body = asked.json()
    assert body | {"text": None, "happened_at": None} == {
        "id": key,
        "kind": "run_failed",
        "happened_at": None,
        "subject": "Failed: Spring",
        "text": None,
        "link": f"https://reports.example.test/report-builder?execution={run}",
        "report": {"report_id": desk.report.report_id, "name": "Spring"},
        "instance": {"instance_id": "amcnorthwind01", "name": "Northwind 1"},
        "execution_id": run,
        "schedule_id": None,
        "backfill_id": None,
        "window": {"start": "2026-01-01T00:00:00", "end": "2026-01-31T00:00:00", "time_zone": "UTC"},
        "due_at": None,
        "rows": None,
        "finality": body["finality"],
        "status": None,
        "reason": "No such table",
        "counts": {},
    }


@pytest.mark.parametrize(
    ("answer", "state"),
    [(301, "failed"), (307, "failed"), (400, "failed"), (410, "failed"), (429, "waiting"), (503, "waiting")],
)
def test_answers_say_whether_to_try_again_and_nothing_is_followed(
    desk: Desk, receiver: ScriptedServer, answer: int, state: str
) -> None:
    reach(desk, "webhook", f"{receiver.url}/hook")
    receiver.say(Reply(answer, headers={"Location": f"{receiver.url}/elsewhere"}))
    desk.give("run_failed")
    desk.work()
    assert (desk.only().state, len(receiver.asked)) == (state, 1)
    assert f"answers {answer}" in (desk.only().error or "")


PRIVATE = [
    "https://127.0.0.1/x",
    "https://localhost/x",
    "https://a.localhost./x",
    "https://10.1.2.3/x",
    "https://192.168.0.1:8443/x",
    "https://169.254.169.254/latest/meta-data",
    "https://metadata.google.internal/x",
    "https://[::1]/x",
    "https://[::ffff:10.0.0.1]/x",
    "https://[fe80::1]/x",
    "https://[fd00::1]/x",
    "https://[64:ff9b::10.0.0.1]/x",
    "https://[64:ff9b::a9fe:a9fe]/x",
    "https://[::10.0.0.1]/x",
    "https://[fec0::1]/x",
    "https://0.0.0.0/x",
    "https://100.64.0.1/x",
    "https://224.0.0.1/x",
]
WRONG = [
    "http://example.test/x",
    "ftp://example.test/x",
    "https://user:s3cr3t@example.test/x",
    "https://example.test/x#s3cr3t",
    "https://example.test/ x",
    "https://exa\nmple.test/",
    "https://",
    "https:///x",
    "https://example.test:0/",
    "https://example.test:99999/",
    "https://-/",
    "//example.test",
    "s3cr3t",
    "",
]


@pytest.mark.parametrize("target", [*PRIVATE, *WRONG])
def test_a_webhook_leads_to_public_https_only(desk: Desk, target: str) -> None:
    desk.settings = replace(desk.settings, webhook_hosts=())
    with pytest.raises(Invalid) as refused:
        desk.add_channel(desk.cast.ben, "webhook", target)
    assert list(refused.value.details) == ["target"]
    assert "s3cr3t" not in refused.value.message


def test_what_a_name_leads_to_is_judged_when_it_is_sent(
    desk: Desk, receiver: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = ("93.184.216.34", 443)
    for found in (["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::1"]):

        def resolve(*_: Any, found: list[str] = found, **__: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in found]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        with pytest.raises(Undelivered, match="private network") as refused:
            webhooks.send(Secret("https://rebound.example.test/"), Secret("x"), "k", {}, desk.settings)
        assert refused.value.is_permanent, public


def test_an_address_that_is_no_longer_allowed_is_refused(desk: Desk, receiver: ScriptedServer) -> None:
    reach(desk, "webhook", f"{receiver.url}/s3cr3t")
    desk.give("run_failed")
    desk.work(replace(desk.settings, webhook_hosts=()))
    assert (desk.only().state, receiver.asked) == ("failed", [])
    assert "s3cr3t" not in (desk.only().error or "")


def as_it_is(line: socket.socket) -> socket.socket:
    return line


def in_tls(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Wrap:
    """Have the certificate of a server on this machine trusted, and return what makes it one."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "server.pem"
    file.write_bytes(secret + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    monkeypatch.setattr(certifi, "where", lambda: str(file))
    return partial(context.wrap_socket, server_side=True)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_receiver_that_drips_is_hung_up_on(
    desk: Desk, scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrap = in_tls(tmp_path, monkeypatch) if scheme == "https" else as_it_is
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        drops = pool.submit(drip, server, wrap)
        url = f"{scheme}://127.0.0.1:{server.getsockname()[1]}/s3cr3t"
        impatient = replace(desk.settings, notification_timeout=2.0)
        with pytest.raises(Undelivered, match=r"broke off|TLS") as told:
            webhooks.send(Secret(url), Secret("x"), "k", {}, impatient)
        assert not told.value.is_permanent
        assert 0 < drops.result(60) < MOST_DROPS


def drip(server: socket.socket, wrap: Wrap) -> int:
    """Answer a letter at a time, each within a time-out, until the other side hangs up; count them."""
    letters, line = 0, wrap(server.accept()[0])
    with line:
        line.settimeout(0.1)
        while letters < MOST_DROPS:
            try:
                if not line.recv(65536):
                    return letters
            except TimeoutError:
                line.sendall(b"H")
                letters += 1
            except OSError:
                return letters
    return letters


def test_the_certificate_is_checked_against_the_name(desk: Desk, receiver: ScriptedServer) -> None:
    url = receiver.url.replace("http://", "https://")
    with pytest.raises(Undelivered, match="TLS"):
        webhooks.send(Secret(f"{url}/"), Secret("x"), "k", {}, desk.settings)
