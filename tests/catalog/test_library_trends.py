"""The shipped templates on days and weeks: daily spend, and branded search.

Expected figures come from the sandbox's facts, which no template reads; search terms, which only AMC's tables
have, are sorted and added up here.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

import pytest

from reportbuilder.parameters.windows import Window
from tests.catalog.at_amc import QUARTER, WINDOW, Amc, Key, Tally, agree, each_instance, each_window, ratio
from tests.catalog.every_fact import SUMS, tally_of
from tests.catalog.expectations import Figures, keep, values_of

# ---------------------------------------------------------------- daily_spend_trend


def _days(tally: Tally, fee: float = 1.0, budget: float | None = None) -> Figures:
    expected = keep(tally.figures([name for name in SUMS if name != "new_purchases"]), bool)
    lines: defaultdict[str, list[Key]] = defaultdict(list)
    for key, row in expected.items():
        row["dsp_spend"] *= fee
        row["sponsored_spend"] *= fee
        row["spend"] = row["dsp_spend"] + row["sponsored_spend"]
        row["ctr"] = ratio(row["clicks"], row["impressions"])
        row["cpc"] = ratio(row["spend"], row["clicks"])
        row["cpm"] = ratio(row["spend"] * 1000, row["impressions"])
        row["roas"] = ratio(row["sales"], row["spend"])
        lines[key[1]].append(key)
    for keys in lines.values():
        keys.sort()
        for key, spent in zip(keys, accumulate(expected[key]["spend"] for key in keys), strict=True):
            expected[key]["spend_to_date"] = spent
            expected[key]["budget_used"] = spent / budget if budget else None
    return expected


_DAY = ("day", "breakdown", "currency")
_LOCAL_DAY = "CAST(local_at AS DATE)"
_UTC_DAY = "CAST(utc_at AS DATE)"


@each_window
@each_instance
def test_every_day(amc: Amc, instance: str, window: Window) -> None:
    is_local = window.zone != "UTC"
    day = _LOCAL_DAY if is_local else _UTC_DAY
    tally = tally_of(amc, f"{day}, 'all', 'USD'", instance=instance, window=window)
    values = {"clock": "dt_hour" if is_local else "dt_hour_utc"}
    rows = amc.run("daily_spend_trend", values, instance=instance, window=window)
    agree(rows, _days(tally), by=_DAY, tally=tally)
    assert len(rows) > 0.6 * ((window.days.end - window.days.start).days + 1)


def test_the_day_on_which_clocks_go_back_is_one_long_day(amc: Amc) -> None:
    of_day = Window.of_days(date(2025, 11, 2), date(2025, 11, 2), QUARTER.zone)
    assert of_day.end - of_day.start == timedelta(hours=25)
    ((impressions,),) = amc.ask(
        "SELECT count(*) FROM impression WHERE utc_at >= $a AND utc_at < $b", window=of_day
    )
    rows = amc.run("daily_spend_trend", {"clock": "dt_hour"}, window=QUARTER)
    assert [int(row["impressions"]) for row in rows if row["day"] == "2025-11-02"] == [impressions]


@pytest.mark.parametrize(
    ("breakdown", "key"),
    [("ad_product", "coalesce(c.ad_product, 'amazon_dsp')"), ("advertiser", "c.advertiser")],
)
def test_days_split(amc: Amc, breakdown: str, key: str) -> None:
    tally = tally_of(amc, f"{_UTC_DAY}, {key}, 'USD'")
    rows = amc.run("daily_spend_trend", {"breakdown": breakdown, "budget": 500})
    agree(rows, _days(tally, budget=500), by=_DAY, tally=tally)
    assert len(values_of(rows, "breakdown")) > 3


def test_days_by_the_time_of_the_ad_without_halo_and_with_fee(amc: Amc) -> None:
    tally = tally_of(amc, f"{_UTC_DAY}, 'all', 'USD'", at="", counts="is_promoted")
    values = {"attribution": "traffic", "include_brand_halo": False, "agency_fee": 15}
    agree(amc.run("daily_spend_trend", values), _days(tally, 1.15), by=_DAY, tally=tally)


@pytest.mark.parametrize(
    ("values", "extra"),
    [
        ({"ad_products": ["amazon_dsp"]}, "c.kind < 3"),
        ({"ad_products": ["sponsored_display", "sponsored_television"]}, "c.kind IN (7, 8)"),
        ({"advertisers": ["Halden Audio", "Petal & Paw"]}, "c.brand_no IN (2, 3)"),
        ({"campaign_filter": "SP | Auto"}, "c.kind = 5"),
    ],
    ids=["dsp", "sponsored", "advertisers", "campaigns"],
)
def test_days_are_filtered(amc: Amc, values: dict[str, Any], extra: str) -> None:
    tally = tally_of(amc, f"{_UTC_DAY}, 'all', 'USD'", extra=extra)
    agree(amc.run("daily_spend_trend", values), _days(tally), by=_DAY, tally=tally)


# ---------------------------------------------------------------- branded_search_trend

IsBranded = Callable[[str, str], bool]


def _has_own_name(term: str, advertiser: str) -> bool:
    return advertiser.split(maxsplit=1)[0].lower() in term.lower().split()


def _weeks(
    amc: Amc,
    is_branded: IsBranded,
    *,
    place: int | None = None,
    at: str = "conversion",
    sides: str = "total_",
    extra: str = "true",
    **where: Any,
) -> tuple[Figures, Tally]:
    """Sort terms and add up weeks; ``place`` splits them: advertiser (0), ad product (1) or campaign (2)."""
    suffix = "" if where.get("window", WINDOW).zone != "UTC" else "_utc"
    tally = Tally()
    for term, *said, day, low, high, impressions, clicks, microcents, purchases, sales in amc.ask(
        f"""SELECT customer_search_term, advertiser, ad_product_type, campaign,
            CAST(event_dt{suffix} AS DATE), min(user_id), max(user_id),
            sum(impressions), sum(clicks), sum(spend), 0, 0
        FROM sponsored_ads_traffic WHERE event_dt_utc >= $a AND event_dt_utc < $b AND {extra} GROUP BY ALL
        UNION ALL
        SELECT customer_search_term, advertiser, ad_product_type, campaign,
            CAST({at}_event_dt{suffix} AS DATE), min(user_id), max(user_id), 0, 0, 0,
            sum({sides}purchases), sum({sides}product_sales)
        FROM amazon_attributed_events_by_{at}_time
        WHERE {at}_event_dt_utc >= $a AND {at}_event_dt_utc < $b
            AND total_purchases > 0 AND {extra} GROUP BY ALL""",
        **where,
    ):
        if term is None or said[1] not in ("sponsored_products", "sponsored_brands"):
            continue
        monday = day - timedelta(days=day.weekday())
        kind = "branded" if is_branded(term, said[0]) else "other"
        key = (monday, kind, "all" if place is None else said[place], "USD")
        source = "traffic" if impressions or clicks else "conversions"
        figures = {"impressions": impressions, "clicks": clicks, "spend": microcents / 100_000_000}
        tally.add(key, source, low, **figures, purchases=purchases, sales=sales)
        tally.add(key, source, high)
        tally.collect(key, "days", day)
    expected = tally.figures(["days", "impressions", "clicks", "spend", "purchases", "sales"])
    for row in expected.values():
        row["ctr"] = ratio(row["clicks"], row["impressions"])
        row["cvr"] = ratio(row["purchases"], row["clicks"])
        row["cpc"] = ratio(row["spend"], row["clicks"])
        row["roas"] = ratio(float(row["sales"]), row["spend"])
    return expected, tally


_WEEK = ("week_start", "term_type", "breakdown", "currency")


@each_window
@each_instance
def test_branded_and_other_terms(amc: Amc, instance: str, window: Window) -> None:
    expected, tally = _weeks(amc, _has_own_name, instance=instance, window=window)
    values = {"clock": "dt_hour" if window.zone != "UTC" else "dt_hour_utc"}
    rows = amc.run("branded_search_trend", values, instance=instance, window=window)
    assert values_of(rows, "term_type") == {"branded", "other"}
    agree(rows, expected, by=_WEEK, tally=tally)


@pytest.mark.parametrize(
    ("values", "is_branded"),
    [
        (
            {"brand_words": "TENT\nHalden, ear, juniper chef", "whole_words": True},
            lambda term, _: bool({"tent", "halden", "ear"} & set(term.split())) or "juniper chef" in term,
        ),
        (
            {"brand_words": ["peak", "ten", "halden"], "whole_words": False},
            lambda term, _: any(word in term for word in ("peak", "ten", "halden")),
        ),
        (
            {"brand_words": ["tent"], "use_advertiser_name": True},
            lambda term, name: "tent" in term.split() or _has_own_name(term, name),
        ),
        ({"brand_words": ["O'Brien%", "_"]}, lambda *_: False),
    ],
    ids=["whole words", "parts of words", "beside the name", "no wildcards"],
)
def test_brand_words(amc: Amc, values: dict[str, Any], is_branded: IsBranded) -> None:
    expected, tally = _weeks(amc, is_branded)
    rows = amc.run("branded_search_trend", {"use_advertiser_name": False, **values})
    agree(rows, expected, by=_WEEK, tally=tally)


@pytest.mark.parametrize(("breakdown", "place"), [("advertiser", 0), ("ad_product", 1), ("campaign", 2)])
def test_branded_terms_split(amc: Amc, breakdown: str, place: int) -> None:
    expected, tally = _weeks(amc, _has_own_name, place=place)
    rows = amc.run("branded_search_trend", {"breakdown": breakdown, "min_days": 7})
    agree(rows, keep(expected, lambda row: row["days"] == 7), by=_WEEK, tally=tally)
    assert values_of(rows, "days") == {"7"}


def test_branded_terms_by_the_time_of_the_ad_without_halo(amc: Amc) -> None:
    expected, tally = _weeks(
        amc,
        _has_own_name,
        at="traffic",
        sides="",
        extra="advertiser = 'Halden Audio' AND campaign LIKE '%SP%'",
    )
    values = {
        "attribution": "traffic",
        "include_brand_halo": False,
        "advertisers": ["Halden Audio"],
        "campaign_filter": "SP",
        "ad_products": ["sponsored_products"],
    }
    agree(amc.run("branded_search_trend", values), expected, by=_WEEK, tally=tally)
