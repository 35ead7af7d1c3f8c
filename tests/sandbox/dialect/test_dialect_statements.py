"""The statements of AMC's SQL, and what its tables mean in them."""

import pytest

from tests.sandbox.dialect.tiny import Tiny, proving

T = "WITH t (k, v) AS (VALUES ('a', 1), ('a', 2), ('b', 5)), u (k, w) AS (VALUES ('a', 10), ('c', 30)) "
STATEMENTS = [
    ("SELECT WITH WITH-COLUMNS VALUES WHERE", T + "SELECT k, v FROM t WHERE v > 1", "a\t2|b\t5"),
    ("SELECT-ALL", T + "SELECT ALL k FROM t", "a|a|b"),
    ("SELECT-DISTINCT", T + "SELECT DISTINCT k FROM t", "a|b"),
    ("FROM-NONE", "SELECT 1 AS x", "1"),
    ("WITH", "WITH one AS (SELECT 1 AS x), two AS (SELECT x + 1 AS x FROM one) SELECT x FROM two", "2"),
    ("GROUP-BY", T + "SELECT k, SUM(v) AS n FROM t GROUP BY k", "a\t3|b\t5"),
    ("GROUP-BY", T + "SELECT UPPER(k) AS k2, SUM(v) AS n FROM t GROUP BY UPPER(k)", "A\t3|B\t5"),
    ("GROUP-BY-ORDINAL", T + "SELECT k, SUM(v) AS n FROM t GROUP BY 1", "a\t3|b\t5"),
    ("GROUP-BY-ALIAS", T + "SELECT UPPER(k) AS big, SUM(v) AS n FROM t GROUP BY big", "A\t3|B\t5"),
    ("HAVING", T + "SELECT k FROM t GROUP BY k HAVING COUNT(*) > 1", "a"),
    ("HAVING-ALIAS", T + "SELECT k, SUM(v) AS n FROM t GROUP BY k HAVING n > 3", "b\t5"),
    (
        "WINDOW",
        T + "SELECT v, SUM(v) OVER w AS n FROM t WINDOW w AS (PARTITION BY k ORDER BY v)",
        "1\t1|2\t3|5\t5",
    ),
    ("UNION", T + "SELECT k FROM t UNION SELECT k FROM u", "a|b|c"),
    ("UNION-ALL", T + "SELECT k FROM t UNION ALL SELECT k FROM u", "a|a|a|b|c"),
    ("UNION-DISTINCT", T + "SELECT k FROM t UNION DISTINCT SELECT k FROM u", "a|b|c"),
    ("JOIN", T + "SELECT v, w FROM t JOIN u ON t.k = u.k", "1\t10|2\t10"),
    ("JOIN", T + "SELECT v, w FROM t INNER JOIN u ON t.k = u.k", "1\t10|2\t10"),
    ("LEFT-JOIN", T + "SELECT v, w FROM t LEFT OUTER JOIN u ON t.k = u.k", "1\t10|2\t10|5\t"),
    ("LEFT-JOIN", T + "SELECT v, w FROM t LEFT JOIN u ON t.k = u.k", "1\t10|2\t10|5\t"),
    ("FULL-JOIN", T + "SELECT v, w FROM t FULL OUTER JOIN u ON t.k = u.k", "\t30|1\t10|2\t10|5\t"),
    ("CROSS-JOIN", T + "SELECT SUM(v * w) AS n FROM t CROSS JOIN u", "320"),
    ("COMMA-JOIN", T + "SELECT v, w FROM t, u WHERE t.k = u.k", "1\t10|2\t10"),
    ("NON-EQUI-JOIN", T + "SELECT v, w FROM t JOIN u ON t.v * 10 BETWEEN u.w AND u.w + 5", "1\t10"),
    ("USING", T + "SELECT k, v, w FROM t JOIN u USING (k)", "a\t1\t10|a\t2\t10"),
    ("DERIVED-TABLE", T + "SELECT k, n FROM (SELECT k, COUNT(*) AS n FROM t GROUP BY k)", "a\t2|b\t1"),
    ("DERIVED-TABLE", "SELECT a + b AS x FROM (SELECT 1 AS a), (SELECT 2 AS b)", "3"),
    ("VALUES", "SELECT n FROM (VALUES (1), (2)) AS list (n)", "1|2"),
    ("IN", T + "SELECT v FROM t WHERE k IN ('b', 'z')", "5"),
    ("IN-QUERY", T + "SELECT v FROM t WHERE k NOT IN (SELECT k FROM u)", "5"),
    ("EXISTS", T + "SELECT v FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.k = t.k)", "1|2"),
    (
        "COMMENTS",
        "-- first\nSELECT /* {{x}} ; LIMIT */ 1 AS x -- 'open\n;",
        "1",
    ),
    ("semantics:identifiers-insensitive", T + "SELECT T.K AS x FROM T WHERE V = 5", "b"),
    (
        "semantics:interval",
        "SELECT CAST('2026-01-31' AS TIMESTAMP) + INTERVAL '1' DAY AS x",
        "2026-02-01T00:00:00.000",
    ),
]


@pytest.mark.parametrize(("sql", "expected"), proving("statement", STATEMENTS))
def test_the_statement_gives(tiny: Tiny, sql: str, expected: str) -> None:
    assert tiny.lines(sql) == expected.split("|")


TABLES = [
    ("semantics:window-filters", "dsp_impressions", "10"),
    ("semantics:identifiers-insensitive", "DSP_Impressions", "10"),
    ("semantics:schema-prefix", "sandbox.dsp_impressions", "10"),
    ("alias:display_impressions", "display_impressions", "10"),
    ("alias:sponsored_products_traffic", "sponsored_products_traffic", "13"),
    (
        "statement:EXTEND-TIME-WINDOW function:EXTEND_TIME_WINDOW semantics:extend-durations",
        "TABLE(EXTEND_TIME_WINDOW('dsp_impressions', 'P1D', 'PT1H'))",
        "28",
    ),
    ("semantics:extend-durations", "TABLE(EXTEND_TIME_WINDOW('dsp_impressions', 'PT1S', 'P0D'))", "21"),
    (
        "semantics:extend-durations",
        "TABLE(EXTEND_TIME_WINDOW('dsp_impressions', 'P0D', 'P1Y2M3W4DT5H6M7S'))",
        "17",
    ),
    (
        "semantics:extend-insensitive",
        "TABLE(EXTEND_TIME_WINDOW('SPONSORED_ADS_TRAFFIC', 'P14D', 'P1D'))",
        "30",
    ),
    (
        "alias:display_impressions",
        "TABLE(EXTEND_TIME_WINDOW('display_impressions', 'P0D', 'P1D')) AS d",
        "17",
    ),
]


@pytest.mark.parametrize(("table", "expected"), proving("semantics", TABLES))
def test_the_table_has_in_the_window(tiny: Tiny, table: str, expected: str) -> None:
    assert tiny.lines(f"SELECT SUM(impressions) AS n FROM {table}") == [expected]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        pytest.param(name, column, marks=pytest.mark.conforms(f"alias:{name}"))
        for name, column in (
            ("display_clicks", "clicks"),
            ("amazon_attributed_conversions_by_conversion_time", "conversions"),
            ("amazon_attributed_conversions_by_traffic_time", "conversions"),
        )
    ],
)
def test_older_names_mean_the_tables_of_today(tiny: Tiny, table: str, column: str) -> None:
    assert tiny.lines(f"SELECT SUM({column}) AS n FROM {table}") == ["1"]


@pytest.mark.conforms("semantics:input-schema")
def test_input_schema_is_that_of_plain_names(tiny: Tiny) -> None:
    sql = "SELECT SUM(impressions) AS n FROM dsp_impressions"
    assert tiny.lines(sql, workflow={"inputSchema": "sandbox"}) == ["10"]
    assert "Object 'dsp_impressions' not found" in tiny.refusal(sql, workflow={"inputSchema": "other"})


@pytest.mark.conforms("semantics:output-lower-case")
def test_output_names_are_in_lower_case(tiny: Tiny) -> None:
    plan = tiny.plan("SELECT STDDEV_POP(impressions) AS STDDEV_POP_Impressions FROM dsp_impressions")
    assert [column.name for column in plan.columns] == ["stddev_pop_impressions"]


@pytest.mark.conforms("semantics:count-distinct-dimension")
def test_sums_are_metrics_and_counts_of_identifiers_dimensions(tiny: Tiny) -> None:
    plan = tiny.plan(
        "SELECT campaign, SUM(impressions) AS n, COUNT(DISTINCT user_id) AS u FROM dsp_impressions GROUP BY 1"
    )
    assert [column.column_type for column in plan.columns] == ["DIMENSION", "METRIC", "DIMENSION"]
