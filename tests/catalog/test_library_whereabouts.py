"""Devices, places and hours of the shipped templates are those that plain counting of the data gives."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from reportbuilder.parameters.windows import Window
from tests.catalog.at_amc import (
    INSTANCES,
    MONTH,
    WEEK,
    ZONE,
    Amc,
    Key,
    Row,
    Tally,
    agree_on_every,
    each_instance,
    each_window,
    index,
    ratio,
)
from tests.catalog.contacts import Purchase, purchases

FIRST = INSTANCES[0]


class Sources:
    """Figures counted for each source by itself, since a figure of too few people leaves only itself out."""

    def __init__(self) -> None:
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)

    def __getitem__(self, source: str) -> Tally:
        return self._tallies[source]

    def expected(self, columns: Mapping[str, Sequence[str]], *, least: int = 2) -> dict[Key, dict[str, Any]]:
        """Return the figures of rows by what each source counts; None where none has enough people."""
        found: defaultdict[Key, dict[str, Any]] = defaultdict(dict)
        for source, names in columns.items():
            tally = self._tallies[source]
            for key, figures in tally.figures(names).items():
                if tally.fewest(key) >= least:
                    row = found[key]
                    row.update({name: row.get(name, 0) + figure for name, figure in figures.items()})
        every = {name for names in columns.values() for name in names}
        for row in found.values():
            row.update({name: 0 if name in _ALWAYS else None for name in every - set(row)})
        return found


_ALWAYS = ("impressions", "reach", "spend")


def _divided(above: float | None, below: float | None) -> float | None:
    return None if above is None or below is None else ratio(above, below)


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
) -> Sources:
    counted = Sources()

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
        counted["seen"].add(tuple(key), "seen", user, impressions=seen, spend=millicents / 100_000)
        counted["seen"].collect(tuple(key), "reach", user)
    for *key, user, clicked in ask("dsp_clicks", "click_dt_utc", "count(*)", "true"):
        counted["clicked"].add(tuple(key), "clicked", user, clicks=clicked)
    for *key, user, bought, sales in ask(
        f"amazon_attributed_events_by_{time.removesuffix('_event')}_time",
        f"{time}_dt_utc",
        "count(*), sum(total_product_sales)",
        f"ad_product_type IS NULL AND {orders} > 0",
    ):
        counted["bought"].add(tuple(key), "bought", user, purchases=bought, sales=sales)
        counted["bought"].collect(tuple(key), "buyers", user)
    return counted


_IN_PLACES = {
    "seen": ["impressions", "reach", "spend"],
    "clicked": ["clicks"],
    "bought": ["buyers", "purchases", "sales"],
}


def _agree_on_places(rows: list[Row], counted: Sources, *, least: int = 2) -> None:
    expected = counted.expected(_IN_PLACES, least=least)
    for figures in expected.values():
        figures["frequency"] = _divided(figures["impressions"], figures["reach"])
        figures["ctr"] = _divided(figures["clicks"], figures["impressions"])
        figures["cpm"] = _divided(1000 * figures["spend"], figures["impressions"])
        figures["cost_per_purchase"] = _divided(figures["spend"], figures["purchases"])
        figures["roas"] = _divided(figures["sales"], figures["spend"])
    agree_on_every(rows, expected, by=["device", "place"])


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
    assert (
        sum(int(row["impressions"]) for row in rows) > 0.95 * impressions
    )  # of 3 in 100, AMC does not know the person


def test_other_devices_and_places_of_one_campaign(amc: Amc) -> None:
    values = {
        "campaigns": ["Northwind Outdoors | Prospecting | Display"],
        "device": "operating_system",
        "place": "dma_code",
        "attribution": "traffic",
        "include_brand_halo": False,
    }
    rows = amc.run("device_and_geography", values)
    counted = _places(
        amc,
        FIRST,
        MONTH,
        device="operating_system",
        place="dma_code",
        only="campaign = 'Northwind Outdoors | Prospecting | Display'",
        orders="purchases",
        time="traffic_event",
    )
    _agree_on_places(rows, counted)
    assert {"iOS", "Windows"} <= {row["device"] for row in rows}


def test_places_of_few_impressions_are_left_out(amc: Amc) -> None:
    everywhere = amc.run("device_and_geography")
    rows = amc.run("device_and_geography", {"min_impressions": 200})
    expected = [row for row in everywhere if int(row["impressions"]) >= 200]
    assert set(index(rows, ["device", "place"])) == set(index(expected, ["device", "place"]))
    assert 0 < len(rows) < len(everywhere)


def test_figures_of_few_people_stay_empty(amc: Amc) -> None:
    rows = amc.run("device_and_geography", {"min_people": 5})
    _agree_on_places(rows, _places(amc, FIRST, MONTH), least=5)
    assert {row["clicks"] for row in rows} > {""}
    assert {row["sales"] for row in rows} > {""}


# ---------------------------------------------------------------- hours

_NEW_YORK = ZoneInfo(ZONE)
_HOURS = """
SELECT date_trunc('hour', t.utc_at), list(DISTINCT t.user_no), coalesce(c.ad_product, 'amazon_dsp'),
    count(*), sum({dollars})
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
) -> Sources:
    counted = Sources()

    def add(at: datetime, source: str, users: Sequence[Any], **figures: Any) -> None:
        local = clock(at)
        key = (DAYS[local.weekday()], local.hour)
        counted[source].add(key, source, None, **figures)
        for user in users:
            counted[source].add(key, source, user)

    for table, column, dollars in (
        ("impression", "impressions", "t.millicents * if(t.kind < 3, 1.12, 1) / 1e5"),
        ("click", "clicks", "if(t.kind < 3, 0, t.microcents) / 1e8"),
    ):
        sql = _HOURS.format(table=table, dollars=dollars, only=only)
        for at, users, product, times, cost in amc.ask(sql, instance=instance, window=window):
            # views and clicks of sponsored ads come from one table
            source = table if product == "amazon_dsp" else "sponsored"
            add(at, source, users, spend=cost, **{column: times})
    for order in orders:
        at = order.ad_at if by == "traffic" else order.bought_at
        add(at, "bought", [order.user], purchases=1, sales=order.dollars)
        local = clock(at)
        counted["bought"].collect((DAYS[local.weekday()], local.hour), "buyers", order.user)
    return counted


_IN_HOURS = {
    "impression": ["impressions", "spend"],
    "click": ["clicks"],
    "sponsored": ["impressions", "clicks", "spend"],
    "bought": ["buyers", "purchases", "sales"],
}


def _agree_on_hours(rows: list[Row], counted: Sources) -> None:
    expected = counted.expected(_IN_HOURS)
    for (weekday, _), figures in expected.items():
        figures["weekday_number"] = 1 + DAYS.index(weekday)
        figures["ctr"] = _divided(figures["clicks"], figures["impressions"])
        figures["purchases_per_click"] = _divided(figures["purchases"], figures["clicks"])
        figures["cost_per_purchase"] = _divided(figures["spend"], figures["purchases"])
        figures["roas"] = _divided(figures["sales"], figures["spend"])
    agree_on_every(rows, expected, by=["weekday", "hour_of_day"])


@each_window
@each_instance
def test_hour_of_day(amc: Amc, instance: str, window: Window) -> None:
    rows = amc.run("hour_of_day", instance=instance, window=window)
    orders = purchases(amc, instance, window, by="traffic")
    _agree_on_hours(rows, _hours(amc, instance, window, orders))
    assert len(rows) >= 7 * 23  # one hour of the story's nights is empty


def test_the_hour_that_a_clock_change_repeats_counts_twice(amc: Amc) -> None:
    sunday = Window.of_days(date(2025, 11, 2), date(2025, 11, 2), ZONE)
    rows = index(amc.run("hour_of_day", window=sunday), ["weekday", "hour_of_day"])
    ((impressions,),) = amc.ask(
        """SELECT count(*) FROM impression
        WHERE utc_at >= TIMESTAMP '2025-11-02 05:00' AND utc_at < TIMESTAMP '2025-11-02 07:00'"""
    )
    assert int(rows["Sunday", "1"]["impressions"]) == impressions


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
    counted = _hours(amc, FIRST, WEEK, orders, clock=lambda at: at, only=only, by="conversion")
    _agree_on_hours(rows, counted)


def test_hours_with_few_impressions_are_left_out(amc: Amc) -> None:
    everything = amc.run("hour_of_day")
    busy = amc.run("hour_of_day", {"min_impressions": 400})
    expected = {(row["weekday"], row["hour_of_day"]) for row in everything if int(row["impressions"]) >= 400}
    assert {(row["weekday"], row["hour_of_day"]) for row in busy} == expected
    assert 0 < len(busy) < len(everything)
