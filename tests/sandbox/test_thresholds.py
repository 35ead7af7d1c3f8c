"""Aggregation thresholds: which rows and values of a result AMC lets out."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from reportbuilder.sandbox.warehouses import shape
from tests.sandbox.tiny import Tiny, spread

# impressions, clicks, device type, postal code, users of the impressions and of the clicks
EXAMPLE = [
    (1100, 300, "iPhone", "11111", 50, 13),
    (200, 100, "Android", "22222", 30, 8),
    (1300, 500, "Android", "33333", 133, 87),
    (1700, 700, "Android", "44444", 108, 359),
]
UNITED = """SELECT SUM(impressions) AS impressions, SUM(clicks) AS clicks, device_type, postal_code
    FROM (SELECT impressions, 0 AS clicks, device_type, postal_code FROM dsp_impressions
        UNION ALL SELECT 0 AS impressions, clicks, device_type, postal_code FROM dsp_clicks)
    GROUP BY device_type, postal_code"""
JOINED = """WITH i AS (SELECT device_type, postal_code, SUM(impressions) AS impressions FROM dsp_impressions
        GROUP BY 1, 2),
    c AS (SELECT device_type, postal_code, SUM(clicks) AS clicks FROM dsp_clicks GROUP BY 1, 2)
    SELECT i.impressions, c.clicks, i.device_type, i.postal_code
    FROM i INNER JOIN c ON i.device_type = c.device_type AND i.postal_code = c.postal_code"""


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = shape()
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def example(empty: duckdb.DuckDBPyConnection) -> Iterator[Tiny]:
    tiny = Tiny(empty, {})
    for impressions, clicks, device, postal_code, seeing, clicking in EXAMPLE:
        cells = {"device_type": device, "postal_code": postal_code}
        tiny.fill("dsp_impressions", spread(impressions, seeing, "impressions", "u", **cells))
        tiny.fill("dsp_clicks", spread(clicks, clicking, "clicks", "v", **cells))
    yield tiny
    tiny.close()


@pytest.fixture(scope="module")
def few(empty: duckdb.DuckDBPyConnection) -> Iterator[Tiny]:
    """Campaign A is seen by two people and one unknown, B by one, C by unknown ones only."""
    seen = [("A", "u1"), ("A", "u2"), ("A", None), ("B", "u1"), ("B", "u1"), ("C", None), ("C", None)]
    rows = [{"campaign": name, "user_id": user, "impressions": 1} for name, user in seen]
    clicks = [{"campaign": name, "user_id": user, "clicks": 1} for name, user in [("A", "u1"), ("A", "u2")]]
    segments = [{"segment_id": 1, "segment_name": "alone"}]
    tiny = Tiny(empty, {"dsp_impressions": rows, "dsp_clicks": clicks, "segment_metadata": segments})
    yield tiny
    tiny.close()


@pytest.mark.conforms(
    "threshold:remove-rows",
    "threshold:high",
    "threshold:highest-decides",
    "threshold:smallest-source-decides",
)
@pytest.mark.parametrize("sql", [UNITED, JOINED])
def test_the_guides_example_by_default_loses_three_rows(example: Tiny, sql: str) -> None:
    assert example.rows(sql) == [(1700, 700, "Android", "44444")]


@pytest.mark.conforms("threshold:discriminator", "threshold:remove-values", "threshold:worked-example")
@pytest.mark.parametrize("sql", [UNITED, JOINED])
def test_the_guides_example_with_a_discriminator_keeps_its_sums(example: Tiny, sql: str) -> None:
    plan = example.plan(sql, filteredMetricsDiscriminatorColumn="filtered")
    assert [(column.name, column.data_type, column.column_type) for column in plan.columns] == [
        ("impressions", "LONG", "METRIC"),
        ("clicks", "LONG", "METRIC"),
        ("device_type", "STRING", "DIMENSION"),
        ("postal_code", "STRING", "DIMENSION"),
        ("filtered", "BOOLEAN", "DIMENSION"),
    ]
    assert example.rows(sql, filteredMetricsDiscriminatorColumn="filtered") == [
        (1100, 300, "iPhone", None, True),
        (1500, 600, "Android", None, True),
        (1700, 700, "Android", "44444", False),
    ]
    without = example.rows(sql, privacyFilteringBehavior="REMOVE_VALUES")
    assert without == [
        (1100, 300, "iPhone", None),
        (1500, 600, "Android", None),
        (1700, 700, "Android", "44444"),
    ]


@pytest.mark.conforms("threshold:distinct-user-count-column", "threshold:filtered-reason-column")
def test_added_columns_tell_how_far_off_a_row_is(example: Tiny) -> None:
    added: dict[str, Any] = {
        "filteredMetricsDiscriminatorColumn": "f",
        "distinctUserCountColumn": "n",
        "filteredReasonColumn": "r",
    }
    assert example.rows(UNITED, **added) == [
        (1100, 300, "iPhone", None, True, 13, "13 'dsp_clicks' users < 100 required"),
        (1500, 600, "Android", None, True, 8, "8 'dsp_clicks' users < 100 required"),
        (1700, 700, "Android", "44444", False, 100, None),  # counts are capped
    ]
    assert example.rows(UNITED, distinctUserCountColumn="n", filteredReasonColumn="r") == [
        (1700, 700, "Android", "44444", 100, None)
    ]
    twice = """SELECT a.postal_code, COUNT(*) AS n FROM dsp_clicks AS a
        INNER JOIN dsp_clicks AS b ON a.postal_code = b.postal_code AND b.device_type = 'iPhone' GROUP BY 1"""
    [(_, _, reason)] = example.rows(twice, privacyFilteringBehavior="REMOVE_VALUES", filteredReasonColumn="r")
    assert reason == "13 'dsp_clicks' (path 1 of 2) users < 100 required"


@pytest.mark.conforms("threshold:low", "threshold:null-users")
def test_two_people_open_a_low_column_and_unknown_ones_do_not_count(few: Tiny) -> None:
    assert few.rows("SELECT campaign, SUM(impressions) AS n FROM dsp_impressions GROUP BY 1") == [("A", 3)]


@pytest.mark.conforms("threshold:none")
@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT SUM(impressions) AS n FROM dsp_impressions WHERE campaign = 'B'", [(2,)]),
        ("SELECT SUM(impressions) AS n FROM dsp_impressions WHERE campaign = 'C'", [(2,)]),
        ("SELECT COUNT(DISTINCT campaign) AS n FROM dsp_impressions WHERE campaign = 'B'", [(1,)]),
        (
            "SELECT COUNT(*) AS n, SUM(impressions) AS s FROM dsp_impressions WHERE campaign = 'X'",
            [(0, None)],
        ),
    ],
)
def test_columns_without_a_threshold_stand_in_every_row(
    few: Tiny, sql: str, rows: list[tuple[object, ...]]
) -> None:
    assert few.rows(sql) == rows


@pytest.mark.conforms("threshold:none")
def test_a_row_of_unknown_users_keeps_its_metrics_when_values_go(few: Tiny) -> None:
    sql = "SELECT campaign, SUM(impressions) AS n FROM dsp_impressions GROUP BY 1"
    expected = [("A", 3, False), (None, 4, True)]
    assert few.rows(sql, filteredMetricsDiscriminatorColumn="f") == expected


@pytest.mark.conforms("threshold:no-user-source")
def test_tables_without_users_need_none(few: Tiny) -> None:
    sql = "SELECT segment_name, COUNT(*) AS n FROM segment_metadata GROUP BY 1"
    assert few.rows(sql) == [("alone", 1)]
    added: dict[str, Any] = {
        "filteredMetricsDiscriminatorColumn": "f",
        "distinctUserCountColumn": "n2",
        "filteredReasonColumn": "r",
    }
    assert few.rows(sql, **added) == [("alone", 1, False, None, None)]


@pytest.mark.conforms("threshold:medium", "threshold:high")
@pytest.mark.parametrize("column", ["impression_dt", "postal_code"])
@pytest.mark.parametrize(("users", "stays"), [(99, False), (100, True), (101, True)])
def test_a_hundred_people_open_medium_and_high_columns(
    empty: duckdb.DuckDBPyConnection, column: str, users: int, stays: bool
) -> None:
    value = "2026-01-02 03:04:05" if column == "impression_dt" else "10001"
    rows = [{"user_id": f"u{n}", "impressions": 1, column: value} for n in range(users)]
    rows += [{"user_id": None, "impressions": 1, column: value}]
    tiny = Tiny(empty, {"dsp_impressions": rows})
    sql = f"SELECT {column}, SUM(impressions) AS n FROM dsp_impressions GROUP BY 1"
    nested = f"SELECT {column}, SUM(n) AS n FROM ({sql}) GROUP BY 1"
    by_user = f"""WITH u AS (
            SELECT user_id, {column}, SUM(impressions) AS n FROM dsp_impressions GROUP BY 1, 2)
        SELECT {column}, SUM(n) AS n FROM u GROUP BY 1"""
    assert [len(tiny.rows(text)) for text in (sql, nested, by_user)] == [int(stays)] * 3
    tiny.close()


@pytest.mark.conforms("threshold:controls-off")
def test_controls_are_off_for_synthetic_data_when_asked(few: Tiny) -> None:
    off = {"disableAggregationControls": True, "requireSyntheticData": True}
    assert len(few.rows("SELECT campaign, SUM(impressions) AS n FROM dsp_impressions GROUP BY 1", off)) == 3
    assert len(few.rows("SELECT user_id, campaign FROM dsp_impressions WHERE user_id = 'u1'", off)) == 3
    half = {"disableAggregationControls": True}
    assert len(few.rows("SELECT campaign, SUM(impressions) AS n FROM dsp_impressions GROUP BY 1", half)) == 1


CLICKED = "SELECT campaign FROM dsp_clicks"


@pytest.mark.conforms("threshold:through-inner-queries")
@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT DISTINCT campaign FROM dsp_impressions", [("A",)]),
        ("SELECT campaign FROM dsp_impressions UNION SELECT campaign FROM dsp_clicks", [("A",)]),
        ("SELECT campaign AS c, COUNT(*) AS n FROM dsp_impressions GROUP BY c HAVING n > 1", [("A", 3)]),
        ("SELECT MAX(campaign) AS c FROM dsp_impressions", [("C",)]),
        (
            f"SELECT campaign, COUNT(*) AS n FROM dsp_impressions WHERE campaign IN ({CLICKED}) GROUP BY 1",
            [("A", 3)],
        ),
        (  # those who clicked A are no users of B
            """SELECT campaign, COUNT(*) AS n FROM dsp_impressions AS i
            WHERE EXISTS (SELECT 1 FROM dsp_clicks AS c WHERE c.user_id = i.user_id) GROUP BY 1""",
            [("A", 2)],
        ),
        (
            """WITH t AS (SELECT SUM(impressions) AS total FROM dsp_impressions)
            SELECT campaign, SUM(impressions) / MAX(total) AS s
            FROM dsp_impressions CROSS JOIN t GROUP BY 1""",
            [("A", 3 / 7)],
        ),
        (
            """SELECT campaign, RANK() OVER (ORDER BY n DESC) AS r FROM
            (SELECT campaign, SUM(impressions) AS n FROM dsp_impressions GROUP BY 1)""",
            [("A", 1)],
        ),
        (  # a value of a sub-query brings its users
            """SELECT COUNT(*) AS n, (SELECT MAX(campaign) FROM dsp_impressions WHERE campaign = 'B') AS b
            FROM dsp_clicks""",
            [],
        ),
        (
            """SELECT COUNT(*) AS n, (SELECT MAX(campaign) FROM dsp_impressions WHERE campaign = 'A') AS b
            FROM dsp_clicks""",
            [(2, "A")],
        ),
        (  # a correlated one too
            """SELECT campaign,
            (SELECT MAX(c.campaign) FROM dsp_clicks AS c WHERE c.campaign = i.campaign) AS x
            FROM dsp_impressions AS i GROUP BY campaign""",
            [("A", "A")],
        ),
        (
            """SELECT a.campaign, a.n, 1 AS one FROM
            (SELECT * FROM (SELECT campaign, COUNT(*) AS n FROM dsp_impressions GROUP BY 1)) AS a""",
            [("A", 3, 1)],
        ),
        (
            """SELECT campaign, COUNT(*) AS n FROM (SELECT * FROM dsp_impressions)
            INNER JOIN (SELECT DISTINCT campaign FROM dsp_clicks) USING (campaign) GROUP BY 1""",
            [("A", 3)],
        ),
        (
            """SELECT 'x' AS what, campaign, COUNT(*) AS n FROM dsp_impressions GROUP BY 2
            UNION ALL SELECT 'y', campaign, COUNT(*) FROM dsp_clicks GROUP BY 2
            UNION ALL SELECT 'z', 'all', 1""",
            [("x", "A", 3), ("y", "A", 2), ("z", "all", 1)],
        ),
    ],
)  # fmt: skip
def test_users_are_followed_through_every_shape(few: Tiny, sql: str, rows: list[tuple[object, ...]]) -> None:
    assert few.rows(sql) == rows


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        (
            """SELECT campaign,
            SUM((SELECT MAX(clicks) FROM dsp_clicks AS c WHERE c.user_id = i.user_id)) AS n
            FROM dsp_impressions AS i GROUP BY 1""",
            "Subquery",
        ),
        ("SELECT campaign FROM dsp_impressions EXCEPT SELECT campaign FROM dsp_clicks GROUP BY 1", "EXCEPT"),
    ],
)
def test_what_users_cannot_be_followed_through_is_refused(few: Tiny, sql: str, word: str) -> None:
    assert word in few.refusal(sql)
