"""Pauses and budgets over the API: who may, what is told, and what people are refused."""

from collections.abc import Callable
from dataclasses import replace

from flask import Flask

from reportbuilder.accounts import grants
from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import transaction
from reportbuilder.settings import Settings
from tests.api.conftest import Caller, Callers, Make, Run

AUDIT = {"instance_id": "amcnorthwind01", "reason": "audit"}
EVERYTHING = {"instance_id": None, "reason": "we move house"}


def test_an_editor_pauses_and_resumes_an_instance(callers: Callers, editor: Caller) -> None:
    with transaction() as session:
        grants.grant(session, callers.cast.cleo.id, callers.cast.first.id, "run")
    made = editor.post("/pauses", json=AUDIT)
    assert made.status_code == 201
    told = made.get_json()
    assert (told["instance_id"], told["reason"], told["paused_by"]) == (
        "amcnorthwind01",
        "audit",
        "cleo@example.test",
    )
    [shown] = callers.ben.get("/pauses").get_json()["items"]
    assert shown == told
    [instance] = callers.ben.get("/instances").get_json()["items"]
    assert instance["pause"] == told
    again = editor.post("/pauses", json=AUDIT)
    assert (again.status_code, again.get_json()["error"]["code"]) == (409, "CONFLICT")
    ended = editor.post("/pauses/resume", json={"instance_id": "amcnorthwind01"})
    assert (ended.status_code, ended.get_json()["ended_by"]) == (200, "cleo@example.test")
    assert callers.ben.get("/pauses").get_json() == {"items": [], "total": 0}
    assert editor.post("/pauses/resume", json={"instance_id": "amcnorthwind01"}).status_code == 409


def test_only_those_who_may_pause(callers: Callers) -> None:
    assert callers.ben.post("/pauses", json=AUDIT).status_code == 403
    assert callers.ben.post("/pauses", json=EVERYTHING).status_code == 403
    unseen = {"instance_id": "amcnorthwind02", "reason": "audit"}
    assert callers.ben.post("/pauses", json=unseen).status_code == 404
    assert callers.ada.post("/pauses", json={"instance_id": None}).status_code == 422


def test_everything_is_shown_at_each_instance_and_in_the_queue(callers: Callers, run: Run) -> None:
    assert callers.ada.post("/pauses", json=EVERYTHING).status_code == 201
    instances = callers.ada.get("/instances").get_json()["items"]
    assert [each["pause"]["instance_id"] for each in instances] == [None, None]
    queue = callers.ben.get(f"/executions/{run()}").get_json()["queue"]
    assert (queue["number"], queue["expected_start"]) == (1, None)
    assert queue["held_by"]["kind"] == "pause"
    assert queue["held_by"]["reason"] == "everything is paused by ada@example.test: we move house"


def test_a_day_whose_runs_are_used_up_refuses_people_until_the_next(
    callers: Callers, run: Run, noon: Callable[[float], None], configured: Settings, make_web: Make
) -> None:
    failed = run(state="failed", error_class="transient", error_message="no")
    run()
    app: Flask = make_web(replace(configured, instance_daily_runs=2, executions_per_minute=50))
    ben = replace(callers.ben, app=app)
    assert ben.post(f"/executions/{failed}/retry").status_code == 202
    refused = ben.post(f"/executions/{failed}/retry")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, str(12 * 3600))
    assert "may have 2 runs a day (UTC), and they are used up" in refused.get_json()["error"]["message"]
    execute = ben.post("/templates/tpl_0123456789ab/execute", json={"instance_id": "amcnorthwind01"})
    assert execute.status_code == 429
    noon(12 * 3600)
    assert ben.post(f"/executions/{failed}/retry").status_code == 429  # what waits comes first
    with transaction() as session:
        session.get_one(AmcInstance, callers.cast.first.id).daily_runs = 0
    assert ben.post(f"/executions/{failed}/retry").status_code == 202


def test_what_amc_refused_for_overlapping_windows_is_not_retried(callers: Callers, run: Run) -> None:
    words = "too many workflows have already been run against the same input data sources"
    failed = run(state="failed", error_class="permanent", error_message=words)
    refused = callers.ben.post(f"/executions/{failed}/retry")
    assert refused.status_code == 409
    assert "take a window that does not overlap" in refused.get_json()["error"]["message"]
