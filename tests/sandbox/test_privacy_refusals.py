"""What AMC's privacy rules refuse, and what people write every day that they must not refuse."""

from collections.abc import Iterator

import pytest

from reportbuilder.sandbox.warehouses import shape
from tests.sandbox.tiny import Tiny

COUNTED = "SELECT COUNT(*) AS n FROM"
NAMES = {"dataType": {"type": "ARRAY", "elementDataType": "STRING"}, "defaultValue": '["a"]', "name": "names"}
WORD = {"name": "word", "dataType": "STRING", "defaultValue": "a"}


@pytest.fixture(scope="module")
def tiny() -> Iterator[Tiny]:
    connection = shape()
    found = Tiny(connection, {})
    yield found
    found.close()
    connection.close()


def proves(*facts: str) -> pytest.MarkDecorator:
    return pytest.mark.conforms(*facts)


OUTPUT = [
    ("user_id", "SELECT user_id, COUNT(*) AS n FROM dsp_impressions GROUP BY 1", "very-high-output"),
    ("user_id", "SELECT DISTINCT user_id FROM dsp_impressions", "very-high-output"),
    ("request_tag", """SELECT x, COUNT(*) AS n FROM (SELECT request_tag AS x
        FROM dsp_clicks) GROUP BY x""", "very-high-output"),
    ("user_id", """SELECT campaign AS c FROM dsp_clicks UNION SELECT user_id
        FROM dsp_clicks""", "very-high-output"),
    ("user_id", "SELECT MIN(user_id) AS n FROM dsp_impressions", "very-high-functions"),
    ("user_id", """SELECT MD5(user_id) AS h, COUNT(*) AS n
        FROM dsp_impressions GROUP BY 1""", "very-high-functions"),
    ("user_id", """SELECT campaign, COLLECT(DISTINCT user_id) AS n
        FROM dsp_clicks GROUP BY 1""", "very-high-functions"),
    ("user_id", """SELECT campaign, MAX(u) AS u FROM (
        SELECT campaign, MAX(user_id) OVER (PARTITION BY campaign) AS u
        FROM dsp_clicks) GROUP BY 1""", "very-high-functions"),
    ("user_id", """SELECT CASE WHEN campaign = 'a' THEN user_id END AS u, COUNT(*) AS n
        FROM dsp_clicks GROUP BY 1""", "very-high-functions"),
    ("user_id", """SELECT COUNT(*) AS n, (SELECT MAX(user_id)
        FROM dsp_clicks) AS u FROM dsp_clicks""", "very-high-functions"),
    ("marketplace_id", """SELECT marketplace_id, COUNT(*) AS n
        FROM conversions_all GROUP BY 1""", "internal-output"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "sql"),
    [pytest.param(*case, marks=proves(f"threshold:{fact}")) for *case, fact in OUTPUT],
)
def test_some_columns_are_never_put_out(tiny: Tiny, column: str, sql: str) -> None:
    reason = tiny.refusal(sql)
    assert f"Column '{column}' with aggregation threshold " in reason
    assert "cannot be in the output" in reason


COMPARED = [
    "user_id = 'a'",
    "'a' <> user_id",
    "user_id > 'a'",
    "user_id IN ('a', 'b')",
    "user_id LIKE 'a%'",
    "NOT user_id SIMILAR TO 'a'",
    "user_id BETWEEN 'a' AND 'b'",
    "LENGTH(user_id) = 3",
    "UPPER(user_id) = 'A'",
    "COALESCE(user_id, '') <> campaign AND COALESCE(user_id, '') = user_id",
    "NVL(user_id, '') <> ''",
    "NULLIF(user_id, 'a') IS NULL",
    "CASE user_id WHEN 'a' THEN 1 ELSE 0 END > 0",
    "IF(user_id = 'a', 1, 0) > 0",
    "CHARINDEX('a', user_id) > 0",
    "CONTAINED_IN(user_id, 'a', 'b')",
    "user_id = CUSTOM_PARAMETER('word')",
    "ARRAY_CONTAINS(CUSTOM_PARAMETER('names'), user_id)",
    "REGEXP_SUBSTR(user_id, 'a') IS NOT NULL",
    "user_id IN (SELECT u FROM t)",
    "request_tag = 'a'",
    "postal_code = '10001'",
    "postal_code IN ('10001', '10011')",
    "city_name LIKE 'New%'",
    "REPLACE(campaign, campaign, 'a') = user_id",
    "REGEXP_REPLACE(campaign, '.*', 'a') = user_id",
]


@pytest.mark.conforms(
    "threshold:very-high-literals", "threshold:high-literals", "threshold:parameters-are-literals"
)
@pytest.mark.parametrize("condition", COMPARED)
def test_restricted_columns_do_not_meet_literals(tiny: Tiny, condition: str) -> None:
    sql = f"WITH t (u) AS (VALUES ('a'), ('b'))\n{COUNTED} dsp_impressions\nWHERE {condition}"
    reason = tiny.refusal(sql, inputParameters=[NAMES, WORD])
    assert "cannot be compared with literal or parameter values" in reason
    assert reason.startswith("From line 3, column ")


@pytest.mark.conforms("threshold:very-high-literals")
@pytest.mark.parametrize(
    "sql",
    [
        f"WITH t (u) AS (VALUES ('a')) {COUNTED} dsp_clicks INNER JOIN t ON user_id = u",
        f"WITH t (user_id) AS (VALUES ('a')) {COUNTED} dsp_clicks INNER JOIN t USING (user_id)",
        f"WITH t AS (SELECT CUSTOM_PARAMETER('word') AS u) {COUNTED} dsp_clicks, t WHERE user_id = u",
        f"{COUNTED} (SELECT user_id FROM dsp_clicks UNION ALL SELECT 'a') GROUP BY user_id",
        f"{COUNTED} (SELECT DISTINCT COALESCE(user_id, 'a') AS u FROM dsp_clicks)",
        f"{COUNTED} (SELECT user_id FROM dsp_clicks UNION SELECT 'a')",
        f"{COUNTED} dsp_clicks GROUP BY CONCAT(user_id, 'a')",
        f"{COUNTED} dsp_clicks HAVING MAX(user_id) = 'a'",
        f"{COUNTED} dsp_clicks AS a LEFT JOIN dsp_clicks AS b ON a.user_id = b.user_id AND b.user_id <> ''",
        f"""{COUNTED} (SELECT RANK() OVER (PARTITION BY COALESCE(user_id, 'a')
        ORDER BY click_dt) FROM dsp_clicks)""",
        f"{COUNTED} dsp_clicks WHERE campaign IN (SELECT campaign FROM dsp_impressions WHERE user_id = 'a')",
    ],
)  # fmt: skip
def test_literals_are_followed_into_keys(tiny: Tiny, sql: str) -> None:
    reason = tiny.refusal(sql, inputParameters=[WORD])
    assert "Column 'user_id' with aggregation threshold VERY_HIGH cannot be compared" in reason


PEOPLE = "SELECT user_id, SUM(impressions) AS f FROM dsp_impressions GROUP BY user_id"
DAILY = [
    """SELECT campaign, COUNT(DISTINCT user_id) AS n FROM dsp_impressions
        GROUP BY 1 HAVING COUNT(DISTINCT user_id) >= 100""",
    f"{COUNTED} dsp_impressions WHERE user_id IS NOT NULL AND user_id_type = 'adUserId'",
    f"{COUNTED} dsp_impressions WHERE user_id IN (SELECT user_id FROM dsp_clicks WHERE campaign = 'a')",
    f"""WITH p AS ({PEOPLE}) SELECT IF(f > 9, '10+', CAST(f AS VARCHAR)) AS f, COUNT(user_id) AS n
        FROM p GROUP BY 1""",
    f"""WITH a AS ({PEOPLE}), b AS ({PEOPLE}) SELECT IF(a.user_id IS NULL, 'dsp only', 'both') AS g,
        COUNT(DISTINCT COALESCE(a.user_id, b.user_id)) AS n
        FROM a FULL OUTER JOIN b ON a.user_id = b.user_id GROUP BY 1""",
    f"""WITH a AS ({PEOPLE}), b AS (SELECT COALESCE(x.user_id, y.user_id) AS user_id FROM a AS x
        FULL OUTER JOIN a AS y ON x.user_id = y.user_id) SELECT COUNT(DISTINCT a.user_id) AS n
        FROM a INNER JOIN b USING (user_id)""",
    """SELECT campaign, COUNT(*) AS n FROM (SELECT campaign, ROW_NUMBER() OVER
        (PARTITION BY user_id ORDER BY impression_dt) AS r FROM dsp_impressions) WHERE r = 1 GROUP BY 1""",
    """SELECT campaign, COUNT(DISTINCT CASE WHEN device_type = 'TV' THEN user_id END) AS n,
        COUNT(DISTINCT CONCAT(user_id, '-', campaign)) AS m FROM dsp_impressions GROUP BY 1""",
    """SELECT c, COUNT(DISTINCT u) AS n FROM (SELECT campaign AS c, user_id AS u FROM dsp_clicks
        UNION ALL SELECT 'all' AS c, user_id AS u FROM dsp_clicks
        UNION ALL SELECT campaign, CAST(NULL AS VARCHAR) FROM dsp_impressions) GROUP BY c""",
    "SELECT LEFT(postal_code, 3) AS area, SUM(impressions) AS n FROM dsp_impressions GROUP BY 1",
    "SELECT postal_code, SUM(impressions) AS n FROM dsp_impressions WHERE postal_code IS NOT NULL GROUP BY 1",
    """SELECT click_date, COUNT(*) AS n FROM dsp_clicks
        WHERE click_dt >= BUILT_IN_PARAMETER('TIME_WINDOW_START') AND campaign = 'a' GROUP BY 1""",
    """WITH ids (campaign_id) AS (VALUES (1), (2)) SELECT campaign, COUNT(*) AS n FROM dsp_clicks
        INNER JOIN ids USING (campaign_id) GROUP BY 1""",
    """SELECT ARRAY_TO_STRING(path, ' > ') AS path, COUNT(DISTINCT user_id) AS n FROM (
        SELECT user_id, ARRAY_SORT(COLLECT(DISTINCT campaign)) AS path FROM dsp_clicks GROUP BY user_id)
        GROUP BY 1""",
]  # fmt: skip


@pytest.mark.conforms("threshold:very-high-count")
@pytest.mark.parametrize("sql", DAILY)
def test_everyday_queries_pass(tiny: Tiny, sql: str) -> None:
    assert tiny.refusal(sql) == ""


@pytest.mark.conforms("threshold:internal-count")
def test_internal_columns_are_counted(tiny: Tiny) -> None:
    assert tiny.refusal("SELECT COUNT(DISTINCT marketplace_id) AS n FROM conversions_all") == ""


def test_a_refusal_names_column_level_and_place(tiny: Tiny) -> None:
    assert tiny.refusal("SELECT campaign,\n  MAX(user_id) AS u FROM dsp_clicks GROUP BY 1") == (
        "From line 2, column 7 to line 2, column 13: Column 'user_id' with aggregation threshold VERY_HIGH "
        "cannot be in the output; it may only be dropped or aggregated with COUNT or COUNT(DISTINCT)"
    )
