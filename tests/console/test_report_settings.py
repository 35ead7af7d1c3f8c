"""The settings of a report: rest, readers, notifications."""

from sqlalchemy import select

from reportbuilder.database import reading
from reportbuilder.notifications.models import NotificationRule
from reportbuilder.reports.models import ReportDefinition
from tests.console.reported import Reported
from tests.console.visitors import Visitor


def is_active() -> bool:
    with reading() as session:
        return session.scalars(select(ReportDefinition)).one().is_active


def rules() -> list[NotificationRule]:
    with reading() as session:
        return list(session.scalars(select(NotificationRule)))


def test_it_says_who_may_see_the_report(cleo: Visitor, reported: Reported) -> None:
    page = cleo.get(f"{reported.path}/settings").text
    for said in (
        "ada@example.test",
        "ben@example.test",
        "cleo@example.test",
        "analyst, owner",
        "see and run",
    ):
        assert said in page
    assert "Delete the report" not in page


def test_a_report_rests_and_works_again(ben: Visitor, reported: Reported) -> None:
    answer = ben.post(f"{reported.path}/settings/rest", {"active": "no"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{reported.path}/settings")
    assert not is_active()
    page = ben.get(f"{reported.path}/settings").text
    assert "The report rests" in page
    assert "It can still be run by hand" in page
    assert "Run now" in page
    ben.post(f"{reported.path}/settings/rest", {"active": "yes"})
    assert is_active()


def test_who_only_views_does_not_let_it_rest(cleo: Visitor, reported: Reported) -> None:
    assert cleo.post(f"{reported.path}/settings/rest", {"active": "no"}).status_code == 403
    assert is_active()


def test_everybody_chooses_what_to_be_told(cleo: Visitor, reported: Reported) -> None:
    own = f"{reported.path}/settings"
    assert "This is what is usual" in cleo.get(own).text
    chosen = {
        "want.email.run_failed": "at_once",
        "want.email.run_completed": "daily",
        "want.email.run_overdue": "",
    }
    cleo.post(f"{own}/notifications", {**chosen, "muted": "yes"})
    [rule] = rules()
    assert rule.is_muted
    assert sorted((want["pace"], want["kinds"]) for want in rule.wants) == [
        ("at_once", ["run_failed"]),
        ("daily", ["run_completed"]),
    ]
    page = cleo.get(own).text
    assert "This is what you chose for this report." in page
    assert "It is muted." in page
    cleo.post(f"{own}/notifications", {"forget": "yes"})
    assert rules() == []


def test_what_nobody_knows_is_refused(cleo: Visitor, reported: Reported) -> None:
    own = f"{reported.path}/settings"
    for name in ("want.chn_unknown.run_failed", "want.email.nonsense"):
        assert cleo.post(f"{own}/notifications", {name: "daily"}).status_code == 303
        assert "is kept" not in cleo.get(own).text
    assert rules() == []


def test_writes_need_the_token(ben: Visitor, reported: Reported) -> None:
    for verb in ("rest", "notifications"):
        assert ben.client.post(f"{reported.path}/settings/{verb}").status_code == 403
