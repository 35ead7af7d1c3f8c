"""Versions, copies, uses and deletion of templates over the API."""

from typing import Any

import pytest

from reportbuilder.catalog.library import install_library
from reportbuilder.database import transaction
from tests.api.conftest import Caller, Callers
from tests.api.test_frame import check
from tests.api.test_templates_api import PUBLICATION, VALUES


@pytest.fixture
def path(callers: Callers) -> str:
    """A public template of ada's at version 2."""
    made = callers.ada.post("/templates", json=PUBLICATION).get_json()
    found = f"/templates/{made['template_id']}"
    answer = callers.ada.ask("PUT", found, json={"name": "Reach", "note": "shorter"})
    assert answer.status_code == 200, answer.text
    return found


def test_versions_are_listed_read_and_compared(callers: Callers, path: str) -> None:
    items = callers.cleo.get(f"{path}/versions").get_json()["items"]
    told = [
        {name: item[name] for name in ("version", "name", "author", "note", "is_current")} for item in items
    ]
    assert told == [
        {"version": 2, "name": "Reach", "author": "ada@example.test", "note": "shorter", "is_current": True},
        {
            "version": 1,
            "name": "Reach by campaign",
            "author": "ada@example.test",
            "note": "",
            "is_current": False,
        },
    ]
    first = callers.cleo.get(f"{path}/versions/1").get_json()
    assert first["publication"]["sql_template"] == PUBLICATION["sql_template"]
    for query in ("", "?to=2"):
        diff = callers.cleo.get(f"{path}/versions/1/diff{query}").get_json()
        assert (diff["before"], diff["after"], diff["sql"], diff["parameters"]) == (1, 2, "", [])
        assert diff["fields"] == ['name: "Reach by campaign" became "Reach"']
    check(callers.cleo.get(f"{path}/versions/3"), 404, "NOT_FOUND")
    check(callers.cleo.get(f"{path}/versions/1/diff?to=3"), 404, "NOT_FOUND")
    check(callers.cleo.get(f"{path}/versions/{10**30}"), 404, "NOT_FOUND")


def test_an_earlier_version_is_restored_by_whom_it_belongs_to(
    callers: Callers, editor: Caller, path: str
) -> None:
    check(editor.post(f"{path}/versions/1/restore"), 403, "NOT_PERMITTED")
    check(callers.ada.post(f"{path}/versions/1/restore", json={"version": 1}), 409, "CONFLICT")
    restored = callers.ada.post(f"{path}/versions/1/restore", json={"version": 2}).get_json()
    assert (restored["version"], restored["name"]) == (3, "Reach by campaign")
    assert callers.ada.get(f"{path}/versions").get_json()["items"][0]["note"] == "restored from version 1"


def test_a_copy_tells_when_the_original_is_newer(callers: Callers, editor: Caller, path: str) -> None:
    check(callers.ben.post(f"{path}/fork"), 403, "NOT_PERMITTED")
    answer = editor.post(f"{path}/fork", headers={"Idempotency-Key": "one"})
    copy = answer.get_json()
    assert (answer.status_code, copy["name"], copy["is_public"]) == (201, "Reach (copy)", False)
    again = editor.post(f"{path}/fork", headers={"Idempotency-Key": "one"})
    assert again.get_json()["template_id"] == copy["template_id"]
    assert (copy["parent"]["copied_version"], copy["parent"]["has_newer"]) == (2, False)
    callers.ada.ask("PUT", path, json={"name": "Newer"})
    parent = editor.get(f"/templates/{copy['template_id']}").get_json()["parent"]
    assert parent == {
        "template_id": path.rpartition("/")[2],
        "name": "Newer",
        "copied_version": 2,
        "version": 3,
        "has_newer": True,
    }
    callers.ada.ask("PUT", path, json={"is_public": False})
    assert editor.get(f"/templates/{copy['template_id']}").get_json()["parent"] is None


def test_what_uses_it_keeps_it(callers: Callers, editor: Caller, path: str) -> None:
    body: dict[str, Any] = VALUES | {"template_id": path.rpartition("/")[2], "name": "Spring"}
    made = callers.ben.post("/reports", json=body | {"run": {"type": "once"}})
    assert made.status_code == 201, made.text
    found = callers.ada.get(f"{path}/used-by").get_json()
    assert (found["reports"], found["executions"], found["is_unused"]) == (1, 1, False)
    (item,) = found["items"]
    assert (item["name"], item["owner"]) == ("Spring", "ben@example.test")
    refused = callers.ada.ask("DELETE", path)
    check(refused, 409, "CONFLICT")
    assert "1 report (0 more deleted) and 1 execution" in refused.get_json()["error"]["message"]
    check(editor.ask("DELETE", path), 403, "NOT_PERMITTED")
    # an execution says which version it ran
    executions = callers.ben.get("/executions").get_json()["items"]
    assert [each["template_version"] for each in executions] == [2]


def test_an_unused_one_is_deleted_and_a_shipped_one_never(
    callers: Callers, editor: Caller, path: str
) -> None:
    copy = editor.post(f"{path}/fork").get_json()["template_id"]
    assert editor.ask("DELETE", f"/templates/{copy}").status_code == 204
    check(editor.get(f"/templates/{copy}"), 404, "NOT_FOUND")
    with transaction() as session:
        install_library(session)
    shipped = callers.ada.get("/templates?search=roas").get_json()["items"][0]["template_id"]
    check(callers.ada.ask("DELETE", f"/templates/{shipped}"), 409, "CONFLICT")
    reader = callers.with_token(callers.cast.ada, "read")
    check(reader.ask("DELETE", path), 403, "NOT_PERMITTED")
