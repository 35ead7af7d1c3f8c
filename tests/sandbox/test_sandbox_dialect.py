"""AMC SQL: what is accepted, what it means, and what is refused in which words."""

import pytest

from tests.sandbox.caller import Caller

IMPRESSIONS = "SELECT SUM(impressions) AS n FROM"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("GREATEST(1, NULL)", ""),
        ("GREATEST(1, 3, 2)", "3"),
        ("LEAST(1, NULL)", ""),
        ("LEAST(2, 1)", "1"),
        ("DAYOFWEEK(CAST('2026-03-01' AS DATE))", "1"),  # a Sunday
        ("EXTRACT(DOW FROM CAST('2026-03-07' AS DATE))", "7"),
        ("EXTRACT(HOUR FROM CAST('2026-03-07' AS DATE))", "0"),
        ("EXTRACT(MONTH FROM CAST('2026-03-07 10:11:12' AS TIMESTAMP))", "3"),
        ("HOUR(CAST('2026-03-07 10:11:12' AS TIMESTAMP))", "10"),
        ("DAYOFMONTH(CAST('2026-03-07' AS DATE))", "7"),
        (
            "SECONDS_BETWEEN(CAST('2026-01-01' AS DATE), CAST('2026-01-01 00:01:30' AS TIMESTAMP))",
            "90",
        ),
        ("SECONDS_BETWEEN(CAST('2026-01-02' AS DATE), CAST('2026-01-01' AS DATE))", "-86400"),
        ("SQRT(-1)", ""),
        ("SQRT(9)", "3.0"),
        ("18000000 / 100000000", "0.18"),
        ("7 / 2", "3.5"),
        ("1 / 0", ""),
        ("IF(1 > 2, 'a', 'b')", "b"),
        ("NVL(NULL, 'x')", "x"),
        ("IFNULL(NULL, 'x')", "x"),
        ("NVL2('y', 'set', 'unset')", "set"),
        ("NULLIF(1, 1)", ""),
        ("COALESCE(NULL, 2)", "2"),
        ("CONTAINED_IN('b', 'a', 'b')", "true"),
        ("CHARINDEX('c', 'abc')", "3"),
        ("LOCATE('c', 'abcabc', 4)", "6"),
        ("INSTR('abc', 'c')", "3"),
        ("STRPOS('abc', 'b')", "2"),
        ("POSITION('b' IN 'abc')", "2"),
        ("SUBSTRING('abcdef' FROM 2 FOR 3)", "bcd"),
        ("TRIM(BOTH 'x' FROM 'xax')", "a"),
        ("UPPER('a')", "A"),
        ("LENGTH('abc')", "3"),
        ("LEFT('abc', 2)", "ab"),
        ("RIGHT('abc', 2)", "bc"),
        ("REPLACE('aba', 'b', 'c')", "aca"),
        ("CONCAT('a', 1, CAST('2026-01-01' AS DATE))", "a12026-01-01"),
        ("REGEXP_REPLACE('a1b22', '([0-9]+)', '<$1>')", "a<1>b<22>"),
        ("REGEXP_SUBSTR('abc123', '[0-9]+')", "123"),
        ("REGEXP_SUBSTR('abc', '[0-9]+')", ""),
        ("'Brand_STV' SIMILAR TO '_STV$'", "true"),
        ("'xBRAND_A' SIMILAR TO '^BRAND_A.*'", "false"),
        ("'brand' SIMILAR TO '(?i)BRAND'", "true"),
        ("'abc' NOT SIMILAR TO 'b'", "false"),
        ("'abc' LIKE 'a%'", "true"),
        ("ROUND(2.345, 2)", "2.35"),
        ("TRUNC(2.349, 2)", "2.34"),
        ("LOG(2, 8)", "3.0"),
        ("LOG10(100)", "2.0"),
        ("POWER(2, 3)", "8.0"),
        ("FLOOR(2.7)", "2"),
        ("ROUND(E(), 3)", "2.718"),
        (
            "CONVERT_TIME_ZONE_FROM_UTC(CAST('2026-07-01 12:00:00' AS TIMESTAMP), 'America/New_York')",
            "2026-07-01T08:00:00.000",
        ),
        ("EPOCH_TO_UTC_TIMESTAMP(1767225600)", "2026-01-01T00:00:00.000"),
        ("EPOCH_TO_UTC_TIMESTAMP(1767225600000)", "2026-01-01T00:00:00.000"),
        ("DATE_TRUNC('MONTH', CAST('2026-03-07 10:11:12' AS TIMESTAMP))", "2026-03-01T00:00:00.000"),
        ("CARDINALITY(ARRAY_CAT(ARRAY[1, 2], ARRAY[3]))", "3"),
        ("ARRAY_CONTAINS(ARRAY[1, 2], 2)", "true"),
        ("ARRAY_TO_STRING(ARRAY_DISTINCT(ARRAY['b', 'a', 'b']), '-')", "b-a"),
        ("ARRAY_TO_STRING(ARRAY_REMOVE(ARRAY['a', 'b', 'a'], 'a'), '-')", "b"),
        ("CAST('5' AS BIGINT) + 1", "6"),
        ("CASE WHEN 1 = 1 THEN 'one' ELSE 'other' END", "one"),
        ("JSON_EXTRACT('{\"a\": {\"b\": 5}}', '$.a.b')", "5"),
        ("MD5('a')", "0cc175b9c0f1b6a831c399e269772661"),
        ("SHA1('a')", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
    ],
)
def test_functions(caller: Caller, expression: str, expected: str) -> None:
    assert caller.cells(f"{expression} AS x") == [expected]


def test_aggregates(caller: Caller) -> None:
    rows = "(20),(45),(30),(66),(50),(60),(85),(70)"
    text = caller.csv(
        f"""WITH t (x) AS (VALUES {rows}) SELECT ROUND(STDDEV(x), 5) AS a, ROUND(VARIANCE(x), 4) AS b,
        MEDIAN(x) AS c,
        PERCENTILE(x, 0.5) AS d, COUNT(DISTINCT x) AS e, SUM(x) AS f, CARDINALITY(COLLECT(x)) AS g FROM t"""
    )
    assert text == "a,b,c,d,e,f,g\n21.45261,460.2143,55.0,55.0,8,426,8\n"


def test_today_is_the_sandboxs_day(caller: Caller) -> None:
    today = caller.box.now().date()
    cells = caller.cells(
        "CAST('today' AS DATE) AS a, CURRENT_DATE AS b, CAST(CAST('now' AS TIMESTAMP) AS DATE) AS c"
    )
    assert cells == [str(today)] * 3


def test_window_functions_ordinals_aliases_and_unions(caller: Caller) -> None:
    text = caller.csv(
        """WITH t (k, v) AS (VALUES ('a', 1), ('a', 2), ('b', 5)),
        ranked AS (SELECT k, v, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) AS r FROM t)
        SELECT k AS key, SUM(v) AS total FROM ranked WHERE r = 1 GROUP BY key HAVING total > 1
        UNION ALL SELECT 'all', SUM(v) FROM (SELECT v FROM t) GROUP BY 1"""
    )
    assert sorted(text.strip().split("\n")[1:]) == ["a,2", "all,8", "b,5"]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT campaign, COUNT(*) AS n FROM dsp_impressions GROUP BY 1 LIMIT 5", "LIMIT is not supported"),
        (
            "SELECT campaign, COUNT(*) AS n FROM dsp_impressions GROUP BY 1 ORDER BY 2",
            "ORDER BY is not supported",
        ),
        ("SELECT * FROM (SELECT COUNT(*) AS n FROM dsp_impressions)", "SELECT *"),
        ("SELECT a.* FROM (SELECT COUNT(*) AS n FROM dsp_impressions) AS a", "SELECT *"),
        (
            "SELECT campaign || 'x' AS c, COUNT(*) AS n FROM dsp_impressions GROUP BY 1",
            "Unsupported scalar operation type ||",
        ),
        (
            "SELECT COUNT(*) AS n FROM dsp_clicks RIGHT JOIN dsp_impressions USING (campaign)",
            "Unsupported join type RIGHT",
        ),
        (
            "SELECT SUM(nothing) AS n FROM dsp_impressions",
            "From line 1, column 12 to line 1, column 18: Column 'nothing' not found",
        ),
        ("SELECT SUM(x.impressions) AS n FROM dsp_impressions", "Table 'x' not found"),
        (
            "SELECT SUM(x) AS n\nFROM nowhere",
            "From line 2, column 6 to line 2, column 12: Object 'nowhere' not found",
        ),
        (f"{IMPRESSIONS} other.dsp_impressions", "Object 'other.dsp_impressions' not found"),
        (f"{IMPRESSIONS} person", "Object 'person' not found"),
        (f"{IMPRESSIONS} information_schema.tables", "not found"),
        (f"{IMPRESSIONS} read_csv('/etc/passwd')", "No match found for function signature READ_CSV"),
        (f"{IMPRESSIONS} \"read_csv\"('/etc/passwd')", "No match found for function signature READ_CSV"),
        (f"{IMPRESSIONS} '/etc/passwd'", "not found"),
        (
            "SELECT \"current_setting\"('threads') AS x",
            "No match found for function signature CURRENT_SETTING",
        ),
        (
            f"{IMPRESSIONS} dsp_impressions WHERE campaign = {{{{campaign}}}}",
            'Encountered "{" at line 1, column',
        ),
        ("SELECT GETDATE() AS x", "No match found for function signature GETDATE"),
        (
            "SELECT DATE_ADD('day', 1, CAST('2026-01-01' AS DATE)) AS x",
            "No match found for function signature DATE_ADD",
        ),
        ("SELECT CAST(1 AS BIGINT)::DATE AS x", 'Encountered ":"'),
        ("SELECT FROM WHERE", "Encountered"),
        ("SELECT 'open AS x", "Lexical error"),
        ("SELECT 1 AS x; SELECT 2 AS y", "exactly one query"),
        ("DROP TABLE dsp_impressions", 'Encountered "DROP"'),
        ("INSERT INTO dsp_impressions SELECT 1", 'Encountered "INSERT"'),
        ("SET memory_limit = '1GB'", 'Encountered "SET"'),
        ("SELECT campaign FROM dsp_impressions", "must aggregate"),
        ("SELECT 1 AS x, 2 AS X", "Duplicate output column name 'x'"),
        (
            "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT MAX(n) AS n FROM t",
            "RECURSIVE",
        ),
        (
            "WITH t (a) AS (VALUES (1, 2)) SELECT a FROM t",
            "Number of columns must match number of query columns",
        ),
        (
            "WITH t (a, b) AS (SELECT 1) SELECT a FROM t",
            "Number of columns must match number of query columns",
        ),
        ("SELECT campaign, COUNT(*) AS n FROM dsp_impressions", "Expression 'campaign' is not being grouped"),
        ("WITH t (a) AS (VALUES (1), (2)) SELECT a FROM t GROUP BY a QUALIFY 1 = 1", 'Encountered "QUALIFY"'),
        ("SELECT CUSTOM_PARAMETER('x') AS x", "Filter operation x referenced an undeclared parameter x"),
        ("SELECT BUILT_IN_PARAMETER('NOW') AS x", "unknown built-in parameter NOW"),
        (
            f"{IMPRESSIONS} TABLE(EXTEND_TIME_WINDOW('dsp_impressions', '14 days', 'P1D'))",
            "'14 days' is not a valid",
        ),
        (f"{IMPRESSIONS} TABLE(EXTEND_TIME_WINDOW('nowhere', 'P1D', 'P1D'))", "Object 'nowhere' not found"),
        ("SELECT FORMAT('%d') AS x", "Format specifier '%d' has no argument"),
    ],
)
def test_refusals(caller: Caller, sql: str, reason: str) -> None:
    assert reason in caller.reason(sql)


@pytest.mark.parametrize(
    "sql",
    [
        f"{IMPRESSIONS} DSP_IMPRESSIONS",
        f"{IMPRESSIONS} sandbox.dsp_impressions",
        f"{IMPRESSIONS} display_impressions;",
        f"-- a comment\n{IMPRESSIONS} dsp_impressions /* and {{more}} */",
        f"{IMPRESSIONS} dsp_impressions AS d WHERE D.Campaign IN (SELECT campaign FROM display_impressions)",
        f"{IMPRESSIONS} (SELECT * FROM dsp_impressions)",
        f"WITH dsp_impressions AS (SELECT impressions FROM dsp_impressions) {IMPRESSIONS} dsp_impressions",
        f"{IMPRESSIONS} dsp_impressions LEFT JOIN (SELECT DISTINCT site FROM dsp_clicks) USING (site)",
        f"{IMPRESSIONS} dsp_impressions WHERE NOT EXISTS (SELECT 1 FROM dsp_clicks c WHERE c.campaign = 'x')",
    ],
)
def test_accepted_ways_to_say_the_same(caller: Caller, sql: str) -> None:
    assert caller.csv(sql) == caller.csv(f"{IMPRESSIONS} dsp_impressions")


def test_the_window_is_half_open_and_in_its_zone(caller: Caller) -> None:
    window = {
        "timeWindowStart": "2026-01-10T00:00:00",
        "timeWindowEnd": "2026-01-12T00:00:00",
        "timeWindowTimeZone": "America/New_York",
    }
    sql = """SELECT CAST(MIN(impression_date) AS VARCHAR) AS a, CAST(MAX(impression_date) AS VARCHAR) AS b,
        BUILT_IN_PARAMETER('TIME_WINDOW_START') AS c,
        BUILT_IN_PARAMETER('TIME_WINDOW_END') AS d FROM dsp_impressions"""
    row = caller.csv(sql, **window).split("\n")[1]
    assert row == "2026-01-10,2026-01-11,2026-01-10T05:00:00.000,2026-01-12T05:00:00.000"


def test_an_extended_window_reaches_further(caller: Caller) -> None:
    sql = """SELECT MIN(impression_date_utc) AS a, MAX(impression_date_utc) AS b
        FROM TABLE(EXTEND_TIME_WINDOW('dsp_impressions', 'P14D', 'P1D')) AS t"""
    window = {
        "timeWindowStart": "2026-01-20T00:00:00",
        "timeWindowEnd": "2026-01-21T00:00:00",
        "timeWindowTimeZone": "UTC",
    }
    assert caller.csv(sql, **window).split("\n")[1] == "2026-01-06,2026-01-21"


def test_declared_parameters(caller: Caller) -> None:
    declared = [
        {"name": "word", "dataType": "STRING", "defaultValue": "it's"},
        {"name": "count", "dataType": "LONG"},
        {"name": "day", "dataType": "DATE", "defaultValue": "2026-01-31"},
        {
            "name": "names",
            "dataType": {"type": "ARRAY", "elementDataType": "STRING"},
            "defaultValue": '["a", "b"]',
        },
    ]
    sql = """SELECT CUSTOM_PARAMETER('word') AS a, CUSTOM_PARAMETER('count') + 1 AS b,
        CUSTOM_PARAMETER('day') AS c,        ARRAY_CONTAINS(CUSTOM_PARAMETER('names'), 'b') AS d"""
    text = caller.csv(sql, workflow={"inputParameters": declared}, parameterValues={"count": "41"})
    assert text.split("\n")[1] == "it's,42,2026-01-31,true"
    assert "neither a value" in caller.reason(sql, workflow={"inputParameters": declared})


def test_expected_output_columns_are_compared(caller: Caller) -> None:
    given = {"outputColumns": [{"name": "other", "dataType": "LONG", "columnType": "METRIC"}]}
    assert "outputColumns" in caller.reason("SELECT 1 AS x", workflow=given)


def test_a_query_that_breaks_while_it_runs_has_failed(caller: Caller) -> None:
    body = caller.run("SELECT CAST(campaign AS BIGINT) AS x, COUNT(*) AS n FROM dsp_impressions GROUP BY 1")
    assert body["status"] == "FAILED"
    assert "Could not convert" in body["statusReason"]
