"""Reports over the API: create with a first run, list, change, delete, run."""

from typing import Any

import pytest
from sqlalchemy import func, select

from reportbuilder.accounts import users
from reportbuilder.accounts.models import User
from reportbuilder.catalog import publishing
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.reports.models import ReportDefinition
from tests.api.conftest import Callers
from tests.api.test_frame import check
from tests.api.test_templates_api import PUBLICATION


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
        "run": {"type": "once"},
    }


@pytest.fixture
def made(callers: Callers, body: dict[str, Any]) -> dict[str, Any]:
    answer = callers.ben.post("/reports", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def rows() -> tuple[int, int]:
    """Return how many reports and executions there are."""
    with reading() as session:
        return (
            session.scalar(select(func.count()).select_from(ReportDefinition)) or 0,
            session.scalar(select(func.count()).select_from(ReportExecution)) or 0,
        )


def test_creating_starts_the_first_run(callers: Callers, made: dict[str, Any]) -> None:
    assert made["schedule_id"] is made["backfill_id"] is made["dashboard_id"] is None
    run = callers.cleo.get(f"/executions/{made['execution_id']}").get_json()
    assert (run["report_id"], run["triggered_by"]) == (made["report_id"], "api")
    report = callers.cleo.get(f"/reports/{made['report_id']}").get_json()
    assert (report["name"], report["owner"], report["frequency"]) == ("Spring", "ben@example.test", "once")
    assert report["latest"]["execution_id"] == made["execution_id"]
    assert report["execution_count"] == 1
    assert [one["execution_id"] for one in report["recent_executions"]] == [made["execution_id"]]
    assert report["parameters"] == {"campaign": "Spring"}


def test_only_saving(callers: Callers, body: dict[str, Any]) -> None:
    answer = callers.ben.post("/reports", json=body | {"run": None})
    assert answer.get_json()["execution_id"] is None
    assert rows() == (1, 0)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"parameters": {}}, "campaign"),
    ({"name": " "}, "name"),
    ({"name": None}, "name"),
    ({"run": {"type": "hourly"}}, "run.type"),
    ({"run": {}}, "run.type"),
    ({"timezone": "Europe/Nowhere"}, "timezone"),
    ({"time_window": {"preset": "x"}}, "time_window.preset"),
    ({"is_active": 1}, "is_active"),
    ({"frequency": "daily"}, "frequency"),
    ({"template_id": 5}, "template_id"),
]


def test_failure_31_all_or_nothing(callers: Callers, body: dict[str, Any]) -> None:
    for changes, field in WRONG:
        details = check(callers.ben.post("/reports", json=body | changes), 422, "VALIDATION_ERROR")
        assert list(details) == [field]
        assert rows() == (0, 0)


def test_who_may_create_where(callers: Callers, body: dict[str, Any]) -> None:
    check(callers.cleo.post("/reports", json=body), 403, "NOT_PERMITTED")
    check(callers.ben.post("/reports", json=body | {"instance_id": "amcnorthwind02"}), 404, "NOT_FOUND")
    check(callers.ben.post("/reports", json=body | {"template_id": "tpl_unknown"}), 404, "NOT_FOUND")
    assert rows() == (0, 0)


def test_a_repeated_key_creates_one(callers: Callers, body: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": "k"}
    first, second = (callers.ben.post("/reports", json=body, headers=headers) for _ in range(2))
    assert (first.data, first.status_code) == (second.data, second.status_code)
    assert rows() == (1, 1)
    check(callers.ben.post("/reports", json=body), 409, "CONFLICT")


def test_the_list_is_filtered(callers: Callers, body: dict[str, Any], made: dict[str, Any]) -> None:
    other = body | {"name": "Autumn", "instance_id": "amcnorthwind02"}
    autumn = callers.ada.post("/reports", json=other).get_json()["report_id"]
    spring = made["report_id"]

    def found(query: str) -> list[str]:
        answer = callers.ada.get(f"/reports?{query}")
        assert answer.status_code == 200, answer.text
        return [item["report_id"] for item in answer.get_json()["items"]]

    assert found("sort=name") == [autumn, spring]
    assert found("") == [autumn, spring]
    assert found("instance_id=amcnorthwind01") == [spring]
    assert found(f"owner_id={callers.cast.ben.id}") == [spring]
    assert found("status=pending") == [autumn, spring]
    assert found("status=failed") == []
    assert found("state=inactive") == []
    assert found("frequency=once&search=autu") == [autumn]
    check(callers.ada.get("/reports?owner_id=ben"), 422, "VALIDATION_ERROR")
    mine = callers.cleo.get("/reports").get_json()
    assert [item["report_id"] for item in mine["items"]] == [spring]
    assert mine["items"][0]["latest"]["status"] == "pending"


def test_changing(callers: Callers, made: dict[str, Any]) -> None:
    path = f"/reports/{made['report_id']}"
    changed = callers.ben.ask("PATCH", path, json={"name": "Summer", "time_window": {"preset": "last_month"}})
    assert changed.status_code == 200, changed.text
    assert (changed.get_json()["name"], changed.get_json()["time_window"]) == (
        "Summer",
        {"preset": "last_month"},
    )
    assert list(check(callers.ben.ask("PATCH", path, json={"template_id": "x"}), 422, "VALIDATION_ERROR"))
    check(callers.ben.ask("PATCH", path, json={"parameters": {}}), 422, "VALIDATION_ERROR")
    check(callers.cleo.ask("PATCH", path, json={"name": "Mine"}), 403, "NOT_PERMITTED")
    assert callers.ada.ask("PATCH", path, json={"is_active": False}).get_json()["is_active"] is False


def test_what_is_somebody_elses_is_changed_by_editors(callers: Callers, body: dict[str, Any]) -> None:
    of_ada = callers.ada.post("/reports", json=body).get_json()["report_id"]
    check(callers.ben.ask("PATCH", f"/reports/{of_ada}", json={"name": "x"}), 403, "NOT_PERMITTED")
    check(callers.ben.ask("DELETE", f"/reports/{of_ada}"), 403, "NOT_PERMITTED")
    with transaction() as session:
        users.set_role(session.get_one(User, callers.cast.ben.id), "editor")
    assert callers.ben.ask("PATCH", f"/reports/{of_ada}", json={"name": "x"}).status_code == 200


def test_deleting_waits_for_what_runs(callers: Callers, made: dict[str, Any]) -> None:
    path = f"/reports/{made['report_id']}"
    check(callers.ben.ask("DELETE", path), 409, "CONFLICT")
    callers.ben.post(f"/executions/{made['execution_id']}/cancel")
    deleted = callers.ben.ask("DELETE", path)
    assert (deleted.status_code, deleted.data) == (204, b"")
    check(callers.ben.get(path), 404, "NOT_FOUND")
    check(callers.ben.ask("DELETE", path), 404, "NOT_FOUND")
    assert callers.ben.get(f"/executions/{made['execution_id']}").status_code == 200


@pytest.fixture
def deleted(callers: Callers, body: dict[str, Any]) -> str:
    """The address of a report of Ben's that he has deleted with its schedule."""
    run = {"type": "recurring", "schedule": {"recurrence": {"type": "daily"}}}
    made = callers.ben.post("/reports", json=body | {"run": run}).get_json()
    path = f"/reports/{made['report_id']}"
    assert callers.ben.ask("DELETE", path).status_code == 204
    return path


def test_a_deletion_is_taken_back_as_often_as_one_asks(callers: Callers, deleted: str) -> None:
    back, again = (callers.ben.post(f"{deleted}/restore") for _ in range(2))
    assert (back.status_code, again.status_code) == (200, 200)
    assert back.get_json() == again.get_json() == callers.ben.get(deleted).get_json()
    assert back.get_json()["frequency"] == "daily"
    assert back.get_json()["next_run_at"]


def test_who_may_take_a_deletion_back(callers: Callers, body: dict[str, Any], deleted: str) -> None:
    check(callers.cleo.post(f"{deleted}/restore"), 403, "NOT_PERMITTED")
    check(callers.ben.post("/reports/rpt_0/restore"), 404, "NOT_FOUND")
    check(callers.ben.get(deleted), 404, "NOT_FOUND")
    assert callers.ben.post("/reports", json=body | {"run": None}).status_code == 201
    check(callers.ben.post(f"{deleted}/restore"), 409, "CONFLICT")
    assert callers.ada.get(deleted).status_code == 404


def test_running_again_with_other_values(callers: Callers, made: dict[str, Any]) -> None:
    path = f"/reports/{made['report_id']}/run"
    wish = {"start": "2026-01-01", "end": "2026-01-31", "time_zone": "Europe/Vienna"}
    answer = callers.ben.post(path, json={"parameters": {"campaign": "Autumn"}, "time_window": wish})
    assert answer.status_code == 202, answer.text
    run = answer.get_json()
    assert run["parameters"] == {"campaign": "Autumn"}
    assert run["time_window"] == {
        "start": "2025-12-31T23:00:00.000Z",
        "end": "2026-01-31T23:00:00.000Z",
        "time_zone": "Europe/Vienna",
    }
    plain = callers.ben.post(path)
    assert (plain.status_code, plain.get_json()["parameters"]) == (202, {"campaign": "Spring"})
    check(callers.cleo.post(path), 403, "NOT_PERMITTED")
    assert callers.cleo.get(f"/reports/{made['report_id']}").get_json()["execution_count"] == 3
    assert callers.cleo.get(f"/executions?report_id={made['report_id']}").get_json()["total"] == 3
