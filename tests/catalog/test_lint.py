"""Every rule of the lint finds its fault at its place, and leaves alone what is right."""
# ruff: noqa: E501, ISC004 - one case a line reads as a table; SQL of several lines stands in brackets of its list

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from reportbuilder.catalog.library import Shipped, read_library
from reportbuilder.catalog.lint import ERROR, INFO, RULES, WARNING, Finding, lint
from reportbuilder.parameters.definitions import Definition, read_definitions

CLICKS = "SELECT campaign, COUNT(*) AS n FROM dsp_clicks GROUP BY campaign"
WHERE = "SELECT campaign, COUNT(*) AS n\nFROM dsp_clicks\nWHERE {} GROUP BY campaign"
SPEND = "SELECT SUM({}) AS x FROM sponsored_ads_traffic"


def _defined(**types: Any) -> tuple[Definition, ...]:
    """Make parameters: a type, or a type with more fields."""
    rows = []
    for name, about in types.items():
        more = {"parameter_type": about} if isinstance(about, str) else about
        rows.append({"parameter_name": name, "required": True, **more})
    return read_definitions(rows)


def _where(condition: str) -> str:
    return WHERE.format(condition)


# the rule; SQL that breaks it; line, column and length; parameters and declared tables; SQL that is right
CASES: list[tuple[str, str, tuple[int, int, int], dict[str, Any], str]] = [
    ("unreadable", "SELECT 'x FROM t", (1, 8, 1), {}, "SELECT 'x' AS y, COUNT(*) AS n FROM dsp_clicks"),
    ("too-large", "SELECT " + "a," * 16_000 + "a", (1, 1, 0), {}, CLICKS),
    ("query-only", "DELETE FROM t", (1, 1, 6), {}, "(" + CLICKS + ")"),
    ("one-query", f"{CLICKS};\nSELECT 1", (2, 1, 6), {}, f"{CLICKS}; "),
    ("brackets", "SELECT (a FROM t", (1, 8, 1), {}, "SELECT (COUNT(*)) AS n FROM dsp_clicks"),
    ("syntax", _where("clicks = AND"), (3, 16, 3), {}, _where("clicks = 1")),
    ("unchecked", "SELECT " + "(" * 30 + "1" + ")" * 30, (1, 1, 0), {}, "SELECT ((COUNT(*))) AS n FROM dsp_clicks"),
    ("order-by", f"{CLICKS}\n  ORDER  BY n", (2, 3, 9), {}, "SELECT RANK() OVER (ORDER BY COUNT(*)) AS r FROM t"),
    ("limit", f"{CLICKS} LIMIT 10", (1, 66, 5), {}, "SELECT t.limit, t.offset FROM t"),
    ("select-star", "SELECT *\nFROM dsp_clicks", (1, 8, 1), {}, "WITH x AS (SELECT * FROM t) SELECT a FROM x"),
    ("right-join", "SELECT a FROM t right outer JOIN u ON t.a = u.a", (1, 17, 5), {}, "SELECT RIGHT(a, 2) AS b FROM t"),
    ("join-type", "SELECT COUNT(*) AS n FROM t NATURAL JOIN u", (1, 42, 1), {}, "SELECT a FROM t FULL JOIN u USING (a)"),
    ("clause", "WITH RECURSIVE x AS (SELECT 1 AS a) SELECT a FROM x", (1, 16, 1), {}, "WITH x AS (SELECT 1 AS a) SELECT a FROM x"),
    ("set-operation", "SELECT a FROM t EXCEPT SELECT a FROM u", (1, 31, 8), {}, "SELECT a FROM t UNION SELECT a FROM u"),
    ("double-pipe", "SELECT a ||\nb AS c FROM t", (1, 10, 2), {}, "SELECT CONCAT(a, '||') AS c FROM t"),
    ("double-colon", "SELECT a::DATE AS d FROM t", (1, 9, 2), {}, "SELECT CAST(a AS DATE) AS d FROM t"),
    ("qualify", "SELECT a FROM t QUALIFY a > 1", (1, 17, 7), {}, "SELECT a FROM t WHERE a > 1"),
    ("interval", "SELECT d + INTERVAL '1' DAY AS e FROM t", (1, 12, 8), {}, "SELECT SECONDS_BETWEEN(d, e) AS s FROM t"),
    ("no-aggregation", "SELECT campaign FROM dsp_clicks", (1, 8, 8), {}, "SELECT DISTINCT campaign FROM dsp_clicks"),
    ("not-grouped", "SELECT campaign, site, COUNT(*) AS n FROM dsp_clicks GROUP BY campaign", (1, 18, 4), {}, "SELECT campaign AS c, site AS s, COUNT(*) AS n FROM dsp_clicks GROUP BY 1, s"),
    ("aggregate-place", _where("SUM(clicks) > 1"), (3, 7, 10), {}, "SELECT SUM(SUM(clicks)) OVER () AS n FROM dsp_clicks GROUP BY campaign HAVING SUM(clicks) > (SELECT MAX(clicks) FROM dsp_clicks)"),
    ("having-rank", "SELECT a, RANK() OVER (ORDER BY a) AS r FROM t GROUP BY a HAVING r < 3", (1, 66, 1), {}, "SELECT a, COUNT(*) AS n FROM t GROUP BY a HAVING n > 2"),
    ("values-width", "WITH x (a) AS (VALUES (1), (2, 3)) SELECT a FROM x", (1, 29, 1), {}, "WITH x (a, b) AS (VALUES (1, 2), (3, 4)) SELECT a FROM x"),
    ("union-width", "SELECT a, b FROM t UNION ALL SELECT a FROM t", (1, 37, 1), {}, "SELECT a, b FROM t UNION ALL SELECT b, a FROM t"),
    ("duplicate-output", "SELECT a, COUNT(*) AS A FROM t GROUP BY a", (1, 11, 13), {}, "SELECT a, COUNT(*) AS b FROM t GROUP BY a"),
    ("unnamed-output", "SELECT a, COUNT(b) FROM t GROUP BY a", (1, 11, 7), {}, "SELECT a, COUNT(b) AS n FROM t GROUP BY a"),
    ("getdate", "SELECT GETDATE() AS d FROM t", (1, 8, 7), {}, "SELECT CURRENT_DATE AS d FROM t"),
    ("date-add", "SELECT DATE_ADD('day', 1, d) AS e FROM t", (1, 8, 8), {}, "SELECT DATE_TRUNC('DAY', d) AS e FROM t"),
    ("unknown-function", "SELECT COALESE(a, b) AS e FROM t", (1, 8, 7), {}, "WITH x (a) AS (VALUES (1)) SELECT COALESCE(a, 1) AS b FROM x"),
    ("undocumented-function", "SELECT LAG(a) OVER (ORDER BY b) AS e FROM t", (1, 8, 3), {}, "SELECT RANK() OVER (ORDER BY b) AS e FROM t"),
    ("argument-count", "SELECT ROUND(a, 1, 2) AS e FROM t", (1, 8, 5), {}, "SELECT ROUND(GREATEST(a, 1, 2), 2) AS e FROM t"),
    ("custom-parameter", _where("campaign = CUSTOM_PARAMETER('x')"), (3, 18, 21), {}, _where("campaign = {{x}}")),
    ("built-in-parameter", _where("click_dt > BUILT_IN_PARAMETER('START')"), (3, 18, 27), {}, _where("click_dt > BUILT_IN_PARAMETER('TIME_WINDOW_START')")),
    ("extend-time-window", "SELECT COUNT(*) AS n FROM TABLE(EXTEND_TIME_WINDOW('dsp_clicks', 'P14D', 'P1'))", (1, 33, 46), {}, "SELECT COUNT(*) AS n FROM TABLE(EXTEND_TIME_WINDOW('dsp_clicks', 'P{{days}}D', 'P0D')) AS c"),
    ("unknown-table", "SELECT COUNT(*) AS n FROM dsp_click", (1, 27, 9), {}, "SELECT COUNT(*) AS n FROM sandbox.DSP_Clicks"),
    ("own-table", "SELECT COUNT(*) AS n FROM loyal_people", (1, 27, 12), {}, CLICKS),
    ("audience-table", "SELECT COUNT(*) AS n FROM dsp_clicks_for_audiences", (1, 27, 24), {}, CLICKS),
    ("old-table", "SELECT SUM(impressions) AS n FROM display_impressions", (1, 35, 19), {}, "SELECT SUM(impressions) AS n FROM dsp_impressions"),
    ("unknown-column", "WITH x AS (SELECT campaign AS c FROM dsp_clicks)\nSELECT COUNT(x.campaign) AS n FROM x", (2, 14, 10), {}, "WITH x AS (SELECT campaign AS c FROM dsp_clicks)\nSELECT COUNT(x.c) AS n FROM x"),
    ("unknown-alias", "SELECT COUNT(d.campaign) AS n FROM dsp_clicks AS c", (1, 14, 1), {}, "SELECT COUNT(dsp_clicks.campaign) AS n FROM dsp_clicks"),
    ("ambiguous-column", "SELECT COUNT(campaign) AS n FROM dsp_clicks a JOIN dsp_views b ON a.site = b.site", (1, 14, 8), {}, "SELECT COUNT(campaign) AS n FROM dsp_clicks JOIN dsp_views USING (campaign)"),
    ("early-alias", "SELECT site AS s, COUNT(*) AS n FROM dsp_clicks WHERE s = 'x' GROUP BY site", (1, 55, 1), {}, "SELECT site AS s, COUNT(*) AS n FROM dsp_clicks GROUP BY s"),
    ("privacy-output", "SELECT user_id, COUNT(*) AS n FROM dsp_clicks GROUP BY user_id", (1, 8, 7), {}, "SELECT COUNT(DISTINCT user_id) AS n FROM dsp_clicks"),
    ("privacy-compare", _where("postal_code IN ({{xs}})"), (3, 7, 22), {}, _where("user_id IN (SELECT user_id FROM dsp_views)")),
    ("privacy-use", "WITH x AS (SELECT MIN(user_id) AS u FROM dsp_clicks) SELECT COUNT(u) AS n FROM x", (1, 19, 11), {}, "WITH x AS (SELECT user_id AS u, COUNT(*) AS c FROM dsp_clicks GROUP BY user_id) SELECT COUNT(u) AS n FROM x"),
    ("threshold-100", "SELECT postal_code, COUNT(*) AS n FROM dsp_clicks GROUP BY postal_code", (1, 8, 11), {}, CLICKS),
    ("undeclared-placeholder", _where("site = {{x}}"), (3, 14, 5), {"definitions": ()}, _where("click_date > {{start_date}}")),
    ("misplaced-placeholder", _where("site = {{x}}"), (3, 14, 5), {"definitions": _defined(x="string_list")}, _where("site IN ({{x}})")),
    ("unused-parameter", CLICKS, (0, 0, 0), {"definitions": _defined(x="string")}, _where("site = {{x}}")),
    ("unknown-rule", _where("site = {{x}}"), (0, 0, 0), {"definitions": _defined(x={"parameter_type": "string", "validation_rules": {"mix": 1}})}, CLICKS),
    ("unfilled-parameter", _where("site = {{x}}"), (0, 0, 0), {"definitions": _defined(x={"parameter_type": "string", "required": False})}, CLICKS),
    ("wrong-type", _where("campaign_id IN ({{x}})"), (3, 23, 5), {"definitions": _defined(x="asin_list")}, _where("site IN ({{x}})")),
    ("doubtful-type", _where("campaign_id = {{x}}"), (3, 21, 5), {"definitions": _defined(x="string")}, _where("campaign_id_string = {{x}}")),
    ("mixed-money", "SELECT SUM(total_cost + supply_cost) AS x FROM dsp_impressions", (1, 12, 24), {}, "SELECT SUM(total_cost / 100000 + supply_cost / 100000000) AS x FROM dsp_impressions"),
    ("raw-money", SPEND.format("spend"), (1, 8, 15), {}, SPEND.format("spend") .replace(")", ") / 100000000.0")),
    ("money-limit", SPEND.format("clicks") + " HAVING SUM(spend) > {{x}}", (1, 72, 5), {"definitions": _defined(x="number")}, SPEND.format("clicks") + " HAVING SUM(spend) / 100000000 > {{x}}"),
    ("fixed-date", _where("click_date >= '2026-01-01'"), (3, 21, 12), {}, _where("click_date >= {{start_date}}")),
    ("own-window", _where("click_date >= {{x}}"), (3, 21, 5), {"definitions": _defined(x="date")}, _where("click_date <> {{x}}")),
    ("no-window", "SELECT COUNT(*) AS n FROM segment_metadata", (1, 27, 16), {}, CLICKS),
    ("undeclared-table", CLICKS, (1, 37, 10), {"tables": ["dsp_views"]}, "SELECT COUNT(*) AS n FROM dsp_views"),
    ("unused-table", CLICKS, (0, 0, 0), {"tables": ["dsp_clicks", "dsp_views"]}, "SELECT COUNT(*) AS n FROM dsp_views, dsp_clicks"),
]  # fmt: skip
each_case = pytest.mark.parametrize(
    ("code", "wrong", "place", "given", "right"), CASES, ids=[c[0] for c in CASES]
)


def _found(sql: str, given: dict[str, Any]) -> tuple[Finding, ...]:
    return lint(sql, given.get("definitions"), tables=given.get("tables"))


@each_case
def test_a_fault_is_found_in_its_place(
    code: str, wrong: str, place: tuple[int, int, int], given: dict[str, Any], right: str
) -> None:
    finding, *_ = [each for each in _found(wrong, given) if each.code == code]
    assert (finding.line, finding.column, finding.length) == place
    assert code not in {each.code for each in _found(right, given)}


def test_every_rule_has_a_case_and_says_the_way_out() -> None:
    assert {case[0] for case in CASES} == {rule.code for rule in RULES}
    assert len({rule.code for rule in RULES}) == len(RULES)
    for code, wrong, _, given, _ in CASES:
        for finding in _found(wrong, given):
            assert "; " in finding.message, (code, finding)
            assert "{}" not in finding.message


@pytest.mark.parametrize(
    ("sql", "code", "words"),
    [
        ("SELECT SUM(clics) AS n FROM dsp_clicks", "unknown-column", "did you mean clicks?"),
        ("SELECT COALESE(a, 1) AS n FROM t", "unknown-function", "did you mean COALESCE?"),
        ("SELECT DATEDIFF(a, b) AS n FROM t", "unknown-function", "SECONDS_BETWEEN"),
        ("SELECT COUNT(*) AS n FROM dsp_impresions", "unknown-table", "did you mean dsp_impressions?"),
        ("SELECT COUNT(*) AS n FROM mine.dsp_clicks", "unknown-table", "without a schema"),
        (_where("sit = 'x'"), "unknown-column", "did you mean site?"),
        (SPEND.format("spend"), "raw-money", "divide by 100000000"),
        ("SELECT SUM(total_cost) AS n FROM dsp_impressions", "raw-money", "divide by 100000"),
        (SPEND.format("spend / 100000"), "raw-money", "divide by 100000000"),
    ],
)
def test_the_message_names_the_way_out(sql: str, code: str, words: str) -> None:
    (finding,) = [each for each in lint(sql) if each.code == code]
    assert words in finding.message


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT TOP 5 a FROM t", "limit"),
        ("SELECT DISTINCT TOP (5) a FROM t", "limit"),
        (f"{CLICKS} LIMIT -1", "limit"),
        (f"{CLICKS} LIMIT {{{{n}}}}", "limit"),
        (f"{CLICKS} LIMIT ALL", "limit"),
        (f"{CLICKS} FETCH FIRST 5 ROWS ONLY", "limit"),
        ("SELECT a FROM (SELECT a FROM t OFFSET 5)", "limit"),
        ("SELECT SUM(a) OVER (PARTITION BY (SELECT b FROM t ORDER BY b)) AS s FROM t", "order-by"),
        ("SELECT a FROM t ORDER/* by */BY a", "order-by"),
        ("(SELECT a FROM t) UNION ALL (SELECT * FROM u)", "select-star"),
        ("WITH x AS (SELECT a FROM t) (SELECT * FROM x)", "select-star"),
        ("", "query-only"),
        ("WITH x (a, b) AS (VALUES (1)) SELECT a FROM x", "values-width"),
        ("SELECT COUNT(*) AS n FROM EXTEND_TIME_WINDOW('dsp_clicks', 'P1D', 'P1D')", "extend-time-window"),
        ("SELECT COUNT(*) AS n FROM TABLE(EXTEND_TIME_WINDOW('dsp_clicks', 'P1D'))", "extend-time-window"),
        ("SELECT COUNT(*) AS n FROM TABLE(EXTEND_TIME_WINDOW('dsp_click', 'P1D', 'P1D'))", "unknown-table"),
        ("SELECT COUNT(z.n) AS n FROM (SELECT COUNT(*) AS m FROM dsp_clicks) AS z", "unknown-column"),
        ("SELECT a.sit, COUNT(*) AS n FROM dsp_clicks a JOIN dsp_views b USING (site) GROUP BY 1", "unknown-column"),
        ("SELECT COUNT(*) AS n FROM dsp_clicks JOIN dsp_views USING (sites)", "unknown-column"),
        ("SELECT COUNT(*) AS n FROM dsp_clicks c WHERE EXISTS (SELECT 1 FROM dsp_views v WHERE v.site = c.sit)", "unknown-column"),
        ("WITH l (u) AS (VALUES ('x')) SELECT COUNT(*) AS n FROM dsp_clicks c JOIN l ON c.user_id = l.u", "privacy-compare"),
        ("WITH l (user_id) AS (VALUES ('x')) SELECT COUNT(*) AS n FROM dsp_clicks JOIN l USING (user_id)", "privacy-compare"),
        (_where("user_id LIKE 'x%'"), "privacy-compare"),
        (_where("CASE user_id WHEN 'x' THEN TRUE END"), "privacy-compare"),
        ("SELECT CONCAT(campaign, user_id) AS x, COUNT(*) AS n FROM dsp_clicks GROUP BY 1", "privacy-output"),
        ("SELECT marketplace_id, COUNT(*) AS n FROM amazon_retail_purchases GROUP BY 1", "privacy-output"),
        ("WITH s AS (SELECT spend AS m FROM sponsored_ads_traffic UNION ALL SELECT total_cost FROM dsp_impressions) SELECT SUM(m) / 100000 AS x FROM s", "mixed-money"),
        (_where("advertiser = ${advertiser}"), "syntax"),
        (_where("advertiser = {advertiser}"), "syntax"),
        (_where("advertiser = :advertiser"), "syntax"),
        (_where("advertiser IN (@advertiser)"), "syntax"),
        (_where("advertiser = ?"), "syntax"),
        ("SELECT COUNT(*) AS n, FROM dsp_clicks", "syntax"),
        (_where("site IN ('a', )"), "syntax"),
        ("SELECT SUM(COUNT(*)) AS n FROM dsp_clicks", "aggregate-place"),
        ("SELECT COUNT(*) AS n FROM dsp_clicks c JOIN dsp_views v ON SUM(c.clicks) = v.views", "aggregate-place"),
        ("SELECT COUNT(*) AS n FROM dsp_clicks GROUP BY MAX(clicks)", "aggregate-place"),
        ("SELECT SUM(t.spend) / SUM(t.clicks) AS cpc FROM sponsored_ads_traffic t", "raw-money"),
        ("SELECT SUM(product_sales) / SUM(supply_cost) AS roas FROM amazon_attributed_events_by_traffic_time", "raw-money"),
    ],
)  # fmt: skip
def test_other_ways_to_break_a_rule(sql: str, code: str) -> None:
    assert code in {finding.code for finding in lint(sql)}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT SUM(total_cost) / 100.0 / SUM(impressions) AS cpm FROM dsp_impressions",
        "SELECT 100 * SUM(spend) / 100000000 / SUM(clicks) AS cpc_in_cents FROM sponsored_ads_traffic",
        "SELECT COALESCE(SUM(CASE WHEN clicks > 0 THEN spend ELSE 0 END), 0) / 1e8 AS x FROM sponsored_ads_traffic",
        "SELECT SUM(spend * 0.00000001) AS x FROM sponsored_ads_traffic",
        "WITH x AS (SELECT campaign, SUM(spend) / 100000000 AS s FROM sponsored_ads_traffic GROUP BY 1), "
        "y AS (SELECT campaign, SUM(product_sales) AS s FROM amazon_attributed_events_by_traffic_time GROUP BY 1) "
        "SELECT x.campaign, SUM(y.s) / SUM(x.s) AS roas FROM x LEFT JOIN y ON x.campaign = y.campaign GROUP BY 1",
        "SELECT campaign, COUNT(DISTINCT CASE WHEN clicks > 0 THEN user_id END) AS n FROM dsp_clicks GROUP BY 1 "
        "HAVING COUNT(DISTINCT user_id) >= 100",
        "SELECT COUNT(*) AS n FROM (SELECT user_id FROM dsp_clicks UNION SELECT user_id FROM dsp_views)",
        "SELECT UPPER(campaign) AS c, COUNT(*) AS n FROM dsp_clicks GROUP BY UPPER(campaign)",
        "SELECT DATE_TRUNC('WEEK', d.click_dt_hour) AS w, COUNT(*) AS n FROM dsp_clicks d GROUP BY 1",
        "WITH a AS (SELECT user_id, COUNT(*) AS n FROM dsp_clicks GROUP BY 1), b AS (SELECT MAX(n) AS m FROM a) "
        "SELECT m, COUNT(DISTINCT user_id) AS u FROM a CROSS JOIN b GROUP BY m",
        "SELECT COUNT(*) AS n FROM dsp_clicks, (VALUES (1)) AS v (k) WHERE clicks = k",
        "SELECT campaign, COUNT(*) AS n FROM dsp_clicks GROUP BY ROLLUP(campaign)",
        "SELECT SUM(clicks) FILTER (WHERE device_type = 'TV') AS n FROM dsp_clicks",
        "SELECT COALESCE(a.k, b.k) AS k, SUM(CASE WHEN a.u IS NULL THEN 0 ELSE 1 END) AS n FROM "
        "(SELECT user_id AS u, 'x' AS k FROM dsp_clicks) a FULL OUTER JOIN (SELECT user_id AS u, 'y' AS k "
        "FROM sponsored_ads_traffic) b ON a.u = b.u GROUP BY 1",
        'SELECT campaign AS "Campaign Name", count(distinct user_id) AS n FROM dsp_clicks GROUP BY "Campaign Name"',
        "WITH x (asin) AS (VALUES {{asins}}) SELECT COUNT(*) AS n FROM conversions WHERE tracked_asin IN "
        "(SELECT asin FROM x)",
        "SELECT campaign, COUNT(*) AS n FROM dsp_clicks GROUP BY 1 UNION SELECT 'total', COUNT(*) FROM dsp_clicks",
        "SELECT campaign, SUM(COUNT(*)) OVER (PARTITION BY campaign) AS s FROM dsp_clicks GROUP BY campaign",
        "SELECT ARRAY_SORT(COLLECT(DISTINCT NAMED_ROW('c', campaign))) AS p, COUNT(*) AS n FROM dsp_clicks",
        "SELECT TRIM(BOTH 'x' FROM site) AS s, COUNT(*) AS n FROM dsp_clicks WHERE site SIMILAR TO '^a' GROUP BY 1",
        "SELECT 'a || b ORDER BY LIMIT 5 SELECT *' AS words, COUNT(*) AS n -- ORDER BY x LIMIT 3 ||\nFROM dsp_clicks",
    ],
)  # fmt: skip
def test_good_queries_are_left_alone(sql: str) -> None:
    assert [finding for finding in lint(sql) if finding.severity != INFO] == []


@pytest.mark.parametrize("shipped", read_library(), ids=lambda shipped: shipped.key)
def test_nothing_stands_against_the_library(shipped: Shipped) -> None:
    draft = shipped.draft
    findings = lint(draft.sql_template, draft.definitions, tables=draft.report_config["about"]["tables"])
    assert [finding for finding in findings if finding.severity != INFO] == []


OPTIONS = [{"value": name} for name in ("campaign", "sit")]
CHOICE = {"parameter_type": "enum_select", "validation_rules": {"options": OPTIONS}}


def test_every_option_of_a_name_is_looked_up() -> None:
    sql = "SELECT {{by}}, COUNT(*) AS n FROM dsp_clicks GROUP BY {{by}}"
    assert {each.code for each in lint(sql, _defined(by=CHOICE))} == {"unknown-column"}
    assert lint(sql) == ()


def test_options_of_table_and_column_go_together() -> None:
    options = {"options": [{"value": "click"}, {"value": "impression"}]}
    kind = {"parameter_type": "enum_select", "validation_rules": options}
    sql = "SELECT e.{{of}}_date AS day, SUM(e.{{of}}s) AS n FROM dsp_{{of}}s AS e GROUP BY 1"
    assert lint(sql, _defined(of=kind), tables=["dsp_clicks", "dsp_impressions"]) == ()


def test_a_declared_table_of_ones_own_is_no_fault() -> None:
    assert lint("SELECT COUNT(a) AS n FROM loyal_people", tables=["Loyal_People"]) == ()


def test_findings_come_in_the_order_of_the_text_and_only_errors_refuse() -> None:
    found = lint("SELECT * FROM t RIGHT JOIN u ON a || b = c ORDER BY a LIMIT 5")
    assert [each.code for each in found if each.severity == ERROR] == [
        "select-star", "right-join", "double-pipe", "order-by", "limit",
    ]  # fmt: skip
    assert {rule.severity for rule in RULES} == {ERROR, WARNING, INFO}


def test_a_fault_over_lines_ends_where_it_ends() -> None:
    (finding,) = _of(lint("SELECT campaign, COUNT(*) AS n\nFROM dsp_clicks\nWHERE user_id =\n'x' GROUP BY 1"))
    assert (finding.line, finding.column, finding.end_line, finding.end_column) == (3, 7, 4, 4)
    assert finding.length == len("user_id =\n'x'")


def _of(findings: Sequence[Finding]) -> list[Finding]:
    return [each for each in findings if each.code == "privacy-compare"]


def test_of_many_faults_of_a_rule_the_first_are_told() -> None:
    found = [each for each in lint(f"SELECT {'a || ' * 50}a AS b FROM t") if each.code == "double-pipe"]
    assert len(found) == 21
    assert found[-1].message.startswith("and 30 more")


def test_the_documented_table_is_that_of_the_rules() -> None:
    page = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([a-z0-9-]+)` \| (error|warning|info) \| (.*) \|$", page, re.MULTILINE)
    assert documented == [(rule.code, rule.severity, rule.finds) for rule in RULES]
