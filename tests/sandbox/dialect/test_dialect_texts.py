"""Odd values as result files show them."""

import csv

import pytest

from tests.sandbox.dialect.tiny import Tiny


@pytest.mark.conforms("semantics:csv-characters")
@pytest.mark.parametrize("separator", [".", "-", ":", "T", "1", " "])
def test_numbers_and_times_are_quoted_where_they_hold_the_separator(tiny: Tiny, separator: str) -> None:
    sql = "SELECT 1.5 AS x, DATE '2026-01-02' AS d, TIMESTAMP '2026-01-02 03:04:05' AS t, -1 AS n"
    (line,) = tiny.lines(sql, workflow={"outputFormat": {"separatorCharacter": separator}})
    (cells,) = csv.reader([line], delimiter=separator, escapechar="\\", doublequote=False)
    assert cells == ["1.5", "2026-01-02", "2026-01-02T03:04:05.000", "-1"]


@pytest.mark.conforms("semantics:csv-quotes")
def test_bytes_are_quoted_like_texts(tiny: Tiny) -> None:
    line = tiny.lines("SELECT CAST('a,b' AS BINARY) AS x, 1 AS y", workflow={"outputFormat": {}})
    assert line == ['"a,b",1']


def test_doubles_that_are_no_numbers_are_written_as_java_does(tiny: Tiny) -> None:
    line = tiny.row("CAST('nan' AS DOUBLE)", "EXP(1000)", "-EXP(1000)", "CAST('-inf' AS FLOAT)", "1.5E0")
    assert line == ("NaN", "Infinity", "-Infinity", "-Infinity", "1.5")
    assert [float(cell) for cell in line[1:]] == [float("inf"), float("-inf"), float("-inf"), 1.5]


@pytest.mark.conforms("semantics:csv-array")
def test_a_struct_that_is_null_is_an_empty_field(tiny: Tiny) -> None:
    assert tiny.row("1", "IF(1 = 2, NAMED_ROW('n', 1), NULL)") == ("1", "")


def test_a_bad_regular_expression_is_told_without_the_databases_words(tiny: Tiny) -> None:
    assert "Error" not in tiny.refusal("SELECT 'abc' SIMILAR TO '[' AS x")
