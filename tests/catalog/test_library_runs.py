"""Every shipped template runs at a sandbox, and its figures are those of the facts underneath.

The sums to compare with come from the sandbox's fact tables, which no template reads, or are added up here.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from reportbuilder.parameters.windows import Window
from reportbuilder.sandbox.world import instances, tables_of
from tests.catalog.at_amc import INSTANCES, LIBRARY, QUARTER, WINDOWS, Amc, Row, Tally, agree, ratio
from tests.catalog.filled import FILLED

KEYS = tuple(LIBRARY)


def _has_tables(key: str, instance: str) -> bool:
    needed = set(LIBRARY[key].draft.report_config["about"]["tables"])
    return needed <= set(tables_of(instances(0)[instance]))


# the second instance has none of the paid data sets
HOLDERS = [(key, instance) for key in KEYS for instance in INSTANCES if _has_tables(key, instance)]


@pytest.mark.parametrize(("key", "instance"), HOLDERS)
def test_the_default_form_gives_rows_on_both_instances(amc: Amc, key: str, instance: str) -> None:
    assert amc.run(key, instance=instance)


def test_each_template_has_an_instance_and_most_have_both() -> None:
    assert {key for key, _ in HOLDERS} == set(KEYS)
    assert len(HOLDERS) > 1.8 * len(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_every_field_can_be_filled(smaller_amc: Amc, key: str) -> None:
    names = {definition.name for definition in LIBRARY[key].draft.definitions}
    assert names == set(FILLED[key])
    values = dict(FILLED[key])
    if "asins" in values:
        values["asins"] = " ".join(asin for (asin,) in smaller_amc.ask("SELECT asin FROM product"))
    # rows of some templates need a hundred people, which a month of so narrow a choice may not have
    assert smaller_amc.run(key, values) or smaller_amc.run(key, values, window=QUARTER)


WITH_FEW_PEOPLE: dict[str, dict[str, Any]] = {
    "time_to_conversion": {"min_people": 2},
    "brand_store_visits": {"with_purchases": False},
}


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
    values = {name: option, **WITH_FEW_PEOPLE.get(key, {})}
    # rows of some choices need a hundred people, which a month may not have
    assert amc.run(key, values) or amc.run(key, values, window=QUARTER)


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


@dataclass(frozen=True)
class There:
    """One instance and one window, to run templates and to ask for facts."""

    amc: Amc
    instance: str
    window: Window

    def run(self, key: str, values: dict[str, Any] | None = None) -> list[Row]:
        return self.amc.run(key, values, instance=self.instance, window=self.window)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.amc.ask(sql, instance=self.instance, window=self.window)


@pytest.fixture(params=[(instance, name) for instance in INSTANCES for name in WINDOWS], ids="-".join)
def there(request: pytest.FixtureRequest, amc: Amc) -> There:
    instance, name = request.param
    return There(amc, instance, WINDOWS[name])


_CREDITED = """FROM credited t JOIN campaign c USING (campaign_no)
    WHERE t.is_order AND t.conversion_utc_at >= $a AND t.conversion_utc_at < $b"""


def _dsp(amc: Amc | There, sales_of: str) -> Tally:
    tally = Tally()
    for name, user, cost in amc.ask(
        """SELECT c.name, i.user_no, i.millicents * 1.12 / 1e5
        FROM impression i JOIN campaign c USING (campaign_no)
        WHERE i.kind < 3 AND i.utc_at >= $a AND i.utc_at < $b"""
    ):
        tally.add((name,), "impressions", user, impressions=1, spend=cost)
        tally.collect((name,), "reach", user)
    for name, user in amc.ask(
        """SELECT c.name, k.user_no FROM click k JOIN campaign c USING (campaign_no)
        WHERE k.kind < 3 AND k.utc_at >= $a AND k.utc_at < $b"""
    ):
        tally.add((name,), "clicks", user, clicks=1)
    for name, user, counts, sales in amc.ask(
        f"""SELECT c.name, t.user_no, {sales_of}, t.units * t.unit_price FROM credited t
        JOIN campaign c USING (campaign_no)
        WHERE c.kind < 3 AND t.conversion_utc_at >= $a AND t.conversion_utc_at < $b"""
    ):
        tally.add((name,), "conversions", user, sales=sales if counts else 0)
    return tally


def test_dsp_campaigns(there: There) -> None:
    rows = there.run("dsp_campaign_performance")
    tally = _dsp(there, "t.is_order")
    expected = tally.figures(["impressions", "reach", "clicks", "spend", "sales"])
    assert len(rows) > 5  # AMC hides a campaign in which one person alone clicked or bought
    for figures in expected.values():
        figures["roas"] = ratio(figures["sales"], figures["spend"])
        figures["cpm"] = ratio(1000 * figures["spend"], figures["impressions"])
    agree(rows, expected, by=["campaign"], tally=tally)


def test_promoted_products_alone(amc: Amc) -> None:
    rows = amc.run("dsp_campaign_performance", {"include_brand_halo": False})
    tally = _dsp(amc, "t.is_order AND t.is_promoted")
    agree(rows, tally.figures(["sales"]), by=["campaign"], tally=tally)


def _sponsored(amc: Amc | There, *, without: str = "false") -> Tally:
    tally = Tally()
    for name, user, views, clicks, cost in amc.ask(
        f"""SELECT c.name, t.user_no, (NOT t.is_click)::INT, t.is_click::INT, t.microcents / 1e8
        FROM sponsored t JOIN campaign c USING (campaign_no)
        WHERE t.utc_at >= $a AND t.utc_at < $b AND NOT CAST(t.local_at AS DATE)::TEXT {without}"""
    ):
        tally.add((name,), "traffic", user, impressions=views, clicks=clicks, spend=cost)
    # credited to the time of the ad
    for name, user, is_order, sales in amc.ask(
        f"""SELECT c.name, t.user_no, t.is_order, t.units * t.unit_price
        FROM credited t JOIN campaign c USING (campaign_no)
        WHERE c.kind >= 3 AND t.utc_at >= $a AND t.utc_at < $b
            AND NOT CAST(t.local_at AS DATE)::TEXT {without}"""
    ):
        tally.add((name,), "conversions", user, sales=sales if is_order else 0)
    return tally


def test_sponsored_campaigns(there: There) -> None:
    rows = there.run("sponsored_campaign_performance")
    tally = _sponsored(there, without="= ''")
    agree(
        rows,
        tally.figures(["impressions", "clicks", "spend", "sales"]),
        by=["campaign"],
        tally=tally,
    )


def test_days_are_left_out(amc: Amc) -> None:
    days = {"start": "2026-02-01", "end": "2026-02-03"}
    rows = amc.run("sponsored_campaign_performance", {"excluded_days": days})
    tally = _sponsored(amc, without="BETWEEN '2026-02-01' AND '2026-02-03'")
    agree(rows, tally.figures(["impressions", "spend"]), by=["campaign"], tally=tally)


def _monday(day: date) -> str:
    return (day - timedelta(days=day.weekday())).isoformat()


def test_weekly_roas(there: There) -> None:
    rows = there.run("weekly_roas", {"agency_fee": 10})
    tally = Tally()
    for table, dollars, kinds in (
        ("impression", "t.millicents * if(t.kind < 3, 1.12, 1) / 1e5", "true"),
        ("click", "if(t.kind < 3, 0, t.microcents) / 1e8", "true"),
    ):
        for at, product, user, amount in there.ask(
            f"""SELECT t.utc_at, coalesce(c.ad_product, 'amazon_dsp'), t.user_no, {dollars}
            FROM {table} t JOIN campaign c USING (campaign_no)
            WHERE {kinds} AND t.utc_at >= $a AND t.utc_at < $b"""
        ):
            key = (_monday(at.date()), product)
            # views and clicks of sponsored ads come from one table
            tally.add(key, table if product == "amazon_dsp" else "traffic", user, spend=amount * 1.1)
            tally.collect(key, "days", at.date())
    for at, product, user, amount in there.ask(
        f"""SELECT t.conversion_utc_at, coalesce(c.ad_product, 'amazon_dsp'), t.user_no,
            t.units * t.unit_price {_CREDITED}"""
    ):
        tally.add((_monday(at.date()), product), "conversions", user, sales=amount)
        tally.collect((_monday(at.date()), product), "days", at.date())
    expected = tally.figures(["spend", "sales", "days"])
    for figures in expected.values():
        figures["roas"] = ratio(figures["sales"], figures["spend"])
    agree(rows, expected, by=["week_start", "ad_product"], tally=tally)
    assert {(row["period"], row["target_roas"]) for row in rows} == {("whole window", "4")}


def test_weeks_before_and_after_a_change(amc: Amc) -> None:
    rows = amc.run("weekly_roas", {"change_date": "2026-02-02", "min_days": 7})
    assert {(row["week_start"] >= "2026-02-02", row["period"]) for row in rows} == {
        (False, "before"),
        (True, "after"),
    }
    assert {row["days"] for row in rows} == {"7"}


def test_new_to_brand(there: There) -> None:
    rows = there.run("new_to_brand", {"min_purchases": 0})
    tally = Tally()
    for name, user, is_new, sales in there.ask(
        f"SELECT c.name, t.user_no, t.new_to_brand::INT, t.units * t.unit_price {_CREDITED}"
    ):
        tally.add(
            (name,), "bought", user, purchases=1, new_purchases=is_new, sales=sales, new_sales=is_new * sales
        )
        tally.collect((name,), "buyers", user)
        tally.collect((name,), "new_buyers", user if is_new else None)
    # what only costs
    for table in ("impression", "click"):
        for name, kind, user in there.ask(
            f"""SELECT DISTINCT c.name, c.kind, t.user_no FROM {table} t JOIN campaign c USING (campaign_no)
            WHERE t.utc_at >= $a AND t.utc_at < $b"""
        ):
            if table == "impression" or kind >= 3:
                tally.add((name,), "traffic", user)
    expected = tally.figures(["purchases", "new_purchases", "buyers", "new_buyers", "sales", "new_sales"])
    for figures in expected.values():
        figures["new_purchase_share"] = ratio(figures["new_purchases"], figures["purchases"])
    assert len(expected) == 36
    agree(rows, expected, by=["campaign"], tally=tally)


def test_new_to_brand_of_some_products(amc: Amc) -> None:
    ((asin,),) = amc.ask(
        f"""SELECT r.asin FROM (SELECT t.product_no {_CREDITED}) JOIN product r USING (product_no)
        GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"""
    )
    rows = amc.run("new_to_brand", {"asins": asin.lower(), "min_purchases": 1})
    tally = Tally()
    for name, user in amc.ask(
        f"SELECT name, user_no FROM (SELECT c.name, t.user_no, t.product_no {_CREDITED}) "
        f"JOIN product r USING (product_no) WHERE r.asin = '{asin}'"
    ):
        tally.add((name,), "bought", user, purchases=1)
    agree(rows, tally.figures(["purchases"]), by=["campaign"], tally=tally)


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


def test_time_to_conversion(there: There) -> None:
    tally = Tally()
    for seen, bought, user in there.ask(f"SELECT t.utc_at, t.conversion_utc_at, t.user_no {_CREDITED}"):
        seconds = int((bought - seen).total_seconds())
        step = next(name for limit, name in _STEPS if seconds < limit)
        tally.add((step,), "conversions", user, conversions=1, seconds=seconds)
        tally.collect((step,), "people", user)
    expected = tally.figures(["conversions", "people", "seconds"])
    every = sum(figures["conversions"] for figures in expected.values())
    for figures in expected.values():
        figures["share"] = figures["conversions"] / every
        figures["average_hours"] = figures.pop("seconds") / 3600 / figures["conversions"]
    rows = there.run("time_to_conversion", {"min_people": 2})
    agree(rows, expected, by=["time_to_conversion"], tally=tally, level="MEDIUM")
    usual = {row["time_to_conversion"] for row in there.run("time_to_conversion")}
    assert usual == {name for (name,), figures in expected.items() if figures["people"] >= 100}


def test_search_terms(there: There) -> None:
    rows = there.run("search_terms")
    tally = Tally()
    for term, match, user, clicks, spend in there.ask(
        """SELECT customer_search_term, match_type, user_id, clicks, spend FROM sponsored_ads_traffic
        WHERE event_dt_utc >= $a AND event_dt_utc < $b"""
    ):
        if term is not None:
            tally.add((term, match), "traffic", user, clicks=clicks, spend=spend / 1e8)
    for term, match, user, bought in there.ask(
        """SELECT customer_search_term, match_type, user_id, total_purchases
        FROM amazon_attributed_events_by_traffic_time
        WHERE traffic_event_dt_utc >= $a AND traffic_event_dt_utc < $b"""
    ):
        if term is not None:
            tally.add((term, match), "conversions", user, purchases=bought)
    figures = tally.figures(["clicks", "spend", "purchases"])
    expected = {key: row for key, row in figures.items() if row["purchases"] > 0 and row["clicks"] > 0}
    agree(rows, expected, by=["search_term", "breakdown"], tally=tally)


def test_terms_that_only_cost(amc: Amc) -> None:
    every = amc.run("search_terms", {"only_converting": False, "excluded_terms": ["deals"]})
    assert {row["search_term"] for row in every if row["purchases"] == "0"}
    assert "deals" not in {row["search_term"] for row in every}


def test_lists_of_campaigns(there: There) -> None:
    shown, bought = Tally(), Tally()
    for name, user in there.ask(
        """SELECT c.name, i.user_no FROM impression i JOIN campaign c USING (campaign_no)
        WHERE i.kind < 3 AND i.utc_at >= $a AND i.utc_at < $b"""
    ):
        shown.add((name,), "impressions", user, impressions=1)
    agree(there.run("campaigns_dsp"), shown.figures(["impressions"]), by=["campaign"], tally=shown)
    for name, user, views, clicks in there.ask(
        """SELECT c.name, t.user_no, (NOT t.is_click)::INT, t.is_click::INT
        FROM sponsored t JOIN campaign c USING (campaign_no) WHERE t.utc_at >= $a AND t.utc_at < $b"""
    ):
        bought.add((name,), "traffic", user, impressions=views, clicks=clicks)
    figures = bought.figures(["impressions", "clicks"])
    agree(there.run("campaigns_sponsored"), figures, by=["campaign"], tally=bought)


def test_the_list_of_products(there: There) -> None:
    tally = Tally()
    for asin, user, units in there.ask(
        f"""SELECT r.asin, t.user_no, t.units FROM (SELECT t.* {_CREDITED}) t
        JOIN product r USING (product_no)"""
    ):
        tally.add((asin,), "bought", user, conversions=1, units=units)
    agree(there.run("products"), tally.figures(["conversions", "units"]), by=["asin"], tally=tally)
