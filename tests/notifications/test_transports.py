"""What leaves for mail servers, Slack and webhooks: as it should look, nowhere else, and without secrets."""

import hashlib
import hmac
import json
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reportbuilder import logs
from reportbuilder.amc.vault import SealedElsewhere, Secret, Vault, new_key
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid
from reportbuilder.notifications import channels, webhooks
from reportbuilder.notifications.channels import MOST
from reportbuilder.notifications.kinds import KINDS
from reportbuilder.notifications.models import NotificationChannel
from reportbuilder.notifications.outcomes import Undelivered
from reportbuilder.notifications.telling import tell
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.settings import Settings
from tests.amc.scripted_server import Reply, ScriptedServer
from tests.notifications.desk import Desk
from tests.notifications.mailbox import PASSWORD, Mailbox, text_of

SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/s3cr3tSlack"
HOSTILE = "Spring\r\nBcc: eve@example.test\r\n\r\n<script>alert(1)</script> <!channel> \u202e\x00 {{x}} %s"
STORABLE = HOSTILE.replace("\x00", "")
MOST_DROPS = 300  # who has had so many has not hung up

Wrap = Callable[[socket.socket], socket.socket]


def reach(desk: Desk, kind: str, target: str) -> str | None:
    channel_id, signing = desk.add_channel(desk.cast.ben, kind, target)
    desk.choose(desk.cast.ben, {"channel_id": channel_id, "kinds": list(KINDS)})
    return signing


def rename(desk: Desk, name: str) -> None:
    with transaction() as session:
        session.get_one(ReportDefinition, desk.report.id).name = name


# ---------------------------------------------------------------- webhooks


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


# ---------------------------------------------------------------- slack


def test_slack_gets_title_and_text_and_no_markup(desk: Desk, receiver: ScriptedServer) -> None:
    reach(desk, "slack", SLACK)
    rename(desk, STORABLE)
    desk.give("run_failed", reason="<!here> & <https://evil.test|click>")
    desk.work()
    (asked,) = receiver.asked
    assert asked.path == "/services/T1JJ3T3L2/A1BRTD4JD/s3cr3tSlack"
    body = json.dumps(asked.json())
    assert "Failed: Spring Bcc:" in body
    assert "<!" not in body
    assert "<https" not in body
    assert desk.only().state == "sent"


@pytest.mark.parametrize(
    ("reply", "state", "error"),
    [
        (Reply(404, "no_service"), "failed", "Slack answers 404"),
        (Reply(403, "invalid_token"), "failed", "Slack answers 403"),
        (Reply(429, "slow down"), "waiting", "Slack answers 429"),
        (Reply(500), "waiting", "Slack answers 500"),
        (Reply(302, headers={"Location": "http://127.0.0.1:9/"}), "failed", "Slack answers 302"),
        (Reply(200, b"ok", drop="unanswered"), "waiting", "Slack cannot be reached"),
    ],
)
def test_what_slack_answers_says_whether_to_try_again(
    desk: Desk, receiver: ScriptedServer, reply: Reply, state: str, error: str
) -> None:
    reach(desk, "slack", SLACK)
    receiver.say(reply)
    desk.give("run_failed")
    desk.work()
    assert (desk.only().state, desk.only().error, len(receiver.asked)) == (state, error, 1)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test/services/T1/B1/x",
        "http://hooks.slack.com/services/T1/B1/x",
        "https://hooks.slack.com/services/T1/B1/x?redirect=yes",
        "https://hooks.slack.com.evil.test/services/T1/B1/x",
    ],
)
def test_a_slack_channel_leads_to_slack_only(desk: Desk, target: str) -> None:
    with pytest.raises(Invalid):
        desk.add_channel(desk.cast.ben, "slack", target)


# ---------------------------------------------------------------- mail


def test_a_hostile_name_adds_no_header_and_no_markup(desk: Desk, mailbox: Mailbox) -> None:
    rename(desk, STORABLE)
    desk.give("run_failed", reason="x\r\n.\r\nMAIL FROM:<eve@example.test>")
    desk.work()
    (message,) = mailbox.taken
    assert mailbox.recipients == [["ben@example.test"]]
    assert message["Bcc"] is None
    assert "\n" not in message["Subject"]
    assert "<script>" not in text_of(message, "html")
    assert "&lt;script&gt;" in text_of(message, "html")
    assert message["Auto-Submitted"] == "auto-generated"


def test_mail_goes_to_another_address_if_a_channel_says_so(desk: Desk, mailbox: Mailbox) -> None:
    reach(desk, "email", "alarms@example.test")
    desk.give("run_failed")
    desk.work(replace(desk.settings, mail_from="Reports <no-reply@example.test>"))
    assert mailbox.recipients == [["alarms@example.test"]]
    assert mailbox.taken[0]["From"] == "Reports <no-reply@example.test>"


def test_umlauts_and_signs_of_all_kinds_arrive(desk: Desk, mailbox: Mailbox) -> None:
    name = "Frühjahr 春 🌱"
    rename(desk, name)
    desk.give("run_failed")
    desk.work()
    assert mailbox.taken[0]["Subject"] == f"Failed: {name}"
    assert name in text_of(mailbox.taken[0])


@pytest.mark.parametrize(
    "target", ["ada", "ada@example", "a@b.test\r\nBcc: x@y.test", "a b@example.test", "ä@b.test"]
)
def test_what_is_no_address_is_refused(desk: Desk, target: str) -> None:
    with pytest.raises(Invalid):
        desk.add_channel(desk.cast.ben, "email", target)


# ---------------------------------------------------------------- secrets


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """Everything that is logged, as a process that was told DEBUG writes it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = StringIO()
    logs.configure("DEBUG")
    monkeypatch.setattr(root.handlers[0], "stream", stream)
    monkeypatch.setattr(root, "handlers", root.handlers[:])
    yield stream
    root.handlers[:], root.level = handlers, level


@pytest.mark.parametrize("reply", [Reply(200, b"ok"), Reply(404), Reply(500), Reply(200, drop="unanswered")])
def test_no_secret_shows_in_logs_rows_or_errors(
    desk: Desk, mailbox: Mailbox, receiver: ScriptedServer, written: StringIO, reply: Reply
) -> None:
    signing = reach(desk, "webhook", f"{receiver.url}/s3cr3tPath?token=s3cr3tQuery")
    slack, _ = desk.add_channel(desk.cast.ben, "slack", SLACK)
    desk.choose(desk.cast.ben, *[{"channel_id": one, "kinds": ["run_failed"]} for one in (slack, "email")])
    desk.choose(desk.cast.ben, *_wants(desk), report=desk.report)
    receiver.otherwise = reply
    mailbox.say("550 denied")
    desk.give("run_failed")
    desk.work()
    assert len(receiver.asked) == 2
    if reply == Reply(404):
        assert {row.error for row in desk.told()} >= {"Slack answers 404", "the receiver answers 404"}
    with reading() as session:
        rows = session.query(NotificationChannel).all()
        stored = " ".join(f"{row.shown} {row.sealed_target} {row.name}" for row in rows)
    told = " ".join(f"{row.error} {row.facts}" for row in desk.told())
    text = written.getvalue() + stored + told
    assert "message settled" in text
    for secret in ("s3cr3t", PASSWORD, signing or "-"):
        assert secret not in text


def _wants(desk: Desk) -> list[dict[str, Any]]:
    with reading() as session:
        ids = ["email", *(row.channel_id for row in channels.of_user(session, desk.cast.ben.id))]
    return [{"channel_id": one, "kinds": ["run_failed"]} for one in ids]


def test_channels_are_sealed_anew_and_a_missing_key_waits(desk: Desk, receiver: ScriptedServer) -> None:
    reach(desk, "webhook", f"{receiver.url}/hook")
    newest = new_key()
    with transaction() as session:
        assert channels.reseal(session, Vault((newest, *desk.settings.vault_keys))) == (1, 0)
        (row,) = session.query(NotificationChannel).all()
        assert channels.opened(row, Vault((newest,))).address.reveal() == f"{receiver.url}/hook"
        assert channels.reseal(session, Vault((new_key(),))) == (0, 1)
        with pytest.raises(SealedElsewhere):
            channels.opened(row, Vault((new_key(),)))
    desk.give("run_failed")
    desk.work()
    assert desk.only().state == "waiting"
    assert "RB_VAULT_KEYS" in (desk.only().error or "")


def test_a_new_secret_signs_from_then_on(desk: Desk, receiver: ScriptedServer) -> None:
    first = reach(desk, "webhook", f"{receiver.url}/hook")
    with transaction() as session:
        (row,) = session.query(NotificationChannel).all()
        second = channels.change(session, row, {"new_secret": True}, desk.settings)
        assert channels.change(session, row, {"name": "Ours"}, desk.settings) is None
        opened = channels.opened(row, Vault(desk.settings.vault_keys))
    assert opened.signing == Secret(second or "")
    assert first != second


def test_one_has_so_many_channels_at_most(desk: Desk) -> None:
    for number in range(MOST):
        desk.add_channel(desk.cast.ben, "email", f"x{number}@example.test")
    with pytest.raises(Conflict, match="remove one first"):
        desk.add_channel(desk.cast.ben, "email", "x@example.test")


def test_an_unreadable_server_setting_is_named_without_its_value(desk: Desk) -> None:
    desk.give("run_failed")
    tell(desk.settings)
    desk.work(_wrong(desk.settings))
    assert "RB_SMTP_URL: cannot be read" in (desk.only().error or "")
    assert "s3cr3t" not in (desk.only().error or "")


def _wrong(settings: Settings) -> Settings:
    return replace(settings, smtp_url="mailto://s3cr3t")
