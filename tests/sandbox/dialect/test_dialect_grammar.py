"""What the parser or DuckDB would take and AMC does not have, and what looks like it and AMC has."""

import pytest

from tests.sandbox.dialect.tiny import Tiny

C = "COUNT(*) AS n FROM dsp_clicks"
FOREIGN = [
    ("SELECT 'a' ~~ 'a' AS x", 'Encountered "~~" at line 1, column 12.'),
    ("SELECT 1 << 2 AS x", "Unsupported operation type BITWISE LEFT SHIFT"),
    ("SELECT 1 = ANY(ARRAY[1]) AS x", "Unsupported clause ANY"),
    ("SELECT 1 IN ARRAY[1] AS x", "Unsupported clause FIELD"),
    ("SELECT INTEGER '1' AS x", 'Encountered "1" at line 1, column 16.'),
    ("SELECT JSON '{}' AS x", 'Encountered "{}" at line 1, column 13.'),
    ("SELECT CURRENT_TIMESTAMP AT TIME ZONE 'UTC' AS x", "Unsupported operation type AT TIME ZONE"),
    ("SELECT 'a' COLLATE NOCASE AS x", "Unsupported operation type COLLATE"),
    ("SELECT 1 ISNULL AS x", 'Encountered "ISNULL" at line 1, column 10.'),
    ("SELECT 1 NOTNULL AS x", 'Encountered "NOTNULL" at line 1, column 10.'),
    ("SELECT 1 NOT NULL AS x", 'Encountered "NOT NULL" at line 1, column 10.'),
    ("SELECT CAST('2026' AS DATE FORMAT 'YYYY') AS x", "Unsupported "),
    ("SELECT CAST('a' AS STRING) AS x", "column 20 to line 1, column 25: Unknown datatype name 'STRING'"),
    ("SELECT CAST(CAST(1 AS INTEGER) AS LONG) AS x", "Unknown datatype name 'LONG'"),
    ("SELECT CAST('a' AS BLOB) AS x", "Unknown datatype name 'BLOB'"),
    ("SELECT SUM(clicks) IGNORE NULLS AS n FROM dsp_clicks", "Unsupported operation type IGNORE NULLS"),
    (
        "SELECT SUM(clicks) OVER (ORDER BY clicks GROUPS 1 PRECEDING) AS n FROM dsp_clicks",
        "Unsupported clause GROUPS",
    ),
    (
        (
            "SELECT SUM(clicks) OVER (ORDER BY clicks ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES)"
            " AS n FROM dsp_clicks"
        ),
        "Unsupported clause EXCLUDE",
    ),
    (f"SELECT {C} TABLESAMPLE 10 PERCENT", "Unsupported "),
    (f"SELECT {C} USING SAMPLE 10", "Unsupported "),
    (f"SELECT {C} FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP", "Unsupported "),
    (f"SELECT {C} POSITIONAL JOIN dsp_impressions", "join requires a condition"),
    (
        f"SELECT {C} JOIN dsp_impressions",
        "From line 1, column 43 to line 1, column 57: INNER, LEFT, RIGHT or FULL join requires a condition",
    ),
    (f"SELECT {C} LEFT JOIN dsp_impressions", "join requires a condition"),
    (f"WITH t AS MATERIALIZED (SELECT {C}) SELECT n FROM t", "Unsupported clause MATERIALIZED"),
    (
        f"SELECT 'a' AS a, {C} UNION ALL BY NAME SELECT 1 AS n, 'b' AS a",
        "Unsupported clause BY NAME",
    ),
    ("SELECT clicks, FROM dsp_clicks", 'Encountered "FROM" at line 1, column 16.'),
    ("SELECT GREATEST(1, 2,) AS x", 'Encountered ")" at line 1, column 22.'),
    ("WITH t AS (FROM dsp_clicks) SELECT COUNT(*) AS n FROM t", 'Encountered "FROM" at line 1, column 12.'),
    (f"SELECT {C} UNION ALL FROM dsp_clicks", 'Encountered "FROM"'),
    (f"SELECT {C} UNION DISTINCT FROM dsp_clicks", 'Encountered "FROM"'),
    ("WITH t AS (DELETE FROM dsp_clicks) SELECT 1 AS x", "Unsupported operation type DELETE"),
    ("WITH t AS (DROP TABLE dsp_clicks) SELECT 1 AS x", "Unsupported operation type DROP"),
    (f"SELECT {C} MATCH_RECOGNIZE (PATTERN (a) DEFINE a AS clicks > 1)", "MATCH_RECOGNIZE"),
    (f"SELECT {C} GROUP BY campaign WITH ROLLUP", "Unsupported "),
]


@pytest.mark.conforms("refusal:syntax")
@pytest.mark.parametrize(("sql", "reason"), FOREIGN)
def test_other_dialects_are_refused(tiny: Tiny, sql: str, reason: str) -> None:
    assert reason in tiny.refusal(sql)


OWN = [
    ("SELECT /*+ BROADCAST(t) */ 1 AS x", "1"),
    ("-- first;\nSELECT 1 AS x;\n-- last", "1"),
    ("SELECT 1 AS x; /* last */", "1"),
    ("SELECT DATE '2026-01-02' AS x", "2026-01-02"),
    ("SELECT 1 IS DISTINCT FROM NULL AS x", "true"),
    ("SELECT 1 = SOME (SELECT 1) AS x", "true"),
    ("SELECT CAST('1.5' AS NUMERIC(3, 1)) AS x", "1.5"),
    ("SELECT 'ab' SIMILAR TO ('^a') AS x", "true"),
    (
        (
            "SELECT SUM(impressions) OVER (PARTITION BY (campaign) ORDER BY (impressions)) AS n"
            " FROM dsp_impressions WHERE impressions = 5"
        ),
        "5",
    ),
    ("SELECT SUM(impressions) AS n FROM dsp_impressions GROUP BY (campaign)", "5|5"),
    ("SELECT COUNT(*) AS n FROM dsp_clicks, dsp_impressions", "3"),
    (
        (
            "SELECT COUNT(*) AS n FROM dsp_clicks AS c JOIN dsp_impressions AS i JOIN dsp_clicks AS d"
            " ON i.user_id = d.user_id ON c.user_id = i.user_id"
        ),
        "2",
    ),
]


@pytest.mark.parametrize(("sql", "expected"), OWN)
def test_what_looks_like_it_is_taken(tiny: Tiny, sql: str, expected: str) -> None:
    assert tiny.lines(sql) == expected.split("|")


@pytest.mark.parametrize("word", ["OR", "AND"])
def test_hundreds_of_conditions_in_a_row_are_taken(tiny: Tiny, word: str) -> None:
    conditions = f" {word} ".join(f"campaign <> 'Campaign {place}'" for place in range(500))
    assert len(conditions) > 12_000
    sql = f"SELECT COUNT(*) AS n FROM dsp_impressions WHERE {conditions}"
    assert tiny.lines(sql) == ["3"]
    assert [column.name for column in tiny.plan(sql).columns] == ["n"]
