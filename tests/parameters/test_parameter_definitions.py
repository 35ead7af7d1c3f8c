"""Definitions: read from rows, refused with positions where they contradict themselves."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reportbuilder.errors import Invalid
from reportbuilder.parameters import Definition, Rolling, read_definitions
from reportbuilder.parameters.forms import describe
from reportbuilder.parameters.patterns import Pattern
from reportbuilder.parameters.types import KINDS
from reportbuilder.parameters.values import Refused

ROW: dict[str, Any] = {
    "parameter_name": "asins",
    "display_name": "Products",
    "description": "The ASINs to look at.",
    "parameter_type": "asin_list",
    "required": True,
    "default_value": None,
    "validation_rules": {"min_selections": 2, "maxItems": 50},
    "ui_config": {"placeholder": "B0…"},
    "display_order": 3,
    "group_name": "Products",
}


def test_a_row_becomes_a_definition_and_back() -> None:
    definition = Definition.from_mapping(ROW)
    assert definition.rules == {"min_items": 2, "max_items": 50}
    assert (definition.name, definition.order, definition.group, definition.required) == (
        "asins",
        3,
        "Products",
        True,
    )
    assert Definition.from_mapping(definition.to_mapping()) == definition


def test_json_columns_may_hold_json_text() -> None:
    row = ROW | {
        "validation_rules": json.dumps(ROW["validation_rules"]),
        "ui_config": "{}",
        "default_value": '["b000000001", "b000000002"]',
    }
    definition = Definition.from_mapping(row)
    assert definition.rules == {"min_items": 2, "max_items": 50}
    assert definition.default == ("B000000001", "B000000002")


def test_a_sparse_row_is_enough() -> None:
    definition = Definition.from_mapping({"parameter_name": "top_n", "parameter_type": "number"})
    assert definition == Definition("top_n", "number")
    assert definition.title == "Top n"
    assert definition.required is False


@pytest.mark.parametrize(
    ("kind", "rules", "read"),
    [
        ("date", {"min_date": "2025-01-01"}, {"min": date(2025, 1, 1)}),
        ("date", {"allowFuture": "false"}, {"allow_future": False}),
        ("date_range", {"minDays": "7", "max_days": 30}, {"min_days": 7, "max_days": 30}),
        ("string", {"minLength": 1, "max_length": 5.0}, {"min_length": 1, "max_length": 5}),
        ("string", {"pattern": "a+"}, {"pattern": Pattern("a+")}),
        ("number", {"minimum": "0.5", "max": 10}, {"min": Decimal("0.5"), "max": 10}),
        ("percentage", {"asDecimal": True}, {"as_decimal": True}),
        ("campaign_list", {"min_selections": 1, "minItems": 1}, {"min_items": 1}),
        ("string", {"max_length": None}, {}),
    ],
)  # fmt: skip
def test_rules_are_read_under_every_spelling(kind: str, rules: dict[str, Any], read: dict[str, Any]) -> None:
    definition = Definition("x", kind, rules=rules)
    assert definition.rules == read
    assert Definition("x", kind, rules=definition.rules) == definition, "reading again changes nothing"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_unknown_rules_decide_nothing(kind: str) -> None:
    own = {"options": ["a"]} if kind == "enum_select" else {}
    known = {rule.name for rule in KINDS[kind].known}
    others = {rule.name for each in KINDS.values() for rule in each.known} - known
    plain = Definition("x", kind, rules=own)
    strange = Definition("x", kind, rules=own | dict.fromkeys(others, -1))
    assert strange.unknown_rules == tuple(sorted(others))
    assert describe(strange) == describe(plain)
    for value in ("a", 5, True, ["B000000001"], {"preset": "mtd"}, "2025-08-01"):
        results: list[Any] = []
        for definition in (plain, strange):
            try:
                results.append(definition.read(value, date(2025, 9, 14)))
            except Refused as error:
                results.append(error.reasons)
        assert results[0] == results[1]


def test_unknown_rules_are_kept_and_told() -> None:
    definition = Definition("x", "number", rules={"min": 1, "minn": 2, "unit": "USD"})
    assert definition.rules == {"min": 1, "minn": 2, "unit": "USD"}
    assert definition.unknown_rules == ("minn", "unit")


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"parameter_type": "asins"}, "parameter_type", "did you mean asin_list"),
        ({"parameter_type": ""}, "parameter_type", "give one of"),
        ({"parameter_name": "a-b"}, "parameter_name", "cannot be a name"),
        ({"parameter_name": ""}, "parameter_name", "cannot be a name"),
        ({"parameter_name": "x" * 10**6}, "parameter_name", "cannot be a name"),
        ({"parameter_name": ["x"]}, "parameter_name", "cannot be a name"),
        ({"parameter_type": "x" * 10**6}, "parameter_type", "is not a parameter type"),
        ({"display_name": "a\0"}, "display_name", "NUL"),
        ({"group_name": "\ud800"}, "group_name", "surrogate"),
        ({"ui_config": {"help": [{"\ud800": 1}]}}, "ui_config", "surrogate"),
        ({"validation_rules": {"unit": "a\0"}}, "validation_rules", "NUL"),
        ({"validation_rules": [1] * 10**6}, "validation_rules", "not an object"),
        ({"validation_rules": {"minItems": "9" * 10**6}}, "validation_rules.minItems", "not a count"),
        ({"validation_rules": {"minItems": 10**5000}}, "validation_rules.minItems", "not a count"),
        ({"parameter_name": "time_window"}, "parameter_name", "cannot be a name"),
        ({"required": "perhaps"}, "required", "neither true nor false"),
        ({"validation_rules": ["min"]}, "validation_rules", "not an object"),
        (
            {"validation_rules": {"min_items": 3, "max_items": 2}},
            "validation_rules.min_items",
            "above max_items",
        ),
        ({"validation_rules": {"min_items": 1, "minItems": 2}}, "validation_rules.minItems", "contradicts"),
        ({"validation_rules": {"minItems": -1}}, "validation_rules.minItems", "not a count"),
        ({"validation_rules": {"maxItems": 2000}}, "validation_rules.max_items", "above 1000"),
        ({"validation_rules": {"empty": "neutral"}}, "validation_rules.empty", "required"),
        ({"validation_rules": {"empty": "skip"}}, "validation_rules.empty", "neutral or null"),
        ({"default_value": ["nope"]}, "default_value", "not an ASIN"),
        ({"default_value": ["B000000001"]}, "default_value", "at least 2"),
    ],
)
def test_a_row_that_cannot_be_is_refused(changes: dict[str, Any], column: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        Definition.from_mapping(ROW | changes)
    assert list(caught.value.details) == [column]
    assert words in caught.value.details[column][0]
    assert len(caught.value.message) < 500
    with pytest.raises(Invalid) as caught:
        read_definitions([ROW | changes])
    assert list(caught.value.details) == [f"0.{column}"]
    assert len(caught.value.message) < 500


@pytest.mark.parametrize("row", [None, [1], "name", 5])
def test_a_row_that_is_no_object_is_refused(row: Any) -> None:
    with pytest.raises(Invalid, match="is not an object") as caught:
        read_definitions([ROW, row])
    assert list(caught.value.details) == ["1.parameter_name"]


@pytest.mark.parametrize(
    ("kind", "rules", "column"),
    [
        ("number", {"min": 5, "max": 4}, "validation_rules.min"),
        ("number", {"min": "five"}, "validation_rules.min"),
        ("number", {"type": "float"}, "validation_rules.type"),
        ("number", {"max": 10**40}, "validation_rules.max"),
        ("enum_select", {"options": ["a\0"]}, "validation_rules.options"),
        ("enum_select", {"options": [float("nan")]}, "validation_rules.options"),
        ("percentage", {"max": 200}, "validation_rules.max"),
        ("threshold_numeric", {"step": 0}, "validation_rules.step"),
        ("threshold_numeric", {"min": 0, "max": 5, "step": 10}, "validation_rules.step"),
        ("date", {"min": "2025-08-01", "max": "2025-07-01"}, "validation_rules.min"),
        ("date", {"min": "soon"}, "validation_rules.min"),
        ("date_range", {"min_days": 8, "max_days": 7}, "validation_rules.min_days"),
        ("string", {"min_length": 5, "max_length": 4}, "validation_rules.min_length"),
        ("string", {"max_length": 100_000}, "validation_rules.max_length"),
        ("string", {"pattern": "(a"}, "validation_rules.pattern"),
        ("string", {"pattern": 5}, "validation_rules.pattern"),
        ("string", {"pattern": "a", "identifier": True}, "validation_rules.pattern"),
        ("campaign_list", {"max_items": 0}, "validation_rules.max_items"),
        ("enum_select", {}, "validation_rules.options"),
        ("enum_select", {"options": []}, "validation_rules.options"),
        ("enum_select", {"options": ["a", "a"]}, "validation_rules.options"),
        ("enum_select", {"options": [None]}, "validation_rules.options"),
        ("enum_select", {"options": ["a"], "min_items": 1}, "validation_rules.multiple"),
        ("enum_select", {"options": ["a"], "multiple": True, "min_items": 2}, "validation_rules.min_items"),
        ("mapped_from_node", {"empty": "null"}, "validation_rules.empty"),
    ],
)
def test_contradictory_rules_are_refused(kind: str, rules: dict[str, Any], column: str) -> None:
    with pytest.raises(Invalid) as caught:
        Definition("x", kind, rules=rules)
    assert list(caught.value.details) == [column]


def test_a_default_must_obey_its_own_rules() -> None:
    with pytest.raises(Invalid, match=r"default_value: 5 is too small; give at least 10"):
        Definition("x", "number", rules={"min": 10}, default=5)
    assert Definition("x", "date_range", default={"preset": "last_30_days"}).default == Rolling(
        "last_30_days"
    )


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_type_survives_the_way_through_its_row(kind: str) -> None:
    rules: dict[str, Any] = (
        {"options": ["a", {"value": 2.5, "label": "Two and a half"}]} if kind == "enum_select" else {}
    )
    if kind == "string":
        rules = {"pattern": "a.c", "max_length": 10}
    definition = Definition("x", kind, "X", "About x", rules=rules, ui={"widget": "w"}, order=2, group="G")
    assert Definition.from_mapping(json.loads(json.dumps(definition.to_mapping()))) == definition


def test_every_fault_of_every_row_is_told_with_its_position() -> None:
    rows: list[dict[str, Any]] = [
        {"parameter_name": "b", "parameter_type": "number", "display_order": 2},
        {"parameter_name": "x", "parameter_type": "nunber"},
        {"parameter_name": "b", "parameter_type": "string"},
        {"parameter_name": "y", "parameter_type": "number", "validation_rules": {"min": "a", "max": "b"}},
    ]
    with pytest.raises(Invalid) as caught:
        read_definitions(rows)
    assert list(caught.value.details) == [
        "1.parameter_type",
        "2.parameter_name",
        "3.validation_rules.min",
        "3.validation_rules.max",
    ]
    assert 'parameter "x"' in caught.value.details["1.parameter_type"][0]
    assert "did you mean number" in caught.value.message


def test_definitions_come_in_their_display_order() -> None:
    rows = [
        {"parameter_name": name, "parameter_type": "string", "display_order": order}
        for name, order in [("c", 3), ("a", 1), ("b", None)]
    ]
    assert [definition.name for definition in read_definitions(rows)] == ["b", "a", "c"]
