"""AMC SQL over HTTP: answers and refusals reach the caller as they are."""

import pytest

from tests.sandbox.caller import Caller

IMPRESSIONS = "SELECT SUM(impressions) AS n FROM"


def test_an_answer_of_several_kinds_of_values(caller: Caller) -> None:
    text = caller.csv(
        """SELECT GREATEST(1, NULL) AS a, DAYOFWEEK(CAST('2026-03-01' AS DATE)) AS b, 18 / 100 AS c,
        CONVERT_TIME_ZONE_FROM_UTC(CAST('2026-07-01 12:00:00' AS TIMESTAMP), 'America/New_York') AS d,
        ARRAY_CAT(ARRAY[1], ARRAY[2]) AS E"""
    )
    assert text == 'a,b,c,d,e\n,1,0.18,2026-07-01T08:00:00.000,"[1, 2]"\n'


def test_today_is_the_sandboxs_day(caller: Caller) -> None:
    today = caller.box.now().date()
    cells = caller.cells(
        "CAST('today' AS DATE) AS a, CURRENT_DATE AS b, CAST(CAST('now' AS TIMESTAMP) AS DATE) AS c"
    )
    assert cells == [str(today)] * 3


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "SELECT SUM(x) AS n\nFROM nowhere",
            "From line 2, column 6 to line 2, column 12: Object 'nowhere' not found",
        ),
        ("SELECT campaign FROM dsp_impressions", "must aggregate"),
        (f"{IMPRESSIONS} '/etc/passwd'", "not found"),
        ("SET memory_limit = '1GB'", 'Encountered "SET"'),
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


def test_a_query_that_breaks_while_it_runs_has_failed(caller: Caller) -> None:
    body = caller.run("SELECT CAST(campaign AS BIGINT) AS x, COUNT(*) AS n FROM dsp_impressions GROUP BY 1")
    assert body["status"] == "FAILED"
    assert "Could not convert" in body["statusReason"]
