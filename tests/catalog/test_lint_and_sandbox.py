"""What the sandbox refuses the lint calls an error, and the reverse; the exceptions have a reason each."""
# ruff: noqa: E501, ISC004 - one query a line reads as a table; long ones go over two

from datetime import UTC, datetime

import duckdb
import pytest

from reportbuilder.catalog.lint import ERROR, lint
from reportbuilder.sandbox.compiling import compile_workflow
from reportbuilder.sandbox.dialect import RefusedError
from reportbuilder.sandbox.instants import Window
from reportbuilder.sandbox.tables import documented
from reportbuilder.sandbox.warehouses import shape

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
JANUARY = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), "UTC")
COUNTED = "SELECT campaign, COUNT(*) AS n FROM dsp_clicks"

GOOD = [
    f"{COUNTED} GROUP BY campaign",
    f"{COUNTED} GROUP BY 1",
    f"{COUNTED} AS c WHERE c.site IS NOT NULL GROUP BY campaign HAVING n > 3",
    "SELECT COUNT(DISTINCT user_id) AS people FROM dsp_impressions",
    "SELECT DISTINCT campaign FROM dsp_clicks",
    "SELECT c FROM (SELECT campaign AS c, SUM(clicks) AS n FROM dsp_clicks GROUP BY 1) WHERE n > 3",
    "WITH x (a, b) AS (VALUES (1, 'a'), (2, 'b')) SELECT a, COUNT(b) AS n FROM x GROUP BY a",
    "WITH x AS (SELECT user_id, MIN(click_dt) AS t FROM dsp_clicks GROUP BY 1) SELECT COUNT(user_id) AS n FROM x",
    "SELECT COUNT(*) AS n FROM dsp_clicks AS c JOIN dsp_impressions AS i ON c.user_id = i.user_id",
    "SELECT COUNT(*) AS n FROM dsp_clicks JOIN dsp_impressions USING (campaign)",
    "SELECT COUNT(*) AS n FROM dsp_clicks WHERE user_id IN (SELECT user_id FROM dsp_impressions)",
    "SELECT COUNT(*) AS n FROM TABLE(EXTEND_TIME_WINDOW('dsp_clicks', 'P14D', 'P1D')) AS c",
    "SELECT campaign, ROW_NUMBER() OVER (ORDER BY COUNT(*)) AS r FROM dsp_clicks GROUP BY campaign",
    "SELECT SUM(spend) / 100000000.0 AS cost FROM sponsored_ads_traffic",
    "SELECT CAST(DATE_TRUNC('WEEK', click_dt_hour) AS DATE) AS w, COUNT(*) AS n FROM dsp_clicks GROUP BY 1",
    "SELECT COUNT(*) AS n FROM dsp_clicks WHERE click_dt >= BUILT_IN_PARAMETER('TIME_WINDOW_START')",
    "SELECT campaign, SUM(x) AS x FROM (SELECT campaign, clicks AS x FROM dsp_clicks UNION ALL "
    "SELECT campaign, impressions FROM dsp_impressions) GROUP BY campaign",
    "SELECT COUNT(*) AS n FROM display_clicks",
    "SELECT COUNT(*) AS n FROM sandbox.DSP_CLICKS",
    "SELECT segment_name, COUNT(*) AS n FROM segment_metadata GROUP BY segment_name",
    "SELECT postal_code, COUNT(*) AS n FROM dsp_clicks GROUP BY postal_code",
    "SELECT UPPER(campaign) AS c, COUNT(*) AS n FROM dsp_clicks GROUP BY UPPER(campaign)",
]  # fmt: skip

BAD = [
    "SELECT * FROM dsp_clicks",
    f"{COUNTED} GROUP BY campaign ORDER BY n",
    f"{COUNTED} GROUP BY campaign LIMIT 5",
    f"{COUNTED} GROUP BY campaign LIMIT -1",
    "SELECT TOP 5 campaign, COUNT(*) AS n FROM dsp_clicks GROUP BY campaign",
    "SELECT COUNT(*) AS n FROM dsp_clicks c RIGHT JOIN dsp_views v ON c.campaign = v.campaign",
    "SELECT COUNT(*) AS n FROM dsp_clicks NATURAL JOIN dsp_impressions",
    "SELECT campaign || site AS x, COUNT(*) AS n FROM dsp_clicks GROUP BY 1",
    "SELECT GETDATE() AS d, COUNT(*) AS n FROM dsp_clicks",
    "SELECT DATE_ADD('day', 1, click_date) AS d, COUNT(*) AS n FROM dsp_clicks GROUP BY 1",
    "SELECT NOSUCH(campaign) AS d, COUNT(*) AS n FROM dsp_clicks GROUP BY 1",
    "SELECT ROUND() AS d, COUNT(*) AS n FROM dsp_clicks",
    "SELECT campaign FROM dsp_clicks",
    "SELECT campaign, site, COUNT(*) AS n FROM dsp_clicks GROUP BY campaign",
    "SELECT campaign, COUNT(*) AS campaign FROM dsp_clicks GROUP BY 1",
    "SELECT campain, COUNT(*) AS n FROM dsp_clicks GROUP BY 1",
    "SELECT COUNT(x.campaign) AS n FROM dsp_clicks AS c",
    "WITH x AS (SELECT campaign AS c FROM dsp_clicks) SELECT COUNT(campaign) AS n FROM x",
    "SELECT COUNT(campaign) AS n FROM dsp_clicks c JOIN dsp_impressions i ON c.site = i.site",
    "SELECT COUNT(*) AS n FROM dsp_click",
    "SELECT COUNT(*) AS n FROM dsp_clicks_for_audiences",
    "SELECT COUNT(*) AS n FROM mine.dsp_clicks",
    "WITH x (a, b) AS (VALUES (1, 2), (3)) SELECT a, COUNT(b) AS n FROM x GROUP BY a",
    "WITH x (a, b) AS (VALUES (1)) SELECT a, COUNT(b) AS n FROM x GROUP BY a",
    f"{COUNTED} GROUP BY 1 UNION ALL SELECT campaign FROM dsp_clicks GROUP BY 1",
    "SELECT user_id, COUNT(*) AS n FROM dsp_clicks GROUP BY user_id",
    "SELECT COUNT(*) AS n FROM dsp_clicks WHERE user_id = 'x'",
    "SELECT COUNT(*) AS n FROM dsp_clicks WHERE postal_code IN ('1', '2')",
    "SELECT COUNT(*) AS n FROM dsp_clicks WHERE user_id LIKE 'x%'",
    "WITH l (u) AS (VALUES ('x')) SELECT COUNT(*) AS n FROM dsp_clicks c JOIN l ON c.user_id = l.u",
    "SELECT marketplace_id, COUNT(*) AS n FROM amazon_retail_purchases GROUP BY 1",
    "SELECT COUNT(*) AS n FROM dsp_clicks WHERE campaign = CUSTOM_PARAMETER('x')",
    "SELECT COUNT(*) AS n FROM dsp_clicks WHERE click_dt > BUILT_IN_PARAMETER('START')",
    "SELECT COUNT(*) AS n FROM TABLE(EXTEND_TIME_WINDOW('dsp_clicks', 'P14D', 'P1'))",
    "SELECT COUNT(*) AS n FROM TABLE(EXTEND_TIME_WINDOW('dsp_clicks', 'P14D'))",
    "WITH RECURSIVE x AS (SELECT 1 AS a) SELECT a, COUNT(*) AS n FROM x GROUP BY a",
    "DELETE FROM dsp_clicks",
    "SELECT COUNT(*) AS n FROM dsp_clicks WHERE",
    "SELECT COUNT(*) AS n FROM dsp_clicks; SELECT COUNT(*) AS n FROM dsp_clicks",
]  # fmt: skip

# SQL on which they differ, and why
APART = {
    "SELECT campaign, LAG(COUNT(*)) OVER (ORDER BY campaign) AS x FROM dsp_clicks GROUP BY 1": (
        "AMC's documents say nothing of it: the sandbox plays safe, the lint warns"
    ),
    "SELECT CAST(campaign AS VARCHAR)::DATE AS d, COUNT(*) AS n FROM dsp_clicks GROUP BY 1": (
        "AMC's documents say nothing of it: the sandbox plays safe, the lint warns"
    ),
    "SELECT campaign, COUNT(*) AS n FROM dsp_clicks GROUP BY 1 QUALIFY RANK() OVER (ORDER BY n) < 3": (
        "AMC's documents say nothing of it: the sandbox plays safe, the lint warns"
    ),
    "SELECT COUNT(*) AS n FROM loyal_people": "an instance may have uploaded tables; the sandbox has none",
}


@pytest.fixture(scope="module")
def tables() -> duckdb.DuckDBPyConnection:
    return shape()


def _is_refused(sql: str, tables: duckdb.DuckDBPyConnection) -> bool:
    try:
        compile_workflow({"workflow": {"sqlQuery": sql}}, JANUARY, NOON, tables, documented())
    except RefusedError:
        return True
    return False


def _errors(sql: str) -> list[str]:
    return [str(finding) for finding in lint(sql, ()) if finding.severity == ERROR]


@pytest.mark.parametrize("sql", GOOD)
def test_both_take_a_good_query(sql: str, tables: duckdb.DuckDBPyConnection) -> None:
    assert _errors(sql) == []
    assert not _is_refused(sql, tables)


@pytest.mark.parametrize("sql", BAD)
def test_both_refuse_a_bad_query(sql: str, tables: duckdb.DuckDBPyConnection) -> None:
    assert _is_refused(sql, tables)
    assert _errors(sql)


@pytest.mark.parametrize("sql", APART)
def test_where_they_differ_the_lint_warns_at_least(sql: str, tables: duckdb.DuckDBPyConnection) -> None:
    assert _is_refused(sql, tables)
    assert _errors(sql) == []
    assert lint(sql, ())
