"""The shipped templates about products: what is bought after ads, and what the same people buy.

Expected figures come from the sandbox's facts of who did what, which no template reads, counted in Python.
"""

from collections import defaultdict
from collections.abc import Callable
from itertools import permutations
from statistics import median
from typing import Any

import pytest

from reportbuilder.parameters.windows import Window
from tests.catalog.at_amc import Amc, Key, Tally, agree, each_instance, each_window, ratio
from tests.catalog.expectations import Figures, keep, values_of

# ---------------------------------------------------------------- asin_purchases


def _purchases(
    amc: Amc, key_of: Callable[..., Key], *, at: str = "conversion_utc_at", extra: str = "true", **place: Any
) -> Tally:
    """Count credited orders; ``key_of`` gets asin, campaign, advertiser, ad product, relation and touch."""
    tally = Tally()
    for asin, campaign, advertiser, product, promoted, click, user, new, units, price in amc.ask(
        f"""SELECT r.asin, c.name, c.advertiser, coalesce(c.ad_product, 'amazon_dsp'), t.is_promoted,
            t.is_click, t.user_no, t.new_to_brand, t.units, t.unit_price
        FROM credited t JOIN campaign c USING (campaign_no) JOIN product r USING (product_no)
        WHERE t.is_order AND t.{at} >= $a AND t.{at} < $b AND {extra}""",
        **place,
    ):
        relation = "promoted" if promoted else "brand_halo"
        key = key_of(asin, campaign, advertiser, product, relation, "AD_CLICK" if click else "AD_IMP")
        sales = float(units * price)
        tally.add(
            key,
            "conversions",
            user,
            purchases=1,
            promoted_purchases=promoted,
            halo_purchases=not promoted,
            new_purchases=new,
            units_sold=units,
            sales=sales,
            promoted_sales=sales if promoted else 0,
            halo_sales=0 if promoted else sales,
            new_sales=sales if new else 0,
        )
        tally.collect(key, "buyers", user)
        tally.collect(key, "new_buyers", user if new else None)
    return tally


_BOUGHT = [
    "purchases",
    "promoted_purchases",
    "halo_purchases",
    "new_purchases",
    "buyers",
    "new_buyers",
    "units_sold",
    "sales",
    "promoted_sales",
    "halo_sales",
    "new_sales",
]


def _bought(tally: Tally, least: int = 2) -> Figures:
    found = keep(tally.figures(_BOUGHT), lambda row: row["buyers"] >= least)
    for row in found.values():
        row["halo_share"] = ratio(row["halo_sales"], row["sales"])
        row["new_purchase_share"] = ratio(row["new_purchases"], row["purchases"])
        row["average_price"] = ratio(row["sales"], row["units_sold"])
    return found


_PURCHASE = ("asin", "breakdown", "currency")


@each_window
@each_instance
def test_products_bought_after_ads(amc: Amc, instance: str, window: Window) -> None:
    tally = _purchases(amc, lambda asin, *_: (asin, "all", "USD"), instance=instance, window=window)
    expected = _bought(tally)
    assert len(expected) > 5
    agree(amc.run("asin_purchases", instance=instance, window=window), expected, by=_PURCHASE, tally=tally)


@pytest.mark.parametrize(
    ("breakdown", "place"),
    [("campaign", 1), ("advertiser", 2), ("ad_product", 3), ("relation", 4), ("touch", 5)],
)
def test_products_broken_down(amc: Amc, breakdown: str, place: int) -> None:
    tally = _purchases(amc, lambda *of: (of[0], of[place], "USD"))
    rows = amc.run("asin_purchases", {"breakdown": breakdown})
    agree(rows, _bought(tally), by=_PURCHASE, tally=tally)
    assert len(values_of(rows, "breakdown")) > 1


@pytest.mark.parametrize(
    ("values", "extra"),
    [
        ({"ad_products": ["sponsored_products"]}, "c.ad_product = 'sponsored_products'"),
        ({"ad_products": ["amazon_dsp"]}, "c.ad_product IS NULL"),
        ({"advertisers": "Halden Audio\nPetal & Paw"}, "c.brand_no IN (2, 3)"),
        ({"campaign_filter": "*Branded*"}, "c.kind = 3"),
        ({"relations": ["brand_halo"]}, "NOT t.is_promoted"),
        ({"relations": ["promoted"]}, "t.is_promoted"),
    ],
    ids=["sponsored products", "dsp", "advertisers", "campaigns", "halo", "promoted"],
)
def test_purchases_are_filtered(amc: Amc, values: dict[str, Any], extra: str) -> None:
    tally = _purchases(amc, lambda asin, *_: (asin, "all", "USD"), extra=extra)
    rows = amc.run("asin_purchases", values)
    assert rows
    agree(rows, _bought(tally), by=_PURCHASE, tally=tally)


def test_purchases_by_the_day_of_the_ad(amc: Amc) -> None:
    tally = _purchases(amc, lambda asin, *_: (asin, "all", "USD"), at="utc_at")
    rows = amc.run("asin_purchases", {"attribution": "traffic", "min_buyers": 20})
    agree(rows, _bought(tally, 20), by=_PURCHASE, tally=tally)
    assert 0 < len(rows) < len(amc.run("asin_purchases", {"attribution": "traffic"}))


def test_products_bought_mostly_beside_the_promoted_ones(amc: Amc) -> None:
    everything = amc.run("asin_purchases")
    halo = amc.run("asin_purchases", {"min_halo_share": 30})
    assert values_of(halo, "asin") == {row["asin"] for row in everything if float(row["halo_share"]) >= 0.3}
    assert 0 < len(halo) < len(everything)
    one = halo[0]["asin"]
    assert [row["asin"] for row in amc.run("asin_purchases", {"asins": f" {one.lower()} "})] == [one]


# ---------------------------------------------------------------- asin_overlap


def _overlap(amc: Amc, subtype: str, days: int, **place: Any) -> tuple[Figures, Tally]:
    """Return the figures of all pairs of products, and who is behind them."""
    baskets: defaultdict[int, set[str]] = defaultdict(set)
    people: defaultdict[str, set[int]] = defaultdict(set)
    for user, asin in amc.ask(
        f"""SELECT t.user_no, r.asin FROM conversion t JOIN product r USING (product_no)
        WHERE t.subtype = '{subtype}'
            AND t.utc_at >= $a::TIMESTAMP - INTERVAL {days} DAY AND t.utc_at < $b""",
        **place,
    ):
        baskets[user].add(asin)
        people[asin].add(user)
    tally = Tally()
    for user, asins in baskets.items():
        for pair in permutations(asins, 2):
            tally.add(pair, "conversions", user)
            tally.collect(pair, "people_with_both", user)
    expected = tally.figures(["people_with_both"])
    for (one, other), row in expected.items():
        row["people"], row["other_people"] = len(people[one]), len(people[other])
        row["all_people"] = len(baskets)
        row["share"] = row["people_with_both"] / row["people"]
        row["usual_share"] = row["other_people"] / len(baskets)
        row["lift"] = row["share"] / row["usual_share"]
    return expected, tally


@each_window
@each_instance
def test_products_of_the_same_people(amc: Amc, instance: str, window: Window) -> None:
    expected, tally = _overlap(amc, "order", 180, instance=instance, window=window)
    rows = amc.run("asin_overlap", {"min_people": 3}, instance=instance, window=window)
    assert len(rows) > 1
    agree(
        rows, keep(expected, lambda row: row["people_with_both"] >= 3), by=("asin", "other_asin"), tally=tally
    )


@pytest.mark.parametrize(("event", "days"), [("detailPageView", 30), ("shoppingCart", 180)])
def test_products_looked_at_by_the_same_people(amc: Amc, event: str, days: int) -> None:
    expected, tally = _overlap(amc, event, days)
    pairs = keep(expected, lambda row: row["people_with_both"] >= 2)
    usual = round(median(row["lift"] for row in pairs.values()), 2)
    rows = amc.run(
        "asin_overlap", {"event": event, "lookback_days": days, "min_people": 2, "min_lift": usual}
    )
    wanted = keep(pairs, lambda row: row["lift"] >= usual)
    assert 0 < len(wanted) < len(pairs)
    agree(rows, wanted, by=("asin", "other_asin"), tally=tally)


def test_pairs_of_some_products(amc: Amc) -> None:
    everything = amc.run("asin_overlap", {"min_people": 2})
    one, other = everything[0]["asin"], everything[0]["other_asin"]
    both = [row for row in everything if row["asin"] == one]
    assert sorted(
        values_of(amc.run("asin_overlap", {"asins": one, "min_people": 2}), "other_asin")
    ) == sorted(values_of(both, "other_asin"))
    turned = amc.run("asin_overlap", {"other_asins": [one], "asins": [other], "min_people": 2})
    assert [(row["asin"], row["other_asin"]) for row in turned] == [(other, one)]
    assert turned[0]["lift"] == pytest.approx(everything[0]["lift"]) or float(
        turned[0]["lift"]
    ) == pytest.approx(float(everything[0]["lift"]))
