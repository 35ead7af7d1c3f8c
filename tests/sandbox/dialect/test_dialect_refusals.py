"""What AMC refuses, in its words, with the line and the column of the text as it was sent."""

import pytest

from tests.sandbox.dialect.tiny import Tiny, proving

COUNT = "SELECT campaign, COUNT(*) AS n FROM dsp_impressions GROUP BY 1"
PLACED = [
    ("limit", f"{COUNT}\nLIMIT 5", 'Encountered "LIMIT" at line 2, column 1. LIMIT is not supported.'),
    ("limit", f"{COUNT} OFFSET 5", 'Encountered "OFFSET" at line 1, column 64.'),
    (
        "order-by",
        f"{COUNT}\n  ORDER BY 2",
        'Encountered "ORDER" at line 2, column 3. ORDER BY is not supported',
    ),
    (
        "order-by",
        "SELECT RANK() OVER (ORDER BY n) AS r FROM (SELECT COUNT(*) AS n FROM dsp_clicks\nORDER BY n)",
        'Encountered "ORDER" at line 2, column 1.',
    ),
    (
        "right-join",
        "SELECT COUNT(*) AS n FROM dsp_clicks\nRIGHT JOIN dsp_impressions USING (campaign)",
        "From line 2, column 12 to line 2, column 26: Unsupported join type RIGHT",
    ),
    (
        "getdate",
        "SELECT\n\tGETDATE() AS x",
        "From line 2, column 2 to line 2, column 10: No match found for function signature GETDATE()",
    ),
    (
        "concat-operator",
        "SELECT 'a'\n || 'b' AS x",
        "From line 2, column 2 to line 2, column 3: Unsupported scalar operation type ||",
    ),
    (
        "date-add",
        "SELECT DATE_ADD('day', 1, CURRENT_DATE) AS x",
        "From line 1, column 8 to line 1, column 39: No match found for function signature DATE_ADD(",
    ),
    (
        "having-rank",
        "SELECT campaign, RANK() OVER (ORDER BY COUNT(*)) AS r FROM dsp_clicks GROUP BY 1\nHAVING r < 3",
        "From line 2, column 8 to line 2, column 8: Windowed aggregate expression is illegal in HAVING",
    ),
    ("placeholder", "SELECT 1 AS x\n/* note */\n  WHERE {{x}} = 1", 'Encountered "{" at line 3, column 9.'),
    (
        "column-count",
        "-- the words\n-- as one row\n\n\n\nWITH asins (asin) AS (VALUES ('a', 'b')) SELECT asin FROM asins",
        "From line 6, column 12 to line 6, column 17: Number of columns must match number of query columns",
    ),
    (
        "column-count",
        "WITH t (a, b) AS (SELECT 1 AS a) SELECT a FROM t",
        "From line 1, column 8 to line 1, column 13: Number of columns must match number of query columns",
    ),
    (
        "unknown-table",
        "SELECT SUM(x) AS n\nFROM nowhere",
        "From line 2, column 6 to line 2, column 12: Object 'nowhere' not found",
    ),
    (
        "unknown-table",
        "SELECT SUM(x) AS n FROM other.dsp_impressions",
        "From line 1, column 25 to line 1, column 45: Object 'other.dsp_impressions' not found",
    ),
    (
        "unknown-table",
        "SELECT 1 AS x FROM TABLE(EXTEND_TIME_WINDOW('nowhere', 'P1D', 'P1D'))",
        "From line 1, column 20 to line 1, column 69: Object 'nowhere' not found",
    ),
    (
        "for-audiences",
        "SELECT COUNT(*) AS n FROM dsp_impressions_for_audiences",
        "From line 1, column 27 to line 1, column 55: Object 'dsp_impressions_for_audiences' not found",
    ),
    (
        "unknown-column",
        "SELECT SUM(nothing) AS n FROM dsp_impressions",
        "From line 1, column 12 to line 1, column 18: Column 'nothing' not found in any table",
    ),
    (
        "unknown-column",
        "SELECT COUNT(*) AS n FROM dsp_impressions d JOIN dsp_clicks c ON d.user_id = c.user_idd",
        "From line 1, column 80 to line 1, column 87: Column 'user_idd' not found in table 'c'",
    ),
    (
        "unknown-column",
        "SELECT COUNT(*) AS n, COUNT(x.campaign) AS m FROM dsp_impressions",
        "From line 1, column 29 to line 1, column 29: Table 'x' not found",
    ),
    # an output's alias is no column for WHERE and for its neighbours
    (
        "unknown-column",
        "SELECT campaign AS c, COUNT(*) AS n FROM dsp_impressions\nWHERE c = 'x' GROUP BY 1",
        "From line 2, column 7 to line 2, column 7: Column 'c' not found in any table",
    ),
    (
        "unknown-column",
        "SELECT 1 AS a, a + 1 AS b",
        "From line 1, column 16 to line 1, column 16: Column 'a' not",
    ),
    (
        "unknown-function",
        "SELECT ANY_ONE(campaign,\n 5) AS x FROM dsp_impressions",
        "From line 1, column 8 to line 2, column 3: No match found for function signature ANY_ONE(<ANY>",
    ),
    (
        "unknown-function",
        "SELECT \"upper\"('a') AS x",
        "From line 1, column 8 to line 1, column 19: No match found",
    ),
    (
        "argument-count",
        "SELECT UPPER('a', 'b') AS x",
        "From line 1, column 8 to line 1, column 22: Invalid number of arguments to function 'UPPER'. Was",
    ),
    (
        "argument-count",
        "SELECT SUM(1, 2) AS x",
        "From line 1, column 8 to line 1, column 16: Invalid number of",
    ),
    (
        "argument-count",
        "SELECT IF(1 = 1, 2) AS x",
        "From line 1, column 8 to line 1, column 19: Invalid number of",
    ),
    (
        "not-grouped",
        "SELECT SUM(clicks) AS n,\n\tcampaign FROM dsp_clicks WHERE campaign = 'x'",
        "From line 2, column 2 to line 2, column 9: Expression 'campaign' is not being grouped",
    ),
    (
        "ambiguous-column",
        "SELECT COUNT(campaign) AS n FROM dsp_impressions i JOIN dsp_clicks c ON i.user_id = c.user_id",
        "From line 1, column 14 to line 1, column 21: Column 'campaign' is ambiguous",
    ),
    ("syntax", "SELECT FROM WHERE", 'Encountered "WHERE" at line 1, column 13.'),
    ("syntax", "SELECT COUNT(*) AS n\nFROM dsp_clicks\nWHERE", 'Encountered "<EOF>" at line 3, column 6.'),
    ("syntax", "SELECT COUNT(*) AS n FROM dsp_clicks GROUP 1", 'Encountered "1" at line 1, column 44.'),
    ("syntax", "SELECT /* 'x */\n 'open AS x", "Lexical error at line 2, column 2."),
    ("syntax", "SELECT 1 AS x /* open", "Lexical error at line 1, column 15."),
    ("syntax", "SELECT campaign ILIKE 'a' AS x FROM dsp_clicks", 'Encountered "ILIKE" at line 1, column 17.'),
    (
        "syntax",
        "SELECT 5 % 2 AS x",
        "From line 1, column 10 to line 1, column 10: Percent remainder '%' is not allowed",
    ),
    ("statements", "DROP TABLE dsp_impressions", 'Encountered "DROP" at line 1, column 1.'),
    ("statements", "INSERT INTO dsp_impressions SELECT 1", 'Encountered "INSERT" at line 1, column 1.'),
    ("statements", "-- now\nCREATE TABLE x AS SELECT 1", 'Encountered "CREATE" at line 2, column 1.'),
    ("statements", "VALUES (1)", 'Encountered "VALUES" at line 1, column 1.'),
    ("syntax", "SELECT [1] AS x", 'Encountered "[" at line 1, column 8.'),
    ("syntax", f"{COUNT}\n EXCEPT SELECT 'a', 1", 'Encountered "EXCEPT" at line 2, column 2.'),
    ("syntax", "SELECT CURRENT_USER AS x", 'Encountered "CURRENT_USER" at line 1, column 8.'),
    (
        "comparison-text",
        "SELECT COUNT(*) AS n, MIN(campaign + 1) AS x FROM dsp_clicks",
        "From line 1, column 27 to line 1, column 38: Cannot apply '+' to arguments of type '<VARCHAR> + ",
    ),
    ("double-colon", "SELECT '5'::BIGINT AS x", 'Encountered ":" at line 1, column 11.'),
    ("qualify", f"{COUNT}\nQUALIFY 1 = 1", 'Encountered "QUALIFY" at line 2, column 1.'),
    (
        "extend-literals",
        "SELECT COUNT(*) AS n\nFROM TABLE(EXTEND_TIME_WINDOW(dsp_clicks, 'P1D', 'P1D'))",
        "From line 2, column 12 to line 2, column 55: EXTEND_TIME_WINDOW takes 3 string literals.",
    ),
    (
        "comparison-text",
        "SELECT GREATEST('a', 'b') AS x",
        "From line 1, column 8 to line 1, column 25: Cannot apply 'GREATEST' to arguments of type",
    ),
    (
        "recursive",
        "WITH RECURSIVE t (n) AS (SELECT 1 AS n) SELECT n FROM t",
        'Encountered "RECURSIVE" at line 1, column 6.',
    ),
]


@pytest.mark.conforms("semantics:positions")
@pytest.mark.parametrize(("sql", "reason"), proving("refusal", PLACED))
def test_the_refusal_says_where(tiny: Tiny, sql: str, reason: str) -> None:
    assert tiny.refusal(sql).startswith(reason)


@pytest.mark.parametrize(
    ("sql", "reason"),
    proving(
        "refusal",
        [
            (
                "select-star",
                "SELECT * FROM (SELECT COUNT(*) AS n FROM dsp_clicks)",
                "SELECT * is not supported",
            ),
            ("select-star", "SELECT t.* FROM (SELECT COUNT(*) AS n FROM dsp_clicks) AS t", "SELECT * is not"),
            ("several-statements", "SELECT 1 AS x; SELECT 2 AS y", "Expected exactly one query, found 2."),
            ("personal-data", "SELECT 'ada@northwind.example' AS x", "personal information at line 1"),
            (
                "personal-data",
                "SELECT COUNT(*) AS n FROM dsp_clicks\nWHERE campaign = '+1 206 555 0100'",
                "at line 2",
            ),
            ("personal-data", "SELECT '(206) 555-0100' AS x", "telephone numbers cannot be used"),
            (
                "extend-duration",
                "SELECT 1 AS x FROM TABLE(EXTEND_TIME_WINDOW('dsp_clicks', '14 days', 'P1D'))",
                "'14 days' is not a valid ISO-8601 duration.",
            ),
            ("cast-type", "SELECT CAST(1 AS TEXT) AS x", "Unknown datatype name 'TEXT'"),
            ("cast-type", "SELECT CAST('{}' AS JSON) AS x", "Unknown datatype name 'JSON'"),
            ("duplicate-output", "SELECT 1 AS x, 2 AS X", "Duplicate output column name 'x'"),
            (
                "syntax",
                "SELECT EXTRACT(QUARTER FROM CURRENT_DATE) AS x",
                "'QUARTER' is not a valid time frame",
            ),
            (
                "syntax",
                "SELECT DATE_TRUNC('DECADE', CURRENT_DATE) AS x",
                "'DECADE' is not a valid time frame",
            ),
            (
                "syntax",
                "SELECT COUNT(*) AS n FROM dsp_clicks WHERE SUM(clicks) > 1",
                "illegal in WHERE clause",
            ),
            ("syntax", "SELECT SUM(COUNT(*)) AS n FROM dsp_clicks", "Aggregate expressions cannot be nested"),
            ("syntax", "SELECT COUNT(*) AS n FROM dsp_clicks GROUP BY 2", "Ordinal out of range"),
            (
                "unknown-function",
                "SELECT 1 AS x FROM read_csv('/etc/passwd')",
                "signature READ_CSV(<CHARACTER>)",
            ),
            ("syntax", "SELECT campaign, COUNT(*) AS n FROM dsp_clicks GROUP BY ALL", 'Encountered "ALL"'),
            ("syntax", "SELECT DISTINCT ON (campaign) campaign FROM dsp_clicks", 'Encountered "ON"'),
            ("unknown-table", "SELECT 1 AS x FROM '/etc/passwd'", "not found"),
            ("unknown-table", "SELECT COUNT(*) AS n FROM information_schema.tables", "not found"),
        ],
    ),
)
def test_the_refusal_says(tiny: Tiny, sql: str, reason: str) -> None:
    assert reason in tiny.refusal(sql)


@pytest.mark.conforms("refusal:window-functions")
@pytest.mark.parametrize(
    "call", ["LAG(clicks)", "LEAD(clicks)", "NTILE(4)", "PERCENT_RANK()", "FIRST_VALUE(clicks)"]
)
def test_undocumented_window_functions(tiny: Tiny, call: str) -> None:
    name = call.partition("(")[0]
    text = tiny.refusal(f"SELECT {call} OVER (ORDER BY clicks) AS x FROM dsp_clicks")
    assert f"No match found for function signature {name}(" in text


@pytest.mark.conforms("refusal:no-aggregation")
def test_rows_of_events_are_no_output(tiny: Tiny) -> None:
    text = tiny.refusal("SELECT campaign FROM dsp_impressions", disableAggregationControls=False)
    assert "must aggregate" in text


@pytest.mark.conforms("refusal:output-columns")
def test_the_promised_output(tiny: Tiny) -> None:
    given = {"outputColumns": [{"name": "other", "dataType": "LONG", "columnType": "METRIC"}]}
    assert "outputColumns" in tiny.refusal("SELECT 1 AS x", workflow=given)


@pytest.mark.conforms("refusal:personal-data")
def test_personal_data_in_a_parameter(tiny: Tiny) -> None:
    declared = {
        "inputParameters": [{"name": "p", "dataType": "STRING", "defaultValue": "ben@northwind.example"}]
    }
    assert "personal information" in tiny.refusal("SELECT CUSTOM_PARAMETER('p') AS x", workflow=declared)


@pytest.mark.parametrize("text", ["580100200300111", "2026-01-02", "B07XJ8C8F5", "10-20-30", "a @ b"])
def test_identifiers_and_dates_are_nobodys_data(tiny: Tiny, text: str) -> None:
    assert tiny.cell(f"'{text}'") == text


@pytest.mark.conforms("semantics:positions")
@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_lines_tabs_comments_and_texts_of_several_lines_count(tiny: Tiny, line: str) -> None:
    lines = [
        "-- 'x",
        "SELECT /* a",
        "b */",
        "\t COUNT(*) AS n,",
        "\t'y",
        "z' AS t,\tNothing",
        "FROM dsp_clicks",
    ]
    text = tiny.refusal(line.join(lines))
    assert text == "From line 6, column 10 to line 6, column 16: Column 'Nothing' not found in any table"
