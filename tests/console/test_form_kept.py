"""Saved values, and the form of a report that there is: changed, or run once with other values."""

import re

import pytest
from sqlalchemy import func, select

from reportbuilder.accounts import grants
from reportbuilder.catalog import publishing
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.reports import favorites
from reportbuilder.reports.models import ReportDefinition
from tests.api.conftest import Callers
from tests.cast import Cast
from tests.console.visitors import Visitor

SQL = (
    "SELECT campaign, COUNT(*) AS n FROM dsp_clicks WHERE campaign LIKE {{pattern}} GROUP BY campaign "
    "HAVING COUNT(*) >= {{least}}"
)
PARAMETERS = [
    {
        "parameter_name": "pattern",
        "parameter_type": "campaign_filter",
        "validation_rules": {"empty": "neutral"},
    },
    {"parameter_name": "least", "parameter_type": "number", "default_value": 1, "required": True},
]
TYPED = {"timezone": "Europe/Vienna", "p.pattern": "Brand*", "p.least": "3", "w.preset": "last_month"}


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
def report_id(callers: Callers, template_id: str) -> str:
    body = {
        "name": "Weekly",
        "template_id": template_id,
        "instance_id": "amcnorthwind01",
        "parameters": {"pattern": "Old*"},
        "time_window": {"lookback_days": 7},
        "run": None,
    }
    return str(callers.ben.post("/reports", json=body).get_json()["report_id"])


def report(report_id: str) -> ReportDefinition:
    with reading() as session:
        return session.scalars(select(ReportDefinition).where(ReportDefinition.report_id == report_id)).one()


def test_values_are_saved_applied_shared_renamed_and_deleted(
    ben: Visitor, cleo: Visitor, template_id: str
) -> None:
    path = f"/report-builder/new/{template_id}"
    fields = TYPED | {
        "instance_id": "amcnorthwind01",
        "name": "Still here",
        "do": "save_values",
        "set_name": "Brands",
    }
    answer = ben.post(path, fields)
    assert answer.status_code == 303
    page = ben.get(answer.headers["Location"]).text
    for text in (
        'value="Brand*"',
        'value="Still here"',
        "Saved as Brands",
        '<option value="last_month" selected>',
    ):
        assert text in page
    (action,) = set(re.findall(r'hx-post="(/report-builder/saved-values/[^"]+)"', page))
    where = {"instance_id": "amcnorthwind01"}
    assert "Brands" not in cleo.get(f"{path}?instance_id=amcnorthwind01").text
    assert "shared with all who see" in ben.send(action, where | {"do": "share"}).headers["HX-Trigger"]
    assert "Brands" in cleo.get(f"{path}?instance_id=amcnorthwind01").text
    assert cleo.send(action, where | {"do": "delete"}).status_code == 403
    renamed = ben.send(action, where | {"do": "rename", "set_name": "My brands"})
    assert "My brands" in renamed.text
    assert ben.send(action, where | {"do": "rename", "set_name": ""}).status_code == 422
    assert "shared" not in ben.send(action, where | {"do": "keep"}).text.partition("Delete")[0].replace(
        "Share with", ""
    )
    plain = ben.post(action, where | {"do": "delete", "next": path})
    assert (plain.status_code, plain.headers["Location"]) == (303, path)
    assert "None yet" in ben.get(path).text


def test_without_scripts_what_is_typed_stays_while_saved_values_are_changed(
    ben: Visitor, cleo: Visitor, template_id: str
) -> None:
    path = f"/report-builder/new/{template_id}"
    fields = TYPED | {"instance_id": "amcnorthwind01"}
    page = ben.post(path, fields | {"do": "save_values", "set_name": "Brands"}).headers["Location"]
    (set_id,) = set(re.findall(r'value="rename (set_\w+)"', ben.get(page).text))
    typed = fields | {"p.pattern": "Half", "p.least": "many", "name": "Still here", "set_name": "Another"}
    deeds = {
        f"rename {set_id}": "Renamed to Mine",
        f"share {set_id}": "Mine is shared with all who see",
        f"keep {set_id}": "Mine is shared no more",
        f"delete {set_id}": "Deleted Mine",
    }
    unnamed = ben.post(path, typed | {"do": f"rename {set_id}", f"rename.{set_id}": " "})
    assert (unnamed.status_code, "a name is needed" in unnamed.text) == (422, True)
    assert 'value="Half"' in unnamed.text
    strange = cleo.post(path, typed | {"do": f"delete {set_id}"})
    assert (strange.status_code, "that you may see" in strange.text) == (422, True)
    ben.post(path, fields | {"do": "save_values", "set_name": "Taken"})
    taken = ben.post(path, typed | {"do": f"rename {set_id}", f"rename.{set_id}": "Taken"})
    assert (taken.status_code, 'value="Half"' in taken.text) == (422, True)
    assert "Taken" in taken.text
    for deed, told in deeds.items():
        answer = ben.post(path, typed | {"do": deed, f"rename.{set_id}": "Mine"})
        assert answer.status_code == 200
        for text in (told, 'value="Half"', 'value="many"', 'value="Still here"', 'value="Another"'):
            assert text in answer.text, (deed, text)
    assert set_id not in answer.text


@pytest.mark.parametrize("field", ["name", "set_name"])
def test_a_long_name_is_not_cut_in_silence(ben: Visitor, template_id: str, field: str) -> None:
    path = f"/report-builder/new/{template_id}"
    wish = "save_values" if field == "set_name" else "next"
    form = TYPED | {"instance_id": "amcnorthwind01", "do": wish, field: "x" * 201}
    assert "maxlength" not in ben.get(f"{path}?instance_id=amcnorthwind01").text
    answer = ben.post(path, form)
    assert answer.status_code == 422
    assert "it has 201 characters; 200 are allowed" in answer.text
    assert f'value="{"x" * 201}"' in answer.text


def test_values_are_saved_only_if_they_are_right_and_named(ben: Visitor, template_id: str) -> None:
    path = f"/report-builder/new/{template_id}"
    fields = TYPED | {"instance_id": "amcnorthwind01", "do": "save_values", "set_name": ""}
    unnamed = ben.post(path, fields)
    assert (unnamed.status_code, "a name is needed" in unnamed.text) == (422, True)
    wrong = ben.post(path, fields | {"set_name": "Mine", "p.least": "many"})
    assert (wrong.status_code, "is not a number" in wrong.text) == (422, True)
    empty = ben.post(path, fields | {"set_name": "Mine", "p.least": ""})
    assert empty.status_code == 303


def test_a_report_is_changed_as_the_form_says(ben: Visitor, cast: Cast, report_id: str) -> None:
    path = f"/report-builder/reports/{report_id}/edit"
    page = ben.get(path).text
    for text in ('value="Weekly"', 'value="Old*"', 'value="7"', '<option value="last" selected>'):
        assert text in page
    fields = TYPED | {"name": "Monthly", "description": "For Monday", "favorite": "yes"}
    answer = ben.post(path, fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/report-builder/reports/{report_id}")
    row = report(report_id)
    assert (row.name, row.description, row.timezone) == ("Monthly", "For Monday", "Europe/Vienna")
    assert (row.parameters, row.time_window) == ({"pattern": "Brand*", "least": 3}, {"preset": "last_month"})
    assert not row.is_active
    with reading() as session:
        assert favorites.marked(session, cast.ben.id, [row.id]) == {row.id}


def test_all_that_is_wrong_with_a_change_is_told_and_nothing_is_changed(
    ben: Visitor, callers: Callers, template_id: str, report_id: str
) -> None:
    path = f"/report-builder/reports/{report_id}/edit"
    answer = ben.post(
        path, TYPED | {"name": "", "p.least": "many", "timezone": "Europe/Wien", "is_active": "yes"}
    )
    assert answer.status_code == 422
    for word in (
        "it is no name",
        "is not a number",
        "is not a time zone",
        'value="Brand*"',
        'value="Europe/Wien"',
    ):
        assert word in answer.text
    body = {"name": "Taken", "template_id": template_id, "instance_id": "amcnorthwind01", "run": None}
    callers.ben.post("/reports", json=body)
    taken = ben.post(path, TYPED | {"name": "Taken"})
    assert (taken.status_code, "choose another name" in taken.text) == (422, True)
    assert (report(report_id).name, report(report_id).parameters) == ("Weekly", {"pattern": "Old*"})


def runs() -> int:
    with reading() as session:
        return session.scalar(select(func.count(ReportExecution.id))) or 0


def test_a_run_with_other_values_leaves_the_report_as_it_is(ben: Visitor, report_id: str) -> None:
    path = f"/report-builder/reports/{report_id}/run"
    page = ben.get(path).text
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert once
    fields = {
        "once": once[1],
        "p.pattern": "",
        "p.least": "9",
        "w.preset": "last",
        "w.days": "3",
        "timezone": "UTC",
    }
    for _ in range(2):
        assert ben.post(path, fields).status_code == 303
    assert runs() == 1
    with reading() as session:
        (run,) = session.scalars(select(ReportExecution)).all()
        assert "LIKE" not in run.sql_text
        assert ">= 9" in run.sql_text
        assert (run.time_window_end - run.time_window_start).days == 3
    assert report(report_id).parameters == {"pattern": "Old*"}
    wrong = ben.post(path, fields | {"p.least": "many"})
    assert (wrong.status_code, "is not a number" in wrong.text, runs()) == (422, True, 1)


def test_who_may_not_change_or_run_is_refused(
    ben: Visitor, cleo: Visitor, cast: Cast, report_id: str
) -> None:
    for way in ("edit", "run"):
        path = f"/report-builder/reports/{report_id}/{way}"
        assert cleo.get(path).status_code == 403
        assert cleo.post(path, TYPED).status_code == 403
    with transaction() as session:
        grants.withdraw(session, cast.ben.id, [cast.first.id])
    assert ben.get(f"/report-builder/reports/{report_id}/edit").status_code == 404
