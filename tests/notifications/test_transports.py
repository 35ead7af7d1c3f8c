"""What leaves for Slack and mail servers: as it should look, nowhere else; and no secrets of any channel."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest

from reportbuilder import logs
from reportbuilder.amc.vault import SealedElsewhere, Secret, Vault, new_key
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid
from reportbuilder.notifications import channels
from reportbuilder.notifications.channels import MOST
from reportbuilder.notifications.models import NotificationChannel
from reportbuilder.notifications.telling import tell
from reportbuilder.settings import Settings
from tests.amc.scripted_server import Reply, ScriptedServer
from tests.notifications.desk import STORABLE, Desk, reach, rename
from tests.notifications.mailbox import PASSWORD, Mailbox, text_of

SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/s3cr3tSlack"

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
