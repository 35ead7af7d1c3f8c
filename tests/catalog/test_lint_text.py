"""Whatever the text, the lint answers, with places inside of it, and in little time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.catalog.lint import lint
from reportbuilder.catalog.lint.linting import _lint
from reportbuilder.parameters.definitions import read_definitions

WORDS = [
    "SELECT",
    "*",
    "FROM",
    "dsp_clicks",
    "campaign",
    "user_id",
    "(",
    ")",
    ",",
    "WHERE",
    "=",
    "'x'",
    "{{x}}",
    "'{{x}}'",
    "GROUP BY",
    "WITH",
    "AS",
    "a",
    "UNION ALL",
    "JOIN",
    "USING",
    "ON",
    "SUM(",
    "spend",
    "/",
    "1000",
    "VALUES",
    "CASE",
    "WHEN",
    "THEN",
    "END",
    "IN",
    "a.b",
    "COUNT(*)",
    "OVER (",
    "BETWEEN",
    "AND",
    "CAST(",
    "DATE",
    "\n",
    ";",
    "--",
    "/*",
    "*/",
    '"',
    "TABLE(EXTEND_TIME_WINDOW(",
    "{{x.start}}",
    "INTERVAL",
    "LIKE",
    "NOT",
    "NULL",
    "IS",
    "HAVING",
    "1",
    "dsp_{{x}}s",
    "EXISTS",
    "[",
    "]",
    ".",
    "||",
    "::",
    "LATERAL",
    "PIVOT",
    "FILTER",
    "WITHIN GROUP",
]
DEFINITIONS = read_definitions([{"parameter_name": "x", "parameter_type": "string_list", "required": True}])


def _check(sql: str) -> None:
    lines = sql.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for found in (*lint(sql), *lint(sql, DEFINITIONS, tables=["dsp_clicks"])):
        assert found.message
        if found.line:
            assert 1 <= found.line <= found.end_line <= len(lines)
            assert 1 <= found.column <= len(lines[found.line - 1]) + 1
            assert 1 <= found.end_column <= len(lines[found.end_line - 1]) + 1
            assert found.length >= 0


@given(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join))
def test_any_words_have_an_answer(sql: str) -> None:
    _check(sql)


@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))
def test_any_select_has_an_answer(rest: str) -> None:
    _check(f"SELECT a FROM dsp_clicks {rest}")


@given(st.text(alphabet="SELECT *FROMtuORDERBYLIMIT()|;'-, \r\n{}1\"\0\u2028\ud800é", max_size=80))
def test_any_text_has_an_answer(sql: str) -> None:
    _check(sql)


HOSTILE = {
    "list": ("SELECT ", "a,"),
    "sum": ("SELECT ", "a + "),
    "open brackets": ("SELECT ", "("),
    "closed brackets": ("SELECT ", ")"),
    "open calls": ("SELECT ", "COALESCE("),
    "calls": ("SELECT ", "COALESCE((a), 1), "),
    "conditions": ("SELECT SUM(spend) AS s FROM sponsored_ads_traffic WHERE ", "spend = 1 OR "),
    "tables": ("SELECT a FROM ", "dsp_impresions, "),
    "columns": ("SELECT ", "camapign + "),
    "unions": ("SELECT a FROM t ", "UNION ALL SELECT a FROM t "),
    "queries": ("", "WITH a AS (SELECT 1), "),
    "joins": ("SELECT a FROM t ", "JOIN t USING (a) "),
    "pipes": ("SELECT a ", "|| b "),
    "comments": ("SELECT ", "/* */ "),
    "lines": ("SELECT ", "--\n"),
    "placeholders": ("SELECT a FROM t WHERE ", "b = {{x}} AND "),
    "quotes": ("SELECT ", "'x', "),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_long_text_takes_little_time(name: str) -> None:
    """100 KB take under a second of this machine; the limit here only tells linear from quadratic."""
    start, unit = HOSTILE[name]
    sql = start + unit * (100_000 // len(unit))
    begin = time.process_time()
    _lint(sql, None, None)
    assert time.process_time() - begin < 3


@pytest.mark.parametrize(
    ("opening", "closing"), [("DECIMAL(", ")"), ("ARRAY[", "]"), ("DATE(", ")"), ("(", ")")]
)
@pytest.mark.parametrize("depth", [8, 16, 24, 100])
def test_nesting_does_not_make_the_parser_try_for_ever(opening: str, closing: str, depth: int) -> None:
    begin = time.process_time()
    _lint(f"SELECT {opening * depth}a{closing * depth} AS b FROM t", None, None)
    assert time.process_time() - begin < 1
