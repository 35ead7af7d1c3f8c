"""The shipped templates about customers: what they leave in carts, and what they buy after the first time.

Expected figures come from the sandbox's facts of who did what, which no template reads, counted in Python.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from reportbuilder.parameters.windows import Window
from tests.catalog.at_amc import (
    WINDOW,
    Amc,
    Key,
    Tally,
    agree,
    each_instance,
    each_window,
    ratio,
)
from tests.catalog.expectations import JANUARY, Figures, each_past_window, keep, values_of

# ---------------------------------------------------------------- cart_abandonment

_CARTS = [
    "add_to_carts",
    "carts",
    "bought_carts",
    "left_carts",
    "people",
    "people_who_left",
    "left_value",
]


def _carts(
    amc: Amc, key_of: Callable[..., str], days: int = 7, *, extra: str = "true", **place: Any
) -> tuple[Figures, Tally]:
    """Count what was added to carts; ``key_of`` gets asin, campaign, advertiser, ad product and touch."""
    orders: defaultdict[tuple[int, str], list[datetime]] = defaultdict(list)
    for user, asin, at in amc.ask(
        f"""SELECT t.user_no, r.asin, t.utc_at FROM conversion t JOIN product r USING (product_no)
        WHERE t.is_order AND t.utc_at >= $a AND t.utc_at < $b::TIMESTAMP + INTERVAL {days} DAY""",
        **place,
    ):
        orders[user, asin].append(at)
    price, buyers = {}, {}
    for asin, average, users in amc.ask(
        """SELECT r.asin, CAST(sum(t.units * t.unit_price) AS DOUBLE) / sum(t.units), list(DISTINCT t.user_no)
        FROM credited t JOIN product r USING (product_no)
        WHERE t.is_order AND t.conversion_utc_at >= $a AND t.conversion_utc_at < $b GROUP BY 1""",
        **place,
    ):
        price[asin], buyers[asin] = average, users
    adds: defaultdict[tuple[str, str, int], list[datetime]] = defaultdict(list)
    for asin, campaign, advertiser, product, click, user, at in amc.ask(
        f"""SELECT r.asin, c.name, c.advertiser, coalesce(c.ad_product, 'amazon_dsp'), t.is_click, t.user_no,
            t.conversion_utc_at
        FROM credited t JOIN campaign c USING (campaign_no) JOIN product r USING (product_no)
        WHERE t.subtype = 'shoppingCart'
            AND t.conversion_utc_at >= $a AND t.conversion_utc_at < $b AND {extra}""",
        **place,
    ):
        group = key_of(asin, campaign, advertiser, product, "AD_CLICK" if click else "AD_IMP")
        adds[group, asin, user].append(at)
    return _left(adds, orders, price, buyers, timedelta(days=days))


def _left(
    adds: Mapping[tuple[str, str, int], list[datetime]],
    orders: Mapping[tuple[int, str], list[datetime]],
    price: Mapping[str, float],
    buyers: Mapping[str, list[int]],
    longest: timedelta,
) -> tuple[Figures, Tally]:
    tally = Tally()
    priced = {group for group, asin, _ in adds if asin in price}  # what nobody bought has no price to tell
    for (group, asin, user), added in adds.items():
        key = (group, "AMAZON.COM", "USD" if group in priced else None)
        bought = any(at <= then <= at + longest for at in added for then in orders.get((user, asin), ()))
        tally.add(
            key,
            "carts",
            user,
            add_to_carts=len(added),
            carts=1,
            bought_carts=bought,
            left_carts=not bought,
            left_value=0.0 if bought else price.get(asin, 0.0),
        )
        tally.collect(key, "people", user)
        tally.collect(key, "people_who_left", None if bought else user)
        if bought:
            tally.add(key, "orders", user)
        for buyer in buyers.get(asin, ()):
            tally.add(key, "prices", buyer)
    expected = tally.figures(_CARTS)
    for row in expected.values():
        row["abandonment_rate"] = ratio(row["left_carts"], row["carts"])
    return expected, tally


_CART = ("breakdown", "marketplace", "currency")


@each_past_window
@each_instance
def test_carts_left(amc: Amc, instance: str, window: Window) -> None:
    expected, tally = _carts(amc, lambda asin, *_: asin, instance=instance, window=window)
    rows = amc.run("cart_abandonment", {"min_people": 2}, instance=instance, window=window)
    wanted = keep(expected, lambda row: row["people"] >= 2)
    assert rows
    assert (
        0 < sum(row["bought_carts"] for row in wanted.values()) < sum(row["carts"] for row in wanted.values())
    )
    agree(rows, wanted, by=_CART, tally=tally)


@pytest.mark.parametrize(
    ("breakdown", "place"), [("campaign", 1), ("advertiser", 2), ("ad_product", 3), ("touch", 4)]
)
def test_carts_left_by(amc: Amc, breakdown: str, place: int) -> None:
    expected, tally = _carts(amc, lambda *of: of[place], window=JANUARY)
    rows = amc.run("cart_abandonment", {"breakdown": breakdown, "min_people": 2}, window=JANUARY)
    agree(rows, keep(expected, lambda row: row["people"] >= 2), by=_CART, tally=tally)
    assert len(rows) > 1


def test_the_longer_one_waits_the_more_is_bought(amc: Amc) -> None:
    bought = []
    for days in (1, 2, 14):
        expected, tally = _carts(amc, lambda *of: of[2], days, window=JANUARY)
        rows = amc.run("cart_abandonment", {"breakdown": "advertiser", "days_to_buy": days}, window=JANUARY)
        agree(rows, expected, by=_CART, tally=tally)
        bought.append(sum(int(row["bought_carts"]) for row in rows))
    assert bought[0] < bought[1] <= bought[2]


@pytest.mark.parametrize(
    ("values", "extra"),
    [
        ({"ad_products": ["sponsored_brands", "amazon_dsp"]}, "(c.kind < 3 OR c.kind = 6)"),
        ({"advertisers": ["Juniper Kitchen"]}, "c.brand_no = 1"),
        ({"campaign_filter": "Northwind*Category*"}, "c.brand_no = 0 AND c.kind = 4"),
    ],
    ids=["ad products", "advertisers", "campaigns"],
)
def test_carts_are_filtered(amc: Amc, values: dict[str, Any], extra: str) -> None:
    expected, tally = _carts(amc, lambda *of: of[2], extra=extra, window=JANUARY)
    rows = amc.run("cart_abandonment", {"breakdown": "advertiser", **values}, window=JANUARY)
    assert rows
    agree(rows, keep(expected, lambda row: row["people"] >= 5), by=_CART, tally=tally)


def test_products_that_are_often_left(amc: Amc) -> None:
    everything = amc.run("cart_abandonment", window=JANUARY)
    often = amc.run("cart_abandonment", {"min_rate": 65}, window=JANUARY)
    assert values_of(often, "breakdown") == {
        row["breakdown"] for row in everything if float(row["abandonment_rate"]) >= 0.65
    }
    assert 0 < len(often) < len(everything)
    one = often[0]["breakdown"]
    assert values_of(amc.run("cart_abandonment", {"asins": [one]}, window=JANUARY), "breakdown") == {one}


# ---------------------------------------------------------------- customer_lifetime_by_first_product

_LIFETIME = [
    "customers",
    "repeat_customers",
    "customers_of_others",
    "first_sales",
    "later_purchases",
    "later_sales",
]


def _lifetime(amc: Amc, days: int = 60, **place: Any) -> tuple[Figures, Tally]:
    """Follow everybody who came to a brand in the window moved back by ``days``."""
    window: Window = place.get("window", WINDOW)
    longest = timedelta(days=days)
    begin = window.start.replace(tzinfo=None) - longest
    orders: defaultdict[int, list[tuple[datetime, str, bool, float]]] = defaultdict(list)
    for user, *order in amc.ask(
        """SELECT t.user_no, t.utc_at, r.asin, t.new_to_brand, CAST(t.units * t.unit_price AS DOUBLE)
        FROM conversion t JOIN product r USING (product_no)
        WHERE t.is_order AND t.utc_at < $b ORDER BY t.utc_at""",
        **place,
    ):
        if order[0] >= begin:
            orders[user].append(tuple(order))
    tally = Tally()
    days_of: defaultdict[Key, list[date]] = defaultdict(list)
    for user, made in orders.items():
        came = min((at for at, _, new, _ in made if new), default=None)
        if came is None or came >= window.end.replace(tzinfo=None) - longest:
            continue
        later = [order for order in made if came < order[0] <= came + longest]
        for asin in {order[1] for order in made if order[0] == came and order[2]}:
            key = (asin, "USD")
            first = sum(order[3] for order in made if order[0] == came and order[2] and order[1] == asin)
            tally.add(key, "firsts", user, first_sales=first)
            tally.collect(key, "customers", user)
            days_of[key].append(came.date())
            for _, other, _, sales in later:
                tally.add(key, "later", user, later_purchases=1, later_sales=sales)
                tally.collect(key, "repeat_customers", user)
                tally.collect(key, "customers_of_others", user if other != asin else None)
    return _with_rates(tally, days_of), tally


def _with_rates(tally: Tally, days_of: Mapping[Key, list[date]]) -> Figures:
    expected = tally.figures(_LIFETIME)
    for key, row in expected.items():
        row["first_bought_from"] = min(days_of[key]).isoformat()
        row["first_bought_to"] = max(days_of[key]).isoformat()
        row["lifetime_sales"] = row["first_sales"] + row["later_sales"]
        row["repeat_rate"] = ratio(row["repeat_customers"], row["customers"])
        row["cross_sell_rate"] = ratio(row["customers_of_others"], row["customers"])
        row["later_purchases_a_customer"] = ratio(row["later_purchases"], row["customers"])
        row["lifetime_value"] = ratio(row["lifetime_sales"], row["customers"])
    return expected


@each_window
@each_instance
def test_what_follows_a_first_product(amc: Amc, instance: str, window: Window) -> None:
    expected, tally = _lifetime(amc, instance=instance, window=window)
    rows = amc.run("customer_lifetime_by_first_product", instance=instance, window=window)
    wanted = keep(expected, lambda row: row["customers"] >= 5)
    assert rows
    assert sum(row["repeat_customers"] for row in wanted.values()) > 0
    agree(rows, wanted, by=("first_asin", "currency"), tally=tally)


@pytest.mark.parametrize("days", [1, 14, 120])
def test_customers_are_followed_for_so_many_days(amc: Amc, days: int) -> None:
    expected, tally = _lifetime(amc, days)
    rows = amc.run("customer_lifetime_by_first_product", {"follow_days": days, "min_customers": 8})
    assert rows
    agree(rows, keep(expected, lambda row: row["customers"] >= 8), by=("first_asin", "currency"), tally=tally)


def test_customers_who_began_with_some_product(amc: Amc) -> None:
    everything = amc.run("customer_lifetime_by_first_product")
    asin = everything[0]["first_asin"]
    assert amc.run("customer_lifetime_by_first_product", {"asins": asin})[0] == everything[0]
