"""The editor of templates: faults are told at their place, nothing typed is lost, one sees what changes."""

import json
import re
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from admin import manuscripts
from reportbuilder.accounts.models import User
from reportbuilder.catalog import publishing, versions
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from tests.api.conftest import Callers
from tests.api.test_templates_api import PUBLICATION
from tests.console.test_template_pages import at, make_editor
from tests.console.timely import key_in
from tests.console.visitors import Visitor

NEW = "/templates/new"
FORM: dict[str, Any] = {
    "name": "Reach by campaign",
    "category": "Reach",
    "tags": "reach, campaigns",
    "sql_template": PUBLICATION["sql_template"],
    "parameter_definitions": json.dumps(PUBLICATION["parameter_definitions"], indent=2),
    "report_config": "{}",
    "ui_schema": "{}",
    "is_public": "yes",
}
ODD = '\n  <b>O\'Brien</b> & "quoted"\n</textarea>'


@pytest.fixture
def path(callers: Callers) -> str:
    """A template of Ada's."""
    with transaction() as session:
        ada = session.get_one(User, callers.cast.ada.id)
        return f"/templates/{publishing.publish(session, PUBLICATION, ada).template_id}"


def field_of(page: str, name: str) -> str:
    """Return what stands in a text area of a page, as a browser reads it."""
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    assert found, name
    return unescape(found[1])


def errors_of(page: str, name: str) -> list[str]:
    """Return what is said beside a field."""
    found = re.search(rf'<ul class="errors" id="{name}-errors"[^>]*>(.*?)</ul>', page, re.DOTALL)
    assert found, name
    return [unescape(each) for each in re.findall(r"<li>(.*?)</li>", found[1], re.DOTALL)]


def version_of(path: str) -> int:
    with reading() as session:
        return at(session, path).version


def test_a_template_is_written_and_published(ada: Visitor, cleo: Visitor) -> None:
    assert "Parameter definitions" in ada.get(NEW).text
    answer = ada.post(NEW, FORM | {"step": "publish", "note": "first"})
    assert answer.status_code == 303
    page = ada.get(answer.headers["Location"]).text
    assert "<h1>Reach by campaign</h1>" in page
    assert "The template is published" in page
    with reading() as session:
        row = at(session, answer.headers["Location"])
        assert row.tags == ["reach", "campaigns"]
        assert (row.is_public, row.user_id is not None) == (True, True)
    assert cleo.get(answer.headers["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("name", " ", "it is empty; give a text"),
        ("sql_template", "SELECT nothing FROM dsp_impressons", "did you mean dsp_impressions?"),
        ("parameter_definitions", '[{"parameter_name": "x",}]', "line 1, column 25"),
        (
            "parameter_definitions",
            '[\n {"parameter_name": "campaign", "parameter_type": "strng"}]',
            "line 2, ",
        ),
        ("parameter_definitions", '{"a": 1}', "is not a list of parameters"),
        ("report_config", "[1]", "is not an object"),
        ("ui_schema", '{"a": NaN}', "NaN is no number of JSON"),
        ("sql_template", "SELECT '\0' FROM dsp_impressions", "is not a text"),
        ("tags", ",".join("abcdefghij"[i % 10] + str(i) for i in range(60)), "at most 50 tags"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    ada: Visitor, name: str, value: str, said: str
) -> None:
    typed = FORM | {"description": ODD, name: value, "step": "publish"}
    answer = ada.post(NEW, typed)
    assert answer.status_code == 422
    assert any(said in each for each in errors_of(answer.text, name)), errors_of(answer.text, name)
    assert re.search(rf'(name="{name}"[^>]*aria-invalid="true")', answer.text)
    assert field_of(answer.text, "description") == ODD
    if name in ("sql_template", "parameter_definitions"):
        assert field_of(answer.text, name) == value.replace("\0", "\ufffd").replace("\ufffd", "\0")
    with reading() as session:
        assert session.scalars(select(QueryTemplate)).all() == []


def test_faults_of_several_fields_are_told_at_once(ada: Visitor) -> None:
    wrong = {"sql_template": "SELECT * FROM dsp_impressions", "ui_schema": "{", "report_config": "3"}
    page = ada.post(NEW, FORM | wrong | {"step": "publish"}).text
    assert errors_of(page, "ui_schema")
    assert any("line 1, column 8: AMC refuses *" in each for each in errors_of(page, "sql_template"))
    assert '<a href="#sql_template">SQL</a>' in page


def test_checking_publishes_nothing_and_shows_the_place(ada: Visitor) -> None:
    wrong = FORM["sql_template"].replace("GROUP BY campaign", "\nGROUP BY campaign ORDER BY campaign")
    answer = ada.post(NEW, FORM | {"sql_template": wrong, "step": "check"})
    assert '<a href="#line-2">line 2' in answer.text
    assert re.search(r'id="line-2">.*<mark class="mark-finding-error ', answer.text)


def test_a_script_asks_for_the_lint_while_one_types(ada: Visitor, cleo: Visitor) -> None:
    answer = ada.send("/templates/lint", FORM | {"sql_template": "SELECT * FROM dsp_impressions"})
    assert answer.status_code == 200
    assert "AMC refuses * in the final SELECT" in answer.text
    assert "<html" not in answer.text
    assert cleo.send("/templates/lint", FORM).status_code == 403


def test_one_sees_what_changes_before_it_is_published(ada: Visitor, path: str) -> None:
    page = ada.get(f"{path}/edit").text
    assert field_of(page, "sql_template") == FORM["sql_template"]
    changed = FORM | {"sql_template": FORM["sql_template"] + "\n-- by campaign", "version": "1"}
    review = ada.post(f"{path}/edit", changed | {"step": "review"})
    assert review.status_code == 200
    assert "-- by campaign" in review.text
    assert "Publish version 2" in review.text
    assert version_of(path) == 1
    sent = {name: field_of(review.text, name) for name in (*manuscripts.TEXTS, *manuscripts.JSONS)}
    back = ada.post(f"{path}/edit", changed | sent | {"step": "edit"}).text
    assert field_of(back, "sql_template") == changed["sql_template"]
    answer = ada.post(f"{path}/edit", changed | sent | {"step": "publish", "note": "a remark"})
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    with reading() as session:
        latest = versions.versions_of(session, at(session, path))[0]
        assert (latest.version, latest.note) == (2, "a remark")
        assert latest.snapshot["sql_template"] == changed["sql_template"]


def test_a_form_that_is_sent_twice_publishes_once(ada: Visitor, path: str) -> None:
    form = FORM | {"name": "Twice", "step": "publish", "once": key_in(ada.get(NEW).text)}
    led = [ada.post(NEW, form).headers["Location"] for _ in range(2)]
    assert led[0] == led[1]
    with reading() as session:
        assert len(session.scalars(select(QueryTemplate).where(QueryTemplate.name == "Twice")).all()) == 1
    changed = FORM | {"sql_template": FORM["sql_template"] + "\n-- more", "version": "1", "step": "publish"}
    changed["once"] = key_in(ada.post(f"{path}/edit", changed | {"step": "review"}).text)
    assert [ada.post(f"{path}/edit", changed).status_code for _ in range(2)] == [303, 303]
    assert version_of(path) == 2
    back = {"version": 2, "once": key_in(ada.get(f"{path}/versions/1").text)}
    assert [ada.post(f"{path}/versions/1/restore", back).status_code for _ in range(2)] == [303, 303]
    assert version_of(path) == 3


def test_the_note_of_a_review_stays_on_the_way_back_to_the_text(ada: Visitor, path: str) -> None:
    changed = FORM | {"sql_template": FORM["sql_template"] + "\n-- more", "version": "1"}
    text = ada.post(f"{path}/edit", changed | {"step": "edit", "note": "why it is so"}).text
    assert '<input type="hidden" name="note" value="why it is so">' in text


def test_a_text_that_says_the_same_has_nothing_to_publish(ada: Visitor, path: str) -> None:
    page = ada.get(f"{path}/edit").text
    same = {name: field_of(page, name) for name in ("sql_template", "description", *manuscripts.JSONS)}
    same |= {"name": FORM["name"], "category": "Reach", "is_public": "yes", "version": "1"}
    same["sql_template"] = same["sql_template"].replace("\n", "\r\n")
    assert "Nothing has changed" in ada.post(f"{path}/edit", same | {"step": "review"}).text
    ada.post(f"{path}/edit", same | {"step": "publish"})
    assert version_of(path) == 1


@pytest.mark.parametrize("step", ["review", "publish"])
def test_who_was_slower_keeps_the_text_and_sees_what_came_in_between(
    ada: Visitor, path: str, step: str
) -> None:
    with transaction() as session:
        publishing.update(session, at(session, path), {"name": "Reach"})
    typed = FORM | {"description": ODD, "version": "1"}
    answer = ada.post(f"{path}/edit", typed | {"step": step})
    assert answer.status_code == 409
    assert "Version 2 has been published while you wrote on version 1" in answer.text
    assert f'href="{path}/diff?to=2&amp;from=1"' in answer.text
    assert field_of(answer.text, "description") == ODD
    assert '<input type="hidden" name="version" value="2">' in answer.text
    assert ada.post(f"{path}/edit", typed | {"version": "2", "step": "publish"}).status_code == 303


def test_only_those_who_may_publish_get_to_the_editor(
    ben: Visitor, cleo: Visitor, callers: Callers, path: str
) -> None:
    for method, where in (("get", NEW), ("post", NEW), ("get", f"{path}/edit"), ("post", f"{path}/edit")):
        assert getattr(ben, method)(where).status_code == 403, where
    make_editor(callers)
    assert cleo.get(NEW).status_code == 200
    assert cleo.get(f"{path}/edit").status_code == 403  # of Ada, who has shared it
    assert cleo.post(f"{path}/edit", FORM | {"version": "1", "step": "publish"}).status_code == 403
    assert version_of(path) == 1


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=40)


@given(st.dictionaries(st.sampled_from([*manuscripts.TEXTS, *manuscripts.JSONS, "version", "note"]), TEXT))
def test_any_text_can_be_read(form: dict[str, str]) -> None:
    written = manuscripts.of_form(MultiDict(form))
    found = manuscripts.read(written)
    assert found.wrong  # there is no name, or no SQL
    assert set(found.wrong) <= {*manuscripts.TEXTS, *manuscripts.JSONS}


@given(st.lists(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=5), max_size=3)))
def test_items_are_found_in_their_lines(items: list[dict[str, Any]]) -> None:
    text = json.dumps(items, indent=2)
    for number, item in enumerate(items):
        line = manuscripts.line_of_item(text, number)
        assert line is not None
        rest = "\n".join(text.split("\n")[line - 1 :]).lstrip()
        assert json.JSONDecoder().raw_decode(rest)[0] == item
    assert manuscripts.line_of_item(text, len(items)) is None


def test_a_published_template_is_read_back_as_it_is(callers: Callers, path: str) -> None:
    with reading() as session:
        publication = versions.publication_of(at(session, path))
    found = manuscripts.read(manuscripts.of_publication(publication, 1))
    assert not found.wrong
    assert dict(found.data) == publication
