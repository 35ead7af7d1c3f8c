"""Notifications at the command line, with a real mail server and a real receiver."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from reportbuilder import wakeups
from reportbuilder.accounts import grants
from reportbuilder.cli.checks import Wrong, mail_server
from reportbuilder.database import reading, transaction
from reportbuilder.notifications.models import Notification
from reportbuilder.settings import Settings
from tests.amc.scripted_server import Reply, ScriptedServer
from tests.cast import Cast
from tests.cli.conftest import Command
from tests.deployment import free_port
from tests.notifications.desk import make_report
from tests.notifications.mailbox import PASSWORD, Mailbox

BEN, ADA = ("--user", "ben@example.test"), ("--user", "ada@example.test")


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with Mailbox() as serving:
        yield serving


@pytest.fixture
def local(chosen: Settings, box: Mailbox, redis_url: str) -> Iterator[Settings]:
    before = wakeups.deliver_with(lambda _: None)
    yield replace(chosen, redis_url=redis_url, smtp_url=box.url, webhook_hosts=("127.0.0.1",))
    wakeups.deliver_with(before)


def test_channels_are_added_listed_tested_and_removed(command: Command, cast: Cast, local: Settings) -> None:
    with ScriptedServer() as receiver:
        receiver.otherwise = Reply(204)
        target = f"{receiver.url}/hook/s3cr3t"
        added = command("notify", "add", "webhook", "Mine", *BEN, given=f"{target}\n", chosen=local)
        channel_id, signing = added.stdout.splitlines()[-2:]
        assert signing.startswith("whs_")
        assert "s3cr3t" not in added.output
        listed = command("notify", "channels", "--json", *BEN, chosen=local).stdout
        assert [item["channel_id"] for item in json.loads(listed)["items"]] == ["email", channel_id]
        assert "s3cr3t" not in listed
        assert signing not in listed
        assert command("notify", "test", channel_id, *BEN, chosen=local).exit_code == 0
        assert receiver.asked[0].json()["kind"] == "test"
        receiver.otherwise = Reply(404)
        told = command("notify", "test", channel_id, *BEN, chosen=local)
        assert (told.exit_code, "failed: the receiver answers 404" in told.stdout) == (1, True)
    failed = json.loads(command("notify", "list", "--all", "--json", *ADA, chosen=local).stdout)["items"]
    assert [(row["user"], row["state"]) for row in failed] == [("ben@example.test", "failed")]
    assert command("notify", "list", "--all", *BEN, chosen=local).exit_code == 2
    name = failed[0]["notification_id"]
    assert command("notify", "resend", name, *ADA, chosen=local).exit_code == 2
    assert command("notify", "resend", name, *BEN, chosen=local).exit_code == 0
    with reading() as session:
        found = session.scalars(select(Notification).where(Notification.notification_id == name)).one()
        assert (found.state, found.resends) == ("waiting", 1)
    assert command("notify", "remove", channel_id, *BEN, chosen=local).exit_code == 0
    assert command("notify", "remove", channel_id, *BEN, chosen=local).exit_code == 2


def test_rules_are_shown_set_muted_and_reset(command: Command, cast: Cast, local: Settings) -> None:
    report = make_report(cast, cast.ben)
    with transaction() as session:
        grants.grant(session, cast.ben.id, cast.first.id, "run")

    def rules(*of: str) -> Any:
        return json.loads(command("notify", "rules", "--json", *of, *BEN, chosen=local).stdout)

    of = ("--report", report.report_id)
    assert rules()["source"] == "usual"
    assert (
        command("notify", "want", "email", "run_failed", "--pace", "daily", *BEN, chosen=local).exit_code == 0
    )
    assert rules(*of) == {
        "source": "default",
        "is_muted": False,
        "wants": [{"channel_id": "email", "kinds": ["run_failed"], "pace": "daily"}],
    }
    assert command("notify", "mute", *of, *BEN, chosen=local).exit_code == 0
    assert (rules(*of)["source"], rules(*of)["is_muted"], rules()["is_muted"]) == ("report", True, False)
    assert command("notify", "mute", "--off", *of, *BEN, chosen=local).exit_code == 0
    assert rules(*of)["is_muted"] is False
    assert command("notify", "reset", *of, *BEN, chosen=local).exit_code == 0
    assert rules(*of)["source"] == "default"
    assert command("notify", "want", "chn_0", "run_failed", *BEN, chosen=local).exit_code == 2
    assert command("notify", "rules", *of, "--user", "cleo@example.test", chosen=local).exit_code == 2


def test_the_doctor_tries_the_mail_server(local: Settings, box: Mailbox) -> None:
    assert "takes our sign-in" in mail_server(local)
    assert "nobody is told by e-mail" in mail_server(replace(local, smtp_url=""))
    for url, what in (
        (box.url.replace(PASSWORD, "s3cr3t-wrong"), "refuses our sign-in (535)"),
        ("s3cr3t", "RB_SMTP_URL: does not begin with mailto://"),
        (f"mailto://rb:s3cr3t@127.0.0.1:{free_port()}?from=a@example.test", "cannot be reached"),
        ("mailto://s3cr3t", "RB_SMTP_URL: cannot be read"),
    ):
        with pytest.raises(Wrong) as wrong:
            mail_server(replace(local, smtp_url=url))
        assert what in wrong.value.what
        assert "s3cr3t" not in wrong.value.what
