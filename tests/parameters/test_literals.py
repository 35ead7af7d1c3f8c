"""Literals: whatever the value, it stays one value, and the database reads the same back."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reportbuilder.parameters import literals
from reportbuilder.parameters.tokens import tokenize
from reportbuilder.parameters.values import Refused, Scalar

quick = settings(max_examples=120, deadline=None)
NASTY = "'\"\\{}()-/*%_;$\n\r\t `ab#@&|,?:\u00a0\u2028\ufeff\u0085😀"
TEXTS = st.one_of(st.text(max_size=60), st.text(NASTY, max_size=60)).filter(lambda text: "\0" not in text)
database = duckdb.connect()


def read_back(sql: str) -> object:
    row = database.execute(f"SELECT 1 AS a, {sql} AS b, 2 AS c").fetchone()
    assert row is not None
    assert (row[0], row[2]) == (1, 2), "the values around are untouched"
    return row[1]


@given(TEXTS)
@example("'; DROP TABLE t; --")
@example("\\' OR 1=1 --")
@example("Update campaign; Drop Shoulder Tee")
@quick
def test_any_text_comes_back_from_the_database_as_the_same_text(text: str) -> None:
    literal = literals.write_text(text)
    assert read_back(literal.text) == text
    assert tuple(token.token_type for token in tokenize(literal.text)) == literal.shape


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x\udfff"])
def test_what_no_sql_text_can_hold_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="SQL cannot hold"):
        literals.write_text(text)
    with pytest.raises(Refused):
        literals.escape(text)


@given(st.integers(-(10**37), 10**37))
@quick
def test_whole_numbers_come_back_exactly(number: int) -> None:
    literal = literals.write_number(number)
    assert read_back(literal.text) == number
    assert tuple(token.token_type for token in tokenize(literal.text)) == literal.shape


@given(st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=9))
@quick
def test_decimals_come_back_exactly_and_never_with_an_exponent(number: Decimal) -> None:
    text = literals.write_number(number).text
    assert "E" not in text.upper()
    assert read_back(text) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("1E+5"), "100000"),
        (Decimal("1E-7"), "0.0000001"),
        (10**50, "1" + "0" * 50),
        (-5, "(-5)"),
        (Decimal("-0.5"), "(-0.5)"),
        (0, "0"),
    ],
)
def test_numbers_are_digits(number: int | Decimal, text: str) -> None:
    assert literals.write_number(number).text == text


@pytest.mark.parametrize("number", [Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity")])
def test_what_is_no_number_is_refused(number: Decimal) -> None:
    with pytest.raises(Refused, match="digits"):
        literals.write_number(number)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "TRUE"),
        (False, "FALSE"),
        (date(2025, 8, 1), "'2025-08-01'"),
        ("O'Brien", "'O''Brien'"),
        (12, "12"),
    ],
)
def test_scalars(value: Scalar, text: str) -> None:
    assert literals.write_scalar(value).text == text
    assert literals.NULL.text == "NULL"


def test_lists_are_written_in_one_style() -> None:
    assert literals.write_items(["a", "b"]).text == "'a','b'"
    assert literals.in_brackets(literals.write_items([1, 2])).text == "(1,2)"
    assert literals.in_brackets(literals.write_row_items(["a", "b"])).text == "('a'), ('b')"


def test_a_pattern_matches_anywhere_unless_it_has_a_wildcard() -> None:
    assert literals.write_pattern("Nike").text == "'%Nike%'"
    assert literals.write_pattern("Nike%").text == "'Nike%'"
    assert literals.write_pattern("Brand_US").text == "'%Brand_US%'"
