"""The library at the console: the list, one template, its versions, copies, deletion, files."""

import re

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reportbuilder.accounts import users
from reportbuilder.accounts.models import User
from reportbuilder.catalog import publishing
from reportbuilder.catalog.library import install_library
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.older.files import find_sources
from reportbuilder.database import reading, transaction
from reportbuilder.reports.models import ReportDefinition
from tests.api.conftest import Callers
from tests.api.test_queries_counted import counted
from tests.api.test_templates_api import PUBLICATION
from tests.console.timely import key_in
from tests.console.visitors import Visitor

LIST = "/templates"
SQL = PUBLICATION["sql_template"]


@pytest.fixture
def path(callers: Callers) -> str:
    """A public template of Ada's at version 2."""
    with transaction() as session:
        ada = session.get_one(User, callers.cast.ada.id)
        made = publishing.publish(session, PUBLICATION, ada)
        changed = {
            "sql_template": SQL.replace("COUNT(DISTINCT user_id)", "SUM(impressions)"),
            "name": "Reach",
        }
        publishing.update(session, made, changed, author_id=ada.id, note="shorter")
        return f"{LIST}/{made.template_id}"


def at(session: Session, path: str) -> QueryTemplate:
    """Return the template of a page."""
    wanted = select(QueryTemplate).where(QueryTemplate.template_id == path.rpartition("/")[2])
    return session.scalars(wanted).one()


def make_editor(callers: Callers) -> None:
    """Let Cleo become an editor."""
    with transaction() as session:
        users.set_role(session.get_one(User, callers.cast.cleo.id), "editor")


def report_on(callers: Callers, path: str, instance: str, name: str) -> None:
    """Add a report of Ben's on a template."""
    with transaction() as session:
        session.add(
            ReportDefinition(
                name=name,
                template_id=at(session, path).id,
                instance_id=getattr(callers.cast, instance).id,
                owner_id=callers.cast.ben.id,
                parameters={},
            )
        )


def test_the_list_tells_where_templates_come_from(ben: Visitor, path: str) -> None:
    with transaction() as session:
        install_library(session)
    page = ben.get(LIST).text
    assert f'href="{LIST}/import"' not in page
    row = page[page.index(f'<a href="{path}">Reach</a>') :].partition("</tr>")[0]
    assert "Ada" in row
    for origin, total in (("shipped", 25), ("shared", 1), ("imported", 0), ("private", 0)):
        words = f"{total} template{'' if total == 1 else 's'}."
        assert words in ben.fragment(f"{LIST}?origin={origin}").text, origin


def test_the_list_is_sorted_and_keeps_that_while_one_filters(ben: Visitor, path: str) -> None:
    with transaction() as session:
        install_library(session)
    page = ben.get(f"{LIST}?sort=-name").text
    names = re.findall(r'<a href="/templates/tpl_\w+">([^<]+)</a>', page)
    assert names == sorted(names, key=str.lower, reverse=True)
    assert len(names) == 26
    assert '<input type="hidden" name="sort" value="-name">' in page
    assert ben.get(f"{LIST}?sort=nothing&page=abc&origin=x").status_code == 200


@pytest.mark.parametrize("where", [LIST, "/report-builder/new"])
def test_a_page_behind_the_last_one_is_the_last_one(ben: Visitor, path: str, where: str) -> None:
    page = ben.get(f"{where}?page=99").text
    assert "Reach" in page
    assert "There are no templates yet" not in page


def test_a_template_with_all_that_belongs_to_it(ben: Visitor, callers: Callers, path: str) -> None:
    report_on(callers, path, "first", "Spring")
    report_on(callers, path, "second", "Hidden from Ben")
    page = ben.get(path).text
    assert "<h1>Reach</h1>" in page
    assert "<code>dsp_impressions</code>" in page
    assert "{{campaign}}</mark>" in page
    assert "shorter" in page
    assert "2 reports and 0 executions" in page
    assert "Spring" in page
    assert "Hidden from Ben" not in page
    assert "1 of them is not listed" in page
    for hidden in ("What the lint says", f'href="{path}/edit"', f'action="{path}/delete"'):
        assert hidden not in page


def test_editors_see_what_the_lint_says_at_its_place(ada: Visitor, path: str) -> None:
    with transaction() as session:
        at(
            session, path
        ).sql_template = (
            "SELECT campaign, COUNT(DISTINCT user_id) AS reach\nFROM dsp_impressons\nGROUP BY campaign"
        )
    page = ada.get(path).text
    assert '<a href="#line-2">line 2, column 6</a>' in page
    marked = r'id="line-2">FROM <mark class="mark-finding-error " title="[^"]*">dsp_impressons</mark>'
    assert re.search(marked, page)
    assert "dsp_impressions" in page


def test_versions_are_read_and_compared(ben: Visitor, path: str) -> None:
    first = ben.get(f"{path}/versions/1").text
    assert "COUNT(DISTINCT user_id)" in first
    assert "Publish it again" not in first
    diff = ben.get(f"{path}/diff?from=1&to=2").text
    assert "name: &#34;Reach by campaign&#34; became &#34;Reach&#34;" in diff
    assert re.search(r'class="diff-text diff-left">.*COUNT\(DISTINCT user_id\)', diff)
    assert re.search(r'class="diff-text diff-right">.*SUM\(impressions\)', diff)
    assert "SUM(impressions)" in ben.get(f"{path}/diff").text
    assert "Nothing differs" in ben.get(f"{path}/diff?from=2&to=2").text
    for query in ("from=7", "to=0", f"to={10**20}"):
        assert ben.get(f"{path}/diff?{query}").status_code == 404, query
    assert ben.get(f"{path}/versions/3").status_code == 404


def test_an_earlier_version_is_published_again_by_whom_it_belongs_to(
    ada: Visitor, ben: Visitor, path: str
) -> None:
    assert "Publish it again" in ada.get(f"{path}/versions/1").text
    assert ben.post(f"{path}/versions/1/restore", {"version": 2}).status_code == 403
    assert ada.post(f"{path}/versions/1/restore", {"version": 1}).status_code == 409
    answer = ada.post(f"{path}/versions/1/restore", {"version": 2})
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert "published again, as version 3" in ada.get(path).text


def test_a_copy_is_made_once_however_often_the_button_is_pressed(
    cleo: Visitor, callers: Callers, path: str
) -> None:
    assert cleo.post(f"{path}/copy").status_code == 403
    make_editor(callers)
    form = {"once": key_in(cleo.get(path).text)}
    led = {cleo.post(f"{path}/copy", form).headers["Location"] for _ in range(2)}
    assert len(led) == 1
    copy = led.pop().removesuffix("/edit")
    assert f'href="{path}">Reach</a>, version 2' in cleo.get(copy).text


def test_only_what_nothing_uses_is_deleted_by_those_who_may(
    ada: Visitor, ben: Visitor, callers: Callers, path: str
) -> None:
    assert ben.post(f"{path}/delete").status_code == 403
    report_on(callers, path, "first", "Spring")
    assert f'action="{path}/delete"' not in ada.get(path).text
    ada.post(f"{path}/delete")
    assert "is used by 1 report" in ada.get(path).text
    with transaction() as session:
        session.execute(delete(ReportDefinition))
    assert f'action="{path}/delete"' in ada.get(path).text
    assert ada.post(f"{path}/delete").headers["Location"] == LIST
    assert ada.get(path).status_code == 404


def test_a_shipped_template_is_neither_changed_nor_deleted(ada: Visitor) -> None:
    with transaction() as session:
        install_library(session)
    with reading() as session:
        wanted = select(QueryTemplate.template_id).where(QueryTemplate.report_type == "weekly_roas")
        shipped = f"{LIST}/{session.scalars(wanted).one()}"
    page = ada.get(shipped).text
    assert "The shipped library" in page
    assert f'action="{shipped}/copy"' in page
    assert f'href="{shipped}/edit"' not in page
    assert f'action="{shipped}/delete"' not in page
    assert ada.get(f"{shipped}/edit").status_code == 409
    ada.post(f"{shipped}/delete")
    assert ada.get(shipped).status_code == 200


def test_a_file_is_one_that_import_takes(ben: Visitor, path: str) -> None:
    answer = ben.get(f"{path}/export")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    [source] = find_sources(answer.get_json())
    assert source.data["publication"]["name"] == "Reach"
    assert "value_sets" in ben.get(f"{path}/export?value_sets=1").get_json()["templates"][0]


def test_a_page_takes_as_many_statements_for_many_versions_and_reports(
    ada: Visitor, callers: Callers, path: str
) -> None:
    taken = []
    for count in (1, 12):
        for number in range(count):
            report_on(callers, path, "first", f"Spring {count} {number}")
            with transaction() as session:
                publishing.update(session, at(session, path), {"description": f"{count} {number}"})
        with counted(callers) as seen:
            assert ada.get(path).status_code == 200
        taken.append(len(seen))
    assert taken[0] == taken[1] <= 20, (taken, seen)
