"""New report: the gallery of templates and the preview of one."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from admin.thumbnails import WORDS
from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance, InstanceSource
from reportbuilder.catalog import publishing
from reportbuilder.catalog.library import install_library, read_library
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import transaction
from reportbuilder.executions.models import ReportExecution
from tests.api.conftest import Callers, Run
from tests.api.test_queries_counted import counted
from tests.api.test_templates_api import PUBLICATION
from tests.console.visitors import Visitor

NEW = "/report-builder/new"
HOSTILE = "<script>alert('x')</script>"


@pytest.fixture
def library(callers: Callers) -> None:
    """The shipped templates."""
    with transaction() as session:
        install_library(session)


def id_of(name: str) -> str:
    """Return the text id of a template by its name."""
    with transaction() as session:
        return session.scalars(select(QueryTemplate.template_id).where(QueryTemplate.name == name)).one()


def has(instance: AmcInstance, *tables: str) -> None:
    """Let AMC have told which tables an instance has."""
    with transaction() as session:
        session.get_one(AmcInstance, instance.id).sources_read_at = clock.now()
        session.add_all(InstanceSource(instance_id=instance.id, data_source_id=name) for name in tables)


def names_in(page: str) -> list[str]:
    """Return the names on the cards of a page, in their order."""
    return re.findall(r'<h2 class="h3">([^<]+)</h2>', page)


def test_each_template_is_a_card_that_says_what_it_answers(ben: Visitor, library: None) -> None:
    found = names_in(ben.get(NEW).text)
    assert sorted(found, key=str.lower) == sorted((one.draft.name for one in read_library()), key=str.lower)
    card = ben.get(f"{NEW}?report_type=weekly_roas").text
    assert "How do cost, sales and their ratio move from week to week" in card
    assert "about 8 min" in card
    assert "dsp_impressions</code>" in card
    assert re.search(r'<svg class="thumbnail"[^>]* role="img" aria-label="Line chart: ROAS by week">', card)
    assert f'href="{NEW}/{id_of("Weekly ROAS tracker")}"' in card


def test_filters_and_words_keep_what_fits_and_stay_in_the_address(ben: Visitor, library: None) -> None:
    assert names_in(ben.get(f"{NEW}?search=roas+weekly").text) == ["Weekly ROAS tracker"]
    assert names_in(ben.get(f"{NEW}?search=their+ratio+move").text) == ["Weekly ROAS tracker"]
    page = ben.get(f"{NEW}?category=Products&search=basket").text
    assert names_in(page) == ["Products bought by the same people"]
    assert 'value="basket"' in page
    assert '<option value="Products" selected>' in page
    assert "No template fits" in ben.get(f"{NEW}?search=nosuchword").text


def test_a_script_gets_the_cards_alone_and_a_clean_address(ben: Visitor, library: None) -> None:
    answer = ben.fragment(f"{NEW}?search=weekly+roas&category=&report_type=&instance_id=")
    assert names_in(answer.text) == ["Weekly ROAS tracker"]
    assert "<html" not in answer.text
    assert answer.headers["HX-Replace-Url"] == f"{NEW}?search=weekly+roas"
    assert "HX-Request" in answer.headers["Vary"]


def test_an_instance_keeps_what_it_can_run_and_says_what_it_lacks(
    ben: Visitor, callers: Callers, library: None
) -> None:
    asked = f"{NEW}?instance_id=amcnorthwind01"
    assert "has not told yet" in ben.get(asked).text
    has(callers.cast.first, "conversions")
    page = ben.get(asked).text
    assert "Products bought by the same people" in names_in(page)
    assert "Weekly ROAS tracker" not in names_in(page)
    lacking = page[page.index("lacking") :]
    row = lacking[lacking.index("Weekly ROAS tracker") :].partition("</tr>")[0]
    assert "sponsored_ads_traffic" in row
    assert ">conversions<" not in row
    assert f'href="{NEW}/{id_of("Products bought by the same people")}?instance_id=amcnorthwind01"' in page
    assert ben.get(f"{NEW}?instance_id=amcnorthwind02").status_code == 404


def test_what_runs_took_of_late_is_better_than_what_the_file_says(
    ben: Visitor, callers: Callers, library: None, run: Run
) -> None:
    template_id = id_of("Weekly ROAS tracker")
    for minutes, instance in ((20, "first"), (30, "first"), (600, "second")):
        execution_id = run(instance=instance)
        with transaction() as session:
            other = session.scalars(
                select(QueryTemplate).where(QueryTemplate.template_id == template_id)
            ).one()
            execution = session.scalars(
                select(ReportExecution).where(ReportExecution.execution_id == execution_id)
            ).one()
            execution.template_id, execution.state = other.id, "completed"
            execution.submitted_at = clock.now()
            execution.completed_at = clock.now() + timedelta(minutes=minutes)
    assert "about 25 min" in ben.get(f"{NEW}?report_type=weekly_roas").text


def test_private_templates_of_others_are_not_there(ben: Visitor, ada: Visitor, callers: Callers) -> None:
    with transaction() as session:
        owner = session.get_one(User, callers.cast.ada.id)
        made = publishing.publish(session, PUBLICATION | {"is_public": False}, owner).template_id
    assert names_in(ada.get(NEW).text) == ["Reach by campaign"]
    assert "There are no templates yet" in ben.get(NEW).text
    assert ben.get(f"{NEW}/{made}/preview").status_code == 404


def test_a_viewer_may_look_but_is_not_led_to_the_form(cleo: Visitor, library: None) -> None:
    template_id = id_of("Weekly ROAS tracker")
    assert f'href="{NEW}/{template_id}"' not in cleo.get(f"{NEW}?report_type=weekly_roas").text
    assert f'href="{NEW}/{template_id}"' not in cleo.get(f"{NEW}/{template_id}/preview").text


# ---------------------------------------------------------------- preview


def test_the_preview_is_a_page_and_a_dialog(ben: Visitor, library: None) -> None:
    path = f"{NEW}/{id_of('Weekly ROAS tracker')}/preview"
    page = ben.get(path).text
    assert "<h1>Weekly ROAS tracker</h1>" in page
    assert "Which ad products to show" in page
    assert '<mark class="mark-placeholder " title="Ad products: enum_select">{{ad_products}}</mark>' in page
    dialog = ben.fragment(path, **{"HX-Target": "dialog"}).text
    assert "<html" not in dialog
    assert 'id="dialog-title">Weekly ROAS tracker</h2>' in dialog
    assert "{{ad_products}}" in dialog


def test_shipped_templates_have_sample_rows_that_say_that_they_are_made_up(
    ben: Visitor, library: None
) -> None:
    for one in read_library():
        page = ben.get(f"{NEW}/{id_of(one.draft.name)}/preview").text
        assert "Sample rows, made up" in page, one.key
        for column in one.draft.report_config["about"]["columns"]:
            assert f">{column['title']}</th>" in page, one.key


def test_a_template_without_any_rows_says_so(ben: Visitor, callers: Callers) -> None:
    with transaction() as session:
        owner = session.get_one(User, callers.cast.ada.id)
        made = publishing.publish(session, PUBLICATION, owner).template_id
    assert "There are none yet" in ben.get(f"{NEW}/{made}/preview").text


# ---------------------------------------------------------------- what others have written


@pytest.mark.parametrize(
    "config",
    [
        {"about": {"question": HOSTILE, "columns": [{"name": HOSTILE, "sample": HOSTILE}]}},
        {"about": {"typical_minutes": HOSTILE, "columns": 3, "tables": [HOSTILE]}, "widgets": [3, HOSTILE]},
        {"widgets": [{"type": HOSTILE, "title": HOSTILE, "y_field": [HOSTILE, 3]}]},
        {"widgets": [{"type": kind, "title": HOSTILE} for kind in WORDS]},
        {"about": [], "widgets": {"type": "line_chart"}},
    ],
)
def test_hostile_templates_do_nothing_but_look_odd(
    ada: Visitor, callers: Callers, config: dict[str, Any]
) -> None:
    sql = (
        f'-- {HOSTILE}\nSELECT COUNT(DISTINCT user_id) AS "<b>" FROM dsp_impressions /* </pre><img src=x> */'
    )
    words = dict.fromkeys(("name", "category", "report_type", "description"), HOSTILE)
    hostile = words | {"tags": [HOSTILE], "sql_template": sql, "report_config": config, "is_public": True}
    with transaction() as session:
        owner = session.get_one(User, callers.cast.ada.id)
        made = publishing.publish(session, hostile, owner, note=HOSTILE).template_id
    one = f"/templates/{made}"
    paths = (
        NEW,
        f"{NEW}/{made}/preview",
        "/templates",
        one,
        f"{one}/versions/1",
        f"{one}/diff",
        f"{one}/edit",
    )
    for path in paths:
        answer = ada.get(path)
        assert answer.status_code == 200, path
        for bad in ("<script>alert", "<img src=x>", "<b>"):
            assert bad not in answer.text, path


# ---------------------------------------------------------------- statements


@pytest.mark.parametrize("path", [NEW, f"{NEW}?instance_id=amcnorthwind01&search=reach", "/templates"])
def test_many_templates_take_as_many_statements_as_one(ada: Visitor, callers: Callers, path: str) -> None:
    has(callers.cast.first, "dsp_impressions")
    taken = []
    for count in (1, 20):
        with transaction() as session:
            owner = session.get_one(User, callers.cast.ada.id)
            for number in range(count):
                publishing.publish(session, PUBLICATION | {"name": f"Reach {count} {number}"}, owner)
        with counted(callers) as seen:
            assert ada.get(path).status_code == 200
        taken.append(len(seen))
    assert taken[0] == taken[1] <= 20, (taken, seen)
