"""What AMC refuses is found where it stands, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.catalog.lint import ERROR, RULES, WARNING, lint
from reportbuilder.errors import Invalid

GOOD = [
    "SELECT campaign, SUM(impressions) AS n FROM dsp_impressions GROUP BY campaign",
    "SELECT COUNT(*) AS n, 2 * 3 AS six FROM t",
    "SELECT a * b AS c, t.a*t.b AS d FROM t",
    "WITH x AS (SELECT * FROM t) SELECT a, COUNT(*) AS n FROM x GROUP BY a",
    "SELECT n FROM (SELECT t.* FROM t)",
    "SELECT a FROM t WHERE EXISTS (SELECT * FROM u)",
    "SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) AS r FROM t",
    "SELECT RANK() OVER w AS r FROM t WINDOW w AS (ORDER BY b)",
    "SELECT RIGHT(a, 2) AS tail, LEFT(a, 2) AS head FROM t LEFT JOIN u ON t.a = u.a",
    "SELECT 'a || b ORDER BY LIMIT 5 SELECT *' AS words -- ORDER BY x LIMIT 3 ||\nFROM t /* SELECT * */",
    "SELECT t.limit, t.offset FROM t",
    "SELECT a FROM t WHERE b = 'x;y'; ",
    "(SELECT a FROM t) UNION ALL (SELECT a FROM u)",
    "SELECT a FROM t WHERE b IN ({{xs}}) AND c LIKE {{filter}}",
]

# the text, the rule, and line and column of what is wrong
BAD = [
    ("SELECT a FROM t ORDER BY a", "order-by", 1, 17),
    ("SELECT a\nFROM t\n  ORDER  BY a", "order-by", 3, 3),
    ("SELECT a FROM t ORDER/* by */BY a", "order-by", 1, 17),
    ("WITH x AS (SELECT a FROM t ORDER BY a) SELECT a FROM x", "order-by", 1, 28),
    ("SELECT SUM(a) OVER (PARTITION BY (SELECT b FROM t ORDER BY b)) FROM t", "order-by", 1, 51),
    ("SELECT a FROM t LIMIT 10", "limit", 1, 17),
    ("SELECT a FROM t LIMIT {{n}}", "limit", 1, 17),
    ("SELECT a FROM (SELECT a FROM t LIMIT 5)", "limit", 1, 32),
    ("SELECT a FROM t FETCH FIRST 5 ROWS ONLY", "limit", 1, 17),
    ("SELECT * FROM t", "select-star", 1, 8),
    ("SELECT DISTINCT * FROM t", "select-star", 1, 17),
    ("SELECT a, t.* FROM t", "select-star", 1, 13),
    ("WITH x AS (SELECT a FROM t)\nSELECT * FROM x", "select-star", 2, 8),
    ("SELECT a FROM t UNION ALL SELECT * FROM u", "select-star", 1, 34),
    ("(SELECT a FROM t) UNION ALL (SELECT * FROM u)", "select-star", 1, 37),
    ("WITH x AS (SELECT a FROM t) (SELECT * FROM x)", "select-star", 1, 37),
    ("SELECT a FROM t right outer JOIN u ON t.a = u.a", "right-join", 1, 17),
    ("SELECT a || b AS c FROM t", "double-pipe", 1, 10),
    ("SELECT 'x' ||\n'y' AS c FROM t", "double-pipe", 1, 12),
    ("SELECT GETDATE() AS d FROM t", "getdate", 1, 8),
    ("DELETE FROM t", "query-only", 1, 1),
    ("", "query-only", 1, 1),
    ("SELECT a FROM t;\nSELECT b FROM t", "one-query", 2, 1),
    ("SELECT a\r\nFROM t\r\nLIMIT 5", "limit", 3, 1),
    ("SELECT a -- \u2028\nFROM t LIMIT 5", "limit", 2, 8),
    ("SELECT (a FROM t", "brackets", 1, 8),
    ("SELECT a) FROM t", "brackets", 1, 9),
]


@pytest.mark.parametrize("sql", GOOD)
def test_what_amc_takes_is_left_alone(sql: str) -> None:
    assert lint(sql) == ()


@pytest.mark.parametrize(("sql", "rule", "line", "column"), BAD)
def test_what_amc_refuses_is_found_in_its_place(sql: str, rule: str, line: int, column: int) -> None:
    (finding,) = lint(sql)
    assert (finding.rule, finding.severity, finding.line, finding.column) == (rule, ERROR, line, column)
    assert str(finding).startswith(f"line {line}, column {column}: ")


@pytest.mark.parametrize("sql", ["SELECT a::DATE AS d FROM t", "SELECT d + INTERVAL '1' DAY AS e FROM t"])
def test_what_is_not_documented_is_a_warning(sql: str) -> None:
    assert [finding.severity for finding in lint(sql)] == [WARNING]


def test_every_fault_is_told_in_the_order_of_the_text() -> None:
    found = lint("SELECT * FROM t RIGHT JOIN u ON a || b = c ORDER BY a LIMIT 5")
    assert [finding.rule for finding in found] == [
        "select-star",
        "right-join",
        "double-pipe",
        "order-by",
        "limit",
    ]


def test_an_open_bracket_hides_nothing() -> None:
    assert [finding.rule for finding in lint("(SELECT * FROM t")] == ["brackets", "select-star"]


def test_rules_have_names_of_their_own_and_say_the_way_out() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(";" in rule.message for rule in RULES)


@given(st.text(alphabet="SELECT *FROMtuORDERBYLIMIT()|;'-, \n{}1", max_size=80))
def test_any_text_gives_findings_inside_it_or_a_clear_refusal(sql: str) -> None:
    try:
        found = lint(sql)
    except Invalid as error:
        refused = list(error.details)
        found = ()
    else:
        refused = []
    assert refused in ([], ["sql_template"])
    lines = sql.split("\n")
    assert all(1 <= each.line <= len(lines) for each in found)
    assert all(1 <= each.column <= len(lines[each.line - 1]) + 1 for each in found)
