"""Queries that make each row of one day's events, and the many ways in which they do not."""

import tomllib
from pathlib import Path

import pytest

import reportbuilder.catalog
from reportbuilder.backfills.groups import find_undated

LIBRARY = Path(reportbuilder.catalog.__file__).parent / "library"
DAY = "CAST(impression_dt AS DATE)"


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT {DAY} AS day, SUM(impressions) AS n FROM dsp_impressions GROUP BY {DAY}",
        f"SELECT {DAY} AS day, COUNT(DISTINCT user_id) AS n FROM dsp_impressions GROUP BY 1",
        f"SELECT {DAY} AS day, campaign, SUM(impressions) AS n FROM dsp_impressions GROUP BY campaign, day",
        "SELECT impression_date AS day, SUM(impressions) AS n FROM dsp_impressions GROUP BY impression_date",
        "SELECT DATE_TRUNC('WEEK', impression_dt) AS day, SUM(x) AS n FROM t GROUP BY 1",
        f"SELECT DISTINCT {DAY} AS day, campaign FROM dsp_impressions",
        (
            f"WITH e AS (SELECT {DAY} AS day, x FROM t UNION ALL SELECT click_date AS day, x FROM u) "
            "SELECT day, SUM(x) AS n FROM e GROUP BY day"
        ),
        (
            f"WITH e AS (SELECT {DAY} AS day, user_id, COUNT(*) AS n FROM t GROUP BY {DAY}, user_id) "
            "SELECT day, n, COUNT(user_id) AS people FROM e GROUP BY day, n"
        ),
        (
            f"WITH a AS (SELECT {DAY} AS day, x FROM t), b AS (SELECT {DAY} AS day, y FROM u) "
            "SELECT a.day AS day, SUM(x) AS n FROM a JOIN b ON a.day = b.day AND a.x = b.y GROUP BY a.day"
        ),
        (
            f"WITH a AS (SELECT {DAY} AS day, x FROM t), b AS (SELECT {DAY} AS day, y FROM u) "
            "SELECT day, SUM(x) AS n FROM a JOIN b USING (day) GROUP BY day"
        ),
        "SELECT CAST(impression_{{clock}} AS DATE) AS day, SUM(x) AS n FROM t GROUP BY 1",
        (
            "SELECT conversion_event_date AS day, SUM(x) AS n "
            "FROM amazon_attributed_events_by_conversion_time GROUP BY 1"
        ),
    ],
)
def test_rows_of_one_day(sql: str) -> None:
    assert find_undated(sql, "day") == []


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (f"SELECT {DAY} AS day, SUM(x) AS n FROM t GROUP BY campaign", "groups by campaign"),
        (f"SELECT MAX({DAY}) AS day, SUM(x) AS n FROM t", "groups by nothing"),
        ("SELECT impression_day AS day, SUM(x) AS n FROM t GROUP BY impression_day", "is no date"),
        ("SELECT CAST('2026-01-01' AS DATE) AS day, SUM(x) AS n FROM t GROUP BY 1", "is no date"),
        ("SELECT CAST({{d}} AS DATE) AS day, SUM(x) AS n FROM t GROUP BY 1", "is no date"),
        (f"SELECT {DAY} AS date_of, SUM(x) AS n FROM t GROUP BY 1", "no column day"),
        (
            (
                "WITH u AS (SELECT user_id, COUNT(*) AS n FROM t GROUP BY user_id) "
                f"SELECT {DAY} AS day, SUM(n) AS n FROM u GROUP BY 1"
            ),
            "groups by user_id",
        ),
        (
            (
                "WITH u AS (SELECT user_id, MIN(impression_dt) AS first_dt FROM t GROUP BY user_id) "
                "SELECT CAST(first_dt AS DATE) AS day, COUNT(user_id) AS n FROM u GROUP BY 1"
            ),
            "groups by user_id",
        ),
        (
            f"SELECT {DAY} AS day, SUM(x) AS n FROM t JOIN c ON t.user_id = c.user_id GROUP BY 1",
            "joins c without equal dates",
        ),
        (f"SELECT {DAY} AS day, SUM(x) AS n FROM t, c GROUP BY 1", "joins c without equal dates"),
        (
            f"SELECT {DAY} AS day, SUM(x) AS n FROM t WHERE user_id IN (SELECT user_id FROM c) GROUP BY 1",
            "looks something up",
        ),
        (
            (
                f"WITH e AS (SELECT {DAY} AS day FROM t UNION SELECT {DAY} AS day FROM u) "
                "SELECT day, COUNT(*) AS n FROM e GROUP BY day"
            ),
            "UNION without ALL",
        ),
        (
            (
                f"WITH e AS (SELECT {DAY} AS day FROM t UNION ALL SELECT campaign AS day FROM u) "
                "SELECT day, COUNT(*) AS n FROM e GROUP BY day"
            ),
            "groups by day, which is no date",
        ),
        ("SELECT campaign_start_date AS day, SUM(x) AS n FROM t GROUP BY 1", "is no date"),
        ("SELECT CAST(campaign_start_dt AS DATE) AS day, SUM(x) AS n FROM t GROUP BY 1", "is no date"),
        (
            (
                "SELECT traffic_event_date AS day, SUM(x) AS n "
                "FROM amazon_attributed_events_by_conversion_time GROUP BY 1"
            ),
            "may lie outside of the window",
        ),
        (
            f"SELECT {DAY} AS day, SUM(x) / (SELECT SUM(x) FROM t) AS n FROM t GROUP BY 1",
            "groups by nothing",
        ),
        ("SELECT FROM WHERE", "cannot be read"),
    ],
)
def test_rows_of_several_days(sql: str, words: str) -> None:
    assert words in "; ".join(find_undated(sql, "day"))


@pytest.mark.parametrize(
    ("name", "column", "is_by_date"),
    [
        ("weekly_roas", "week_start", True),
        ("daily_spend_trend", "day", True),  # its OVER is another rule's business
        ("branded_search_trend", "week_start", False),  # it knows the terms of the whole window
        ("reach_and_frequency", "frequency", False),
        ("new_to_brand", "campaign", False),
    ],
)
def test_shipped_templates(name: str, column: str, *, is_by_date: bool) -> None:
    data = tomllib.loads((LIBRARY / f"{name}.toml").read_text(encoding="utf-8"))
    assert (find_undated(data["sql"], column) == []) == is_by_date
