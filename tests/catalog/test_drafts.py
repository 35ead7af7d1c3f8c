"""A draft is read strictly, and everything that speaks against publishing it is said at once."""

from typing import Any

import pytest

from reportbuilder.catalog.drafts import read_draft
from reportbuilder.errors import Invalid

SQL = "SELECT campaign, SUM(clicks) AS n FROM dsp_clicks WHERE campaign IN ({{campaigns}}) GROUP BY campaign"


def publication(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Reach",
        "category": "Performance",
        "sql_template": SQL,
        "parameter_definitions": [parameter("campaigns", "campaign_list", required=True)],
        **changes,
    }


def parameter(name: str, kind: str, **changes: Any) -> dict[str, Any]:
    return {"parameter_name": name, "parameter_type": kind, **changes}


def faults(data: dict[str, Any]) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        read_draft(data)
    return caught.value.details


def test_a_good_draft_comes_back_with_its_definitions() -> None:
    draft = read_draft(publication(name=" Reach ", tags=["a", "a", "b"]))
    assert (draft.name, draft.tags, draft.is_public) == ("Reach", ("a", "b"), False)
    assert [each.name for each in draft.definitions] == ["campaigns"]
    assert draft.sql_template == SQL


def test_definitions_keep_the_order_in_which_they_are_given() -> None:
    sql = "SELECT 1 AS n FROM t WHERE a = {{b}} AND a > {{a}}"
    rows = [parameter("b", "number", default_value=1), parameter("a", "number", default_value=2)]
    draft = read_draft(publication(sql_template=sql, parameter_definitions=rows))
    assert [each.name for each in draft.definitions] == ["b", "a"]


@pytest.mark.parametrize(
    ("field", "value", "part"),
    [
        ("name", "", "empty"),
        ("name", None, "missing"),
        ("name", "x" * 201, "201 characters"),
        ("name", "nul\0", "not a text"),
        ("category", 7, "not a text"),
        ("sql_template", "  ", "empty"),
        ("sql_template", "SELECT '" + "ü" * 60_000 + "' AS n", "bytes"),
        ("tags", "a,b", "not a list"),
        ("tags", [1], "not a text"),
        ("is_public", "yes", "neither"),
        ("report_config", [], "not an object"),
        ("ui_schema", {1: 2}, "not an object"),
        ("report_config", {"widgets": [{"title": "a\0"}]}, "NUL"),
        ("report_config", ["x"] * 10**6, "not an object"),
        ("ui_schema", {"x": {"ui:help": "\ud800"}}, "surrogate"),
        ("parameter_definitions", "x", "not a list"),
        ("colour", "red", "no field of that name"),
    ],
)
def test_each_wrong_field_is_named(field: str, value: object, part: str) -> None:
    details = faults(publication(**{field: value}))
    assert list(details) == [field]
    assert part in details[field][0]
    assert len(details[field][0]) < 500


def test_all_wrong_fields_are_named_at_once() -> None:
    rows = [parameter("a", "nonsense"), parameter("b", "number", validation_rules={"min": 9, "max": 1})]
    details = faults({"name": "", "parameter_definitions": rows})
    assert set(details) == {
        "name",
        "category",
        "sql_template",
        "parameter_definitions.0.parameter_type",
        "parameter_definitions.1.validation_rules.min",
    }


@pytest.mark.parametrize(
    ("sql", "part"),
    [
        (SQL + "\nORDER BY n", "line 2, column 1: AMC refuses ORDER BY"),
        ("SELECT * FROM t WHERE a IN ({{campaigns}})", "line 1, column 8: AMC refuses *"),
        (SQL.replace("WHERE", "WHERE a = {{undeclared}} AND"), "undeclared"),
        (SQL.replace("{{campaigns}}", "{{#if campaigns}}"), "line 1, column 70: {{#: control syntax"),
        (SQL + " {% endif %}", "control syntax"),
        (SQL.replace("IN ({{campaigns}})", "= {{campaigns}}"), "a list cannot stand as an expression"),
        (SQL + " /* never closed", "never closed"),
    ],
)
def test_faults_of_the_sql_have_their_place(sql: str, part: str) -> None:
    details = faults(publication(sql_template=sql))
    assert any(part in reason for reason in details["sql_template"])


@pytest.mark.parametrize(
    ("row", "part"),
    [
        (parameter("unused", "number", default_value=1), "the SQL does not use it"),
        (parameter("n", "number", default_value=1, validation_rules={"maximun": 3}), "no rule maximun"),
        (parameter("n", "number"), "make it required"),
    ],
)
def test_parameters_that_cannot_work_are_refused(row: dict[str, Any], part: str) -> None:
    sql = SQL.replace("WHERE", "WHERE {{n}} = 1 AND") if row["parameter_name"] == "n" else SQL
    rows = [parameter("campaigns", "campaign_list", required=True), {**row, "display_order": -1}]
    details = faults(publication(sql_template=sql, parameter_definitions=rows))
    assert list(details) == ["parameter_definitions.1"]
    assert part in details["parameter_definitions.1"][0]


def test_a_placeholder_in_a_comment_does_not_count_as_use() -> None:
    rows = [parameter("n", "number", required=True)]
    details = faults(publication(sql_template="SELECT 1 AS n -- {{n}}", parameter_definitions=rows))
    assert "does not use it" in details["parameter_definitions.0"][0]


def test_of_many_faults_the_first_are_told() -> None:
    details = faults(publication(sql_template=SQL + " ORDER BY n" * 500))
    assert len(details["sql_template"]) == 21
    assert "and 480 more" in details["sql_template"][-1]
