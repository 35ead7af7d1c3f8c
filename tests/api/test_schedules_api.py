"""Schedules over the API: make, preview, change, pause, resume, remove, and what became of due times."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from reportbuilder import clock, settings
from reportbuilder.accounts import users
from reportbuilder.accounts.models import User
from reportbuilder.catalog import publishing
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.schedules.firing import fire_due
from reportbuilder.schedules.models import ReportSchedule
from tests.api.conftest import Callers
from tests.api.test_frame import check
from tests.api.test_templates_api import PUBLICATION

WEEKLY = {"recurrence": {"type": "weekly", "weekdays": ["monday"], "timezone": "America/New_York"}}
MINUTELY = {"recurrence": {"type": "cron", "cron": "* * * * *"}}


@pytest.fixture
def body(callers: Callers) -> dict[str, Any]:
    with transaction() as session:
        ada = session.get_one(User, callers.cast.ada.id)
        template_id = publishing.publish(session, PUBLICATION, ada).template_id
    return {
        "template_id": template_id,
        "instance_id": "amcnorthwind01",
        "name": "Spring",
        "parameters": {"campaign": "Spring"},
    }


@pytest.fixture
def report_id(callers: Callers, body: dict[str, Any]) -> str:
    return str(callers.ben.post("/reports", json=body).get_json()["report_id"])


def make(callers: Callers, report_id: str, **data: Any) -> dict[str, Any]:
    answer = callers.ben.post(f"/reports/{report_id}/schedules", json=WEEKLY | data)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_a_schedule_is_made_shown_and_told_in_words(callers: Callers, report_id: str) -> None:
    made = make(callers, report_id, policies={"overlap": "skip"})
    assert made["words"] == "every Monday at 03:00, New York"
    assert "while a run is going, the next is left out" in made["policies_in_words"]
    assert callers.cleo.get(f"/schedules/{made['schedule_id']}").get_json() == made
    report = callers.cleo.get(f"/reports/{report_id}").get_json()
    assert report["schedule"] == made
    assert (report["next_run_at"], report["frequency"]) == (made["next_run_at"], "weekly")
    listed = callers.cleo.get("/reports").get_json()["items"][0]
    assert listed["next_run_at"] == made["next_run_at"]
    assert callers.cleo.get(f"/schedules?report_id={report_id}").get_json()["items"] == [made]
    check(callers.ben.post(f"/reports/{report_id}/schedules", json=WEEKLY), 409, "CONFLICT")


def test_a_report_with_its_schedule_is_made_wholly_or_not_at_all(
    callers: Callers, body: dict[str, Any]
) -> None:
    def ask(run: Any) -> Any:
        return callers.ben.post("/reports", json=body | {"run": run})

    wrong = {"recurrence": {"type": "daily", "time": "25:00"}, "policies": {"missed": "x"}}
    details = check(ask({"type": "recurring", "schedule": wrong}), 422, "VALIDATION_ERROR")
    assert set(details) == {"run.schedule.recurrence.time", "run.schedule.policies.missed"}
    for run in ({"type": "recurring"}, {"type": "once", "schedule": WEEKLY}):
        assert list(check(ask(run), 422, "VALIDATION_ERROR")) == ["run.schedule"]
    assert callers.ben.get("/reports").get_json()["total"] == 0
    made = ask({"type": "recurring", "schedule": WEEKLY}).get_json()
    assert made["execution_id"] is None
    found = callers.ben.get(f"/schedules/{made['schedule_id']}").get_json()
    assert found["report_id"] == made["report_id"]


def test_a_repeated_key_makes_one(callers: Callers, report_id: str) -> None:
    headers, path = {"Idempotency-Key": "k"}, f"/reports/{report_id}/schedules"
    first, second = (callers.ben.post(path, json=WEEKLY, headers=headers) for _ in range(2))
    assert (first.data, first.status_code) == (second.data, 201)


def test_a_preview_before_saving_tells_what_is_wrong_and_writes_nothing(
    callers: Callers, report_id: str
) -> None:
    path = f"/reports/{report_id}/schedules/preview"
    seen = callers.ben.post(f"{path}?n=3", json=WEEKLY | {"is_settling": True}).get_json()
    assert (len(seen["times"]), seen["words"]) == (3, "every Monday at 03:00, New York")
    assert set(seen["times"][0]) == {"due_at", "local", "wanted", "marks", "time_window"}
    assert seen["expected_reruns"] == 0  # the usual window ends when its days are final
    details = check(callers.ben.post(path, json={"recurrence": {"type": "moon"}}), 422, "VALIDATION_ERROR")
    assert list(details) == ["recurrence.type"]
    check(callers.cleo.post(path, json=WEEKLY), 403, "NOT_PERMITTED")
    assert callers.ben.get("/schedules").get_json()["total"] == 0


def test_a_preview_marks_what_changes_of_clocks_do(callers: Callers, report_id: str) -> None:
    nightly = {"type": "daily", "time": "02:30", "timezone": "Europe/Berlin", "end": "2027-03-30"}
    path = f"/schedules/{make(callers, report_id, recurrence=nightly)['schedule_id']}/preview"

    def marks(at: datetime, count: int) -> dict[str, list[str]]:
        with clock.frozen(at):
            times = callers.cleo.get(f"{path}?n={count}").get_json()["times"]
        assert len(times) == count
        return {each["local"][5:16]: each["marks"] for each in times if each["marks"]}

    assert marks(datetime(2027, 3, 20, tzinfo=UTC), 12) == {
        "03-28T03:00": ["moved"],
        "03-31T02:30": ["after_end"],
    }
    assert marks(datetime(2026, 10, 20, tzinfo=UTC), 10) == {"10-25T02:30": ["doubled"]}
    check(callers.cleo.get(f"{path}?n=101"), 422, "VALIDATION_ERROR")


def test_changing_pausing_resuming_and_removing(callers: Callers, report_id: str) -> None:
    made = make(callers, report_id)
    path = f"/schedules/{made['schedule_id']}"
    changed = callers.ben.ask("PATCH", path, json={"policies": {"missed": "skip"}, "jitter_minutes": 5})
    assert (changed.get_json()["policies"]["missed"], changed.get_json()["jitter_minutes"]) == ("skip", 5)
    details = check(callers.ben.ask("PATCH", path, json={"recurrence": {}}), 422, "VALIDATION_ERROR")
    assert list(details) == ["recurrence.type"]
    check(callers.ben.post(f"{path}/pause", json={}), 422, "VALIDATION_ERROR")
    paused = callers.ben.post(f"{path}/pause", json={"reason": "holidays"}).get_json()
    assert (paused["paused"]["by"], paused["paused"]["reason"]) == ("ben@example.test", "holidays")
    assert paused["next_run_at"] is callers.ben.get(f"/reports/{report_id}").get_json()["next_run_at"] is None
    check(callers.ben.post(f"{path}/pause", json={"reason": "x"}), 409, "CONFLICT")
    resumed = callers.ben.post(f"{path}/resume").get_json()
    assert (resumed["is_paused"], resumed["next_run_at"]) == (False, made["next_run_at"])
    check(callers.ben.post(f"{path}/resume"), 409, "CONFLICT")
    for _ in range(2):
        assert callers.ben.ask("DELETE", path).status_code == 204
    assert callers.ben.get(path).get_json()["is_active"] is False
    report = callers.ben.get(f"/reports/{report_id}").get_json()
    assert (report["schedule"], report["next_run_at"], report["frequency"]) == (None, None, "once")
    check(callers.ben.ask("PATCH", path, json={}), 409, "CONFLICT")
    make(callers, report_id)


def test_who_may_change_whose(callers: Callers, report_id: str) -> None:
    made = make(callers, report_id)
    path = f"/schedules/{made['schedule_id']}"
    check(callers.cleo.ask("PATCH", path, json={}), 403, "NOT_PERMITTED")
    check(callers.cleo.ask("DELETE", path), 403, "NOT_PERMITTED")
    check(callers.cleo.post(f"{path}/pause", json={"reason": "x"}), 403, "NOT_PERMITTED")
    check(callers.ben.get("/schedules/sch_unknown"), 404, "NOT_FOUND")
    with transaction() as session:
        users.set_role(session.get_one(User, callers.cast.ben.id), "viewer")
    check(callers.ben.post(f"{path}/pause", json={"reason": "x"}), 403, "NOT_PERMITTED")
    assert callers.ada.post(f"{path}/pause", json={"reason": "x"}).status_code == 200


def test_what_became_of_due_times(callers: Callers, report_id: str, configured: settings.Settings) -> None:
    made = make(callers, report_id, **MINUTELY, policies={"overlap": "skip"})
    for minutes in (1, 2):
        with clock.frozen(clock.now()) as advance, callers.app.app_context():
            advance(60.0 * minutes)
            fire_due(configured)
    path = f"/schedules/{made['schedule_id']}/firings"
    page = callers.cleo.get(path).get_json()
    latest, first = page["items"][0], page["items"][-1]
    assert (first["state"], first["skipped"], first["execution_status"]) == ("started", None, "pending")
    assert (latest["state"], latest["skipped"]) == ("skipped", "overlap")
    assert latest["reason"] == "an earlier run was still going"
    run = callers.cleo.get(f"/executions/{first['execution_id']}").get_json()
    assert (run["triggered_by"], run["user"]) == ("schedule", "ben@example.test")
    assert callers.cleo.get(f"{path}?state=started").get_json()["total"] == 1
    assert len(callers.cleo.get(f"{path}?limit=1").get_json()["items"]) == 1


def test_a_report_that_is_inactive_or_deleted_fires_no_more(
    callers: Callers, report_id: str, configured: settings.Settings
) -> None:
    made = make(callers, report_id, **MINUTELY)
    callers.ben.ask("PATCH", f"/reports/{report_id}", json={"is_active": False})
    assert callers.ben.get(f"/reports/{report_id}").get_json()["next_run_at"] is None
    with clock.frozen(clock.now()) as advance, callers.app.app_context():
        advance(60.0)
        fire_due(configured)
    items = callers.ben.get(f"/schedules/{made['schedule_id']}/firings").get_json()["items"]
    assert {item["skipped"] for item in items} == {"inactive"}
    assert callers.ben.ask("DELETE", f"/reports/{report_id}").status_code == 204
    check(callers.ben.get(f"/schedules/{made['schedule_id']}"), 404, "NOT_FOUND")
    with reading() as session:
        assert session.scalars(select(ReportSchedule.is_active)).all() == [False]
        assert session.scalars(select(ReportExecution)).all() == []


def test_a_report_cannot_be_changed_so_that_its_schedule_does_not_fit(
    callers: Callers, report_id: str
) -> None:
    make(callers, report_id)
    fixed = {"time_window": {"start": "2026-01-01", "end": "2026-01-31"}}
    check(callers.ben.ask("PATCH", f"/reports/{report_id}", json=fixed), 422, "VALIDATION_ERROR")
    assert callers.ben.get(f"/reports/{report_id}").get_json()["time_window"] is None
