"""Reach and overlaps of the shipped templates are those that plain counting of the facts gives."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from reportbuilder.parameters.windows import Window
from tests.catalog.at_amc import (
    INSTANCES,
    MONTH,
    WEEK,
    Amc,
    Row,
    Tally,
    agree,
    each_instance,
    each_window,
    ratio,
)
from tests.catalog.contacts import Contact, Purchase, contacts, purchases

FIRST = INSTANCES[0]
Label = Callable[[Any], str]


def everything(_: Any) -> str:
    return "all"


def advertiser(event: Contact | Purchase) -> str:
    return event.advertiser


def campaign(event: Contact | Purchase) -> str:
    return event.campaign


# ---------------------------------------------------------------- reach and frequency


def _frequencies(
    met: Iterable[Contact], bought: Iterable[Purchase], *, within: Label = everything, last: int = 10
) -> Tally:
    times: Counter[tuple[str, int]] = Counter()
    dollars: Counter[tuple[str, int]] = Counter()
    for contact in met:
        if contact.is_dsp and contact.user is not None and not contact.is_click:
            times[within(contact), contact.user] += contact.times
            dollars[within(contact), contact.user] += contact.dollars  # type: ignore[assignment] # a sum of money
    orders = defaultdict(list)
    for purchase in bought:
        if purchase.ad_product == "amazon_dsp" and purchase.user is not None:
            orders[within(purchase), purchase.user].append(purchase.dollars)
    tally = Tally()
    for (label, user), seen in times.items():
        key = (label, str(seen) if seen < last else f"{last} or more")
        tally.add(key, "impressions", user, impressions=seen, spend=dollars[label, user])
        tally.collect(key, "reach", user)
        for sales in orders[label, user]:
            tally.add(key, "conversions", user, purchases=1, sales=sales)
            tally.collect(key, "buyers", user)
    return tally


def _agree_on_frequencies(rows: list[Row], tally: Tally) -> None:
    expected = tally.figures(["reach", "impressions", "spend", "buyers", "purchases", "sales"])
    everybody: Counter[str] = Counter()
    for (label, _), figures in expected.items():
        everybody[label] += figures["reach"]
    for (label, _), figures in expected.items():
        figures["reach_share"] = figures["reach"] / everybody[label]
        figures["purchase_rate"] = figures["buyers"] / figures["reach"]
        figures["cost_per_buyer"] = ratio(figures["spend"], figures["buyers"])
        figures["roas"] = ratio(figures["sales"], figures["spend"])
    tally.stand_beside(lambda key: key[0])
    agree(rows, expected, by=["breakdown", "times_seen"], tally=tally)


@pytest.fixture(scope="module")
def amc(smaller_amc: Amc) -> Amc:
    return smaller_amc


@each_window
@each_instance
def test_reach_and_frequency(amc: Amc, instance: str, window: Window) -> None:
    rows = amc.run("reach_and_frequency", instance=instance, window=window)
    tally = _frequencies(contacts(amc, instance, window), purchases(amc, instance, window, by="traffic"))
    _agree_on_frequencies(rows, tally)
    assert sum(int(row["reach"]) for row in rows) > 1000


def test_frequency_within_each_campaign(full_amc: Amc) -> None:
    rows = full_amc.run("reach_and_frequency", {"breakdown": "campaign", "last_frequency": 3})
    tally = _frequencies(
        contacts(full_amc, FIRST, MONTH),
        purchases(full_amc, FIRST, MONTH, by="traffic"),
        within=campaign,
        last=3,
    )
    _agree_on_frequencies(rows, tally)
    assert len({row["breakdown"] for row in rows}) == 12


def test_frequency_of_some_campaigns_and_products(amc: Amc) -> None:
    asin = Counter(each.asin for each in purchases(amc, FIRST, MONTH)).most_common(1)[0][0]
    values = {
        "advertisers": "Northwind Outdoors",
        "campaign_filter": "Display",
        "asins": asin,
        "attribution": "conversion",
        "include_brand_halo": False,
    }
    rows = amc.run("reach_and_frequency", values)

    def fits(event: Contact | Purchase) -> bool:
        return event.advertiser == "Northwind Outdoors" and event.campaign.endswith("Display")

    tally = _frequencies(
        filter(fits, contacts(amc, FIRST, MONTH)),
        [
            each
            for each in purchases(amc, FIRST, MONTH)
            if fits(each) and each.asin == asin and each.is_promoted
        ],
    )
    _agree_on_frequencies(rows, tally)


def test_frequencies_of_few_people_are_left_out(amc: Amc) -> None:
    everybody = amc.run("reach_and_frequency")
    many = amc.run("reach_and_frequency", {"min_people": 100})
    assert 0 < len(many) < len(everybody)
    assert many_of(many) == {row["times_seen"] for row in everybody if int(row["reach"]) >= 100}


def many_of(rows: list[Row]) -> set[str]:
    return {row["times_seen"] for row in rows}


# ---------------------------------------------------------------- overlaps


def _groups(
    met: Iterable[Contact],
    bought: Iterable[Purchase],
    kind_of: Callable[[Contact], str | None],
    names: dict[frozenset[str], str],
    *,
    within: Label = everything,
) -> tuple[Tally, list[str]]:
    """Count people by the kinds of ads that they met; a kind of None costs, but is no meeting."""
    kinds = defaultdict(set)
    facts = defaultdict(list)
    for contact in met:
        if contact.user is None or (contact.is_dsp and contact.is_click):
            continue
        person, kind = (within(contact), contact.user), kind_of(contact)
        if kind is not None:
            kinds[person].add(kind)
        facts[person].append((contact, kind))
    orders = defaultdict(list)
    for purchase in bought:
        orders[within(purchase), purchase.user].append(purchase)
    tally = Tally()
    for person, found in kinds.items():
        key = (person[0], names[frozenset(found)])
        tally.collect(key, "reach", person[1])
        for contact, kind in facts[person]:
            counted = {} if kind is None else {f"{kind}_contacts": contact.times}
            source = "dsp" if contact.is_dsp else "sponsored"
            tally.add(key, source, person[1], spend=contact.dollars, **counted)
        for order in orders[person]:
            tally.add(
                key,
                "conversions",
                person[1],
                purchases=1,
                new_purchases=int(order.is_new),
                sales=order.dollars,
            )
            tally.collect(key, "buyers", person[1])
    return tally, [f"{kind}_contacts" for kind in sorted({kind for name in names for kind in name})]


def _agree_on_groups(rows: list[Row], counted: tuple[Tally, list[str]]) -> None:
    tally, columns = counted
    expected = tally.figures(["reach", "spend", "buyers", "purchases", "new_purchases", "sales", *columns])
    everybody: Counter[str] = Counter()
    for (label, _), figures in expected.items():
        everybody[label] += figures["reach"]
    for (label, _), figures in expected.items():
        figures["reach_share"] = figures["reach"] / everybody[label]
        figures["purchase_rate"] = figures["buyers"] / figures["reach"]
        figures["new_purchase_share"] = ratio(figures["new_purchases"], figures["purchases"])
        figures["sales_per_person"] = figures["sales"] / figures["reach"]
        figures["roas"] = ratio(figures["sales"], figures["spend"])
    tally.stand_beside(lambda key: key[0])
    agree(rows, expected, by=["breakdown", "exposure"], tally=tally)


TWO = {
    frozenset({"dsp"}): "Amazon DSP only",
    frozenset({"sponsored"}): "sponsored ads only",
    frozenset({"dsp", "sponsored"}): "both",
}
THREE = {
    frozenset({"tv"}): "streaming TV only",
    frozenset({"display"}): "display only",
    frozenset({"sponsored"}): "sponsored only",
    frozenset({"tv", "display"}): "streaming TV + display",
    frozenset({"tv", "sponsored"}): "streaming TV + sponsored",
    frozenset({"display", "sponsored"}): "display + sponsored",
    frozenset({"tv", "display", "sponsored"}): "streaming TV + display + sponsored",
}


def _dsp_or_sponsored(contact: Contact) -> str:
    return "dsp" if contact.is_dsp else "sponsored"


def _tv_or_other(contact: Contact) -> str:
    if not contact.is_dsp:
        return "sponsored"
    return "tv" if contact.is_video else "display"


@each_window
@each_instance
@pytest.mark.parametrize(
    ("key", "kind_of", "names"),
    [("dsp_sponsored_overlap", _dsp_or_sponsored, TWO), ("streaming_tv_overlap", _tv_or_other, THREE)],
)
def test_overlaps(
    amc: Amc,
    instance: str,
    window: Window,
    key: str,
    kind_of: Callable[[Contact], str],
    names: dict[frozenset[str], str],
) -> None:
    rows = amc.run(key, instance=instance, window=window)
    bought = purchases(amc, instance, window, by="traffic")
    _agree_on_groups(rows, _groups(contacts(amc, instance, window), bought, kind_of, names))
    assert {row["exposure"] for row in rows} <= set(names.values())
    assert int(max(rows, key=lambda row: int(row["reach"]))["reach"]) > 1000


def test_overlap_of_clicks_and_some_campaigns_within_each_advertiser(amc: Amc) -> None:
    values = {
        "dsp_campaigns": "Retargeting",
        "sponsored_products": ["sponsored_products"],
        "sponsored_campaigns": "*SP*keywords",
        "count_views": False,
        "breakdown": "advertiser",
        "include_brand_halo": False,
    }
    rows = amc.run("dsp_sponsored_overlap", values)

    def fits(contact: Contact) -> bool:
        if contact.is_dsp:
            return "Retargeting" in contact.campaign
        return contact.ad_product == "sponsored_products" and contact.campaign.endswith("keywords")

    def kind_of(contact: Contact) -> str | None:
        if contact.is_dsp:
            return "dsp"
        return "sponsored" if contact.is_click else None

    met = filter(fits, contacts(amc, FIRST, MONTH))
    bought = [each for each in purchases(amc, FIRST, MONTH, by="traffic") if each.is_promoted]
    _agree_on_groups(rows, _groups(met, bought, kind_of, TWO, within=advertiser))
    assert {row["breakdown"] for row in rows} == {
        "Northwind Outdoors",
        "Juniper Kitchen",
        "Halden Audio",
        "Petal & Paw",
    }


def test_overlap_of_the_purchases_of_one_product(amc: Amc) -> None:
    asin = Counter(each.asin for each in purchases(amc, FIRST, MONTH)).most_common(1)[0][0]
    rows = amc.run("dsp_sponsored_overlap", {"asins": asin})
    bought = [each for each in purchases(amc, FIRST, MONTH, by="traffic") if each.asin == asin]
    _agree_on_groups(rows, _groups(contacts(amc, FIRST, MONTH), bought, _dsp_or_sponsored, TWO))


def test_sponsored_tv_as_streaming_tv(amc: Amc) -> None:
    rows = amc.run("streaming_tv_overlap", {"include_sponsored_tv": True}, window=WEEK)

    def kind_of(contact: Contact) -> str | None:
        if contact.ad_product == "sponsored_television":
            return None if contact.is_click else "tv"
        return _tv_or_other(contact)

    bought = purchases(amc, FIRST, WEEK, by="traffic")
    _agree_on_groups(rows, _groups(contacts(amc, FIRST, WEEK), bought, kind_of, THREE))


def test_streaming_tv_by_campaign_and_device(full_amc: Amc) -> None:
    rows = full_amc.run(
        "streaming_tv_overlap", {"tv_campaigns": "Northwind*TV*", "tv_devices": ["TV"]}, window=WEEK
    )
    ((expected,),) = full_amc.ask(
        """SELECT count(*) FROM dsp_impressions WHERE user_id IS NOT NULL AND device_type = 'TV'
        AND campaign = 'Northwind Outdoors | Streaming TV | Awareness'
        AND impression_dt_utc >= $a AND impression_dt_utc < $b""",
        window=WEEK,
    )
    assert sum(int(row["tv_contacts"]) for row in rows) == expected
    assert {row["met_streaming_tv"] for row in rows if "streaming TV" in row["exposure"]} == {"yes"}
    assert {row["met_streaming_tv"] for row in rows if "streaming TV" not in row["exposure"]} == {"no"}
