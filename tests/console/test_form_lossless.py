"""Nothing that is typed into the form is lost: between steps, without its draft, beside suggestions."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from reportbuilder.catalog import publishing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.reports import drafting
from reportbuilder.reports.models import ReportDraft
from reportbuilder.valuelists import storing
from reportbuilder.valuelists.kinds import Found
from tests.api.conftest import Callers
from tests.cast import Cast
from tests.console.test_form_pages import controls, summary
from tests.console.visitors import Visitor

SQL = (
    "SELECT campaign, COUNT(*) AS n FROM dsp_clicks WHERE advertiser IN ({{brands}}) AND "
    "campaign LIKE {{pattern}} GROUP BY campaign HAVING COUNT(*) BETWEEN {{least}} AND {{most}}"
)
PARAMETERS: list[dict[str, Any]] = [
    {
        "parameter_name": "brands",
        "parameter_type": "string_list",
        "ui_config": {"values_from": "brand", "prefill": 1},
        "validation_rules": {"empty": "neutral"},
    },
    {
        "parameter_name": "pattern",
        "parameter_type": "campaign_filter",
        "validation_rules": {"empty": "neutral"},
    },
    {"parameter_name": "least", "parameter_type": "number", "default_value": 1, "required": True},
    {
        "parameter_name": "most",
        "parameter_type": "number",
        "default_value": 50,
        "required": True,
        "validation_rules": {"not_below": "least"},
    },
]
TYPED: dict[str, Any] = {"instance_id": "amcnorthwind01", "timezone": "UTC", "p.brands": "", "p.least": "3"}


@pytest.fixture
def template_id(cast: Cast) -> str:
    with transaction() as session:
        storing.store_seen(session, cast.first.id, [Found("brand", "Northwind")], cast.first.created_at)
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


def draft_of(location: str) -> str:
    (found,) = parse_qs(urlsplit(location).query)["draft"]
    return found


def begin(ben: Visitor, path: str, **fields: Any) -> str:
    """Fill the form in, go on, and return the id of the draft."""
    return draft_of(ben.post(path, TYPED | fields).headers["Location"])


def kept(ben: Cast, draft_id: str) -> dict[str, Any]:
    with reading() as session:
        found: dict[str, Any] = drafting.read(session, ben.ben.id, draft_id).steps["parameters"]["parameters"]
        return found


def test_the_steps_are_buttons_of_the_form_and_keep_what_is_typed(
    ben: Visitor, cast: Cast, path: str
) -> None:
    draft = begin(ben, path)
    ben.post(f"{path}/when?draft={draft}", {"type": "once", "name": "Mine", "do": "next"})
    page = ben.get(f"{path}?draft={draft}").text
    assert re.findall(r'<button form="report-form" name="do" value="(\w+)"', page) == ["when", "review"]
    gone = ben.post(path, TYPED | {"draft": draft, "do": "review", "p.least": "9"})
    assert (gone.status_code, gone.headers["Location"]) == (303, f"{path}/review?draft={draft}")
    assert kept(cast, draft)["least"] == 9
    wrong = ben.post(path, TYPED | {"draft": draft, "do": "review", "p.least": "many"})
    assert (wrong.status_code, controls(wrong.text, "p.least")) == (422, ["many"])


def test_enter_goes_on(ben: Visitor, path: str) -> None:
    page = ben.get(path).text
    form = page.partition('id="report-form"')[2]
    assert re.search(r"<button[^>]*>", form)[0] == '<button name="do" value="next" hidden tabindex="-1">'  # type: ignore[index]  # it is there


def test_a_script_hears_where_the_form_is_that_going_back_leads_to(ben: Visitor, path: str) -> None:
    answer = ben.send(path, TYPED | {"do": "next"})
    assert answer.status_code == 204
    draft = draft_of(answer.headers["HX-Redirect"])
    assert answer.headers["HX-Redirect"] == f"{path}/when?draft={draft}"
    assert answer.headers["HX-Replace-Url"] == f"{path}?draft={draft}"


def test_a_draft_that_has_gone_is_begun_anew(ben: Visitor, cast: Cast, path: str) -> None:
    draft = begin(ben, path)
    with transaction() as session:
        drafting.discard(session, drafting.read(session, cast.ben.id, draft))
    fields = TYPED | {"draft": draft, "p.least": "7"}
    shown = ben.post(path, fields | {"do": "preview"})
    assert (shown.status_code, controls(shown.text, "p.least")) == (200, ["7"])
    again = begin(ben, path, **{"draft": draft, "p.least": "7"})
    assert again != draft
    assert kept(cast, again)["least"] == 7
    assert ben.get(f"{path}?draft={draft}").status_code == 404


def test_a_draft_of_another_template_is_left_alone(ben: Visitor, cast: Cast, path: str) -> None:
    with transaction() as session:
        data = {
            "name": "Other",
            "category": "C",
            "sql_template": "SELECT COUNT(*) AS n FROM dsp_clicks",
            "is_public": True,
        }
        other = publishing.publish(session, data, session.merge(cast.ada)).template_id
    draft = begin(ben, path)
    elsewhere = f"/report-builder/new/{other}"
    assert ben.get(f"{elsewhere}?draft={draft}").status_code == 404
    begin(ben, elsewhere, draft=draft)
    assert kept(cast, draft)["least"] == 3
    with reading() as session:
        assert session.query(ReportDraft).count() == 2


def is_suggested(page: str) -> bool:
    return '<option value="Northwind" selected>' in page


def test_what_the_instance_suggests_does_not_come_back_once_it_was_taken_out(
    ben: Visitor, callers: Callers, path: str, template_id: str
) -> None:
    assert is_suggested(ben.get(path).text)
    draft = begin(ben, path)
    assert not is_suggested(ben.get(f"{path}?draft={draft}").text)
    saved = ben.post(path, TYPED | {"do": "save_values", "set_name": "All brands"})
    assert not is_suggested(ben.get(saved.headers["Location"]).text)
    body = {"name": "All", "template_id": template_id, "instance_id": "amcnorthwind01", "run": None}
    report = callers.ben.post("/reports", json=body).get_json()["report_id"]
    assert not is_suggested(ben.get(f"/report-builder/reports/{report}/edit").text)
    shown = ben.post(path, TYPED | {"do": "preview"}).text
    link = re.search(r'<a href="([^"]+)" data-address', shown)
    assert link
    assert not is_suggested(ben.get(link[1].replace("&amp;", "&")).text)


def test_values_that_are_saved_again_stay_shared(ben: Visitor, cleo: Visitor, path: str) -> None:
    fields = TYPED | {"do": "save_values", "set_name": "Ours"}
    ben.post(path, fields | {"share": "yes"})
    ben.post(path, fields | {"p.least": "8"})
    assert "Ours" in cleo.get(f"{path}?instance_id=amcnorthwind01").text


def test_a_number_may_not_lie_below_that_of_another_field(ben: Visitor, path: str) -> None:
    wrong = ben.post(path, TYPED | {"p.most": "2"})
    assert wrong.status_code == 422
    assert "2 is below “Least”, which is 3; give at least 3" in summary(wrong.text)
    by_default = ben.post(path, TYPED | {"p.least": "60"})
    assert "50 is below “Least”, which is 60" in summary(by_default.text)
    assert ben.post(path, TYPED | {"p.most": "3"}).status_code == 303


def test_the_sql_of_a_report_shows_although_its_template_is_hidden(
    ben: Visitor, callers: Callers, path: str, template_id: str
) -> None:
    body = {"name": "All", "template_id": template_id, "instance_id": "amcnorthwind01", "run": None}
    report = callers.ben.post("/reports", json=body).get_json()["report_id"]
    with transaction() as session:
        session.query(QueryTemplate).filter_by(template_id=template_id).one().is_public = False
    below = f"/report-builder/reports/{report}"
    page = ben.get(f"{below}/edit").text
    assert f'hx-post="{below}/sql"' in page
    shown = ben.send(f"{below}/sql", TYPED | {"p.least": "9"})
    assert (shown.status_code, '<mark title="Least">9</mark>' in shown.text) == (200, True)


def test_days_without_a_way_are_the_last_days(ben: Visitor, cast: Cast, path: str) -> None:
    draft = begin(ben, path, **{"w.days": "7"})
    with reading() as session:
        steps = drafting.read(session, cast.ben.id, draft).steps
    assert steps["parameters"]["time_window"] == {"lookback_days": "7"}


def test_a_zone_of_the_window_is_seen_and_can_be_taken_out(
    ben: Visitor, callers: Callers, path: str, template_id: str
) -> None:
    body = {
        "name": "Tokyo",
        "template_id": template_id,
        "instance_id": "amcnorthwind01",
        "run": None,
        "time_window": {"preset": "last_month", "time_zone": "Asia/Tokyo"},
    }
    report = callers.ben.post("/reports", json=body).get_json()["report_id"]
    page = ben.get(f"/report-builder/reports/{report}/edit").text
    assert controls(page, "w.time_zone") == ["Asia/Tokyo"]
    assert 'type="hidden" name="w.time_zone"' not in page


def test_who_may_only_look_is_not_led_on(cleo: Visitor, path: str) -> None:
    page = cleo.get(f"{path}?instance_id=amcnorthwind01").text
    assert 'value="next"' not in page
    assert "Save values" not in page
