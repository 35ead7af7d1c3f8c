"""The shipped template on brand stores: pages and visits, and what visitors buy afterwards.

Views and clicks are those of AMC's tables, added up here; purchases come from the facts of who did what.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from reportbuilder.parameters.windows import Window
from tests.catalog.at_amc import QUARTER, Amc, Tally, agree, ratio
from tests.catalog.expectations import Figures, each_past_window, keep, values_of

_SUMS = ["page_views", "visits", "visitors", "seconds_viewed", "clicks", "buyers", "purchases", "sales"]
_ROW = ("store_name", "breakdown")
_WAYS_IN = {"1": "search", "2": "product page", "4": "ad", "6": "other stores"}

Page = tuple[Any, ...]  # title, source tag, referrer, device, way in


def _name(page: Page) -> str:
    return str(page[0])


def _all(_: Page) -> str:
    return "all"


_SHOWN = "store_name, page_title, channel, referrer_domain, device_type, ingress_type"
_DURING = "event_dt_utc >= $a AND event_dt_utc < $b"

Views = dict[tuple[str, str], defaultdict[str, list[datetime]]]  # by row and user


def _stores(
    amc: Amc, of: Callable[[Page], str], days: int = 14, *, least_place: int = 99, **place: Any
) -> tuple[Figures, Tally]:
    """Count rows by store and by what ``of`` gives; purchases of a brand's first ``least_place`` products."""
    tally = Tally()
    views = _count_views(amc, of, tally, place)
    orders = _orders(amc, days, least_place, place)
    for key, viewers in views.items():
        for user, seen in viewers.items():
            for at, sales in orders[user]:
                if any(then <= at <= then + timedelta(days=days) for then in seen):
                    tally.add(key, "orders", user, purchases=1, sales=sales)
                    tally.collect(key, "buyers", user)
    expected = tally.figures(_SUMS)
    for row in expected.values():
        row["currency"] = "USD"
        row["views_a_visit"] = ratio(row["page_views"], row["visits"])
        row["seconds_a_view"] = ratio(row["seconds_viewed"], row["page_views"])
        row["clicks_a_view"] = ratio(row["clicks"], row["page_views"])
        row["buyer_rate"] = ratio(row["buyers"], row["visitors"])
    return expected, tally


def _count_views(amc: Amc, of: Callable[[Page], str], tally: Tally, place: dict[str, Any]) -> Views:
    views: Views = {}
    for store, *page, user, visit, at, seconds in amc.ask(
        f"""SELECT {_SHOWN}, user_id, visit_id, event_dt_utc, dwell_time
        FROM amazon_brand_store_page_views WHERE {_DURING}""",
        **place,
    ):
        key = (store, of(tuple(page)))
        tally.add(key, "views", user, page_views=1, seconds_viewed=seconds)
        tally.collect(key, "visits", visit)
        tally.collect(key, "visitors", user)
        if user is not None:
            views.setdefault(key, defaultdict(list))[user].append(at)
    for store, *page, user in amc.ask(
        f"""SELECT {_SHOWN}, user_id FROM amazon_brand_store_engagement_events
        WHERE {_DURING} AND event_type = 'CLICK'""",
        **place,
    ):
        tally.add((store, of(tuple(page))), "engagements", user, clicks=1)
    return views


def _orders(
    amc: Amc, days: int, least_place: int, place: dict[str, Any]
) -> defaultdict[str, list[tuple[datetime, float]]]:
    orders: defaultdict[str, list[tuple[datetime, float]]] = defaultdict(list)
    for user, at, sales in amc.ask(
        f"""SELECT p.user_id, t.utc_at, CAST(t.units * t.unit_price AS DOUBLE)
        FROM conversion t JOIN product r USING (product_no) JOIN person p USING (user_no)
        WHERE t.is_order AND t.utc_at >= $a AND t.utc_at < $b::TIMESTAMP + INTERVAL {days} DAY
            AND r.place < {least_place}""",
        **place,
    ):
        orders[user].append((at, sales))
    return orders


@each_past_window
@pytest.mark.parametrize("instance", ["amcnorthwind01", "amcnorthwind05"])
def test_pages_of_stores(amc: Amc, instance: str, window: Window) -> None:
    expected, tally = _stores(amc, _name, instance=instance, window=window)
    rows = amc.run("brand_store_visits", instance=instance, window=window)
    assert len(values_of(rows, "breakdown")) > 1
    wanted = keep(expected, lambda row: row["visitors"] >= 2)
    assert sum(row["buyers"] for row in wanted.values()) > 0
    agree(rows, wanted, by=_ROW, tally=tally)


@pytest.mark.parametrize(
    ("name", "breakdown", "level"),
    [
        ("everything", _all, "LOW"),
        ("channel", lambda page: page[1] or "none", "LOW"),
        ("referrer_domain", lambda page: page[2], "LOW"),
        ("device_type", lambda page: page[3], "MEDIUM"),
        ("way_in", lambda page: _WAYS_IN.get(page[4], "other"), "MEDIUM"),
    ],
)
def test_stores_broken_down(amc: Amc, name: str, breakdown: Callable[[Page], str], level: str) -> None:
    expected, tally = _stores(amc, breakdown, window=QUARTER)
    rows = amc.run("brand_store_visits", {"breakdown": name}, window=QUARTER)
    wanted = keep(expected, lambda row: row["visitors"] >= 2)
    agree(rows, wanted, by=_ROW, tally=tally, level=level)


def test_more_rows_are_seen_when_buyers_are_not_counted(amc: Amc) -> None:
    expected, tally = _stores(amc, lambda page: page[3], least_place=0, window=QUARTER)
    values = {"breakdown": "device_type", "with_purchases": False}
    rows = amc.run("brand_store_visits", values, window=QUARTER)
    agree(rows, keep(expected, lambda row: row["visitors"] >= 2), by=_ROW, tally=tally, level="MEDIUM")
    assert values_of(rows, "buyers") == {"0"}
    assert len(rows) > len(amc.run("brand_store_visits", {"breakdown": "device_type"}, window=QUARTER))


@pytest.mark.parametrize("days", [1, 28])
def test_buyers_are_those_within_so_many_days(amc: Amc, days: int) -> None:
    expected, tally = _stores(amc, _all, days, window=QUARTER)
    values = {"breakdown": "everything", "days_to_buy": days}
    agree(amc.run("brand_store_visits", values, window=QUARTER), expected, by=_ROW, tally=tally)


def test_some_stores_and_products(amc: Amc) -> None:
    asins = [asin for (asin,) in amc.ask("SELECT asin FROM product WHERE place < 4")]
    stores = {"Northwind Outdoors", "Halden Audio"}
    expected, tally = _stores(amc, _name, least_place=4, window=QUARTER)
    values = {"stores": sorted(stores), "asins": asins, "min_people": 30}
    rows = amc.run("brand_store_visits", values, window=QUARTER)
    wanted = {key: row for key, row in expected.items() if key[0] in stores and row["visitors"] >= 30}
    assert values_of(rows, "store_name") == stores
    agree(rows, wanted, by=_ROW, tally=tally)
    elsewhere = amc.run("brand_store_visits", {"currency": "EUR"}, window=QUARTER)
    assert values_of(elsewhere, "purchases") == {"0"}
    assert values_of(elsewhere, "currency") == {"EUR"}
