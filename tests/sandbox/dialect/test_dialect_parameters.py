"""The parameters of a run: the window's own, and those that a workflow declares."""

from typing import Any

import pytest

from tests.sandbox.dialect.tiny import Tiny

ARRAY = {"type": "ARRAY", "elementDataType": "STRING"}


def _declared(kind: Any, default: Any = None) -> dict[str, Any]:
    one = {"name": "p", "dataType": kind} | ({} if default is None else {"defaultValue": default})
    return {"workflow": {"inputParameters": [one]}}


@pytest.mark.conforms("function:BUILT_IN_PARAMETER", "semantics:built-in-utc")
def test_the_windows_ends(tiny: Tiny) -> None:
    assert tiny.cell("BUILT_IN_PARAMETER('TIME_WINDOW_START')") == "2026-01-01T00:00:00.000"
    assert tiny.cell("BUILT_IN_PARAMETER('TIME_WINDOW_END')") == "2026-02-01T00:00:00.000"


@pytest.mark.conforms("function:CUSTOM_PARAMETER", "semantics:parameter-types")
@pytest.mark.parametrize(
    ("kind", "value", "expression", "expected"),
    [
        ("BINARY", "YWJj", "FROM_VARBINARY(CUSTOM_PARAMETER('p'), 'utf-8')", "abc"),
        ("BOOLEAN", "TRUE", "IF(CUSTOM_PARAMETER('p'), 'yes', 'no')", "yes"),
        ("BYTE", "-128", "CUSTOM_PARAMETER('p') + 0", "-128"),
        (
            "CALENDAR_INTERVAL",
            "P1M2D",
            "CAST('2026-01-01' AS TIMESTAMP) + CUSTOM_PARAMETER('p')",
            "2026-02-03T00:00:00.000",
        ),
        ("DATE", "2026-01-31", "CUSTOM_PARAMETER('p')", "2026-01-31"),
        ("DECIMAL", "1.25", "CUSTOM_PARAMETER('p') * 2", "2.5000"),
        ("DOUBLE", "1e3", "CUSTOM_PARAMETER('p')", "1000.0"),
        ("FLOAT", "0.5", "CUSTOM_PARAMETER('p')", "0.5"),
        ("INTEGER", "2147483647", "CUSTOM_PARAMETER('p')", "2147483647"),
        ("LONG", "9223372036854775807", "CUSTOM_PARAMETER('p')", "9223372036854775807"),
        ("SHORT", "7", "CUSTOM_PARAMETER('p')", "7"),
        ("STRING", "it's {{x}} -- ", "CUSTOM_PARAMETER('p')", "it's {{x}} -- "),
        ("TIMESTAMP", "2026-01-31T01:02:03", "CUSTOM_PARAMETER('p')", "2026-01-31T01:02:03.000"),
    ],
)
def test_every_type(tiny: Tiny, kind: str, value: str, expression: str, expected: str) -> None:
    assert tiny.cell(expression, **_declared(kind), parameterValues={"p": value}) == expected
    assert tiny.cell(expression, **_declared(kind, value)) == expected


@pytest.mark.conforms("refusal:parameter-bad-value")
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("BINARY", "a"),
        ("BOOLEAN", "yes"),
        ("BYTE", "128"),
        ("CALENDAR_INTERVAL", "1 day"),
        ("DATE", "2026-02-30"),
        ("DECIMAL", "NaN"),
        ("DOUBLE", "one"),
        ("FLOAT", ""),
        ("INTEGER", "2147483648"),
        ("LONG", "1.5"),
        ("SHORT", "99999"),
        ("TIMESTAMP", "soon"),
    ],
)
def test_a_value_of_another_type(tiny: Tiny, kind: str, value: str) -> None:
    text = tiny.refusal("SELECT CUSTOM_PARAMETER('p') AS x", **_declared(kind), parameterValues={"p": value})
    assert text == f"Value '{value}' of parameter p is not a valid {kind}."


@pytest.mark.conforms("semantics:parameter-default", "semantics:parameter-number")
def test_a_given_value_goes_before_the_default_and_may_be_a_number(tiny: Tiny) -> None:
    declared = _declared("LONG", "1")
    assert tiny.cell("CUSTOM_PARAMETER('p')", **declared) == "1"
    assert tiny.cell("CUSTOM_PARAMETER('p')", **declared, parameterValues={"p": "2"}) == "2"
    assert tiny.cell("CUSTOM_PARAMETER('p')", **declared, parameterValues={"p": 3}) == "3"


@pytest.mark.conforms("semantics:parameter-arrays")
def test_arrays(tiny: Tiny) -> None:
    for value in ('["a", "it\'s"]', ["a", "it's"]):
        given = {**_declared(ARRAY), "parameterValues": {"p": value}}
        assert tiny.cell("ARRAY_CONTAINS(CUSTOM_PARAMETER('p'), 'it''s')", **given) == "true"
        assert tiny.lines("SELECT EXPLODE(CUSTOM_PARAMETER('p')) AS x", **given) == ["a", "it's"]
    numbers = {"type": "ARRAY", "elementDataType": "LONG"}
    assert tiny.cell("CUSTOM_PARAMETER('p')", **_declared(numbers, [1, 2])) == "[1, 2]"


WRONG = "SELECT\n  CUSTOM_PARAMETER('p') AS x"


@pytest.mark.conforms("refusal:undeclared-parameter", "refusal:parameter-case")
def test_undeclared_and_in_other_case(tiny: Tiny) -> None:
    assert tiny.refusal(WRONG) == "Filter operation p referenced an undeclared parameter p"
    text = tiny.refusal("SELECT CUSTOM_PARAMETER('P') AS x", **_declared("LONG", "1"))
    assert text == "Filter operation P referenced an undeclared parameter P"


@pytest.mark.conforms("refusal:parameter-without-value")
def test_without_any_value(tiny: Tiny) -> None:
    assert "neither a value nor a default" in tiny.refusal(WRONG, **_declared("LONG"))


@pytest.mark.conforms("refusal:parameter-literal", "refusal:unknown-built-in")
def test_names_are_literals(tiny: Tiny) -> None:
    text = tiny.refusal("SELECT\n CUSTOM_PARAMETER(p) AS x FROM (SELECT 'p' AS p)", **_declared("LONG", "1"))
    assert text == "From line 2, column 2 to line 2, column 20: CUSTOM_PARAMETER takes 1 string literal."
    assert "unknown built-in parameter NOW" in tiny.refusal("SELECT BUILT_IN_PARAMETER('NOW') AS x")


@pytest.mark.conforms("refusal:parameter-not-array")
@pytest.mark.parametrize(
    "call", ["ARRAY_CONTAINS(CUSTOM_PARAMETER('p'), 'a')", "ARRAY_UNION(ARRAY['a'], CUSTOM_PARAMETER('p'))"]
)
def test_a_text_is_no_array(tiny: Tiny, call: str) -> None:
    text = tiny.refusal(f"SELECT {call} AS x", **_declared("STRING", "a,b"))
    assert text.endswith("Array expression is not an array data type")
    assert text.startswith("From line 1, column ")


@pytest.mark.conforms("refusal:parameter-not-array")
def test_an_array_is_no_text(tiny: Tiny) -> None:
    text = tiny.refusal("SELECT 'a' IN (CUSTOM_PARAMETER('p')) AS x", **_declared(ARRAY, '["a"]'))
    assert text.endswith("Values passed to IN operator must have compatible types")
    assert "is not a JSON array" in tiny.refusal(WRONG, **_declared(ARRAY, "a,b"))


@pytest.mark.conforms("refusal:parameter-too-long", "limit:parameter-value")
def test_1024_characters_and_no_more(tiny: Tiny) -> None:
    assert tiny.cell("LENGTH(CUSTOM_PARAMETER('p'))", **_declared("STRING", "a" * 1024)) == "1024"
    for kind, value in (("STRING", "a" * 1025), (ARRAY, f'["{"a" * 1021}"]')):
        assert "exceeded maximum allowed length of 1024" in tiny.refusal(WRONG, **_declared(kind, value))
    assert "exceeded maximum" in tiny.refusal("SELECT 1 AS x", **_declared("STRING", "a" * 1025))
    assert "exceeded maximum" in tiny.refusal(WRONG, **_declared(ARRAY, ["a" * 1025]))
    many = _declared(ARRAY, ["B0" * 5] * 500)
    assert tiny.cell("CARDINALITY(CUSTOM_PARAMETER('p'))", **many) == "500"
