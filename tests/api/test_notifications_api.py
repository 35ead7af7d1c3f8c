"""Notifications over the API: one's own only, without secrets, and with reasons."""

from typing import Any

import pytest
from sqlalchemy import select

from reportbuilder.api import limits
from reportbuilder.database import reading, transaction
from reportbuilder.notifications.models import Notification, NotificationChannel
from tests.api.conftest import Callers
from tests.api.test_frame import check
from tests.notifications.desk import make_report

HOOK = {"kind": "webhook", "name": "Mine", "target": "https://example.test/s3cr3t?token=s3cr3t"}
SLACK = {
    "kind": "slack",
    "name": "Team",
    "target": "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/s3cr3tSlack",
}


def want(channel_id: str, *kinds: str, pace: str = "at_once") -> dict[str, Any]:
    return {"channel_id": channel_id, "kinds": list(kinds), "pace": pace}


def test_a_channel_is_shown_shortened_and_its_secret_once(callers: Callers) -> None:
    made = callers.ben.post("/notifications/channels", json=HOOK).get_json()
    assert made["shown"] == "https://example.test/…"
    assert made["signing_secret"].startswith("whs_")
    slack = callers.ben.post("/notifications/channels", json=SLACK).get_json()
    assert slack["signing_secret"] is None
    path = f"/notifications/channels/{made['channel_id']}"
    listed = callers.ben.get("/notifications/channels")
    changed = callers.ben.ask("PATCH", path, json={"name": "Ours"})
    assert changed.get_json()["signing_secret"] is None
    for text in (listed.text, changed.text, str(made), str(slack)):
        assert "s3cr3t" not in text
    assert made["signing_secret"] not in listed.text
    again = callers.ben.ask("PATCH", path, json={"new_secret": True}).get_json()["signing_secret"]
    assert again not in {None, made["signing_secret"]}
    names = [(item["channel_id"], item["name"]) for item in listed.get_json()["items"]]
    assert names == [
        ("email", "Your own address"),
        (made["channel_id"], "Mine"),
        (slack["channel_id"], "Team"),
    ]
    assert "RB_SMTP_URL" in listed.get_json()["items"][0]["problem"]


def test_a_target_that_is_refused_is_not_repeated(callers: Callers) -> None:
    for target in ("http://example.test/s3cr3t", "https://10.0.0.1/s3cr3t", "s3cr3t"):
        refused = callers.ben.post("/notifications/channels", json=HOOK | {"target": target})
        check(refused, 422, "VALIDATION_ERROR")
        assert list(refused.get_json()["error"]["details"]) == ["target"]
        assert "s3cr3t" not in refused.text
    slack = callers.ben.post("/notifications/channels", json=SLACK).get_json()["channel_id"]
    path = f"/notifications/channels/{slack}"
    check(callers.ben.ask("PATCH", path, json={"new_secret": True}), 422, "VALIDATION_ERROR")
    check(callers.ben.ask("PATCH", path, json={"target": HOOK["target"]}), 422, "VALIDATION_ERROR")


def test_rules_name_channels_of_ones_own(callers: Callers) -> None:
    made = callers.ben.post("/notifications/channels", json=HOOK).get_json()["channel_id"]
    rules = {"wants": [want(made, "run_failed", pace="daily"), want("email", "run_completed")]}
    put = callers.ben.ask("PUT", "/notifications/rules", json=rules)
    assert put.get_json() == {"source": "default", "is_muted": False, **rules}
    refused = callers.ada.ask("PUT", "/notifications/rules", json=rules)
    check(refused, 422, "VALIDATION_ERROR")
    assert "wants.0.channel_id" in refused.get_json()["error"]["details"]
    assert callers.ben.ask("DELETE", f"/notifications/channels/{made}").status_code == 204
    assert callers.ben.get("/notifications/rules").get_json()["wants"] == [want("email", "run_completed")]
    assert callers.ben.ask("DELETE", "/notifications/rules").get_json()["source"] == "usual"


def test_a_viewer_chooses_for_a_report_of_somebody_else(callers: Callers) -> None:
    report = make_report(callers.cast, callers.cast.ben)
    path = f"/reports/{report.report_id}/notifications"
    assert callers.cleo.get(path).get_json() == {"source": "usual", "is_muted": False, "wants": []}
    assert [each["channel_id"] for each in callers.ben.get(path).get_json()["wants"]] == ["email"]
    put = callers.cleo.ask("PUT", path, json={"wants": [want("email", "run_failed")], "is_muted": True})
    assert put.get_json() == {
        "source": "report",
        "is_muted": True,
        "wants": [want("email", "run_failed")],
    }
    assert callers.ben.get(path).get_json()["source"] == "usual"
    assert callers.cleo.ask("DELETE", path).get_json()["source"] == "usual"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "wants"),
        ({"wants": [want("email", "burned")]}, "wants.0.kinds.0"),
        ({"wants": [want("email")]}, "wants.0.kinds"),
        ({"wants": [want("email", "run_failed", pace="x")]}, "wants.0.pace"),
        ({"wants": [want("email", "run_failed")] * 2}, "wants.1.kinds"),
        ({"wants": [want("email", "run_failed") | {"x": 1}]}, "wants.0.x"),
    ],
)
def test_wrong_rules_are_named(callers: Callers, body: dict[str, Any], field: str) -> None:
    refused = callers.ben.ask("PUT", "/notifications/rules", json=body)
    check(refused, 422, "VALIDATION_ERROR")
    assert list(refused.get_json()["error"]["details"]) == [field]


def test_everybody_sees_the_own_messages_and_admins_what_failed(callers: Callers) -> None:
    sent = callers.ben.post("/notifications/channels/email/test")
    assert (sent.status_code, sent.get_json()["state"]) == (202, "waiting")
    name = sent.get_json()["notification_id"]
    assert [row["notification_id"] for row in callers.ben.get("/notifications").get_json()["items"]] == [name]
    assert callers.ada.get("/notifications").get_json()["total"] == 0
    assert callers.ada.get("/notifications?whose=all").get_json()["total"] == 0
    with transaction() as session:
        row = session.scalars(select(Notification)).one()
        row.state, row.error = "failed", "the mail server answers 550: no"
    (failed,) = callers.ada.get("/notifications?whose=all").get_json()["items"]
    assert (failed["user"], failed["error"]) == ("ben@example.test", "the mail server answers 550: no")
    check(callers.ben.get("/notifications?whose=all"), 403, "NOT_PERMITTED")
    check(callers.ada.post(f"/notifications/{name}/resend"), 404, "NOT_FOUND")
    assert callers.ben.post(f"/notifications/{name}/resend").get_json()["state"] == "waiting"
    check(callers.ben.post(f"/notifications/{name}/resend"), 409, "CONFLICT")
    assert callers.ben.get("/notifications?state=sent").get_json()["total"] == 0


def test_a_repeated_test_with_its_key_is_one_message(callers: Callers) -> None:
    for _ in range(2):
        callers.ben.post("/notifications/channels/email/test", headers={"Idempotency-Key": "k"})
    assert callers.ben.get("/notifications").get_json()["total"] == 1


def test_tests_and_repeats_are_limited_by_user(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MESSAGES_PER_HOUR", 2)
    sent = callers.ben.post("/notifications/channels/email/test").get_json()["notification_id"]
    assert callers.ben.post("/notifications/channels/email/test").status_code == 202
    for path in ("/notifications/channels/email/test", f"/notifications/{sent}/resend"):
        check(callers.ben.post(path), 429, "RATE_LIMITED")
    assert callers.ben.get("/notifications").get_json()["total"] == 2
    assert callers.ada.post("/notifications/channels/email/test").status_code == 202


def test_what_is_stored_is_sealed(callers: Callers) -> None:
    callers.ben.post("/notifications/channels", json=HOOK)
    with reading() as session:
        row = session.scalars(select(NotificationChannel)).one()
        assert "s3cr3t" not in f"{row.sealed_target}{row.shown}{row.name}"
