"""What a form shows beside its fields: hints, limits, their order, values on offer."""

from decimal import Decimal

import pytest
from jsonschema import Draft202012Validator

from reportbuilder.parameters import Definition, build_form, parse_window, render
from tests.parameters.browser import NOW, errors_of, load, one_field


def test_hints_are_merged_from_types_rows_and_the_template() -> None:
    definitions = [
        Definition(
            "asins",
            "asin_list",
            description="Products",
            ui={"placeholder": "B0…", "ui:help": "Paste them"},
            group="What",
        ),
        Definition("limit", "threshold_numeric", rules={"step": 5}, group="How"),
        Definition(
            "kind", "enum_select", rules={"options": [{"value": "a", "label": "Apple"}]}, group="What"
        ),
        Definition("span", "date_range"),
        Definition("fed", "mapped_from_node"),
    ]
    ui_schema = {
        "ui:order": ["kind", "gone", "asins"],
        "limit": {"ui:widget": "updown"},
        "fields": {"kind": {"widget": "radio"}},
    }
    offered = {"asin_list": ["B000000001", {"value": "B000000002", "label": "Shoe"}]}
    ui = build_form(definitions, ui_schema, as_of=NOW, window=True, choices=offered).ui()
    assert ui["ui:order"] == ["kind", "asins", "limit", "span", "fed", "time_window"]
    assert ui["ui:groups"] == [
        {"title": "What", "fields": ["kind", "asins"]},
        {"title": "How", "fields": ["limit"]},
    ]
    assert ui["asins"]["ui:widget"] == "asin-picker"
    assert (ui["asins"]["ui:placeholder"], ui["asins"]["ui:help"]) == ("B0…", "Paste them")
    assert ui["asins"]["ui:options"]["choices"] == [
        {"value": "B000000001", "label": "B000000001"},
        {"value": "B000000002", "label": "Shoe"},
    ]
    assert (ui["limit"]["ui:widget"], ui["limit"]["ui:options"]) == ("updown", {"step": 5})
    assert (ui["kind"]["ui:widget"], ui["kind"]["ui:options"]) == ("radio", {"labels": ["Apple"]})
    assert "last_30_days" in ui["span"]["ui:options"]["presets"]
    assert ui["fed"]["ui:readonly"] is True


def test_a_relative_day_is_no_date_to_a_browser_and_yet_taken() -> None:
    form = one_field("date", {"min": "2025-01-01", "max": "2025-12-31"})
    for value in ("today", "today-7", "2025-03-01"):
        assert load(form, {"x": value})[1] == {}
        assert errors_of(form, {"x": value}) == []
    assert [error.validator or error.message for error in errors_of(form, {"x": "2026-01-01"})] == [
        "formatMaximum"
    ]


def test_limits_that_no_float_holds_are_numbers_inside_of_them() -> None:
    low, high = Decimal("0.12345678901234567890"), Decimal("9.87654321098765432101")
    form = one_field("number", {"min": str(low), "max": str(high)})
    schema = form.json_schema()["properties"]["x"]
    Draft202012Validator.check_schema(schema)
    assert low <= Decimal(schema["minimum"]) < low + Decimal("1e-15")
    assert high - Decimal("1e-14") < Decimal(schema["maximum"]) <= high
    for limit in (schema["minimum"], schema["maximum"]):
        assert load(form, {"x": limit})[1] == {}


def test_names_of_unknown_fields_are_cut_in_the_message() -> None:
    (name,) = load(one_field("number", {}), {"k" * 10**6: 1})[1]
    assert len(name) == 100


def test_rules_of_another_type_are_no_hints() -> None:
    rules = {"options": ["a", "b"], "step": "0.5"}
    form = build_form(
        [Definition("x", "string", rules=rules), Definition("n", "number", rules=rules)], as_of=NOW
    )
    assert form.ui()["x"] == {"ui:widget": "text"}
    assert form.ui()["n"] == {"ui:widget": "number"}


@pytest.mark.parametrize("order", [None, 5, "x", {"x": 1}, [["x"], None, {}], ["x", "x", "zzz"]])
def test_a_broken_order_is_no_harm(order: object) -> None:
    form = build_form([Definition("y"), Definition("x")], {"ui:order": order, "x": None, "y": 5}, as_of=NOW)
    assert sorted(form.ui()["ui:order"]) == ["x", "y"]


def test_offered_values_do_not_close_the_field() -> None:
    form = build_form([Definition("c", "campaign_list")], as_of=NOW, choices={"c": ["Spring"]})
    assert form.load({"c": ["Autumn"]}) == {"c": ("Autumn",)}


def test_the_whole_way() -> None:
    sql = "SELECT campaign FROM t WHERE d >= '{{start_date}}' AND d < '{{end_date}}' AND c IN ({{names}})"
    definitions = [Definition("names", "campaign_list", required=True)]
    typed = build_form(definitions, as_of=NOW, window=True).load(
        {"names": "O'Brien", "time_window": {"lookback_days": 7}}
    )
    window = parse_window(typed.pop("time_window"), as_of=NOW)  # type: ignore[arg-type]  # a mapping, by the line above
    rendered = render(sql, definitions, typed, window=window, as_of=NOW)
    assert rendered.sql == (
        "SELECT campaign FROM t WHERE d >= '2025-08-25' AND d < '2025-09-01' AND c IN ('O''Brien')"
    )
