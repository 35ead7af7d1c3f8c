"""OpenAPI against what is really answered: every answer has a documented status and shape."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator
from sqlalchemy import update

from reportbuilder import settings
from reportbuilder.database import transaction
from reportbuilder.notifications.models import Notification
from tests.api.conftest import BASE, Callers, Run
from tests.api.test_rows_api import store
from tests.api.test_templates_api import PUBLICATION, VALUES

NOT_JSON = 415  # told by the default of every operation
Ask = Callable[..., dict[str, Any]]


def with_nulls(node: Any) -> Any:
    """Return an OpenAPI 3.0 schema in the words of JSON Schema, in which null is a type."""
    if isinstance(node, list):
        return [with_nulls(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {name: with_nulls(value) for name, value in node.items() if name != "nullable"}
    if node.get("nullable"):
        made = {"anyOf": [{"type": "null"}, made]}
    return made


class Truth:
    """Compares answers with the document."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.seen: set[tuple[str, str]] = set()

    def resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            found: Any = self.spec
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            node = found
        return node

    def check(self, method: str, target: str, answer: Any) -> None:
        """See that an answer is as the document says."""
        path = target.partition("?")[0]
        template, item = next(
            (known, item)
            for known, item in self.spec["paths"].items()
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), BASE + path)
            and method.lower() in item
            and ("{" not in known or not path.endswith(("/lint", "/import")))
        )
        self.seen.add((method, template))
        responses = item[method.lower()]["responses"]
        assert str(answer.status_code) in responses or answer.status_code == NOT_JSON, (method, path, answer)
        told = self.resolve(responses.get(str(answer.status_code), responses["default"]))
        if answer.status_code == 204:
            assert "content" not in told
            return
        assert answer.mimetype in told["content"], (method, path, answer.mimetype)
        if answer.mimetype == "application/json":
            schema = {**told["content"]["application/json"]["schema"], "components": self.spec["components"]}
            Draft4Validator(with_nulls(schema)).validate(answer.get_json())


@pytest.fixture
def truth(callers: Callers) -> Truth:
    return Truth(callers.ada.get("//api/openapi.json").get_json())


@pytest.fixture
def ask(callers: Callers, truth: Truth) -> Ask:
    """Ask, and compare the answer with the document."""

    def asking(method: str, path: str, status: int, who: str = "ben", **options: Any) -> dict[str, Any]:
        answer = getattr(callers, who).ask(method, path, **options)
        assert answer.status_code == status, (method, path, answer.text)
        truth.check(method, path, answer)
        found: dict[str, Any] = answer.get_json() if answer.mimetype == "application/json" else {}
        return found

    return asking


def ask_of_templates(ask: Ask) -> str:
    made = ask("POST", "/templates", 201, "ada", json=PUBLICATION)
    path = f"/templates/{made['template_id']}"
    ask("PUT", path, 200, "ada", json={"name": "Reach"})
    ask("PUT", path, 409, "ada", json={"name": "Reach", "version": 7})
    ask("POST", "/templates/lint", 200, "ada", json={"sql_template": "SELECT a FROM b ORDER BY a"})
    ask("GET", "/templates", 200)
    ask("GET", path, 200)
    ask("GET", "/templates/tpl_unknown", 404)
    ask("POST", f"{path}/validate-parameters", 200, json=VALUES)
    ask("POST", f"{path}/validate-parameters", 200, json=VALUES | {"parameters": {}})
    ask("POST", f"{path}/validate-parameters", 422, json={})
    ask("POST", f"{path}/execute", 202, json=VALUES)
    ask("POST", f"{path}/execute", 403, "cleo", json=VALUES)
    ask("POST", f"{path}/execute", 400, data="{", content_type="application/json")
    ask("POST", f"{path}/execute", NOT_JSON, data="{}", content_type="text/plain")
    ask_of_versions(ask, path)
    return str(made["template_id"])


def ask_of_versions(ask: Ask, path: str) -> None:
    ask("GET", f"{path}/versions", 200)
    ask("GET", f"{path}/versions/1", 200)
    ask("GET", f"{path}/versions/9", 404)
    ask("GET", f"{path}/versions/1/diff", 200)
    ask("GET", f"{path}/versions/1/diff?to=2", 200)
    ask("GET", f"{path}/versions/1/diff?to=x", 422)
    ask("POST", f"{path}/versions/1/restore", 200, "ada")
    ask("POST", f"{path}/versions/1/restore", 409, "ada", json={"version": 1})
    ask("POST", f"{path}/versions/1/restore", 403, "cleo")
    copy = ask("POST", f"{path}/fork", 201, "ada", json={"name": "Copy"})
    ask("GET", f"/templates/{copy['template_id']}", 200, "ada")
    ask("GET", f"{path}/used-by", 200)
    ask("DELETE", f"/templates/{copy['template_id']}", 204, "ada")
    ask("DELETE", path, 409, "ada")
    file = ask("GET", f"{path}/export?value_sets=true", 200, "ada")
    for content in (file, [file, {"name": "x"}], {"name": "x", "sql_template": "SELECT :a"}):
        ask("POST", "/templates/import", 200, "ada", json={"content": content, "dry_run": True})
    ask("POST", "/templates/import", 422, "ada", json={"content": 5})
    ask("POST", "/templates/import", 403, json={"content": file})


def ask_of_reports(ask: Ask, template_id: str) -> None:
    body = VALUES | {"template_id": template_id, "name": "Spring", "run": {"type": "once"}}
    made = ask("POST", "/reports", 201, json=body)
    path = f"/reports/{made['report_id']}"
    ask("POST", "/reports", 409, json=body)
    ask("GET", "/reports", 200)
    ask("GET", path, 200)
    ask("PATCH", path, 200, json={"description": "x", "time_window": {"preset": "last_month"}})
    ask("PATCH", path, 422, json={"owner": "x"})
    again = ask("POST", f"{path}/run", 202)
    ask("DELETE", path, 409)
    ask_of_notifications(ask, made["report_id"])
    for execution_id in (made["execution_id"], again["execution_id"]):
        ask("GET", f"/executions/{execution_id}", 200)
        ask("POST", f"/executions/{execution_id}/cancel", 202)
    ask("POST", f"/executions/{made['execution_id']}/cancel", 409)
    ask("DELETE", path, 204)
    ask("POST", f"{path}/restore", 403, "cleo")
    ask("POST", f"{path}/restore", 200)
    ask("DELETE", path, 204)
    ask("POST", "/reports", 201, json=body | {"run": None})
    ask("POST", f"{path}/restore", 409)


def ask_of_backfills(ask: Ask, template_id: str) -> None:
    wish = {"segment": "monthly", "lookback_days": 90}
    body = VALUES | {"template_id": template_id, "name": "Autumn", "run": None}
    path = f"/reports/{ask('POST', '/reports', 201, json=body)['report_id']}"
    ask("POST", f"{path}/backfill?dry_run=1", 200, json=wish)
    ask("POST", f"{path}/backfill", 422, json=wish | {"segments_per_run": 2})
    ask("POST", f"{path}/backfill", 403, "cleo", json=wish)
    backfill_id = ask("POST", f"{path}/backfill", 202, json=wish)["backfill_id"]
    ask("POST", f"{path}/backfill", 409, json=wish)
    ask("DELETE", path, 409)
    ask("GET", "/backfills?status=running", 200, "cleo")
    ask("GET", "/backfills/bf_unknown", 404)
    one = f"/backfills/{backfill_id}"
    ask("GET", one, 200, "cleo")
    ask("PATCH", one, 200, json={"concurrency": 2})
    ask("PATCH", one, 422, json={"concurrency": 99})
    ask("POST", f"{one}/pause", 200, json={"reason": "a holiday"})
    ask("POST", f"{one}/pause", 409)
    ask("POST", f"{one}/resume", 200)
    ask("POST", f"{one}/retry-failed", 409)
    ask("POST", f"{one}/cancel", 202)
    ask("GET", one, 200)
    ask("DELETE", path, 204)


def ask_of_schedules(ask: Ask, template_id: str) -> None:
    body = VALUES | {"template_id": template_id, "name": "Nightly"}
    schedule = {"recurrence": {"type": "daily"}, "policies": {"missed": "all"}, "is_settling": True}
    path = f"/reports/{ask('POST', '/reports', 201, json=body)['report_id']}"
    ask("POST", f"{path}/schedules/preview?n=2", 200, json=schedule)
    ask("POST", f"{path}/schedules/preview", 422, json={"recurrence": {"type": "moon"}})
    made = ask("POST", f"{path}/schedules", 201, json=schedule)
    ask("POST", f"{path}/schedules", 409, json=schedule)
    ask("GET", path, 200)
    of_it = f"/schedules/{made['schedule_id']}"
    ask("GET", "/schedules", 200)
    ask("GET", of_it, 200)
    ask("GET", f"{of_it}/preview", 200)
    ask("GET", f"{of_it}/firings", 200)
    ask("PATCH", of_it, 200, json={"jitter_minutes": 5})
    ask("PATCH", of_it, 422, json={"jitter_minutes": 61})
    ask("POST", f"{of_it}/pause", 200, json={"reason": "holidays"})
    ask("POST", f"{of_it}/pause", 409, json={"reason": "holidays"})
    ask("POST", f"{of_it}/resume", 200)
    ask("DELETE", of_it, 403, "cleo")
    ask("DELETE", of_it, 204)


def ask_of_executions(ask: Ask, completed: str, failed: str) -> None:
    ask("GET", "/executions", 200)
    for execution_id in (completed, failed):
        ask("GET", f"/executions/{execution_id}", 200)
    ask("POST", f"/executions/{failed}/retry", 202)
    ask("GET", f"/executions/{completed}/rows", 200)
    ask("GET", f"/executions/{failed}/rows", 409)
    for kind in ("csv", "xlsx", "parquet"):
        ask("GET", f"/executions/{completed}/download?format={kind}", 200)
    ask("GET", "/instances", 200)


def ask_of_values(ask: Ask) -> None:
    whose = "instance_id=amcnorthwind01"
    csv: dict[str, Any] = {"data": "B0SEEN0001,Tent\n", "content_type": "text/csv"}
    ask("POST", f"/metadata/asins/upload?{whose}", 200, **csv)
    ask("POST", f"/metadata/asins/upload?{whose}", NOT_JSON, data="[]", content_type="text/plain")
    ask("POST", f"/metadata/asins/upload?{whose}", 422, data="B0", content_type="text/csv")
    ask("GET", f"/metadata/asins?{whose}", 200)
    ask("GET", f"/metadata/colours?{whose}", 404)
    ask("POST", "/metadata/refresh", 202, json={"instance_id": "amcnorthwind01"})
    ask("POST", "/metadata/refresh", 403, "cleo", json={"instance_id": "amcnorthwind01"})
    ask("DELETE", f"/metadata/asins/uploaded?{whose}", 204)


def ask_of_notifications(ask: Ask, report_id: str) -> None:
    base, of_report = "/notifications", f"/reports/{report_id}/notifications"
    hook = {"kind": "webhook", "name": "Mine", "target": "https://example.test/hook"}
    channel_id = ask("POST", f"{base}/channels", 201, json=hook)["channel_id"]
    ask("POST", f"{base}/channels", 422, json=hook | {"target": "http://10.0.0.1/"})
    ask("GET", f"{base}/channels", 200)
    ask("PATCH", f"{base}/channels/{channel_id}", 200, json={"name": "Ours", "new_secret": True})
    want = {"channel_id": channel_id, "kinds": ["run_failed"], "pace": "daily"}
    for path in (f"{base}/rules", of_report):
        ask("PUT", path, 200, json={"wants": [want]})
        ask("PUT", path, 422, json={"wants": [want | {"channel_id": "chn_unknown"}]})
        ask("GET", path, 200)
        ask("DELETE", path, 200)
    sent = ask("POST", f"{base}/channels/{channel_id}/test", 202)["notification_id"]
    ask("GET", base, 200)
    ask("GET", f"{base}?whose=all", 200, "ada")
    ask("GET", f"{base}?whose=all", 403)
    ask("POST", f"{base}/{sent}/resend", 409)
    with transaction() as session:
        session.execute(update(Notification).values(state="failed"))
    ask("POST", f"{base}/{sent}/resend", 202)
    ask("DELETE", f"{base}/channels/{channel_id}", 204)
    ask("DELETE", f"{base}/channels/{channel_id}", 404)


def ask_of_pauses(ask: Ask) -> None:
    which = {"instance_id": "amcnorthwind01"}
    ask("POST", "/pauses", 201, "ada", json=which | {"reason": "audit"})
    ask("POST", "/pauses", 409, "ada", json=which | {"reason": "audit"})
    ask("POST", "/pauses", 422, "ada", json=which)
    ask("POST", "/pauses", 403, json=which | {"reason": "audit"})
    ask("GET", "/pauses", 200)
    ask("GET", "/instances", 200)
    ask("POST", "/pauses/resume", 200, "ada", json=which)
    ask("POST", "/pauses/resume", 409, "ada", json=which)


def test_answers_are_as_the_document_says(
    ask: Ask, run: Run, truth: Truth, configured: settings.Settings, tmp_path: Path
) -> None:
    completed, failed = run(state="completed"), run(state="failed", error_class="permanent")
    store(completed, configured, tmp_path, rows=3)
    template_id = ask_of_templates(ask)
    ask_of_reports(ask, template_id)
    ask_of_backfills(ask, template_id)
    ask_of_schedules(ask, template_id)
    ask_of_executions(ask, completed, failed)
    ask_of_values(ask)
    ask_of_pauses(ask)
    every = {
        (method.upper(), path)
        for path, item in truth.spec["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert truth.seen == every
