"""Backfills over the API: rehearsal, start, the day's limit, progress, verbs, and the report around it."""

import threading
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from reportbuilder import settings
from reportbuilder.accounts.models import User
from reportbuilder.backfills.advancing import advance, lock
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.catalog import publishing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.moving import move
from reportbuilder.reports.models import ReportDefinition
from tests.api.conftest import Caller, Callers
from tests.api.test_frame import check
from tests.api.test_templates_api import PUBLICATION

WISH = {"segment": "daily", "lookback_days": 20}


@pytest.fixture
def configured(chosen: settings.Settings, redis_url: str) -> settings.Settings:
    """Three backfills a day, so that the limit is near."""
    return replace(chosen, redis_url=redis_url, backfills_per_day=3)


@pytest.fixture
def template_id(callers: Callers) -> str:
    with transaction() as session:
        ada = session.get_one(User, callers.cast.ada.id)
        return publishing.publish(session, PUBLICATION, ada).template_id


def body_of(template_id: str, name: str = "Spring", **run: Any) -> dict[str, Any]:
    return {
        "template_id": template_id,
        "instance_id": "amcnorthwind01",
        "name": name,
        "parameters": {"campaign": "Spring"},
        "run": run or None,
    }


def make(callers: Callers, template_id: str, name: str = "Spring") -> str:
    answer = callers.ben.post("/reports", json=body_of(template_id, name))
    assert answer.status_code == 201, answer.text
    return f"/reports/{answer.get_json()['report_id']}"


@pytest.fixture
def path(callers: Callers, template_id: str) -> str:
    """The path of a report of ben's."""
    return make(callers, template_id)


def count(model: type[Any]) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def start(caller: Caller, path: str, **wish: Any) -> dict[str, Any]:
    answer = caller.post(f"{path}/backfill", json=WISH | wish)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_a_rehearsal_tells_all_and_writes_nothing(callers: Callers, path: str) -> None:
    answer = callers.ben.post(f"{path}/backfill?dry_run=1", json=WISH)
    plan = answer.get_json()
    assert (answer.status_code, plan["backfill_id"]) == (200, None)
    assert (plan["total_segments"], plan["to_run"], plan["runs"]) == (7, 7, 7)
    assert plan["standings"] == {"running": 0, "done": 0, "refused": 0, "failed": 0, "missing": 7}
    assert plan["segments"][0]["time_window"]["start"].endswith("T00:00:00")
    assert plan["segments"][0]["first_day"] > plan["segments"][-1]["first_day"]
    assert plan["earliest_finish"] <= plan["expected_finish"] <= plan["latest_finish"]
    assert any("settle for 14 days" in remark for remark in plan["remarks"])
    assert (count(ReportDataCollection), count(ReportDataWeek)) == (0, 0)
    assert "X-RateLimit-Limit" not in answer.headers
    check(callers.cleo.post(f"{path}/backfill?dry_run=1", json=WISH), 403, "NOT_PERMITTED")


def test_starting_freezes_everything_and_is_told(callers: Callers, path: str) -> None:
    started = start(callers.ben, path, concurrency=2)
    shown = callers.cleo.get(f"/backfills/{started['backfill_id']}").get_json()
    assert (shown["status"], shown["concurrency"], shown["total_segments"]) == ("running", 2, 7)
    assert (shown["parameters"], shown["template_version"]) == ({"campaign": "Spring"}, 1)
    assert {one["state"] for one in shown["segments"]} == {"waiting"}
    assert [one["first_day"] for one in shown["segments"]] == [
        one["first_day"] for one in started["segments"]
    ]
    assert shown["words"] == "0 of 7 segments have come; 7 wait."
    assert shown["expected_finish"] is not None
    with reading() as session:
        texts = set(session.scalars(select(ReportDataWeek.sql_text)))
    assert len(texts) == 1
    assert "'Spring'" in (texts.pop() or "")
    listed = callers.cleo.get("/backfills?status=running").get_json()
    assert [one["backfill_id"] for one in listed["items"]] == [started["backfill_id"]]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"segment": "hourly"}, "segment"),
    ({"segment": None}, "segment"),
    ({"lookback_days": 366}, "lookback_days"),
    ({"lookback_days": 5}, "lookback_days"),
    ({"lookback_days": True}, "lookback_days"),
    ({"lookback_days": None}, "lookback_days"),
    ({"lookback_days": None, "start": "2020-01-01"}, "start"),
    ({"lookback_days": None, "start": "yesterday"}, "start"),
    ({"start": "2026-01-01"}, "start"),
    ({"week_start": "monday"}, "week_start"),
    ({"concurrency": 11}, "concurrency"),
    ({"segments_per_run": 7}, "segments_per_run"),
    ({"order": "best_first"}, "order"),
    ({"colour": "red"}, "colour"),
]


@pytest.mark.parametrize(("changes", "field"), WRONG)
def test_wrong_wishes_name_their_field_and_start_nothing(
    callers: Callers, path: str, changes: dict[str, Any], field: str
) -> None:
    details = check(callers.ben.post(f"{path}/backfill", json=WISH | changes), 422, "VALIDATION_ERROR")
    assert list(details) == [field]
    assert count(ReportDataCollection) == 0


def test_one_at_a_time_and_no_deletion_meanwhile(callers: Callers, path: str) -> None:
    started = start(callers.ben, path)["backfill_id"]
    refused = callers.ben.post(f"{path}/backfill", json=WISH)
    check(refused, 409, "CONFLICT")
    assert started in refused.get_json()["error"]["message"]
    check(callers.ben.ask("DELETE", path), 409, "CONFLICT")
    assert callers.ben.post(f"/backfills/{started}/cancel").get_json()["status"] == "cancelled"
    assert callers.ben.ask("DELETE", path).status_code == 204
    check(callers.ben.post(f"/backfills/{started}/retry-failed"), 409, "CONFLICT")
    assert callers.ben.get(f"/backfills/{started}").get_json()["counts"]["cancelled"] == 7


def test_of_many_at_once_one_starts(callers: Callers, path: str) -> None:
    statuses: list[int] = []
    barrier = threading.Barrier(4)

    def ask() -> None:
        barrier.wait()
        statuses.append(callers.ben.post(f"{path}/backfill", json=WISH).status_code)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [202, 409, 409, 409]
    assert (count(ReportDataCollection), count(ReportDataWeek)) == (1, 7)


def test_the_limit_of_a_day_counts_what_was_started_on_the_instance(
    callers: Callers, path: str, template_id: str
) -> None:
    check(callers.ben.post(f"{path}/backfill", json=WISH | {"lookback_days": 1}), 422, "VALIDATION_ERROR")
    for left in (2, 1, 0):
        answer = callers.ben.post(f"{path}/backfill", json=WISH)
        assert (answer.status_code, answer.headers["X-RateLimit-Remaining"]) == (202, str(left))
        assert answer.headers["X-RateLimit-Limit"] == "3"
        check(callers.ada.post(f"{path}/backfill", json=WISH), 409, "CONFLICT")
        callers.ben.post(f"/backfills/{answer.get_json()['backfill_id']}/cancel")
    assert callers.ben.post(f"{path}/backfill?dry_run=1", json=WISH).status_code == 200
    refused = callers.ada.post(f"{make(callers, template_id, 'Autumn')}/backfill", json=WISH)
    check(refused, 429, "RATE_LIMITED")
    assert 86_000 < int(refused.headers["Retry-After"]) <= 86_400
    assert (refused.headers["X-RateLimit-Limit"], refused.headers["X-RateLimit-Remaining"]) == ("3", "0")
    elsewhere = body_of(template_id, type="backfill", backfill=WISH) | {"instance_id": "amcnorthwind02"}
    assert callers.ada.post("/reports", json=elsewhere).status_code == 201


def test_a_repeated_key_starts_one(callers: Callers, path: str) -> None:
    headers = {"Idempotency-Key": "k"}
    first, second = (callers.ben.post(f"{path}/backfill", json=WISH, headers=headers) for _ in range(2))
    assert (first.status_code, first.data) == (second.status_code, second.data)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert count(ReportDataCollection) == 1


def test_a_report_is_created_with_its_backfill_or_not_at_all(callers: Callers, template_id: str) -> None:
    for run, field in (
        ({"type": "backfill"}, "run.backfill"),
        ({"type": "once", "backfill": WISH}, "run.backfill"),
        ({"type": "backfill", "backfill": WISH | {"lookback_days": 3}}, "run.backfill.lookback_days"),
        ({"type": "backfill", "backfill": WISH | {"concurrency": 99}}, "run.backfill.concurrency"),
        ({"type": "backfill", "backfill": {"segment": "x"}}, "run.backfill.segment"),
    ):
        details = check(
            callers.ben.post("/reports", json=body_of(template_id, **run)), 422, "VALIDATION_ERROR"
        )
        assert list(details) == [field]
        assert (count(ReportDefinition), count(ReportDataCollection)) == (0, 0)
    made = callers.ben.post("/reports", json=body_of(template_id, type="backfill", backfill=WISH)).get_json()
    assert made["execution_id"] is None
    shown = callers.ben.get(f"/backfills/{made['backfill_id']}").get_json()
    assert (shown["report_id"], shown["counts"]["waiting"]) == (made["report_id"], 7)


def test_verbs_in_states_that_do_not_allow_them(callers: Callers, path: str) -> None:
    one = f"/backfills/{start(callers.ben, path)['backfill_id']}"
    check(callers.ben.post(f"{one}/resume"), 409, "CONFLICT")
    check(callers.ben.post(f"{one}/retry-failed"), 409, "CONFLICT")
    paused = callers.ben.post(f"{one}/pause", json={"reason": "a holiday"}).get_json()
    assert (paused["status"], paused["paused_reason"]) == ("paused", "a holiday")
    assert callers.ben.get(one).get_json()["expected_finish"] is None
    changed = callers.ben.ask("PATCH", one, json={"concurrency": 3}).get_json()
    assert (changed["status"], changed["concurrency"]) == ("paused", 3)
    assert callers.ben.ask("PATCH", one, json={"concurrency": None}).get_json()["concurrency"] is None
    check(callers.ben.ask("PATCH", one, json={"concurrency": 0}), 422, "VALIDATION_ERROR")
    check(callers.cleo.post(f"{one}/resume"), 403, "NOT_PERMITTED")
    assert callers.ben.post(f"{one}/resume").get_json()["status"] == "running"
    assert callers.ben.post(f"{one}/cancel").status_code == 202
    check(callers.ben.ask("PATCH", one, json={"concurrency": 1}), 409, "CONFLICT")


def test_a_segments_execution_is_retried_by_its_backfill(callers: Callers, path: str, web: Flask) -> None:
    name = start(callers.ben, path, concurrency=1)["backfill_id"]

    def go_on() -> None:
        with transaction() as session:
            found = select(ReportDataCollection.id).where(ReportDataCollection.collection_id == name)
            row = lock(session, session.scalars(found).one())
            assert row is not None
            advance(session, row, 10)

    with web.app_context():
        go_on()
        with transaction() as session:
            execution = session.scalars(select(ReportExecution)).one()
            move(session, execution, "failed", "x", error_class="permanent", error_message="no memory")
        go_on()
    refused = callers.ben.post(f"/executions/{execution.execution_id}/retry")
    check(refused, 409, "CONFLICT")
    assert "retry-failed" in refused.get_json()["error"]["message"]
    [failed] = [
        one
        for one in callers.ben.get(f"/backfills/{name}").get_json()["segments"]
        if one["state"] == "failed"
    ]
    assert (failed["reason"], failed["attempts"]) == ("no memory", 1)
    assert failed["execution_id"] == execution.execution_id


def test_single_segments_are_retried_unless_it_stops_at_failures(callers: Callers, path: str) -> None:
    for on_failure, status in (("continue", 202), ("stop", 409)):
        name = start(callers.ben, path, on_failure=on_failure)["backfill_id"]
        with transaction() as session:
            row = session.scalars(
                select(ReportDataCollection).where(ReportDataCollection.collection_id == name)
            ).one()
            row.status = "failed"
            segments = session.scalars(
                select(ReportDataWeek).where(ReportDataWeek.collection_id == row.id)
            ).all()
            for segment in segments:
                segment.status = "failed"
        day = segments[3].week_start_date.isoformat()
        one = f"/backfills/{name}"
        check(callers.ben.post(f"{one}/retry-failed", json={"first_days": []}), 422, "VALIDATION_ERROR")
        check(callers.ben.post(f"{one}/retry-failed", json={"first_days": ["2020-01-01"]}), 409, "CONFLICT")
        answer = callers.ben.post(f"{one}/retry-failed", json={"first_days": [day]})
        assert answer.status_code == status, answer.text
        shown = callers.ben.get(one).get_json()["segments"]
        waiting = [segment["first_day"] for segment in shown if segment["state"] == "waiting"]
        assert waiting == ([day] if status == 202 else [])
        callers.ben.post(f"{one}/cancel")


def test_a_year_of_days_is_started_at_once(callers: Callers, path: str) -> None:
    plan = start(callers.ben, path, lookback_days=365)
    assert plan["total_segments"] == 352
    days = [one["first_day"] for one in plan["segments"]]
    assert len(set(days)) == 352
    assert count(ReportDataWeek) == 352
    with reading() as session:
        template = session.scalars(select(QueryTemplate)).one()
    assert template.execution_count == 0
