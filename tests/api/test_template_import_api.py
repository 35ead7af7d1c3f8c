"""Import and export of templates over the API."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportbuilder.catalog.older.files import read_json
from tests.api.conftest import Caller, Callers
from tests.api.test_frame import check
from tests.api.test_templates_api import PUBLICATION
from tests.catalog.test_older_import import FOLDER, older


def bring(caller: Caller, content: Any, **options: Any) -> dict[str, Any]:
    answer = caller.post("/templates/import", json={"content": content, **options})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def test_an_export_is_imported_as_the_same(callers: Callers, editor: Caller) -> None:
    made = callers.ada.post("/templates", json=PUBLICATION | {"is_public": False}).get_json()
    path = f"/templates/{made['template_id']}/export"
    check(editor.get(path), 404, "NOT_FOUND")
    file = callers.ada.get(path).get_json()
    assert "value_sets" not in file["templates"][0]
    assert bring(callers.ada, file)["counts"]["unchanged"] == 1
    (outcome,) = bring(editor, file)["outcomes"]
    assert outcome["outcome"] == "imported"
    again = editor.get(f"/templates/{outcome['template_id']}/export?value_sets=true").get_json()
    assert again["templates"][0]["publication"] == file["templates"][0]["publication"]
    assert again["templates"][0]["value_sets"] == []


def test_a_dry_run_does_nothing_and_says_the_same(callers: Callers, editor: Caller) -> None:
    content = [older(), {"name": "x"}]
    tried = bring(editor, content, dry_run=True)
    assert editor.get("/templates").get_json()["total"] == 0
    done = bring(editor, content)
    assert editor.get("/templates").get_json()["total"] == 1
    for key in ("name", "outcome", "warnings", "refusals"):
        assert [each[key] for each in tried["outcomes"]] == [each[key] for each in done["outcomes"]]
    assert done["outcomes"][1]["refusals"] == [
        {"field": "sql_template", "reason": "it is missing; give the SQL of the template"}
    ]


def test_again_and_update(editor: Caller) -> None:
    (first,) = bring(editor, older())["outcomes"]
    (told,) = bring(editor, older(name="Newer"))["outcomes"]
    assert told["outcome"] == "refused"
    (updated,) = bring(editor, older(name="Newer"), update=True)["outcomes"]
    assert (updated["outcome"], updated["template_id"], updated["version"]) == (
        "updated",
        first["template_id"],
        2,
    )


def test_a_repeated_request_imports_once(editor: Caller) -> None:
    row = older()
    del row["template_id"]
    for _ in range(2):
        answer = editor.post(
            "/templates/import",
            json={"content": [row, row | {"name": "y"}]},
            headers={"Idempotency-Key": "k"},
        )
        assert [each["version"] for each in answer.get_json()["outcomes"]] == [1, 1]
    assert editor.get("/templates").get_json()["total"] == 2


@pytest.mark.parametrize("content", [None, 5, "text", True, {"format": "x"}, {"a": {}}])
def test_what_is_no_template_is_told(editor: Caller, content: Any) -> None:
    check(editor.post("/templates/import", json={"content": content}), 422, "VALIDATION_ERROR")


def test_what_is_broken_is_told(callers: Callers, editor: Caller) -> None:
    check(editor.post("/templates/import", json={"content": [], "x": 1}), 422, "VALIDATION_ERROR")
    check(editor.post("/templates/import", json={}), 422, "VALIDATION_ERROR")
    check(
        editor.post(
            "/templates/import", data=b'{"content": ' + b"[" * 99_999, content_type="application/json"
        ),
        400,
        "MALFORMED",
    )
    check(callers.ben.post("/templates/import", json={"content": []}), 403, "NOT_PERMITTED")


def test_older_files_go_through_the_door(editor: Caller) -> None:
    for path in sorted(FOLDER.glob("*.json"))[::4]:
        found = bring(editor, read_json(path.read_bytes()), dry_run=True)
        assert sum(found["counts"].values()) == len(found["outcomes"]) > 0


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "sql", "format", "version", "templates", "data"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@settings(max_examples=25)
@given(content=anything)
def test_whatever_is_sent_has_an_answer(editor: Caller, content: Any) -> None:
    answer = editor.post("/templates/import", json={"content": content, "dry_run": True})
    assert answer.status_code in (200, 400, 422), answer.text
