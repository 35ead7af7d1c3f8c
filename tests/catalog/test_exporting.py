"""Round trips: what is exported and imported again is the same publication."""

import json
from datetime import date
from typing import Any

from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from reportbuilder.accounts import grants
from reportbuilder.accounts.models import User
from reportbuilder.catalog import exporting, publishing
from reportbuilder.catalog.importing import Outcome, Terms, import_sources
from reportbuilder.catalog.library import install_library
from reportbuilder.catalog.models import QueryTemplate, QueryTemplateInstance
from reportbuilder.catalog.older.files import FORMAT, VERSION, find_sources, read_json
from reportbuilder.catalog.versions import publication_of
from reportbuilder.database import reading, transaction
from tests.cast import Cast
from tests.catalog.test_publishing import publication
from tests.conftest import NOON


def written(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def bring(user: User, content: bytes, **terms: Any) -> list[Outcome]:
    with transaction() as session:
        importer = session.merge(user)
        made = Terms(grants.principal_of(session, importer), importer, NOON, **terms)
        return import_sources(session, find_sources(read_json(content)), made)


def publications(user: User) -> dict[str, dict[str, Any]]:
    with reading() as session:
        mine = select(QueryTemplate).where(QueryTemplate.user_id == user.id)
        return {row.name: publication_of(row) for row in session.scalars(mine)}


def test_the_form_is_as_documented(cast: Cast) -> None:
    with transaction() as session:
        template = publishing.publish(session, publication(), cast.ada)
        found = exporting.export(session, [template])
    assert (found["format"], found["version"]) == (FORMAT, VERSION) == ("amc-report-builder/templates", 1)
    (item,) = found["templates"]
    assert set(item) == {"template_id", "version", "publication"}
    assert item["publication"] == publication_of(template)


def test_every_shipped_template_comes_back_the_same(cast: Cast) -> None:
    with transaction() as session:
        install_library(session)
        shipped = list(session.scalars(select(QueryTemplate)))
        file = exporting.export(session, shipped)
        wanted = {row.name: publication_of(row) for row in shipped}
    for item in file["templates"]:
        item["template_id"] = item["template_id"].replace("tpl_", "tpl_f")  # as from another deployment
    outcomes = bring(cast.ada, written(file))
    assert {each.outcome for each in outcomes} <= {"imported", "imported with warnings"}, outcomes
    assert publications(cast.ada) == wanted


def test_value_sets_and_origin_go_along(cast: Cast) -> None:
    with transaction() as session:
        template = publishing.publish(session, publication(), cast.ada)
        template.parameters_schema = {"filter": {"type": "pattern", "x-odd": 1}}
        session.add(
            QueryTemplateInstance(
                template_id=template.id,
                user_id=cast.ada.id,
                instance_name="Brand",
                saved_parameters={"filter": "Brand*"},
                is_favorite=True,
            )
        )
        session.flush()
        file = exporting.export(session, [template], value_sets_of=cast.ada.id)
        assert "value_sets" not in exporting.export(session, [template])["templates"][0]
        assert (
            exporting.export(session, [template], value_sets_of=cast.ben.id)["templates"][0]["value_sets"]
            == []
        )
    (outcome,) = bring(cast.ben, written(file))
    assert outcome.outcome == "imported"
    with reading() as session:
        copy = session.scalars(select(QueryTemplate).where(QueryTemplate.user_id == cast.ben.id)).one()
        again = exporting.export(session, [copy], value_sets_of=cast.ben.id)["templates"][0]
    before = file["templates"][0]
    assert {name: again[name] for name in ("publication", "origin", "value_sets")} == {
        name: before[name] for name in ("publication", "origin", "value_sets")
    }


# ---------------------------------------------------------------- any publication

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30).filter(
    lambda value: value.strip() != ""
)
names = st.from_regex(r"p_[a-z]{1,8}", fullmatch=True)
whole = st.integers(-(10**6), 10**6)
json_object = st.dictionaries(
    text,
    st.recursive(
        st.none() | st.booleans() | whole | text,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)
PLACES: dict[str, tuple[str, st.SearchStrategy[Any], dict[str, Any]]] = {
    "string": ("campaign = {{%s}}", text, {}),
    "number": ("clicks >= {{%s}}", whole, {"min": -(10**6)}),
    "percentage": ("clicks >= {{%s}}", st.integers(0, 100), {"as_decimal": True}),
    "boolean": ("{{%s}} = TRUE", st.booleans(), {}),
    "date": ("click_date >= {{%s}}", st.dates(date(1000, 1, 1), date(2999, 12, 31)).map(str), {}),
    "string_list": ("campaign IN ({{%s}})", st.lists(text, min_size=1, max_size=4), {"max_items": 9}),
    "campaign_filter": ("campaign LIKE {{%s}}", text, {}),
    "enum_select": ("device_type = {{%s}}", st.just("PC"), {"options": ["PC", "Phone"]}),
    "date_range": ("click_date BETWEEN {{%s.start}} AND {{%s.end}}", st.just({"preset": "last_7_days"}), {}),
}


@st.composite
def generated(draw: st.DrawFn) -> dict[str, Any]:
    rows, conditions = [], ["clicks >= 0"]
    for name in draw(st.lists(names, unique=True, max_size=4)):
        kind = draw(st.sampled_from(sorted(PLACES)))
        place, defaults, rules = PLACES[kind]
        conditions.append(place.replace("%s", name))
        default = draw(st.none() | defaults)
        optional = draw(st.booleans()) and default is None
        rows.append(
            {
                "parameter_name": name,
                "parameter_type": kind,
                "required": not optional,
                "default_value": default,
                "validation_rules": rules | ({"empty": "neutral"} if optional else {}),
                "ui_config": draw(json_object),
                "display_name": draw(text),
                "group_name": draw(text | st.just("")),
            }
        )
    lines = draw(st.sampled_from(["\n  AND ", " AND ", "\r\nAND "]))
    return {
        "name": draw(text),
        "category": draw(text),
        "description": draw(text | st.just("")),
        "sql_template": "SELECT campaign, SUM(clicks) AS clicks FROM dsp_clicks\nWHERE "
        + lines.join(conditions)
        + "\nGROUP BY campaign",
        "parameter_definitions": rows,
        "report_type": draw(st.none() | text),
        "report_config": draw(json_object),
        "ui_schema": draw(json_object),
        "tags": draw(st.lists(text, max_size=3)),
        "is_public": draw(st.booleans()),
    }


@settings(max_examples=40)
@given(data=generated())
def test_any_publication_comes_back_the_same(cast: Cast, database: Flask, data: dict[str, Any]) -> None:
    with transaction() as session:
        template = publishing.publish(session, data, session.merge(cast.ada))
        wanted = publication_of(template)
        content = written(exporting.export(session, [template]))
        session.delete(template)  # else a public one would be there already
    (outcome,) = bring(cast.ben, content)
    assert outcome.outcome in ("imported", "imported with warnings"), outcome
    assert [each.outcome for each in bring(cast.ben, content)] == ["unchanged"]
    with transaction() as session:
        copy = session.scalars(
            select(QueryTemplate).where(QueryTemplate.template_id == outcome.template_id)
        ).one()
        assert publication_of(copy) == wanted
        again = exporting.export(session, [copy])["templates"][0]["publication"]
        assert json.loads(content)["templates"][0]["publication"] == json.loads(json.dumps(again))
        session.delete(copy)
