"""The form of a template: what it shows, how it answers, what it keeps, and for whom."""

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import event

from reportbuilder.accounts import grants
from reportbuilder.catalog import publishing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import db, reading, transaction
from reportbuilder.reports import drafting
from reportbuilder.valuelists import storing
from reportbuilder.valuelists.kinds import Found
from tests.api.conftest import Callers
from tests.cast import Cast
from tests.console.visitors import Visitor

SQL = """SELECT campaign, SUM(purchases) AS n FROM amazon_attributed_events_by_conversion_time
WHERE campaign IN ({{campaigns}}) AND advertiser IN ({{brands}}) AND campaign LIKE {{pattern}}
AND tracked_asin IN ({{asins}})
GROUP BY campaign HAVING SUM(purchases) >= {{least}} AND ({{split}} OR SUM(purchases) > {{most}})"""
BRANDS = {"values_from": "brand"}
NEUTRAL = {"validation_rules": {"empty": "neutral"}}
PARAMETERS: list[dict[str, Any]] = [
    {"parameter_name": "campaigns", "parameter_type": "campaign_list", **NEUTRAL},
    {"parameter_name": "brands", "parameter_type": "string_list", "ui_config": BRANDS, **NEUTRAL},
    {"parameter_name": "pattern", "parameter_type": "campaign_filter", **NEUTRAL},
    {"parameter_name": "asins", "parameter_type": "asin_list", "display_name": "Products", **NEUTRAL},
    {"parameter_name": "least", "parameter_type": "number", "default_value": 1, "required": True},
    {"parameter_name": "split", "parameter_type": "boolean", "default_value": True, "required": True},
    {
        "parameter_name": "most",
        "parameter_type": "number",
        "default_value": 50,
        "required": True,
        "ui_config": {"visible_if": {"split": False}},
    },
]  # fmt: skip
TYPED = {
    "instance_id": "amcnorthwind01",
    "timezone": "Europe/Vienna",
    "w.preset": "",
    "p.least": "3",
    "p.split": "true",
}


@pytest.fixture
def template_id(cast: Cast) -> str:
    with transaction() as session:
        data = {
            "name": "Clicks",
            "category": "C",
            "sql_template": SQL,
            "parameter_definitions": PARAMETERS,
            "is_public": True,
        }
        return publishing.publish(session, data, session.merge(cast.ada)).template_id


@pytest.fixture
def path(template_id: str) -> str:
    return f"/report-builder/new/{template_id}"


def controls(page: str, name: str) -> list[str]:
    """Return the values of the controls of a name, those of a list in its options that are chosen."""
    found = re.findall(rf'<input[^>]* name="{re.escape(name)}"[^>]*>', page)
    return [text for control in found for text in re.findall(r'value="([^"]*)"', control)]


def area(page: str, name: str) -> str:
    found = re.search(rf'<textarea[^>]* name="{re.escape(name)}"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    assert found
    return found[1]


def summary(page: str) -> str:
    found = re.search(r"data-summary.*?</div>", page, re.DOTALL)
    assert found
    return re.sub(r"<[^>]+>", "", found[0])


def test_the_form_shows_defaults_and_the_sql_that_would_be_sent(ben: Visitor, path: str) -> None:
    page = ben.get(path).text
    assert controls(page, "p.least") == ["1"]
    assert "amcnorthwind01" in page
    assert "amcnorthwind02" not in page
    sql = re.search(r'<pre class="sql".*?</pre>', page, re.DOTALL)
    assert sql
    assert '<mark title="Least">1</mark>' in sql[0]
    assert "Europe/Vienna" in page


def test_the_sql_with_marks_is_the_api_s_preview(
    ben: Visitor, callers: Callers, path: str, template_id: str
) -> None:
    fields = TYPED | {
        "p.campaigns": ["O'Brien <b>", "x"],
        "p.pattern": "Brand*",
        "p.asins": "b000000001 B000000002",
    }
    answer = ben.send(f"{path}/sql", fields)
    assert answer.status_code == 200
    shown = re.search(r'<pre class="sql"[^>]*><code>(.*)</code></pre>', answer.text, re.DOTALL)
    assert shown
    body = {
        "instance_id": "amcnorthwind01",
        "parameters": {
            "campaigns": ["O'Brien <b>", "x"],
            "pattern": "Brand*",
            "least": "3",
            "split": True,
            "asins": "b000000001 B000000002",
        },
        "time_window": {"time_zone": "Europe/Vienna"},
    }
    preview = callers.ben.post(f"/templates/{template_id}/validate-parameters", json=body).get_json()[
        "preview_sql"
    ]
    assert html.unescape(re.sub(r"</?mark[^>]*>", "", shown[1])) == preview
    wrong = ben.send(f"{path}/sql", fields | {"p.least": "many"}).text
    assert "<pre" not in wrong
    assert '<a href="#p.least">Least</a>' in wrong


def test_what_is_wrong_is_told_at_its_field_and_nothing_is_lost(ben: Visitor, path: str) -> None:
    fields = TYPED | {
        "name": "Clicks of <Ben>",
        "p.least": "many",
        "p.asins": "B000000001\nshort\n",
        "w.preset": "dates",
        "w.start": "2026-03-01",
        "w.end": "2026-02-01",
        "p.campaigns": ["One, two", "Three"],
    }
    answer = ben.post(path, fields)
    page = answer.text
    assert answer.status_code == 422
    told = summary(page)
    for word in (
        "Least",
        "is not a number",
        "Products",
        "is not an ASIN",
        "Time window",
        "does not come after",
    ):
        assert word in told
    assert controls(page, "p.least") == ["many"]
    assert controls(page, "name") == ["Clicks of &lt;Ben&gt;"]
    assert area(page, "p.asins").split() == ["B000000001", "short"]
    assert controls(page, "w.start") == ["2026-03-01"]
    assert '<option value="One, two" selected>' in page
    assert re.search(r'id="p.least"[^>]*aria-describedby="[^"]*p.least-errors"', page)
    assert re.search(r'id="p.least"[^>]*aria-invalid="true"', page)


def test_what_is_right_goes_on_as_a_draft_and_back_fills_the_form(
    ben: Visitor, cast: Cast, path: str
) -> None:
    fields = TYPED | {"name": "Mine", "p.asins": "b000000001", "w.preset": "last", "w.days": "7"}
    answer = ben.post(path, fields)
    assert answer.status_code == 303
    target = urlsplit(answer.headers["Location"])
    assert target.path == f"{path}/when"
    (draft_id,) = parse_qs(target.query)["draft"]
    with reading() as session:
        draft = drafting.read(session, cast.ben.id, draft_id)
        assert draft.steps["parameters"] == {
            "name": "Mine",
            "timezone": "Europe/Vienna",
            "time_window": {"lookback_days": "7"},
            "parameters": {"asins": ["B000000001"], "least": 3, "split": True},
        }
    back = ben.get(f"{path}?draft={draft_id}").text
    assert controls(back, "name") == ["Mine"]
    assert area(back, "p.asins") == "B000000001"
    assert controls(back, "w.days") == ["7"]
    again = ben.post(path, fields | {"draft": draft_id, "name": "Other"})
    assert draft_id in again.headers["Location"]
    with reading() as session:
        assert drafting.read(session, cast.ben.id, draft_id).steps["parameters"]["name"] == "Other"


def test_a_draft_is_its_makers_own(ben: Visitor, ada: Visitor, path: str) -> None:
    draft = ben.post(path, TYPED).headers["Location"].rpartition("=")[2]
    assert ada.get(f"{path}?draft={draft}").status_code == 404


def test_a_hidden_field_counts_for_nothing(ben: Visitor, path: str, cast: Cast) -> None:
    page = ben.get(path).text
    assert re.search(r'data-parameter="most"[^>]* hidden', page)
    shown = ben.post(path, TYPED | {"p.split": "false", "p.most": "many"})
    assert (shown.status_code, "is not a number" in summary(shown.text)) == (422, True)
    hidden = ben.post(path, TYPED | {"p.most": "many"})
    assert hidden.status_code == 303
    with reading() as session:
        draft = drafting.read(session, cast.ben.id, hidden.headers["Location"].rpartition("=")[2])
        assert "most" not in draft.steps["parameters"]["parameters"]


def test_values_in_the_address(ben: Visitor, path: str) -> None:
    asked = "instance_id=amcnorthwind01&name=From+afar&w.preset=last_month"
    asked += "&p.least=7&p.asins=B000000001+B000000002"
    page = ben.get(f"{path}?{asked}").text
    assert controls(page, "p.least") == ["7"]
    assert area(page, "p.asins") == "B000000001 B000000002"
    assert '<option value="last_month" selected>' in page
    link = re.search(r'<a href="([^"]+)" data-address', page)
    assert link
    again = ben.get(link[1].replace("&amp;", "&")).text
    assert (controls(again, "p.least"), controls(again, "name")) == (["7"], ["From afar"])
    as_json = ben.get(f'{path}?values={{"least": 9, "asins": ["B000000003"]}}').text
    assert (controls(as_json, "p.least"), area(as_json, "p.asins")) == (["9"], "B000000003")
    assert ben.get(f"{path}?values=[1]").status_code == 422
    many = ben.post(
        path, TYPED | {"do": "preview", "p.asins": " ".join(f"B{n:09d}" for n in range(1000))}
    ).text
    assert "too many for an address" in many


def go_on(ben: Visitor, page: str, instance_id: str) -> str:
    """Choose an instance on the page that asks for one, as its form does; return what follows."""
    form = re.search(r'<form[^>]*method="get" action="([^"]+)">(.*?)</form>', page, re.DOTALL)
    assert form
    hidden = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form[2])
    given = [(html.unescape(name), html.unescape(text)) for name, text in hidden]
    return ben.get(f"{form[1]}?{urlencode([*given, ('instance_id', instance_id)])}").text


@pytest.fixture
def ben_on_two(ben: Visitor, cast: Cast) -> Visitor:
    with transaction() as session:
        grants.grant(session, cast.ben.id, cast.second.id, "run")
    return ben


def test_the_instance_is_chosen_first_where_there_are_several(ben_on_two: Visitor, path: str) -> None:
    page = ben_on_two.get(path).text
    assert "Choose an instance" in page
    assert "p.least" not in page
    chosen = go_on(ben_on_two, page, "amcnorthwind02")
    assert controls(chosen, "p.least") == ["1"], "a form that is begun shows its defaults"
    assert re.search(r'id="p.split"[^>]* checked', chosen)
    assert "is not a number" not in summary(chosen)


def test_the_choice_of_an_instance_keeps_the_values_of_the_address(ben_on_two: Visitor, path: str) -> None:
    page = ben_on_two.get(f"{path}?p.least=7&p.pattern=Brand*&timezone=Asia/Tokyo").text
    chosen = go_on(ben_on_two, page, "amcnorthwind02")
    assert (controls(chosen, "p.least"), controls(chosen, "p.pattern")) == (["7"], ["Brand*"])
    assert "Asia/Tokyo" in chosen
    sent = ben_on_two.post(path, TYPED | {"instance_id": "", "p.least": "9", "do": "next"})
    assert sent.status_code == 422
    assert controls(go_on(ben_on_two, sent.text, "amcnorthwind01"), "p.least") == ["9"]


def test_another_instance_keeps_what_is_typed(ben_on_two: Visitor, path: str) -> None:
    typed = TYPED | {"instance_id": "amcnorthwind02", "do": "instance", "p.least": "many"}
    chosen = ben_on_two.post(path, typed)
    assert chosen.status_code == 200
    assert controls(chosen.text, "p.least") == ["many"]
    assert "is not a number" not in summary(chosen.text)


def test_who_may_only_look_does_not_go_on(cleo: Visitor, path: str) -> None:
    page = cleo.get(f"{path}?instance_id=amcnorthwind01")
    assert "You may look at Northwind 1 but not run on it" in page.text
    assert cleo.post(path, TYPED).status_code == 403
    assert cleo.get(f"{path}?instance_id=amcnorthwind02").status_code == 404


def test_forms_of_other_sites_are_refused(ben: Visitor, path: str) -> None:
    for target in (path, f"{path}/sql"):
        assert ben.client.post(target, data=TYPED).status_code == 403


def test_a_name_that_is_taken_is_told(ben: Visitor, callers: Callers, path: str, template_id: str) -> None:
    body = {"name": "Taken", "template_id": template_id, "instance_id": "amcnorthwind01", "run": None}
    assert callers.ben.post("/reports", json=body).status_code == 201
    answer = ben.post(path, TYPED | {"name": "taken"})
    assert answer.status_code == 422
    assert "choose another name" in summary(answer.text)


def test_values_of_the_instance_are_offered(ben: Visitor, cast: Cast, path: str) -> None:
    with transaction() as session:
        storing.store_seen(
            session,
            cast.first.id,
            [Found("campaign", "Brand, US"), Found("brand", "Northwind")],
            cast.first.created_at,
        )
    page = ben.get(path).text
    assert '<option value="Brand, US">' in page
    assert '<option value="Northwind">' in page


@pytest.fixture
def statements(ben: Visitor) -> Callable[[str], int]:
    def count(path: str) -> int:
        seen: list[str] = []

        def hear(*given: Any) -> None:
            seen.append(given[2])

        with ben.client.application.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", hear)
        try:
            assert ben.get(path).status_code == 200
        finally:
            event.remove(engine, "before_cursor_execute", hear)
        return len(seen)

    return count


def test_the_number_of_statements_does_not_grow(
    statements: Callable[[str], int], ben: Visitor, cast: Cast, path: str
) -> None:
    where = f"{path}?instance_id=amcnorthwind01"
    before = statements(where)
    for number in range(3):
        ben.post(path, TYPED | {"do": "save_values", "set_name": f"Set {number}"})
    with transaction() as session:
        grants.grant(session, cast.ben.id, cast.second.id, "run")
        storing.store_seen(
            session, cast.first.id, [Found("asin", f"B{n:09d}") for n in range(300)], cast.first.created_at
        )
    assert statements(where) <= before


def test_a_template_that_nobody_shows_is_not_there(
    ben: Visitor, path: str, template_id: str, cast: Cast
) -> None:
    with transaction() as session:
        found = session.query(QueryTemplate).filter_by(template_id=template_id).one()
        found.is_public = False
    assert ben.get(path).status_code == 404
