"""Import at the console: one sees first what would become of each template, and then it becomes that."""

import json
import re
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select

from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.older.files import MOST_TEMPLATES
from reportbuilder.database import reading
from tests.api.conftest import Callers
from tests.api.test_templates_api import PUBLICATION
from tests.console.test_template_editor import field_of
from tests.console.test_template_pages import make_editor
from tests.console.visitors import Visitor

IMPORT = "/templates/import"
OLDER: dict[str, Any] = {
    "id": "6f0c",
    "name": "Spend",
    "category": "Cost",
    "sql_template": "SELECT campaign, SUM(spend) / 100000000.0 AS spend FROM sponsored_ads_traffic"
    " WHERE campaign = :campaign GROUP BY campaign ORDER BY campaign",
    "parameters_schema": {"campaign": {"type": "string", "required": True}},
}
BROKEN: dict[str, Any] = OLDER | {
    "id": "7a1d",
    "name": "Broken",
    "sql_template": "DELETE FROM dsp_impressions",
}


def stored() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(QueryTemplate)) or 0


def checked_of(page: str) -> str:
    found = re.search(r'name="checked" value="(\w+)"', page)
    assert found
    return found[1]


def outcome_of(page: str, name: str) -> str:
    row = next(row for row in page.split("<tr>") if f">{name}<" in row)
    found = re.search(r'class="label label-\w+">([^<]+)<', row)
    assert found
    return found[1]


def test_one_sees_what_would_happen_and_then_it_happens(ada: Visitor) -> None:
    content = json.dumps([OLDER, BROKEN])
    page = ada.post(IMPORT, {"content": content, "step": "check"}).text
    assert "Nothing has been changed yet" in page
    assert outcome_of(page, "Spend") == "imported with warnings"
    assert outcome_of(page, "Broken") == "refused"
    assert "AMC runs queries only" in page
    assert stored() == 0
    assert field_of(page, "content") == content
    assert "Import 1 template<" in page
    done = ada.post(IMPORT, {"content": content, "step": "import", "checked": checked_of(page)}).text
    assert "Done: 1 imported with warnings, 1 refused" in done
    assert stored() == 1
    found = re.search(r'href="(/templates/tpl_\w+)">Spend</a>', done)
    assert found
    assert ada.get(found[1]).status_code == 200
    again = ada.post(IMPORT, {"content": content, "step": "check"}).text
    assert outcome_of(again, "Spend") == "unchanged"


def test_a_text_that_changed_after_the_check_is_checked_again(ada: Visitor) -> None:
    page = ada.post(IMPORT, {"content": json.dumps(OLDER), "step": "check"}).text
    other = {"content": json.dumps(OLDER | {"name": "Else"}), "step": "import", "checked": checked_of(page)}
    answer = ada.post(IMPORT, other).text
    assert "The text has changed since you checked it" in answer
    assert stored() == 0
    assert ada.post(IMPORT, other | {"checked": checked_of(answer)}).text.count("Done: ") == 1
    assert stored() == 1


def test_what_differs_becomes_the_next_version_only_on_wish(ada: Visitor) -> None:
    def bring(item: dict[str, Any], **more: str) -> str:
        form = {"content": json.dumps(item), **more}
        checked = checked_of(ada.post(IMPORT, form).text)
        return ada.post(IMPORT, form | {"step": "import", "checked": checked}).text

    bring(OLDER)
    later = OLDER | {"category": "Spend"}
    assert outcome_of(bring(later), "Spend") == "refused"
    assert outcome_of(bring(later, update="yes"), "Spend") == "updated"
    assert stored() == 1


def test_several_files_come_at_once_and_their_text_is_kept(ada: Visitor) -> None:
    exported = {"format": "amc-report-builder/templates", "version": 1}
    exported["templates"] = [{"template_id": "tpl_1", "version": 1, "publication": PUBLICATION}]
    files = [
        (BytesIO(json.dumps(exported).encode("utf-8-sig")), "one.json"),
        (BytesIO(json.dumps(OLDER).encode()), "two.json"),
        (BytesIO(b'{"name": '), "three.json"),
        (BytesIO(b"\xff\xfe"), "four.json"),
    ]
    form = {"csrf_token": ada.token, "files": files, "step": "check", "content": ""}
    page = ada.client.post(IMPORT, data=form, content_type="multipart/form-data").text
    assert outcome_of(page, "Reach by campaign") == "imported"
    assert outcome_of(page, "Spend") == "imported with warnings"
    for name in ("one.json", "two.json", "three.json", "four.json"):
        assert f'name="name" value="{name}"' in page
    assert "it is not JSON" in page
    assert "it is not UTF-8 at byte 0" in page
    assert stored() == 0


def test_a_file_of_windows_is_imported_at_the_first_go(ada: Visitor) -> None:
    content = json.dumps(OLDER, indent=1).replace("\n", "\r\n").encode()
    form = {"csrf_token": ada.token, "files": [(BytesIO(content), "one.json")], "content": ""}
    page = ada.client.post(IMPORT, data=form, content_type="multipart/form-data").text
    again = field_of(page, "content").replace("\n", "\r\n")  # as browsers send it
    sent = {"name": "one.json", "content": again, "step": "import", "checked": checked_of(page)}
    assert "Done: 1 imported with warnings" in ada.post(IMPORT, sent).text
    assert stored() == 1


def test_more_files_than_are_taken_are_refused_and_not_dropped(ada: Visitor) -> None:
    files = [(BytesIO(b"{}"), f"{number}.json") for number in range(51)]
    form = {"csrf_token": ada.token, "files": files}
    answer = ada.client.post(IMPORT, data=form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "There are 51 files and texts; 50 are taken at once" in answer.text


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({}, 422, "Paste a text or choose a file"),
        ({"content": "  "}, 422, "Paste a text or choose a file"),
        ({"content": "{"}, 200, "it is not JSON"),
        ({"content": '{"name": "x"}'}, 200, "neither sql_template nor"),
        ({"content": "[1, <b>]"}, 200, "it is not JSON"),
        ({"content": '["<script>alert(1)</script>"]'}, 200, "is no template"),
        ({"content": json.dumps([{"sql": ""}] * (MOST_TEMPLATES + 1))}, 200, "are read at once"),
        ({"content": ["[" + "{}," * 600 + "{}]"] * 2}, 422, "are imported at once"),
    ],
)
def test_what_cannot_be_read_is_said_beside_it(
    ada: Visitor, form: dict[str, Any], status: int, said: str
) -> None:
    answer = ada.post(IMPORT, form | {"step": "import"})
    assert answer.status_code == status
    assert said in answer.text
    assert "<script>alert" not in answer.text
    assert stored() == 0


def test_a_large_paste_arrives_whole(ada: Visitor) -> None:
    content = json.dumps(OLDER | {"description": "x" * 600_000})
    answer = ada.post(IMPORT, {"content": content})
    assert answer.status_code == 200
    assert field_of(answer.text, "content") == content
    assert ada.post(IMPORT, {"content": "x" * 1_100_000}).status_code == 413


def test_who_may_not_publish_may_not_import(ben: Visitor, cleo: Visitor, callers: Callers) -> None:
    assert ben.get(IMPORT).status_code == 403
    assert ben.post(IMPORT, {"content": json.dumps(OLDER)}).status_code == 403
    make_editor(callers)
    assert cleo.get(IMPORT).status_code == 200
