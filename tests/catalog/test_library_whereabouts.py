"""Devices, places and hours of the shipped templates are those that plain counting of the data gives."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from reportbuilder.parameters.windows import Window
from tests.catalog.at_amc import (
    INSTANCES,
    MONTH,
    QUARTER,
    WEEK,
    ZONE,
    Amc,
    Row,
    Tally,
    agree,
    each_instance,
    each_window,
    ratio,
)
from tests.catalog.contacts import Purchase, purchases

FIRST = INSTANCES[0]

# ---------------------------------------------------------------- devices and places


def _places(
    amc: Amc,
    instance: str,
    window: Window,
    *,
    device: str = "device_type",
    place: str = "iso_state_province_code",
    only: str = "true",
    orders: str = "total_purchases",
    time: str = "conversion_event",
) -> Tally:
    tally = Tally()

    def ask(table: str, at: str, figures: str, where: str) -> list[tuple[Any, ...]]:
        return amc.ask(
            f"""SELECT coalesce({device}, 'unknown'), coalesce({place}, 'unknown'), user_id, {figures}
            FROM {table} WHERE {at} >= $a AND {at} < $b AND {only} AND {where} GROUP BY ALL""",
            instance=instance,
            window=window,
        )

    for *key, user, seen, millicents in ask(
        "dsp_impressions", "impression_dt_utc", "count(*), sum(total_cost)", "true"
    ):
        tally.add(tuple(key), "impressions", user, impressions=seen, spend=millicents / 100_000)
        tally.collect(tuple(key), "reach", user)
    for *key, user, clicked in ask("dsp_clicks", "click_dt_utc", "count(*)", "true"):
        tally.add(tuple(key), "clicks", user, clicks=clicked)
    for *key, user, bought, sales in ask(
        f"amazon_attributed_events_by_{time.removesuffix('_event')}_time",
        f"{time}_dt_utc",
        "count(*), sum(total_product_sales)",
        f"ad_product_type IS NULL AND {orders} > 0",
    ):
        tally.add(tuple(key), "conversions", user, purchases=bought, sales=sales)
        tally.collect(tuple(key), "buyers", user)
    return tally


def _agree_on_places(rows: list[Row], tally: Tally) -> None:
    expected = tally.figures(["impressions", "reach", "clicks", "spend", "buyers", "purchases", "sales"])
    for figures in expected.values():
        figures["frequency"] = ratio(figures["impressions"], figures["reach"])
        figures["ctr"] = ratio(figures["clicks"], figures["impressions"])
        figures["cpm"] = ratio(1000 * figures["spend"], figures["impressions"])
        figures["cost_per_purchase"] = ratio(figures["spend"], figures["purchases"])
        figures["roas"] = ratio(figures["sales"], figures["spend"])
    agree(rows, expected, by=["device", "place"], tally=tally)


@each_window
@each_instance
def test_device_and_geography(amc: Amc, instance: str, window: Window) -> None:
    rows = amc.run("device_and_geography", instance=instance, window=window)
    _agree_on_places(rows, _places(amc, instance, window))
    assert {"Phone", "PC", "TV"} <= {row["device"] for row in rows}
    assert {"US-NY", "US-CA", "US-TX"} <= {row["place"] for row in rows}
    ((impressions,),) = amc.ask(
        "SELECT count(*) FROM impression WHERE kind < 3 AND utc_at >= $a AND utc_at < $b",
        instance=instance,
        window=window,
    )
    assert sum(int(row["impressions"]) for row in rows) > 0.98 * impressions


def test_other_devices_and_places_of_one_campaign(amc: Amc) -> None:
    values = {
        "campaigns": ["Northwind Outdoors | Prospecting | Display"],
        "device": "operating_system",
        "place": "dma_code",
        "attribution": "traffic",
        "include_brand_halo": False,
    }
    rows = amc.run("device_and_geography", values)
    tally = _places(
        amc,
        FIRST,
        MONTH,
        device="operating_system",
        place="dma_code",
        only="campaign = 'Northwind Outdoors | Prospecting | Display'",
        orders="purchases",
        time="traffic_event",
    )
    _agree_on_places(rows, tally)
    assert {"iOS", "Windows"} <= {row["device"] for row in rows}


def test_places_of_few_impressions_or_people_are_left_out(amc: Amc) -> None:
    everywhere = amc.run("device_and_geography")
    for name, column in (("min_impressions", "impressions"), ("min_people", "reach")):
        rows = amc.run("device_and_geography", {name: 200})
        assert rows_of(rows) == rows_of(row for row in everywhere if int(row[column]) >= 200)
        assert 0 < len(rows) < len(everywhere)


def rows_of(rows: Any) -> set[tuple[str, str]]:
    return {(row["device"], row["place"]) for row in rows}


# ---------------------------------------------------------------- hours

_NEW_YORK = ZoneInfo(ZONE)
_HOURS = """
SELECT date_trunc('hour', t.utc_at), t.user_no, coalesce(c.ad_product, 'amazon_dsp'), count(*), sum({dollars})
FROM {table} t JOIN campaign c USING (campaign_no)
WHERE t.utc_at >= $a AND t.utc_at < $b AND {only} GROUP BY ALL"""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Clock = Callable[[datetime], datetime]


def _in_new_york(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC).astimezone(_NEW_YORK)


def _hours(
    amc: Amc,
    instance: str,
    window: Window,
    orders: list[Purchase],
    *,
    clock: Clock = _in_new_york,
    only: str = "true",
    by: str = "traffic",
) -> Tally:
    tally = Tally()

    def add(at: datetime, source: str, user: Any, **figures: Any) -> None:
        local = clock(at)
        key = (DAYS[local.weekday()], local.hour)
        tally.add(key, source, user, **figures)
        tally.collect(key, "days", local.date())
        tally.collect(key, "people", user)

    for table, column, dollars in (
        ("impression", "impressions", "t.millicents * if(t.kind < 3, 1.12, 1) / 1e5"),
        ("click", "clicks", "if(t.kind < 3, 0, t.microcents) / 1e8"),
    ):
        sql = _HOURS.format(table=table, dollars=dollars, only=only)
        for at, user, product, times, cost in amc.ask(sql, instance=instance, window=window):
            # views and clicks of sponsored ads come from one table
            source = table if product == "amazon_dsp" else "sponsored"
            add(at, source, user, spend=cost, **{column: times})
    for order in orders:
        at = order.ad_at if by == "traffic" else order.bought_at
        add(at, "conversions", order.user, purchases=1, sales=order.dollars)
    return tally


def _agree_on_hours(rows: list[Row], tally: Tally) -> None:
    expected = tally.figures(["days", "people", "impressions", "clicks", "spend", "purchases", "sales"])
    for (weekday, _), figures in expected.items():
        figures["weekday_number"] = 1 + DAYS.index(weekday)
        figures["ctr"] = ratio(figures["clicks"], figures["impressions"])
        figures["purchases_per_click"] = ratio(figures["purchases"], figures["clicks"])
        figures["cost_per_purchase"] = ratio(figures["spend"], figures["purchases"])
        figures["roas"] = ratio(figures["sales"], figures["spend"])
    agree(rows, expected, by=["weekday", "hour_of_day"], tally=tally)


@each_window
@each_instance
def test_hour_of_day(amc: Amc, instance: str, window: Window) -> None:
    rows = amc.run("hour_of_day", instance=instance, window=window)
    orders = purchases(amc, instance, window, by="traffic")
    _agree_on_hours(rows, _hours(amc, instance, window, orders))
    assert len(rows) > 7 * 20  # the story's nights are quiet


def test_a_quarter_with_a_clock_change_loses_no_hour(amc: Amc) -> None:
    days = {row["weekday"]: int(row["days"]) for row in amc.run("hour_of_day", window=QUARTER)}
    assert sum(days.values()) == (QUARTER.days.end - QUARTER.days.start).days + 1 == 92


def test_hours_of_the_purchase_in_utc(amc: Amc) -> None:
    values = {
        "ad_products": ["sponsored_products", "amazon_dsp"],
        "advertisers": ["Juniper Kitchen"],
        "attribution": "conversion",
        "clock": "dt_hour_utc",
        "include_brand_halo": False,
    }
    rows = amc.run("hour_of_day", values, window=WEEK)
    orders = [
        each
        for each in purchases(amc, FIRST, WEEK)
        if each.ad_product in ("amazon_dsp", "sponsored_products")
        and each.advertiser == "Juniper Kitchen"
        and each.is_promoted
    ]
    only = "c.kind < 6 AND c.advertiser = 'Juniper Kitchen'"
    tally = _hours(amc, FIRST, WEEK, orders, clock=lambda at: at, only=only, by="conversion")
    _agree_on_hours(rows, tally)


def test_hours_with_few_impressions_are_left_out(amc: Amc) -> None:
    everything = amc.run("hour_of_day")
    busy = amc.run("hour_of_day", {"min_impressions": 400})
    expected = {(row["weekday"], row["hour_of_day"]) for row in everything if int(row["impressions"]) >= 400}
    assert {(row["weekday"], row["hour_of_day"]) for row in busy} == expected
    assert 0 < len(busy) < len(everything)
