"""The fourteen types: what each takes, normalises and refuses, with words that name the way out."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportbuilder.parameters import DateRange, Definition, Rolling
from reportbuilder.parameters.types import KINDS
from reportbuilder.parameters.values import Refused

quick = settings(max_examples=150, deadline=None)
TODAY = date(2025, 9, 14)
AUGUST = DateRange(date(2025, 8, 1), date(2025, 8, 31))
FINE = "0.12345678901234567890123456789012345678"
SAMPLE_RULES: dict[str, dict[str, Any]] = {"enum_select": {"options": ["a", "b", 3, True]}}


def define(kind: str, rules: dict[str, Any] | None = None) -> Definition:
    return Definition("x", kind, rules=rules if rules is not None else SAMPLE_RULES.get(kind, {}))


def read(kind: str, value: object, rules: dict[str, Any] | None = None) -> Any:
    return define(kind, rules).read(value, TODAY)


def test_there_are_fourteen_types() -> None:
    assert sorted(KINDS) == [
        "asin_list",
        "boolean",
        "campaign_filter",
        "campaign_list",
        "date",
        "date_expression",
        "date_range",
        "enum_select",
        "mapped_from_node",
        "number",
        "percentage",
        "string",
        "string_list",
        "threshold_numeric",
    ]


@pytest.mark.parametrize(
    ("kind", "raw", "typed"),
    [
        ("date", "2025-08-01", date(2025, 8, 1)),
        ("date", " 2025-08-01T00:00:00Z ", date(2025, 8, 1)),
        ("date", "Today", Rolling("today")),
        ("date", {"preset": "today - 7"}, Rolling("today-7")),
        ("date_range", AUGUST.to_json(), AUGUST),
        ("date_range", {"preset": "last_30_days"}, Rolling("last_30_days")),
        ("date_range", '{"preset": "last_30_days"}', Rolling("last_30_days")),
        ("date_range", "Last Month", Rolling("last_month")),
        ("date_expression", "last-30-days", Rolling("last_30_days")),
        ("date_expression", AUGUST.to_json(), AUGUST),
        ("string", "  as it is ", "  as it is "),
        ("string", 123, "123"),
        ("number", "100", 100),
        ("number", " -1.50 ", Decimal("-1.5")),
        ("number", 5.0, 5),
        ("number", 0.1, Decimal("0.1")),
        ("number", 1e22, 10**22),
        ("number", FINE, Decimal(FINE)),
        ("percentage", "15 %", 15),
        ("boolean", "Yes", True),
        ("boolean", 0, False),
        ("boolean", "off", False),
        ("campaign_list", ["Brand, Spring ", "Brand, Spring", 5], ("Brand, Spring", "5")),
        ("campaign_list", "One, two\nThree", ("One, two", "Three")),
        ("campaign_list", "'One, two', 'It''s'", ("One, two", "It's")),
        ("campaign_list", '["a", "b"]', ("a", "b")),
        ("campaign_filter", " Nike* ", "Nike*"),
        ("asin_list", "b000000001, B000000002;b000000001", ("B000000001", "B000000002")),
        ("asin_list", "B000000001\nB000000002\tB000000003", ("B000000001", "B000000002", "B000000003")),
        ("asin_list", ["b000000001 B000000002", "'B000000003'"], ("B000000001", "B000000002", "B000000003")),
        ("string_list", "a, b;c\n'd, e'", ("a", "b", "c", "d, e")),
        ("string_list", ["a", "'b'", "", " ", "''c''", "d'"], ("a", "b", "c", "d'")),
        ("string_list", 5, ("5",)),
        ("threshold_numeric", "2.5", Decimal("2.5")),
        ("threshold_numeric", "10", 10),
        ("enum_select", "A", "a"),
        ("enum_select", "3", 3),
        ("enum_select", 3.0, 3),
        ("enum_select", True, True),
        ("mapped_from_node", [1, "a", 0.5], (1, "a", Decimal("0.5"))),
        ("mapped_from_node", True, True),
    ],
)  # fmt: skip
def test_values_are_normalised(kind: str, raw: object, typed: object) -> None:
    found = read(kind, raw)
    assert found == typed
    assert type(found) is type(typed)


@pytest.mark.parametrize(
    ("kind", "rules", "raw", "words"),
    [
        ("date", {}, "01/08/2025", '"01/08/2025" is not a date; write YYYY-MM-DD'),
        ("date", {}, "2025-02-30", "not in the calendar"),
        ("date", {}, 20250801, "not a date"),
        ("date", {"min": "2025-01-01"}, "2024-12-31", "too early; take 2025-01-01 or a later day"),
        ("date", {"max": "2025-01-01"}, "2025-01-02", "too late"),
        ("date", {"allow_future": False}, "2025-09-15", "future; take 2025-09-14"),
        ("date", {"min": "2025-09-10"}, "today-7", "too early"),
        ("date_range", {}, {"start": "2025-08-02", "end": "2025-08-01"}, "the end 2025-08-01 comes before"),
        ("date_range", {}, {"start": "2025-08-02"}, "not a range of dates"),
        ("date_range", {}, {"preset": "last_fortnight"}, "not a date expression"),
        ("date_range", {"min_days": 32}, AUGUST, "has 31 days, both ends counted; take at least 32"),
        ("date_range", {"max_days": 7}, "last_30_days", "take at most 7"),
        ("date_range", {"allow_future": False}, "this_month", "future"),
        ("date_expression", {}, "last_30_day", "did you mean last_30_days"),
        ("date_expression", {}, "CURRENT_DATE - 30", "not a date expression"),
        ("date_expression", {}, 30, "not a date expression"),
        ("string", {}, ["a"], "not text"),
        ("string", {}, True, "not text"),
        ("string", {}, "a\0", "SQL cannot hold"),
        ("string", {}, "\ud83d", "SQL cannot hold"),
        ("string", {"min_length": 3}, "ab", '"ab" is too short; write at least 3'),
        ("string", {"maxLength": 3}, "abcd", "at most 3"),
        ("string", {"pattern": "[a-z]+"}, "abc1", 'wrong form; write it as [a-z]+'),
        ("string", {"pattern": "[a-z]+"}, "abc\n", "wrong form"),
        ("string", {"pattern": ".*"}, "a" * 1001, "at most 1000"),
        ("string", {}, "a" * 10_001, "at most 10000"),
        ("string", {"identifier": True}, "a-b", "letters, digits and underscores"),
        ("number", {}, "abc", '"abc" is not a number; give digits such as 12 or 0.5'),
        ("number", {}, "1,000", "not a number"),
        ("number", {}, "1e5", "not a number"),
        ("number", {}, "NaN", "not a number"),
        ("number", {}, float("inf"), "not a number"),
        ("number", {}, True, "not a number"),
        ("number", {}, "٣", "not a number"),
        ("number", {}, 10**38, "too large"),
        ("number", {}, "9" * 5000, "not a number"),
        ("number", {}, -(10**38), "too small"),
        ("number", {}, 1e-40, "at most 38"),
        ("number", {"type": "integer"}, 1.5, "not a whole number"),
        ("number", {"min": 5}, 4, "4 is too small; give at least 5"),
        ("number", {"maximum": "0.5"}, 0.6, "give at most 0.5"),
        ("percentage", {}, 101, "at most 100"),
        ("percentage", {}, "-1%", "at least 0"),
        ("threshold_numeric", {"min": 1, "step": 2}, 4, "between two steps; give 1, 3, 5"),
        ("threshold_numeric", {"step": 0.1}, 0.35, "between two steps; give 0, 0.1, 0.2"),
        ("boolean", {}, "maybe", "neither true nor false"),
        ("boolean", {}, 2, "neither true nor false"),
        ("boolean", {}, 1.0, "neither true nor false"),
        ("campaign_list", {}, {"a": 1}, "not a list"),
        ("campaign_list", {}, True, "not a list"),
        ("campaign_list", {}, ["a", 1.5], "1.5 is not a text"),
        ("campaign_list", {"min_selections": 2}, ["a", "a"], "give at least 2"),
        ("campaign_list", {"maxItems": 1}, ["a", "b"], "give at most 1"),
        ("campaign_list", {"item_type": "integer"}, ["12", "a"], '"a" is not a whole number'),
        ("campaign_filter", {}, 1.5, "not text"),
        ("asin_list", {}, "B000000001 short", '"short" is not an ASIN'),
        ("asin_list", {}, ["B00000000é"], "10 letters or digits"),
        ("asin_list", {}, [5], "5 is not an ASIN"),
        ("asin_list", {}, ["bad1", "bad2", "bad3", "bad4", "bad5"], "and 2 more"),
        ("asin_list", {}, [f"B{n:09}" for n in range(1001)], "at most 1000"),
        ("asin_list", {"min_selections": 2, "max_selections": 3}, "B000000001", "at least 2"),
        ("string_list", {}, ["a\0"], "not a text"),
        ("enum_select", {"options": ["a", "b"]}, "c", '"c" is not among the options; choose from a, b'),
        ("enum_select", {"options": [1, 2]}, True, "true is not among the options"),
        ("enum_select", {"options": ["a", "b"], "multiple": True, "max_items": 1}, ["a", "b"], "at most 1"),
        ("mapped_from_node", {}, {"a": 1}, "not a plain value"),
        ("mapped_from_node", {}, [["a"]], "not a plain value"),
    ],
)  # fmt: skip
def test_refusals_name_the_value_and_the_way_out(
    kind: str, rules: dict[str, Any], raw: object, words: str
) -> None:
    with pytest.raises(Refused) as caught:
        read(kind, raw, rules)
    assert words in "; ".join(caught.value.reasons)


MONSTERS: list[Any] = ["[" * 100_000, "'" * 300_001, "a" * 10**6, 10**5000, [[[[]]]], {"a": {"b": [1]}}, b"x"]


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("value", MONSTERS, ids=range(len(MONSTERS)))
def test_monstrous_values_are_refused_with_short_words(kind: str, value: object) -> None:
    with pytest.raises(Refused) as caught:
        read(kind, value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_nothing_is_no_value(kind: str) -> None:
    assert read(kind, None) is None
    assert read(kind, "") is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("campaign_list", []),
        ("asin_list", " ,;\n"),
        ("string_list", " , "),
        ("campaign_filter", "  "),
        ("date_range", {}),
        ("enum_select", []),
        ("mapped_from_node", []),
    ],
)
def test_emptiness_is_defined_per_type(kind: str, value: object) -> None:
    assert read(kind, value) is None


def test_false_and_zero_are_values() -> None:
    assert read("boolean", False) is False
    assert read("number", 0) == 0
    assert read("string", " ") == " "


def test_a_rule_that_needs_today_waits_for_it() -> None:
    definition = define("date", {"allow_future": False})
    assert definition.read("2999-01-01") == date(2999, 1, 1)
    with pytest.raises(Refused):
        definition.read("2999-01-01", TODAY)


junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.text("'\"[]{},; \nab01", max_size=20),
    st.dates().map(str),
    st.sampled_from(
        ["last_30_days", "today-7", "B000000001, b000000002", "a", "15%", '{"preset": "mtd"}', "[1, 2]"]
    ),
    st.lists(st.one_of(st.text("'ab ", max_size=6), st.integers(), st.just("B000000001")), max_size=4),
    st.fixed_dictionaries({"start": st.dates().map(str), "end": st.dates().map(str)}),
)


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(value=junk)
@quick
def test_normalising_again_changes_nothing(kind: str, value: object) -> None:
    definition = define(kind)
    try:
        typed = definition.read(value, TODAY)
    except Refused:
        return
    assert definition.read(typed, TODAY) == typed
    stored = definition.to_json(typed)
    assert definition.read(stored, TODAY) == typed, "JSON → typed → JSON is stable"
    assert definition.to_json(definition.read(stored, TODAY)) == stored
