"""What one may not see is not there, on every path; and a token reaches no further than its scope."""

import json
from typing import Any

import pytest

from reportbuilder.accounts import grants, users
from reportbuilder.accounts.models import User
from reportbuilder.catalog import publishing
from reportbuilder.database import transaction
from tests.api.conftest import BASE, Caller, Callers
from tests.api.test_frame import check
from tests.api.test_templates_api import PUBLICATION

Operation = tuple[str, str]  # method, path as OpenAPI has it
BODIES: dict[str, dict[str, Any]] = {
    "/templates/{template_id}": {"name": "x"},
    "/reports/{report_id}": {"name": "x"},
    "/reports/{report_id}/run": {},
    "/reports/{report_id}/schedules": {"recurrence": {"type": "daily"}},
    "/reports/{report_id}/schedules/preview": {"recurrence": {"type": "daily"}},
    "/schedules/{schedule_id}": {"jitter_minutes": 1},
    "/reports": {"name": "x"},
    "/templates": {**PUBLICATION},
    "/templates/lint": {"sql_template": "SELECT a FROM b"},
    "/templates/import": {"content": []},
    "/templates/{template_id}/fork": {"name": "x"},
    "/templates/{template_id}/versions/{number}/restore": {"version": 1},
    "/metadata/refresh": {"instance_id": "amcnorthwind01"},
    "/reports/{report_id}/backfill": {"segment": "monthly", "lookback_days": 90},
    "/backfills/{backfill_id}": {"concurrency": 1},
    "/backfills/{backfill_id}/pause": {"reason": "x"},
    "/schedules/{schedule_id}/pause": {"reason": "x"},
    "/pauses": {"instance_id": "amcnorthwind01", "reason": "x"},
    "/pauses/resume": {"instance_id": "amcnorthwind01"},
    "/notifications/channels": {"kind": "email", "name": "x", "target": "x@example.test"},
    "/notifications/channels/{channel_id}": {"name": "x"},
    "/notifications/rules": {"wants": []},
    "/reports/{report_id}/notifications": {"wants": []},
}
VALUES = {"instance_id": "amcnorthwind01", "parameters": {"campaign": "x"}}
BODILESS = ("/cancel", "/restore", "/retry", "/resume", "/retry-failed", "/test", "/resend")
WITHOUT_SCOPE = {("POST", "/templates/{template_id}/validate-parameters"), ("POST", "/templates/lint")}


def operations(callers: Callers) -> list[Operation]:
    """Return all operations of the API."""
    paths = callers.ada.get("//api/openapi.json").get_json()["paths"]
    return [
        (method.upper(), path.removeprefix(BASE))
        for path, item in paths.items()
        for method in item
        if method != "parameters"
    ]


def perform(caller: Caller, operation: Operation, ids: dict[str, str]) -> Any:
    """Perform an operation on those things, with a body that fits it."""
    method, path = operation
    body = BODIES.get(path, VALUES) | (
        VALUES | {"template_id": ids["template_id"]} if path == "/reports" else {}
    )
    without = method == "GET" or (path not in BODIES and path.endswith(BODILESS))
    options = {} if without else {"json": body}
    if path.startswith("/metadata/{values}"):
        csv: dict[str, Any] = {"data": "x", "content_type": "text/csv"} if path.endswith("/upload") else {}
        options = {"query_string": {"instance_id": ids["instance_id"]}} | csv
    return caller.ask(method, path.format(**ids, number=1, values="campaigns"), **options)


@pytest.fixture
def ids(callers: Callers) -> dict[str, str]:
    """A private template of ada's, a report made from it on the first instance, and what runs of it."""
    with transaction() as session:
        ada = session.get_one(User, callers.cast.ada.id)
        template = publishing.publish(session, PUBLICATION | {"is_public": False}, ada)
    body = VALUES | {"name": "Spring", "template_id": template.template_id, "run": {"type": "once"}}
    made = callers.ada.post("/reports", json=body).get_json()
    path = f"/reports/{made['report_id']}/backfill"
    filled = callers.ada.post(path, json=BODIES["/reports/{report_id}/backfill"]).get_json()
    schedule = {"recurrence": {"type": "daily"}}
    scheduled = callers.ada.post(f"/reports/{made['report_id']}/schedules", json=schedule).get_json()
    mine = BODIES["/notifications/channels"]
    channel_id = callers.ada.post("/notifications/channels", json=mine).get_json()["channel_id"]
    message = callers.ada.post(f"/notifications/channels/{channel_id}/test").get_json()
    return {name: made[name] for name in ("report_id", "execution_id")} | {
        "backfill_id": filled["backfill_id"],
        "schedule_id": scheduled["schedule_id"],
        "template_id": template.template_id,
        "instance_id": "amcnorthwind01",
        "channel_id": channel_id,
        "notification_id": message["notification_id"],
    }


def test_what_one_may_not_see_looks_as_if_it_were_not_there(callers: Callers, ids: dict[str, str]) -> None:
    with transaction() as session:
        grants.withdraw(session, callers.cast.ben.id, [callers.cast.first.id])
        users.set_role(session.get_one(User, callers.cast.ben.id), "editor")  # as much as one can be
    unknown = {name: name[:4] + "_0" for name in ids}
    for operation in operations(callers):
        if "{" in operation[1]:
            hidden, missing = (perform(callers.ben, operation, which) for which in (ids, unknown))
            check(hidden, 404, "NOT_FOUND")
            texts = [hidden.text, missing.text]
            for name, value in ids.items():
                texts = [text.replace(value, "id").replace(unknown[name], "id") for text in texts]
            assert json.loads(texts[0])["error"] == json.loads(texts[1])["error"], operation
    for path in (
        "/executions",
        "/reports",
        "/schedules",
        "/backfills",
        "/instances",
        "/templates",
        "/notifications",
    ):
        body = callers.ben.get(path).get_json()
        assert (body["items"], body["total"]) == ([], 0), path


def test_filters_tell_nothing_of_what_is_hidden(callers: Callers, ids: dict[str, str]) -> None:
    with transaction() as session:
        grants.withdraw(session, callers.cast.cleo.id, [callers.cast.first.id])
    for query in (
        "executions?instance_id=amcnorthwind01",
        f"executions?report_id={ids['report_id']}",
        "executions?status=pending",
        "reports?instance_id=amcnorthwind01",
        f"reports?owner_id={callers.cast.ada.id}",
        "reports?status=pending",
        "reports?search=reach",
        f"schedules?report_id={ids['report_id']}",
        "schedules?instance_id=amcnorthwind01",
        "templates?search=reach",
        "backfills",
        "backfills?instance_id=amcnorthwind01",
        f"backfills?report_id={ids['report_id']}",
    ):
        assert callers.ada.get(f"/{query}").get_json()["total"] == 1, query
        assert callers.cleo.get(f"/{query}").get_json()["total"] == 0, query


def test_a_report_brings_its_template_to_all_who_see_the_instance(
    callers: Callers, ids: dict[str, str]
) -> None:
    check(callers.ben.get(f"/templates/{ids['template_id']}"), 404, "NOT_FOUND")
    body = VALUES | {"name": "Mine", "template_id": ids["template_id"]}
    check(callers.ben.post("/reports", json=body), 404, "NOT_FOUND")
    assert callers.ben.post(f"/reports/{ids['report_id']}/run").status_code == 202
    assert "FROM dsp_impressions" in callers.cleo.get(f"/executions/{ids['execution_id']}").get_json()["sql"]


def test_a_token_to_read_writes_nothing(callers: Callers, ids: dict[str, str]) -> None:
    reader = callers.with_token(callers.cast.ada, "read")
    for operation in operations(callers):
        if operation[0] == "GET" or operation in WITHOUT_SCOPE:
            continue
        refused = perform(reader, operation, ids)
        check(refused, 403, "NOT_PERMITTED")
        assert "takes an API token of scope" in refused.get_json()["error"]["message"]


def test_who_is_shut_out_has_no_token(callers: Callers, ids: dict[str, str]) -> None:
    with transaction() as session:
        user = session.get_one(User, callers.cast.ben.id)
        users.deactivate(session, user)
        users.activate(user)
    for operation in operations(callers):
        check(perform(callers.ben, operation, ids), 401, "UNAUTHENTICATED")


def test_a_role_that_was_taken_away_counts_at_once(callers: Callers, ids: dict[str, str]) -> None:
    assert callers.ben.post(f"/reports/{ids['report_id']}/run").status_code == 202
    with transaction() as session:
        users.set_role(session.get_one(User, callers.cast.ben.id), "viewer")
    check(callers.ben.post(f"/reports/{ids['report_id']}/run"), 403, "NOT_PERMITTED")


def test_an_answer_is_not_repeated_to_whom_it_would_be_refused_now(
    callers: Callers, ids: dict[str, str]
) -> None:
    path, headers = f"/reports/{ids['report_id']}/run", {"Idempotency-Key": "k"}
    assert callers.ben.post(path, headers=headers).status_code == 202
    reader = callers.with_token(callers.cast.ben, "read")
    check(reader.post(path, headers=headers), 403, "NOT_PERMITTED")
    with transaction() as session:
        grants.withdraw(session, callers.cast.ben.id, [callers.cast.first.id])
    check(callers.ben.post(path, headers=headers), 404, "NOT_FOUND")
    with transaction() as session:
        grants.grant(session, callers.cast.ben.id, callers.cast.first.id, "run")
    assert callers.ben.post(path, headers=headers).headers["Idempotent-Replayed"] == "true"
    assert callers.ada.get("/executions").get_json()["total"] == 2
