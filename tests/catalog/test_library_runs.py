"""Every shipped template runs at a sandbox, and its figures are those of the facts underneath.

The sums to compare with come from the sandbox's fact tables, which no template reads, or are added up here.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reportbuilder.catalog.library import read_library
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.preparing import prepare
from reportbuilder.catalog.publishing import fill
from reportbuilder.parameters.windows import Window, default_window
from reportbuilder.sandbox.box import Box
from reportbuilder.sandbox.options import Options
from reportbuilder.sandbox.warehouses import Warehouse

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
WINDOW = default_window(as_of=NOON)
INSTANCES = ("amcnorthwind01", "amcnorthwind02")
LIBRARY = {shipped.key: shipped for shipped in read_library()}
KEYS = tuple(LIBRARY)

Row = dict[str, str]


@dataclass
class Amc:
    """A sandbox whose clock is moved by hand, hour by hour, and the database under its first instance."""

    box: Box
    facts: duckdb.DuckDBPyConnection
    hours: list[int]

    def run(
        self, key: str, values: dict[str, Any] | None = None, *, instance: str = INSTANCES[0]
    ) -> list[Row]:
        """Run a template for the default window, and return its rows."""
        template = QueryTemplate()
        fill(template, LIBRARY[key].draft)
        prepared = prepare(template, values or {}, window=WINDOW, as_of=NOON)
        execution = self.box.submit(instance, _body(prepared.sql, WINDOW))
        self.box.settle()
        self.hours[0] += 1
        execution = self.box.find(instance, execution.execution_id)
        assert (execution.status, execution.reason) == ("SUCCEEDED", None)
        columns = [column["name"] for column in LIBRARY[key].draft.report_config["about"]["columns"]]
        assert [column.name for column in execution.computation.columns] == columns
        return [row for path in execution.computation.files for row in _rows(path)]

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the facts of the first instance; ``$a`` and ``$b`` are the ends of the default window."""
        ends = {"a": WINDOW.start.replace(tzinfo=None), "b": WINDOW.end.replace(tzinfo=None)}
        return self.facts.execute(sql, ends if "$a" in sql else None).fetchall()


def _body(sql: str, window: Window) -> dict[str, Any]:
    return {
        "workflow": {"workflowId": "library", "sqlQuery": sql},
        "timeWindowType": "EXPLICIT",
        "timeWindowStart": window.local_start,
        "timeWindowEnd": window.local_end,
        "timeWindowTimeZone": window.zone,
    }


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, escapechar="\\", doublequote=False)


@pytest.fixture(scope="module")
def amc() -> Iterator[Amc]:
    options = Options(end=NOON.date())
    hours = [0]
    box = Box(options, lambda: NOON + timedelta(hours=hours[0]))
    warehouse = Warehouse(options, 0, NOON.date())  # the same options make the same data
    facts = warehouse.connection().cursor()
    yield Amc(box, facts, hours)
    facts.close()
    warehouse.close()
    box.close()


# what a person might choose, in every field of a form
FILLED: dict[str, dict[str, Any]] = {
    "dsp_campaign_performance": {
        "campaigns": "Northwind Outdoors | Prospecting | Display\nHalden Audio | Retargeting | Display",
        "campaign_filter": "*Display",
        "breakdown": "device_type",
        "attribution": "traffic",
        "include_brand_halo": False,
        "min_impressions": 100,
        "min_spend": 0.5,
    },
    "new_to_brand": {
        "ad_products": ["amazon_dsp", "sponsored_products"],
        "campaigns": [
            "Northwind Outdoors | SP | Branded keywords",
            "Juniper Kitchen | SP | Branded keywords",
        ],
        "campaign_filter": "SP",
        "asins": [],  # filled from the data, see below
        "include_brand_halo": True,
        "min_purchases": 1,
        "min_new_share": 1,
    },
    "search_terms": {
        "term": "TENT",
        "excluded_terms": "camping tent, head torch",
        "ad_products": ["sponsored_products"],
        "match_types": ["EXACT", "BROAD"],
        "campaign_filter": "Northwind*SP*",
        "breakdown": "targeting",
        "attribution": "conversion",
        "include_brand_halo": True,
        "only_converting": False,
        "min_clicks": 2,
        "min_spend": 1,
    },
    "sponsored_campaign_performance": {
        "ad_products": ["sponsored_products", "sponsored_brands"],
        "campaigns": ["Northwind Outdoors | SP | Category keywords", "Northwind Outdoors | SB | Brand video"],
        "campaign_filter": "Northwind*",
        "excluded_days": {"start": "2026-01-25", "end": "2026-01-31"},
        "breakdown": "match_type",
        "attribution": "conversion",
        "include_brand_halo": False,
        "min_impressions": 100,
        "min_acos": "1%",
    },
    "time_to_conversion": {
        "events": ["order", "shoppingCart"],
        "ad_products": ["amazon_dsp", "sponsored_products"],
        "campaigns": ["Northwind Outdoors | SP | Branded keywords"],
        "campaign_filter": "Northwind*",
        "asins": [],
        "breakdown": "touch",
        "longest_days": 7,
        "min_people": 2,
    },
    "weekly_roas": {
        "ad_products": ["amazon_dsp", "sponsored_products"],
        "campaign_filter": "Northwind*",
        "attribution": "traffic",
        "include_brand_halo": False,
        "clock": "dt_hour",
        "agency_fee": 12.5,
        "target_roas": 3.5,
        "change_date": "2026-02-02",
        "min_days": 5,
    },
}


@pytest.mark.parametrize("instance", INSTANCES)
@pytest.mark.parametrize("key", KEYS)
def test_the_default_form_gives_rows_on_both_instances(amc: Amc, key: str, instance: str) -> None:
    assert amc.run(key, instance=instance)


@pytest.mark.parametrize("key", KEYS)
def test_every_field_can_be_filled(amc: Amc, key: str) -> None:
    names = {definition.name for definition in LIBRARY[key].draft.definitions}
    assert names == set(FILLED[key])
    values = dict(FILLED[key])
    if "asins" in values:
        values["asins"] = " ".join(asin for (asin,) in amc.ask("SELECT asin FROM product"))
    assert amc.run(key, values)


@pytest.mark.parametrize(
    ("key", "name", "option"),
    [
        (key, definition.name, option.value)
        for key, shipped in LIBRARY.items()
        for definition in shipped.draft.definitions
        if definition.type == "enum_select" and not definition.rules.get("multiple")
        for option in definition.rules["options"]
        if option.value != definition.default
    ],
)
def test_every_choice_runs(amc: Amc, key: str, name: str, option: str) -> None:
    least = {"min_people": 2} if key == "time_to_conversion" else {}
    assert amc.run(key, {name: option, **least})


@pytest.mark.parametrize(
    ("key", "values", "column", "kept"),
    [
        ("dsp_campaign_performance", {"campaign_filter": "Halden"}, "campaign", "Halden"),
        (
            "dsp_campaign_performance",
            {"campaigns": ["Petal & Paw | Prospecting | Display"]},
            "campaign",
            "Petal & Paw | Prospecting",
        ),
        ("new_to_brand", {"ad_products": ["sponsored_brands"]}, "ad_product", "sponsored_brands"),
        ("sponsored_campaign_performance", {"campaign_filter": "*Auto"}, "campaign", "Auto"),
        ("search_terms", {"term": "Torch"}, "search_term", "torch"),
        ("weekly_roas", {"ad_products": ["amazon_dsp"]}, "ad_product", "amazon_dsp"),
    ],
)
def test_a_filter_keeps_the_rows_that_fit_as_they_were(
    amc: Amc, key: str, values: dict[str, Any], column: str, kept: str
) -> None:
    everything, some = amc.run(key), amc.run(key, values)
    expected = [row for row in everything if kept in row[column]]
    assert 0 < len(some) < len(everything)
    assert sorted(map(_rounded, some)) == sorted(map(_rounded, expected))


def _rounded(row: Row) -> list[str]:
    """Sums of fractions may differ in their last digits when rows are added in another order."""
    return [f"{float(value):.9g}" if re.fullmatch(r"\d+\.\d+", value) else value for value in row.values()]


def test_thresholds_keep_the_rows_that_reach_them(amc: Amc) -> None:
    everything = amc.run("sponsored_campaign_performance")
    dear = amc.run("sponsored_campaign_performance", {"min_acos": 30})
    expected = {row["campaign"] for row in everything if row["acos"] and float(row["acos"]) >= 0.3}
    assert {row["campaign"] for row in dear} == expected
    assert 0 < len(dear) < len(everything)


# ---------------------------------------------------------------- the figures

_CREDITED = """FROM credited t JOIN campaign c USING (campaign_no)
    WHERE t.is_order AND t.conversion_utc_at >= $a AND t.conversion_utc_at < $b"""


def test_dsp_campaigns(amc: Amc) -> None:
    rows = {row["campaign"]: row for row in amc.run("dsp_campaign_performance")}
    delivered = amc.ask(
        """SELECT c.name, count(*), count(DISTINCT i.user_no), sum(i.millicents * 1.12) / 1e5
        FROM impression i JOIN campaign c USING (campaign_no)
        WHERE i.kind < 3 AND i.utc_at >= $a AND i.utc_at < $b GROUP BY 1"""
    )
    clicks = dict(
        amc.ask(
            """SELECT c.name, count(*) FROM click k JOIN campaign c USING (campaign_no)
            WHERE k.kind < 3 AND k.utc_at >= $a AND k.utc_at < $b GROUP BY 1"""
        )
    )
    sales = dict(amc.ask(f"SELECT c.name, sum(t.units * t.unit_price) {_CREDITED} GROUP BY 1"))
    assert len(rows) == len(delivered) == 12
    for name, impressions, people, cost in delivered:
        row = rows[name]
        assert (int(row["impressions"]), int(row["reach"])) == (impressions, people)
        assert int(row["clicks"]) == clicks.get(name, 0)
        assert float(row["spend"]) == pytest.approx(cost)
        assert float(row["sales"]) == pytest.approx(float(sales.get(name, 0)))
        assert float(row["roas"]) == pytest.approx(float(row["sales"]) / cost)
        assert float(row["cpm"]) == pytest.approx(1000 * cost / impressions)


def test_promoted_products_alone(amc: Amc) -> None:
    rows = amc.run("dsp_campaign_performance", {"include_brand_halo": False})
    ((expected,),) = amc.ask(
        f"SELECT sum(t.units * t.unit_price) {_CREDITED} AND c.kind < 3 AND t.is_promoted"
    )
    assert sum(float(row["sales"]) for row in rows) == pytest.approx(float(expected))


def test_sponsored_campaigns(amc: Amc) -> None:
    rows = {row["campaign"]: row for row in amc.run("sponsored_campaign_performance")}
    cost = dict(
        amc.ask(
            """SELECT name, sum(dollars) FROM (
                SELECT campaign_no, millicents / 1e5 AS dollars FROM impression
                WHERE kind >= 3 AND utc_at >= $a AND utc_at < $b
                UNION ALL
                SELECT campaign_no, microcents / 1e8 FROM click
                WHERE kind >= 3 AND utc_at >= $a AND utc_at < $b
            ) JOIN campaign USING (campaign_no) GROUP BY 1"""
        )
    )
    # credited to the time of the ad
    sales = dict(
        amc.ask(
            """SELECT c.name, sum(t.units * t.unit_price) FROM credited t JOIN campaign c USING (campaign_no)
            WHERE t.is_order AND t.utc_at >= $a AND t.utc_at < $b GROUP BY 1"""
        )
    )
    assert set(rows) == set(cost)
    for name, row in rows.items():
        assert float(row["spend"]) == pytest.approx(cost[name])
        assert float(row["sales"]) == pytest.approx(float(sales.get(name, 0)))


def test_days_are_left_out(amc: Amc) -> None:
    rows = amc.run(
        "sponsored_campaign_performance", {"excluded_days": {"start": "2026-02-01", "end": "2026-02-03"}}
    )
    ((impressions,),) = amc.ask(
        """SELECT count(*) FROM impression WHERE kind >= 3 AND utc_at >= $a AND utc_at < $b
        AND CAST(local_at AS DATE) NOT IN (DATE '2026-02-01', DATE '2026-02-02', DATE '2026-02-03')"""
    )
    assert sum(int(row["impressions"]) for row in rows) == impressions


def _monday(day: date) -> str:
    return (day - timedelta(days=day.weekday())).isoformat()


def test_weekly_roas(amc: Amc) -> None:
    rows = {(row["week_start"], row["ad_product"]): row for row in amc.run("weekly_roas", {"agency_fee": 10})}
    cost: defaultdict[tuple[str, str], float] = defaultdict(float)
    days: defaultdict[tuple[str, str], set[date]] = defaultdict(set)
    for table, dollars, kinds in (
        ("impression", "millicents * if(t.kind < 3, 1.12, 1) / 1e5", "true"),
        ("click", "microcents / 1e8", "t.kind >= 3"),
    ):
        for day, product, amount in amc.ask(
            f"""SELECT CAST(t.utc_at AS DATE), coalesce(c.ad_product, 'amazon_dsp'), sum({dollars})
            FROM {table} t JOIN campaign c USING (campaign_no)
            WHERE {kinds} AND t.utc_at >= $a AND t.utc_at < $b GROUP BY 1, 2"""
        ):
            cost[_monday(day), product] += amount * 1.1
            days[_monday(day), product].add(day)
    sales: defaultdict[tuple[str, str], float] = defaultdict(float)
    for at, product, amount in amc.ask(
        f"""SELECT t.conversion_utc_at, coalesce(c.ad_product, 'amazon_dsp'), t.units * t.unit_price
        {_CREDITED}"""
    ):
        sales[_monday(at.date()), product] += float(amount)
    assert set(rows) == set(cost)
    for key, row in rows.items():
        assert int(row["days"]) == len(days[key])
        assert float(row["spend"]) == pytest.approx(cost[key])
        assert float(row["sales"] or 0) == pytest.approx(sales[key])
        assert float(row["roas"] or 0) == pytest.approx(sales[key] / cost[key])
        assert (row["period"], float(row["target_roas"])) == ("whole window", 4)


def test_weeks_before_and_after_a_change(amc: Amc) -> None:
    rows = amc.run("weekly_roas", {"change_date": "2026-02-02", "min_days": 7})
    assert {(row["week_start"] >= "2026-02-02", row["period"]) for row in rows} == {
        (False, "before"),
        (True, "after"),
    }
    assert {row["days"] for row in rows} == {"7"}


def test_new_to_brand(amc: Amc) -> None:
    rows = {row["campaign"]: row for row in amc.run("new_to_brand", {"min_purchases": 0})}
    bought = amc.ask(
        f"""SELECT c.name, count(*), count(*) FILTER (t.new_to_brand), count(DISTINCT t.user_no),
            count(DISTINCT t.user_no) FILTER (t.new_to_brand),
            coalesce(sum(t.units * t.unit_price) FILTER (t.new_to_brand), 0) {_CREDITED} GROUP BY 1"""
    )
    assert len(rows) == 36
    assert len(bought) > 20
    for name, purchases, new, buyers, new_buyers, new_sales in bought:
        row = rows[name]
        assert (int(row["purchases"]), int(row["new_purchases"])) == (purchases, new)
        assert (int(row["buyers"]), int(row["new_buyers"])) == (buyers, new_buyers)
        assert float(row["new_sales"]) == pytest.approx(float(new_sales))
        assert float(row["new_purchase_share"]) == pytest.approx(new / purchases)


def test_new_to_brand_of_some_products(amc: Amc) -> None:
    ((asin, purchases),) = amc.ask(
        f"""SELECT r.asin, count(*) FROM (SELECT t.product_no {_CREDITED}) JOIN product r USING (product_no)
        GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"""
    )
    rows = amc.run("new_to_brand", {"asins": asin.lower(), "min_purchases": 0})
    assert sum(int(row["purchases"]) for row in rows) == purchases


_STEPS = (
    (600, "under 10 minutes"),
    (3_600, "10 to 60 minutes"),
    (6 * 3_600, "1 to 6 hours"),
    (86_400, "6 to 24 hours"),
    (2 * 86_400, "1 to 2 days"),
    (3 * 86_400, "2 to 3 days"),
    (7 * 86_400, "3 to 7 days"),
    (14 * 86_400, "7 to 14 days"),
)


def test_time_to_conversion(amc: Amc) -> None:
    rows = {row["time_to_conversion"]: row for row in amc.run("time_to_conversion", {"min_people": 2})}
    count: Counter[str] = Counter()
    people: defaultdict[str, set[int]] = defaultdict(set)
    for seen, bought, user in amc.ask(f"SELECT t.utc_at, t.conversion_utc_at, t.user_no {_CREDITED}"):
        seconds = int((bought - seen).total_seconds())
        step = next(name for limit, name in _STEPS if seconds < limit)
        count[step] += 1
        people[step].add(user)
    assert {name: int(row["conversions"]) for name, row in rows.items()} == dict(count)
    assert {name: int(row["people"]) for name, row in rows.items()} == {
        name: len(users) for name, users in people.items()
    }
    assert sum(float(row["share"]) for row in rows.values()) == pytest.approx(1)
    usual = amc.run("time_to_conversion")
    assert {row["time_to_conversion"] for row in usual} == {
        name for name, users in people.items() if len(users) >= 100
    }


def test_search_terms(amc: Amc) -> None:
    rows = {(row["search_term"], row["breakdown"]): row for row in amc.run("search_terms")}
    clicks: Counter[tuple[str, str]] = Counter()
    microcents: Counter[tuple[str, str]] = Counter()
    purchases: Counter[tuple[str, str]] = Counter()
    for term, match, clicked, spend in amc.ask(
        """SELECT customer_search_term, coalesce(match_type, ''), clicks, spend FROM sponsored_ads_traffic
        WHERE event_dt_utc >= $a AND event_dt_utc < $b"""
    ):
        if term is not None:
            clicks[term, match] += clicked
            microcents[term, match] += spend
    for term, match, bought in amc.ask(
        """SELECT customer_search_term, coalesce(match_type, ''), total_purchases
        FROM amazon_attributed_events_by_traffic_time
        WHERE traffic_event_dt_utc >= $a AND traffic_event_dt_utc < $b"""
    ):
        purchases[term, match] += bought
    expected = {key for key, number in purchases.items() if key[0] and number > 0 and clicks[key] > 0}
    assert set(rows) == expected
    for key, row in rows.items():
        assert (int(row["clicks"]), int(row["purchases"])) == (clicks[key], purchases[key])
        assert float(row["spend"]) == pytest.approx(microcents[key] / 100_000_000)


def test_terms_that_only_cost(amc: Amc) -> None:
    every = amc.run("search_terms", {"only_converting": False, "excluded_terms": ["deals"]})
    assert {row["search_term"] for row in every if row["purchases"] == "0"}
    assert "deals" not in {row["search_term"] for row in every}
