"""A desk with a mailbox and a receiver of webhooks, all real, on loopback."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from reportbuilder import settings, wakeups
from reportbuilder.accounts import grants
from reportbuilder.database import transaction
from tests.amc.scripted_server import Reply, ScriptedServer
from tests.cast import Cast
from tests.notifications.desk import Desk, make_report
from tests.notifications.mailbox import Mailbox


@pytest.fixture(scope="session")
def smtp_server() -> Iterator[Mailbox]:
    """One SMTP server for the test process."""
    with Mailbox() as box:
        yield box


@pytest.fixture
def mailbox(smtp_server: Mailbox) -> Mailbox:
    """The SMTP server, empty."""
    for kept in (smtp_server.taken, smtp_server.refusals, smtp_server.recipients):
        kept.clear()
    return smtp_server


@pytest.fixture
def receiver() -> Iterator[ScriptedServer]:
    """A receiver that takes all that nothing else was scripted for."""
    with ScriptedServer() as server:
        server.otherwise = Reply(200, b"ok")
        yield server


@pytest.fixture
def local(chosen: settings.Settings, mailbox: Mailbox, receiver: ScriptedServer) -> settings.Settings:
    """Settings that lead to both."""
    return replace(
        chosen,
        smtp_url=mailbox.url,
        slack_url=f"{receiver.url}/services",
        webhook_hosts=("127.0.0.1",),
        public_url="https://reports.example.test",
    )


@pytest.fixture
def desk(database: Flask, cast: Cast, local: settings.Settings) -> Iterator[Desk]:
    """Ben has a report on the first instance, which cleo may view."""
    with transaction() as session:
        grants.grant(session, cast.ben.id, cast.first.id, "run")
        grants.grant(session, cast.cleo.id, cast.first.id, "view")
    made = Desk(database, local, cast, make_report(cast, cast.ben))
    before = wakeups.deliver_with(made.hear)
    yield made
    wakeups.deliver_with(before)
