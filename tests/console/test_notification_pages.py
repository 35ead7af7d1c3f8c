"""Notifications on the account pages: channels, what one is told, the last messages, tests and resends."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from reportbuilder.accounts.models import User
from reportbuilder.database import reading, transaction
from reportbuilder.notifications.models import Notification, NotificationChannel, NotificationRule
from tests.api.conftest import Callers
from tests.console.timely import key_in
from tests.console.visitors import Visitor

PAGE = "/account/notifications"
SLACK = "https://hooks.slack.com/services/T1JJ/B2KK/verysecret"
SECRET = re.compile(r"whs_[\w-]+")


def add(who: Visitor, kind: str = "slack", target: str = SLACK, **more: str) -> str:
    """Add a channel; return its id."""
    who.post(f"{PAGE}/channels", {"kind": kind, "name": "The team", "target": target, **more})
    with reading() as session:
        return session.scalars(select(NotificationChannel.channel_id)).one()


def test_the_own_address_is_always_there(ben: Visitor) -> None:
    page = unescape(ben.get(PAGE).text)
    assert "Your own address" in page
    assert "no mail server is set up here (RB_SMTP_URL)" in page
    assert "No messages yet" in page
    assert "This is what is usual" in page


def test_a_channel_is_added_shown_shortened_and_removed(ben: Visitor, cleo: Visitor) -> None:
    channel_id = add(ben)
    page = ben.get(PAGE).text
    assert "The team" in page
    assert "verysecret" not in page
    assert "/services/T1…" in page
    assert cleo.post(f"{PAGE}/channels/{channel_id}/remove").status_code == 404
    assert ben.post(f"{PAGE}/channels/{channel_id}/remove").headers["Location"] == PAGE
    assert "is removed; nothing is sent by it any more" in ben.get(PAGE).text


def test_a_webhooks_secret_is_shown_once(ben: Visitor) -> None:
    form = {"kind": "webhook", "name": "Ours", "target": "https://hooks.example.test/in"}
    form["once"] = key_in(ben.get(PAGE).text)
    answer = ben.post(f"{PAGE}/channels", form)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    found = SECRET.search(answer.text)
    assert found
    assert not SECRET.search(ben.get(PAGE).text)
    again = ben.post(f"{PAGE}/channels", form)
    assert not SECRET.search(again.text)
    assert "its signing secret was shown the first time" in ben.get(PAGE).text
    with reading() as session:
        channel_id = session.scalars(select(NotificationChannel.channel_id)).one()
    renewed = SECRET.search(ben.post(f"{PAGE}/channels/{channel_id}/secret").text)
    assert renewed
    assert renewed[0] != found[0]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"target": "https://evil.test/verysecret"}, "is no incoming webhook of Slack"),
        ({"kind": "pigeon"}, "is not one of email, slack, webhook"),
        ({"name": ""}, "say in 1 to 100 printable characters"),
    ],
)
def test_a_channel_that_does_not_fit(ben: Visitor, changes: dict[str, str], told: str) -> None:
    form = {"kind": "slack", "name": "The team", "target": SLACK} | changes
    answer = ben.post(f"{PAGE}/channels", form)
    assert answer.status_code == 422
    page = unescape(answer.text)
    assert told in page
    assert "verysecret" not in page


def test_what_one_is_told_by_channel_and_pace(ben: Visitor) -> None:
    channel_id = add(ben)
    form = {"want.email.run_failed": "at_once", f"want.{channel_id}.run_completed": "daily", "is_muted": "1"}
    assert ben.post(f"{PAGE}/rules", form).headers["Location"] == PAGE
    with reading() as session:
        rule = session.scalars(select(NotificationRule)).one()
    assert rule.is_muted
    assert rule.wants == [
        {"channel_id": "email", "kinds": ["run_failed"], "pace": "at_once"},
        {"channel_id": channel_id, "kinds": ["run_completed"], "pace": "daily"},
    ]
    page = ben.get(PAGE).text
    assert "This is your own choice" in page
    assert re.search(rf'name="want.{channel_id}.run_completed".*?value="daily" selected', page, re.DOTALL)
    wrong = ben.post(
        f"{PAGE}/rules", {"want.chn_other.run_failed": "daily", "want.email.run_completed": "daily"}
    )
    assert wrong.status_code == 422
    assert "is no channel of yours" in wrong.text
    assert re.search(r'name="want.email.run_completed".*?value="daily" selected', wrong.text, re.DOTALL)
    ben.post(f"{PAGE}/rules/reset")
    assert "This is what is usual" in ben.get(PAGE).text


def test_a_channel_is_called_otherwise_and_leads_elsewhere(
    ben: Visitor, cleo: Visitor, callers: Callers
) -> None:
    channel_id = add(ben)
    path = f"{PAGE}/channels/{channel_id}"
    page = ben.get(path).text
    assert "Change “The team”" in page
    assert "verysecret" not in page
    assert (cleo.get(path).status_code, cleo.post(path, {"name": "Mine"}).status_code) == (404, 404)
    assert ben.get(f"{PAGE}/channels/email").status_code == 404
    assert ben.post(path, {"name": "Everybody", "target": ""}).headers["Location"] == PAGE
    assert "/services/T1…" in ben.get(PAGE).text
    ben.post(path, {"name": "Everybody", "target": SLACK.replace("T1JJ", "T9JJ")})
    page = ben.get(PAGE).text
    assert "Everybody" in page
    assert "The team" not in page
    assert "/services/T9…" in page


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": ""}, "say in 1 to 100 printable characters"),
        ({"target": "https://evil.test/verysecret"}, "is no incoming webhook of Slack"),
    ],
)
def test_a_change_that_does_not_fit_is_told_at_its_field(
    ben: Visitor, changes: dict[str, str], told: str
) -> None:
    answer = ben.post(f"{PAGE}/channels/{add(ben)}", {"name": "Everybody", "target": ""} | changes)
    assert answer.status_code == 422
    assert told in unescape(answer.text)
    assert "verysecret" not in answer.text


def test_a_page_behind_the_last_one_is_the_last_one(ben: Visitor) -> None:
    ben.post(f"{PAGE}/channels/email/test", {})
    assert "No messages yet" not in ben.get(f"{PAGE}?page=99").text


def test_a_test_message_and_its_resend(ben: Visitor, cleo: Visitor, callers: Callers) -> None:
    once = key_in(ben.get(PAGE).text)
    for _ in range(2):
        assert ben.post(f"{PAGE}/channels/email/test", {"once": once}).status_code == 303
    with transaction() as session:
        message = session.scalars(select(Notification)).one()
        message.state, message.error = "failed", "nobody answered"
        notification_id = message.notification_id
        assert message.user_id == session.get_one(User, callers.cast.ben.id).id
    page = ben.get(PAGE).text
    assert "nobody answered" in page
    assert "Send again" in page
    path = f"{PAGE}/messages/{notification_id}/resend"
    assert cleo.post(path).status_code == 404
    assert ben.post(path).status_code == 303
    with reading() as session:
        assert session.scalars(select(Notification)).one().state == "waiting"
    ben.post(path)
    assert "is waiting; sent again is what is" in ben.get(PAGE).text


@pytest.mark.parametrize("path", ["channels", "rules", "rules/reset", "channels/email/test"])
def test_forms_of_other_sites_are_refused(ben: Visitor, path: str) -> None:
    assert ben.client.post(f"{PAGE}/{path}", data={}).status_code == 403
