"""Forms: one schema for server and browser, agreeing on what they take and on the words of a refusal."""

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from marshmallow import Schema

from reportbuilder.errors import Invalid
from reportbuilder.parameters import DateRange, Definition, Rolling, build_form, parse_window
from reportbuilder.parameters.messages import fill
from tests.parameters.browser import NOW, errors_of, load, one_field

quick = settings(max_examples=40, deadline=None)
SERVER_ONLY = re.compile(
    "calendar|future|comes before|both ends counted|steps|digits after the point|SQL cannot hold|not a text"
    "|time zone|later end|does not exist"
)
LIMITS = re.compile("too early|too late")


def is_server_only(value: object, reason: str) -> bool:
    """Say whether JSON Schema cannot express that reason; it can limit dates, unless they are relative."""
    fixed = isinstance(value, dict) or (isinstance(value, str) and value[:1].isdigit())
    return bool(SERVER_ONLY.search(reason) or (LIMITS.search(reason) and not fixed) or "preset" in str(value))


days = st.dates(date(2020, 1, 1), date(2027, 1, 1)).map(str)
numbers = st.one_of(st.integers(-20, 120), st.sampled_from([0.5, -0.1, 1.0, 1e30, 10**38, 99.5, 1e-40]))
texts = st.one_of(
    st.text("ab1_ \n'é😀", max_size=8), st.text(max_size=5), st.sampled_from(["Nike*", "a" * 1001])
)
ranges = st.fixed_dictionaries({"start": st.one_of(days, texts), "end": days})
words = st.sampled_from(
    ["last_30_days", "last_400_days", "last_401_days", "mtd", "today", "today-7", "Last Month"]
)
presets = st.one_of(words, texts).map(lambda word: {"preset": word})
asins = st.sampled_from(["B000000001", "B000000002", "b000000003", "B00", "B000000001 B000000002"])
picks = st.sampled_from(["a", "b", "c", 1, 1.0, 0.5, True, False, 2])
lists = st.lists(st.one_of(texts, asins, numbers, st.booleans()), max_size=5)
junk = st.one_of(
    st.booleans(),
    st.none(),
    numbers,
    texts,
    days,
    words,
    ranges,
    presets,
    asins,
    lists,
    st.just({"start": "2025-01-01"}),
)

FIELDS: list[tuple[str, dict[str, Any], st.SearchStrategy[Any]]] = [
    ("date", {}, days),
    ("date", {"min": "2022-01-01", "max": "2025-01-01", "allow_future": False}, days),
    ("date_range", {}, st.one_of(ranges, presets)),
    ("date_range", {"min": "2022-01-01", "min_days": 2, "max_days": 60}, st.one_of(ranges, presets)),
    ("date_expression", {}, st.one_of(words, ranges)),
    ("string", {}, texts),
    ("string", {"min_length": 2, "max_length": 4}, texts),
    ("string", {"pattern": "[ab]+(_\\d)?|.é\\s*"}, texts),
    ("string", {"identifier": True}, texts),
    ("number", {}, numbers),
    ("number", {"min": 0.5, "max": 99.5}, numbers),
    ("number", {"type": "integer", "min": -5}, numbers),
    ("boolean", {}, st.booleans()),
    ("campaign_list", {"min_selections": 2, "max_selections": 3}, lists),
    ("campaign_list", {"item_type": "integer"}, st.lists(numbers, max_size=4)),
    ("campaign_filter", {"max_length": 5}, texts),
    ("asin_list", {"max_selections": 2}, st.lists(asins, max_size=4)),
    ("string_list", {}, lists),
    ("threshold_numeric", {"min": 10, "max": 100, "step": 5}, numbers),
    ("threshold_numeric", {"min": 1, "step": 0.5}, numbers),
    ("percentage", {}, numbers),
    ("enum_select", {"options": ["a", "b", 1, 0.5, True]}, picks),
    ("enum_select", {"options": ["a", 1], "multiple": True, "min_items": 2}, st.lists(picks, max_size=4)),
    ("mapped_from_node", {}, texts),
]  # fmt: skip
IDS = [f"{kind}-{number}" for number, (kind, _, _) in enumerate(FIELDS)]


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize(("kind", "rules", "values"), FIELDS, ids=IDS)
@given(data=st.data())
@quick
def test_browser_and_server_agree(
    kind: str, rules: dict[str, Any], values: st.SearchStrategy[Any], required: bool, data: st.DataObject
) -> None:
    form = one_field(kind, rules, required=required)
    posted = data.draw(st.one_of(st.just({}), st.one_of(values, junk).map(lambda value: {"x": value})))
    loaded, reasons = load(form, posted)
    errors = errors_of(form, posted)
    if not errors and loaded is None:
        assert is_server_only(posted["x"], reasons["x"][0]), "the server takes what the browser took"
    if loaded is not None:
        stored = json.loads(json.dumps(form.dump(loaded)))
        assert errors_of(form, stored) == [], "normalised, the browser takes what the server took"
        assert form.load(stored) == loaded, "JSON to typed to JSON is stable"
        assert form.dump(form.load(stored)) == stored


# Types of one keyword at a time: a list or a range may be wrong in several ways at once.
SEVERAL = ("date_range", "date_expression", "campaign_list", "asin_list", "string_list")
PLAIN = [field for field in FIELDS if field[0] not in SEVERAL and "multiple" not in field[1]]


@pytest.mark.parametrize(("kind", "rules", "values"), PLAIN)
@given(data=st.data())
@quick
def test_a_refusal_of_both_has_the_words_of_the_browser(
    kind: str, rules: dict[str, Any], values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    form = one_field(kind, rules)
    value = data.draw(values)
    _, reasons = load(form, {"x": value})
    errors = errors_of(form, {"x": value})
    if reasons and errors and not is_server_only(value, reasons["x"][0]):
        words = form.json_schema()["properties"]["x"]["x-messages"]
        spoken = {fill(words[keyword_of(error)], value) for error in errors if len(error.absolute_path) == 1}
        assert spoken & set(reasons["x"])


def keyword_of(error: ValidationError) -> str:
    return str(error.validator or error.message)


@pytest.mark.parametrize(
    ("kind", "rules", "value", "keyword"),
    [
        ("number", {"min": 5}, 4, "minimum"),
        ("number", {"max": 5}, 6, "maximum"),
        ("number", {"type": "integer"}, 1.5, "type"),
        ("threshold_numeric", {"min": 0, "step": 5}, 4, "multipleOf"),
        ("string", {"min_length": 3}, "ab", "minLength"),
        ("string", {"max_length": 3}, "abcd", "maxLength"),
        ("string", {"pattern": "a+"}, "b", "pattern"),
        ("string", {}, True, "type"),
        ("boolean", {}, "maybe", "type"),
        ("date", {}, "soon", "pattern"),
        ("date", {"min": "2025-01-01"}, "2024-01-01", "formatMinimum"),
        ("date", {"max": "2025-01-01"}, "2026-01-01", "formatMaximum"),
        ("date_range", {}, {"start": "2025-01-01"}, "anyOf"),
        ("date_expression", {}, 5, "anyOf"),
        ("enum_select", {"options": ["a"]}, "b", "enum"),
        ("campaign_list", {"min_items": 2}, ["a"], "minItems"),
        ("asin_list", {"max_items": 1}, ["B000000001", "B000000002"], "maxItems"),
        ("mapped_from_node", {}, "a", "not"),
    ],
)
def test_both_refuse_by_the_same_words(kind: str, rules: dict[str, Any], value: object, keyword: str) -> None:
    form = one_field(kind, rules)
    (error,) = errors_of(form, {"x": value})
    words = form.json_schema()["properties"]["x"]["x-messages"][keyword]
    assert keyword_of(error) == keyword
    assert load(form, {"x": value}) == (None, {"x": [fill(words, value)]})


def test_a_wrong_item_is_told_by_the_same_words() -> None:
    form = one_field("asin_list", {})
    (error,) = errors_of(form, {"x": ["B000000001", "short"]})
    words = form.json_schema()["properties"]["x"]["x-messages"]["items"]
    assert list(error.absolute_path) == ["x", 1]
    assert load(form, {"x": ["B000000001", "short"]})[1] == {"x": [fill(words, "short")]}


def test_missing_and_unknown_fields_are_told_by_the_same_words() -> None:
    form = one_field("number", {}, required=True)
    messages = form.json_schema()["x-messages"]
    assert {error.validator for error in errors_of(form, {"zzz": 1})} == {"required", "additionalProperties"}
    assert load(form, {"zzz": 1})[1] == {
        "x": [messages["required"]],
        "zzz": [messages["additionalProperties"]],
    }


def test_every_fault_is_told_at_once() -> None:
    form = build_form(
        [
            Definition("a", "number", required=True),
            Definition("b", "date_range"),
            Definition("c", "asin_list", required=True),
        ],
        as_of=NOW,
    )
    loaded, reasons = load(form, {"b": {"start": "2025-02-01", "end": "2025-01-01"}, "c": []})
    assert loaded is None
    assert sorted(reasons) == ["a", "b", "c"]
    assert reasons["b"] == ["the end 2025-01-01 comes before the start 2025-02-01; swap them"]


def test_load_gives_typed_values_and_leaves_out_what_is_empty() -> None:
    form = build_form(
        [
            Definition("n", "number"),
            Definition("day", "date"),
            Definition("span", "date_range"),
            Definition("names", "campaign_list"),
            Definition("note"),
            Definition("top", "number", default=5, required=True),
        ],
        as_of=NOW,
    )
    data = {
        "n": "0.5",
        "day": "2025-08-01",
        "span": {"preset": "mtd"},
        "names": "a\nb",
        "note": "",
        "top": None,
    }
    assert form.load(data) == {
        "n": Decimal("0.5"),
        "day": date(2025, 8, 1),
        "span": Rolling("mtd"),
        "names": ("a", "b"),
    }
    assert form.dump(form.load(data)) == {
        "n": 0.5,
        "day": "2025-08-01",
        "span": {"preset": "mtd"},
        "names": ["a", "b"],
    }


@pytest.mark.parametrize("data", [None, [], "x", 5])
def test_what_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(Invalid, match="not an object"):
        one_field("number", {}).load(data)


@pytest.mark.parametrize(
    "name", ["fields", "load", "dump", "context", "Meta", "opts", "error_messages", "validate", "__class__"]
)
def test_any_name_may_be_a_field(name: str) -> None:
    form = build_form([Definition(name, "number", required=True)], as_of=NOW)
    assert form.load({name: 5}) == {name: 5}
    with pytest.raises(Invalid):
        form.load({})


def test_the_schema_is_marshmallows_and_valid_json_schema() -> None:
    definitions = [
        Definition(f"f{number}", kind, rules=rules) for number, (kind, rules, _) in enumerate(FIELDS)
    ]
    form = build_form(definitions, as_of=NOW, window=True)
    assert issubclass(form.schema, Schema)
    Draft202012Validator.check_schema(form.json_schema())
    assert json.loads(json.dumps(form.json_schema())) == form.json_schema()
    assert form.json_schema()["additionalProperties"] is False
    json.dumps(form.ui())


def test_defaults_titles_and_descriptions_are_shown() -> None:
    definition = Definition(
        "span", "date_range", "Period", "Which days.", default="last_month", required=True
    )
    schema = build_form([definition], as_of=NOW).json_schema()
    assert schema["required"] == []
    shown = schema["properties"]["span"]
    assert (shown["title"], shown["description"], shown["default"]) == (
        "Period",
        "Which days.",
        {"preset": "last_month"},
    )


# The window


def test_the_window_takes_the_place_of_its_dates() -> None:
    definitions = [
        Definition("start_date", "date", required=True),
        Definition("endDate", "date"),
        Definition("n", "number"),
    ]
    form = build_form(definitions, as_of=NOW, window=True, zone="Europe/Berlin")
    assert list(form.json_schema()["properties"]) == ["n", "time_window"]
    loaded = form.load({"time_window": {"preset": "Last Month", "lag_days": 0}})
    assert loaded == {"time_window": {"preset": "last_month", "lag_days": 0, "time_zone": "Europe/Berlin"}}
    wish = loaded["time_window"]
    assert isinstance(wish, dict)
    assert parse_window(wish, as_of=NOW).days == DateRange(date(2025, 8, 1), date(2025, 8, 31))
    assert load(form, {"start_date": "2025-01-01"})[1] == {
        "start_date": ["the time window fills it in; send time_window instead"]
    }
    assert list(build_form(definitions, as_of=NOW).json_schema()["properties"]) == [
        "start_date",
        "endDate",
        "n",
    ]


zones = st.sampled_from(["UTC", "Mars/Base"])
wishes = st.one_of(
    st.fixed_dictionaries({"start": days, "end": st.one_of(days, st.just("2025-08-01T10:30:00"))}),
    st.fixed_dictionaries({"preset": st.one_of(words, texts)}, optional={"lag_days": st.integers(-1, 500)}),
    st.fixed_dictionaries({}, optional={"lookback_days": st.integers(-1, 500), "time_zone": zones}),
    st.one_of(texts.filter(bool), st.integers(), st.just({"from": "2025-01-01"})),
)  # fmt: skip


@given(wishes)
@quick
def test_browser_and_server_agree_on_windows(wish: Any) -> None:
    form = build_form([], as_of=NOW, window=True)
    loaded, reasons = load(form, {"time_window": wish})
    if not errors_of(form, {"time_window": wish}):
        assert loaded is not None or is_server_only(wish, reasons["time_window"][0])
    if loaded:
        assert errors_of(form, loaded) == []
        assert form.load(loaded) == loaded


def test_a_wrong_window_is_told_at_its_field() -> None:
    form = build_form([], as_of=NOW, window=True)
    assert load(form, {"time_window": {"start": "2025-09-01", "end": "2025-10-01"}})[1]["time_window"][
        0
    ].startswith("time_window.end: 2025-10-01 lies in the future")
