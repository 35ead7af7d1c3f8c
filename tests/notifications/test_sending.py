"""Messages that are sent once, tried again, given up, asked for again; and whoever dies on the way."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import update

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.database import in_transaction, transaction
from reportbuilder.errors import Conflict, NotFound
from reportbuilder.notifications import channels, overview, sweeping, webhooks
from reportbuilder.notifications.models import Notification, NotificationChannel
from reportbuilder.notifications.sending import send
from reportbuilder.notifications.telling import tell
from reportbuilder.reports.models import ReportDefinition
from tests.amc.scripted_server import Reply, ScriptedServer
from tests.conftest import thread_context
from tests.deployment import ROOT, environment, wait_until
from tests.notifications.desk import Desk, make_report
from tests.notifications.mailbox import Mailbox, text_of


def later(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def add_webhook(desk: Desk, receiver: ScriptedServer, pace: str = "at_once") -> str:
    """Let ben be told of failures by the receiver only; return the signing secret."""
    channel_id, signing = desk.add_channel(desk.cast.ben, "webhook", f"{receiver.url}/hook?token=s3cr3t")
    desk.choose(desk.cast.ben, {"channel_id": channel_id, "kinds": ["run_failed"], "pace": pace})
    assert signing is not None
    return signing


@pytest.mark.parametrize("answer", ["421 come later", "450 try again", "451 local error"])
def test_what_fails_for_a_moment_is_tried_again(desk: Desk, mailbox: Mailbox, answer: str) -> None:
    mailbox.say(answer)
    desk.give("run_failed")
    desk.work()
    row = desk.only()
    assert (row.state, row.attempts) == ("waiting", 1)
    assert row.error == f"the mail server answers {answer[:3]}: {answer[4:]}"
    desk.work()
    assert desk.only().attempts == 1, "tried before its time"
    with clock.frozen(row.not_before):
        desk.work()
    row = desk.only()
    assert (row.state, row.attempts, row.error, len(mailbox.taken)) == ("sent", 2, None, 1)
    assert mailbox.taken[0]["Message-ID"] == f"<{row.notification_id}.0@example.test>"


def test_pauses_grow_until_it_is_given_up(desk: Desk, receiver: ScriptedServer) -> None:
    add_webhook(desk, receiver)
    receiver.otherwise = Reply(500)
    desk.give("run_failed")
    desk.work()
    pauses = []
    while (row := desk.only()).state == "waiting":
        pauses.append((row.not_before - row.updated_at).total_seconds())
        with clock.frozen(row.not_before):
            desk.work()
    assert (row.state, row.attempts) == ("failed", desk.settings.notification_attempts)
    assert row.error == "given up after 8 attempts: the receiver answers 500"
    assert all(after > before for before, after in pairwise(pauses))
    assert 13 < pauses[0] < 17
    assert len({asked.headers["Idempotency-Key"] for asked in receiver.asked}) == 1
    assert len(receiver.asked) == 8


def test_a_receiver_says_when_to_come_again(desk: Desk, receiver: ScriptedServer) -> None:
    add_webhook(desk, receiver)
    receiver.say(Reply(429, headers={"Retry-After": "600"}))
    desk.give("run_failed")
    desk.work()
    row = desk.only()
    assert row.not_before - row.updated_at >= later(599)


def test_a_refusal_is_final_until_a_person_asks_again(desk: Desk, mailbox: Mailbox) -> None:
    mailbox.say("550 no such mailbox")
    desk.give("run_failed")
    desk.work()
    row = desk.only()
    assert (row.state, row.attempts, row.error) == (
        "failed",
        1,
        "the mail server answers 550: no such mailbox",
    )
    with transaction() as session:
        overview.resend(session, overview.find(session, desk.cast.ben.id, row.notification_id))
    desk.work()
    row = desk.only()
    assert (row.state, row.error, row.resends, len(mailbox.taken)) == ("sent", None, 1, 1)
    assert mailbox.taken[0]["Message-ID"].startswith(f"<{row.notification_id}.1@")


def test_what_is_on_its_way_is_not_asked_for_again_and_what_is_not_mine_is_not_there(
    desk: Desk, mailbox: Mailbox
) -> None:
    mailbox.say("421 come later")
    desk.give("run_failed")
    desk.work()
    name = desk.only().notification_id
    with transaction() as session, pytest.raises(Conflict, match="is waiting"):
        overview.resend(session, overview.find(session, desk.cast.ben.id, name))
    with transaction() as session, pytest.raises(NotFound):
        overview.find(session, desk.cast.ada.id, name)


def test_two_workers_at_once_send_it_once(desk: Desk, receiver: ScriptedServer) -> None:
    add_webhook(desk, receiver)
    receiver.otherwise = Reply(200, delay=0.3)
    desk.give("run_failed")
    desk.hints.clear()
    tell(desk.settings)
    name = desk.only().notification_id

    def work(_: int) -> None:
        with thread_context(desk.app):
            send(desk.settings, name)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert (len(receiver.asked), desk.only().state, desk.only().attempts) == (1, "sent", 1)


PROGRAM = """
from flask import Flask
from reportbuilder import database, schema, settings
from reportbuilder.notifications.sending import send
from reportbuilder.notifications.telling import tell
from reportbuilder.reports.models import ReportDefinition
schema.metadata()
chosen = settings.load()
app = Flask("sender")
database.install(app, chosen)
with app.app_context():
    send(chosen, {name!r})
"""


def test_a_worker_killed_before_it_hears_the_answer_leaves_it_to_the_next(
    desk: Desk, receiver: ScriptedServer
) -> None:
    add_webhook(desk, receiver)
    receiver.say(Reply(200, delay=60.0))
    desk.give("run_failed")
    tell(desk.settings)
    row = desk.only()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(name=row.notification_id)],
        env=environment(replace(desk.settings, notification_timeout=60.0)),
        cwd=ROOT,
    ) as killed:
        wait_until(lambda: len(receiver.asked) == 1, 60)
        killed.send_signal(signal.SIGKILL)
    assert desk.only().state == "sending"
    desk.work()
    assert len(receiver.asked) == 1, "sent again while the lease held"
    lease = desk.only().lease_until
    assert lease is not None
    with clock.frozen(lease):
        desk.work()
    assert (desk.only().state, desk.only().attempts) == ("sent", 2)
    keys = [asked.headers["Idempotency-Key"] for asked in receiver.asked]
    assert keys == [f"{row.notification_id}.0"] * 2


def test_a_message_that_kills_every_worker_is_given_up(desk: Desk, receiver: ScriptedServer) -> None:
    add_webhook(desk, receiver)
    desk.give("run_failed")
    tell(desk.settings)
    waiting = desk.only()
    with transaction() as session:
        row = session.merge(waiting)
        row.state, row.attempts, row.lease_until = "sending", 8, clock.now()
    desk.work()
    assert (desk.only().state, desk.only().error) == ("failed", "no word of 8 attempts")
    assert receiver.asked == []


def test_the_network_is_called_without_a_transaction(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, receiver: ScriptedServer
) -> None:
    add_webhook(desk, receiver)
    seen, really = [], webhooks._post

    def post(*arguments: object) -> object:
        seen.append(in_transaction())
        return really(*arguments)  # type: ignore[arg-type]  # whatever it takes

    monkeypatch.setattr(webhooks, "_post", post)
    desk.give("run_failed")
    desk.work()
    assert seen == [False]


def test_a_fault_of_ours_is_tried_again_and_shows_nothing(
    desk: Desk, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("s3cr3t")

    monkeypatch.setattr("reportbuilder.notifications.sending.write", broken)
    desk.give("run_failed")
    desk.work()
    assert (desk.only().state, desk.only().error) == ("waiting", "a fault of ours; the logs say more")


def test_what_cannot_be_read_counts_as_an_attempt_and_shows_nothing(desk: Desk, mailbox: Mailbox) -> None:
    desk.give("run_failed")
    tell(desk.settings)
    with transaction() as session:
        session.execute(update(Notification).values(facts={"s3cr3t": 1}))
    desk.work()
    row = desk.only()
    assert (row.state, row.attempts, row.error) == ("waiting", 1, "a fault of ours; the logs say more")


def test_a_removed_channel_gets_nothing_more(desk: Desk, receiver: ScriptedServer) -> None:
    add_webhook(desk, receiver)
    receiver.say(Reply(503))
    desk.give("run_failed")
    desk.work()
    with transaction() as session:
        (row,) = session.query(NotificationChannel).all()
        channels.remove(session, row)
    with clock.frozen(clock.now() + later(60)):
        desk.work()
    assert (desk.only().state, desk.only().error) == ("dropped", "the channel has been removed")
    desk.give("run_failed")
    desk.work()
    assert len(desk.told()) == 1


def test_a_test_message_arrives_whatever_rules_and_caps_say(desk: Desk, mailbox: Mailbox) -> None:
    desk.choose(desk.cast.ben, is_muted=True)
    with transaction() as session:
        overview.send_test(session, desk.cast.ben.id)
    desk.work(replace(desk.settings, notifications_per_hour=1))
    assert mailbox.taken[0]["Subject"] == "Test message"


# ---------------------------------------------------------------- digests and the cap


def test_a_digest_has_one_message_for_many_notices_in_the_zone_of_the_reader(
    desk: Desk, mailbox: Mailbox, noon: object
) -> None:
    with transaction() as session:
        session.get_one(User, desk.cast.ben.id).time_zone = "Asia/Kolkata"
    desk.choose(desk.cast.ben, {"channel_id": "email", "kinds": ["run_failed"], "pace": "daily"})
    for _ in range(3):
        desk.give("run_failed")
    desk.work()
    assert mailbox.taken == []
    due = {row.not_before.isoformat() for row in desk.told()}
    assert due == {"2026-03-05T02:30:00+00:00"}, "eight in the morning there"
    with clock.frozen(clock.now() + timedelta(hours=15)):
        desk.work()
        desk.work()
    (message,) = mailbox.taken
    assert message["Subject"] == "3 notices of your reports"
    assert text_of(message).count("Failed: Spring") == 3
    assert "2026-03-04 17:30 (Asia/Kolkata)" in text_of(message)
    assert sorted(row.state for row in desk.told()) == ["gathered"] * 3 + ["sent"]


def test_a_digest_of_one_is_that_message(desk: Desk, mailbox: Mailbox, noon: object) -> None:
    desk.choose(desk.cast.ben, {"channel_id": "email", "kinds": ["run_failed"], "pace": "hourly"})
    desk.give("run_failed")
    desk.work()
    with clock.frozen(clock.now() + timedelta(hours=1)):
        desk.work()
    assert [message["Subject"] for message in mailbox.taken] == ["Failed: Spring"]


def test_what_is_over_the_cap_comes_in_one_digest_that_says_how_many(
    desk: Desk, mailbox: Mailbox, noon: object
) -> None:
    capped = replace(desk.settings, notifications_per_hour=3)
    for _ in range(10):
        desk.give("run_failed")
    desk.work(capped)
    assert len(mailbox.taken) == 3
    with clock.frozen(clock.now() + timedelta(minutes=59)):
        desk.give("run_failed")
        desk.work(capped)
    assert len(mailbox.taken) == 3
    with clock.frozen(clock.now() + timedelta(minutes=60, seconds=1)):
        desk.work(capped)
        assert mailbox.taken[3]["Subject"] == "8 notices of your reports"
        assert "8 messages were over the cap" in text_of(mailbox.taken[3])
        desk.give("run_failed")
        desk.work(capped)
    assert len(mailbox.taken) == 5, "there is room again"


def test_the_cap_counts_by_user_and_channel(
    desk: Desk, mailbox: Mailbox, receiver: ScriptedServer, noon: object
) -> None:
    channel_id, _ = desk.add_channel(desk.cast.ben, "webhook", f"{receiver.url}/hook")
    desk.choose(
        desk.cast.ben,
        {"channel_id": channel_id, "kinds": ["run_failed"]},
        {"channel_id": "email", "kinds": ["run_failed"]},
    )
    desk.choose(desk.cast.cleo, {"channel_id": "email", "kinds": ["run_failed"]}, report=desk.report)
    for _ in range(3):
        desk.give("run_failed")
    desk.work(replace(desk.settings, notifications_per_hour=2))
    assert len(receiver.asked) == 2
    assert sorted(to for (to,) in mailbox.recipients) == ["ben@example.test"] * 2 + ["cleo@example.test"] * 2


def test_a_digest_leaves_out_what_may_not_be_seen_any_more(
    desk: Desk, receiver: ScriptedServer, noon: object
) -> None:
    add_webhook(desk, receiver, pace="hourly")
    other = make_report(desk.cast, desk.cast.ben, "Summer", desk.report.template_id)
    desk.give("run_failed")
    desk.give("run_failed", other)
    desk.work()
    with transaction() as session:
        session.get_one(ReportDefinition, desk.report.id).deleted_at = clock.now()
    with clock.frozen(clock.now() + timedelta(hours=1)):
        desk.work()
    (asked,) = receiver.asked
    body = asked.json()
    assert (body["kind"], body["count"]) == ("digest", 1)
    assert [item["report"]["name"] for item in body["items"]] == ["Summer"]


def test_digests_are_made_once_by_two_schedulers(desk: Desk, mailbox: Mailbox, noon: object) -> None:
    desk.choose(desk.cast.ben, {"channel_id": "email", "kinds": ["run_failed"], "pace": "hourly"})
    for _ in range(5):
        desk.give("run_failed")
    desk.work()
    ready = Event()

    def work(_: int) -> None:
        with thread_context(desk.app):
            ready.wait(10)
            sweeping.sweep()

    with clock.frozen(clock.now() + timedelta(hours=1)):
        with ThreadPoolExecutor(3) as pool:
            jobs = [pool.submit(work, number) for number in range(3)]
            ready.set()
            for job in jobs:
                job.result()
        desk.work()
    assert len(mailbox.taken) == 1


def test_nothing_is_sent_without_a_mail_server_and_the_row_says_so(desk: Desk, database: Flask) -> None:
    with transaction() as session:
        overview.send_test(session, desk.cast.ben.id)
    desk.work(replace(desk.settings, smtp_url=""))
    row = desk.only()
    assert row.state == "waiting"
    assert row.error is not None
    assert "RB_SMTP_URL" in row.error
