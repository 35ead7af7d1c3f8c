"""Templates over the API: the library, forms, validation with preview, ad-hoc runs, publishing."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from reportbuilder.accounts import users
from reportbuilder.accounts.models import User
from reportbuilder.api import limits
from reportbuilder.api.strictjson import instant, is_storable
from reportbuilder.catalog import publishing
from reportbuilder.catalog.library import install_library, read_library
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from tests.api.conftest import Caller, Callers
from tests.api.test_frame import check

PUBLICATION: dict[str, Any] = {
    "name": "Reach by campaign",
    "category": "Reach",
    "sql_template": "SELECT campaign, COUNT(DISTINCT user_id) AS reach FROM dsp_impressions"
    " WHERE campaign = {{campaign}} GROUP BY campaign",
    "parameter_definitions": [
        {
            "parameter_name": "campaign",
            "parameter_type": "string",
            "display_name": "Campaign",
            "required": True,
        }
    ],
    "is_public": True,
}
VALUES: dict[str, Any] = {"instance_id": "amcnorthwind01", "parameters": {"campaign": "O'Brien"}}


@pytest.fixture
def template_id(callers: Callers) -> str:
    with transaction() as session:
        return publishing.publish(
            session, PUBLICATION, session.get_one(User, callers.cast.ada.id)
        ).template_id


@pytest.fixture
def editor(callers: Callers) -> Caller:
    with transaction() as session:
        users.set_role(session.get_one(User, callers.cast.cleo.id), "editor")
    return callers.cleo


def test_the_library_is_searched(callers: Callers) -> None:
    with transaction() as session:
        install_library(session)

    def found(query: str) -> list[str]:
        return [item["name"] for item in callers.cleo.get(f"/templates?{query}").get_json()["items"]]

    everything = found("limit=100")
    assert len(everything) == len(read_library())
    assert found("limit=2&page=2") == everything[2:4]
    assert found("sort=-name&limit=100") == everything[::-1]
    assert found("search=roas")
    assert found("search=nosuchword") == []
    assert found("category=performance")
    assert found("report_type=weekly_roas") == ["Weekly ROAS tracker"]
    check(callers.cleo.get("/templates?sort=sql_template"), 422, "VALIDATION_ERROR")


def test_one_template_with_its_form(callers: Callers, template_id: str) -> None:
    body = callers.cleo.get(f"/templates/{template_id}").get_json()
    assert body["sql_template"] == PUBLICATION["sql_template"]
    assert [row["parameter_name"] for row in body["parameter_definitions"]] == ["campaign"]
    assert body["form"]["json_schema"]["required"] == ["campaign"]
    assert body["form"]["ui"]["ui:order"][0] == "campaign"
    assert body["form_problem"] is None
    check(callers.cleo.get("/templates/tpl_unknown"), 404, "NOT_FOUND")


def test_a_private_template_is_not_there_for_others(callers: Callers) -> None:
    with transaction() as session:
        ada = session.get_one(User, callers.cast.ada.id)
        private = publishing.publish(session, PUBLICATION | {"is_public": False}, ada).template_id
    check(callers.ben.get(f"/templates/{private}"), 404, "NOT_FOUND")
    check(callers.ben.post(f"/templates/{private}/execute", json=VALUES), 404, "NOT_FOUND")
    assert callers.ben.get("/templates").get_json()["total"] == 0


def test_what_is_previewed_is_what_is_sent(callers: Callers, template_id: str) -> None:
    judged = callers.ben.post(f"/templates/{template_id}/validate-parameters", json=VALUES).get_json()
    assert judged["valid"], judged
    assert "'O''Brien'" in judged["preview_sql"]
    assert judged["time_window"]["time_zone"] == "UTC"
    answer = callers.ben.post(f"/templates/{template_id}/execute", json=VALUES)
    assert answer.status_code == 202, answer.text
    execution_id = answer.get_json()["execution_id"]
    ran = callers.ben.get(f"/executions/{execution_id}").get_json()
    assert ran["sql"] == judged["preview_sql"]
    assert (ran["status"], ran["triggered_by"], ran["user"]) == ("pending", "api", "ben@example.test")
    assert ran["parameters"] == {"campaign": "O'Brien"}


def utc(window: dict[str, str]) -> dict[str, str]:
    """Return a window in local time as executions show it."""
    zone = ZoneInfo(window["time_zone"])
    ends = {name: datetime.fromisoformat(window[name]).replace(tzinfo=zone) for name in ("start", "end")}
    return window | {name: instant(at) for name, at in ends.items()}


def test_of_every_shipped_template_the_preview_is_what_runs(callers: Callers) -> None:
    with transaction() as session:
        install_library(session)
    window = {"start": "2026-03-28", "end": "2026-03-30", "time_zone": "Europe/Vienna"}  # a day of 23 hours
    for item in callers.ben.get("/templates").get_json()["items"]:
        path = f"/templates/{item['template_id']}"
        for wish in (None, window):
            body = {"instance_id": "amcnorthwind01", "time_window": wish}
            judged = callers.ada.post(f"{path}/validate-parameters", json=body).get_json()
            answer = callers.ada.post(f"{path}/execute", json=body)
            limits.limiter.reset()
            ran = callers.ada.get(f"/executions/{answer.get_json()['execution_id']}").get_json()
            assert ran["sql"].encode() == judged["preview_sql"].encode()
            assert utc(judged["time_window"]) == ran["time_window"]
            again = callers.ada.post(
                f"{path}/validate-parameters", json=body | {"time_window": judged["time_window"]}
            )
            assert again.get_json()["preview_sql"] == judged["preview_sql"]


@given(value=st.text(min_size=1).filter(lambda text: is_storable(text) and text.strip()))
@hypothesis.settings(max_examples=15)
def test_any_text_is_previewed_as_it_is_sent(callers: Callers, template_id: str, value: str) -> None:
    body = VALUES | {"parameters": {"campaign": value}}
    judged = callers.ada.post(f"/templates/{template_id}/validate-parameters", json=body).get_json()
    limits.limiter.reset()
    answer = callers.ada.post(f"/templates/{template_id}/execute", json=body)
    assert (answer.status_code == 202) == judged["valid"]
    if judged["valid"]:
        ran = callers.ada.get(f"/executions/{answer.get_json()['execution_id']}").get_json()
        assert ran["sql"].encode() == judged["preview_sql"].encode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"parameters": {}}, "campaign"),
        ({"parameters": {"campaign": "x", "campain": "y"}}, "campain"),
        ({"time_window": {"preset": "last_blue_moon"}}, "time_window.preset"),
        ({"time_window": {"start": "2026-01-02", "end": "2026-01-01"}}, "time_window.end"),
    ],
)
def test_wrong_values_are_told_by_field(
    callers: Callers, template_id: str, changes: dict[str, Any], field: str
) -> None:
    judged = callers.ben.post(f"/templates/{template_id}/validate-parameters", json=VALUES | changes)
    assert judged.status_code == 200
    assert not judged.get_json()["valid"]
    assert [error["field"] for error in judged.get_json()["errors"]] == [field]
    assert judged.get_json()["preview_sql"] is None
    refused = callers.ben.post(f"/templates/{template_id}/execute", json=VALUES | changes)
    assert list(check(refused, 422, "VALIDATION_ERROR")) == [field]
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(ReportExecution)) == 0


def test_who_may_run_where(callers: Callers, template_id: str) -> None:
    path = f"/templates/{template_id}/execute"
    check(callers.cleo.post(path, json=VALUES), 403, "NOT_PERMITTED")
    hidden = VALUES | {"instance_id": "amcnorthwind02"}
    check(callers.ben.post(path, json=hidden), 404, "NOT_FOUND")
    check(callers.ben.post(path, json=VALUES | {"instance_id": "amcunknown"}), 404, "NOT_FOUND")
    assert callers.ada.post(path, json=hidden).status_code == 202
    reader = callers.with_token(callers.cast.ben, "read")
    check(reader.post(path, json=VALUES), 403, "NOT_PERMITTED")
    judged = callers.cleo.post(f"/templates/{template_id}/validate-parameters", json=VALUES)
    assert judged.get_json()["valid"]


def test_a_key_starts_one_run(callers: Callers, template_id: str) -> None:
    path, headers = f"/templates/{template_id}/execute", {"Idempotency-Key": "k"}
    first, second = (callers.ben.post(path, json=VALUES, headers=headers) for _ in range(2))
    assert first.data == second.data
    other = VALUES | {"parameters": {"campaign": "y"}}
    check(callers.ben.post(path, json=other, headers=headers), 409, "CONFLICT")


# ---------------------------------------------------------------- odd bodies


ODD_BODIES = [
    (b"{", 400, "MALFORMED"),
    (b"\xff", 400, "MALFORMED"),
    (b'{"instance_id": NaN}', 400, "MALFORMED"),
    (b'{"instance_id": "a\\u0000b"}', 400, "MALFORMED"),
    (b'{"instance_id": "\\ud800"}', 400, "MALFORMED"),
    (b'{"parameters": {"\\u0000": 1}}', 400, "MALFORMED"),
    (b"[" * 100_000, 400, "MALFORMED"),
    (b'{"parameters": ' + b"[" * 60 + b"]" * 60 + b"}", 400, "MALFORMED"),
    (b'{"a": ' + b"9" * 5000 + b"}", 400, "MALFORMED"),
    (b"[]", 422, "VALIDATION_ERROR"),
    (b"null", 422, "VALIDATION_ERROR"),
    (b'"text"', 422, "VALIDATION_ERROR"),
    (b"", 422, "VALIDATION_ERROR"),
    (b"{}", 422, "VALIDATION_ERROR"),
    (b'{"instance_id": 1}', 422, "VALIDATION_ERROR"),
    (b'{"instance_id": "amcnorthwind01", "parameters": []}', 422, "VALIDATION_ERROR"),
    (b'{"instance_id": "amcnorthwind01", "parameters": {"campaign": 1e999}}', 400, "MALFORMED"),
    (b'{"instance_id": "amcnorthwind01", "parameters": {"campaign": [-1e999]}}', 400, "MALFORMED"),
    (b'{"instance_id": "amcnorthwind01", "time_window": "x"}', 422, "VALIDATION_ERROR"),
    (b'{"instance_id": "amcnorthwind01", "unknown": 1}', 422, "VALIDATION_ERROR"),
    (b'{"x": "' + b"y" * 1_100_000 + b'"}', 413, "TOO_LARGE"),
]


def test_odd_bodies(callers: Callers, template_id: str) -> None:
    path = f"/templates/{template_id}/execute"
    for data, status, code in ODD_BODIES:
        check(callers.ben.post(path, data=data, content_type="application/json"), status, code)


def test_other_content_types(callers: Callers, template_id: str) -> None:
    path = f"/templates/{template_id}/execute"
    check(callers.ben.post(path, data=b"a=b", content_type="text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE")
    check(callers.ben.post(path, data={"instance_id": "x"}), 415, "UNSUPPORTED_MEDIA_TYPE")


# ---------------------------------------------------------------- publishing


def test_publishing_and_the_next_version(callers: Callers, editor: Caller) -> None:
    made = editor.post("/templates", json=PUBLICATION)
    assert made.status_code == 201, made.text
    path = f"/templates/{made.get_json()['template_id']}"
    next_one = editor.ask("PUT", path, json={"name": "Reach", "version": 1})
    assert (next_one.status_code, next_one.get_json()["version"]) == (200, 2)
    check(editor.ask("PUT", path, json={"name": "Other", "version": 1}), 409, "CONFLICT")
    check(callers.ben.ask("PUT", path, json={"name": "Mine"}), 403, "NOT_PERMITTED")
    check(callers.ben.post("/templates", json=PUBLICATION), 403, "NOT_PERMITTED")


def test_faults_have_places(editor: Caller) -> None:
    body = PUBLICATION | {"sql_template": "SELECT a FROM b\nORDER BY a", "parameter_definitions": []}
    details = check(editor.post("/templates", json=body), 422, "VALIDATION_ERROR")
    assert "line 2, column 1" in details["sql_template"][0]
    judged = editor.post("/templates/lint", json={"sql_template": body["sql_template"]}).get_json()
    assert not judged["publishable"]
    assert [(one["code"], one["line"], one["column"]) for one in judged["findings"]] == [
        ("own-table", 1, 15),
        ("order-by", 2, 1),
    ]
    fine = {name: PUBLICATION[name] for name in ("sql_template", "parameter_definitions")}
    assert editor.post("/templates/lint", json=fine).get_json() == {
        "publishable": True,
        "findings": [],
        "errors": [],
    }


def test_wrong_definitions_are_told_by_their_place(editor: Caller) -> None:
    body = {"sql_template": "SELECT a FROM b", "parameter_definitions": [{"parameter_name": ""}]}
    judged = editor.post("/templates/lint", json=body).get_json()
    assert not judged["publishable"]
    assert judged["errors"][0]["field"] == "parameter_definitions.0.parameter_name"


def test_findings_tell_their_place_and_what_they_are_about(editor: Caller) -> None:
    site = {"parameter_name": "site", "parameter_type": "string", "required": True}
    body = {
        "sql_template": "SELECT SUM(spend) AS cost\nFROM sponsored_ads_traffic\nWHERE campain = {{name}}",
        "parameter_definitions": [site],
        "tables": ["sponsored_ads_traffic", "dsp_clicks"],
    }
    judged = editor.post("/templates/lint", json=body).get_json()
    assert (judged["publishable"], judged["errors"]) == (False, [])
    found = {one["code"]: one for one in judged["findings"]}
    assert set(found) == {
        "raw-money", "unknown-column", "undeclared-placeholder", "unused-parameter", "unused-table",
    }  # fmt: skip
    column = found["unknown-column"]
    assert column["message"].endswith("did you mean campaign?")
    assert [column[name] for name in ("line", "column", "end_line", "end_column", "length")] == [
        3,
        7,
        3,
        14,
        7,
    ]
    assert (found["raw-money"]["severity"], found["raw-money"]["field"]) == ("warning", "sql_template")
    unused = found["unused-parameter"]
    assert (unused["field"], unused["line"]) == ("parameter_definitions.site", None)


def test_lint_is_for_editors(callers: Callers) -> None:
    check(callers.ben.post("/templates/lint", json={"sql_template": "SELECT 1"}), 403, "NOT_PERMITTED")
