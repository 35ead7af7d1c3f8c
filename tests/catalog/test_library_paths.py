"""Paths to conversion of the shipped template are those that plain counting of the facts gives."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime

import pytest

from reportbuilder.parameters.windows import Window
from tests.catalog.at_amc import (
    MONTH,
    Amc,
    Row,
    Tally,
    agree,
    each_instance,
    each_window,
)
from tests.catalog.contacts import Contact, Purchase, contacts, purchases
from tests.catalog.test_library_journeys import FIRST, campaign


@pytest.fixture(scope="module")
def amc(smaller_amc: Amc) -> Amc:
    """These tests look at each contact, of which there are fewer among fewer people."""
    return smaller_amc


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _exactly(at: datetime) -> datetime:
    return at


def _paths(
    met: Iterable[Contact],
    bought: Iterable[Purchase],
    *,
    step: Callable[[Contact], str] = lambda contact: contact.ad_product,
    longest: int = 5,
    clock: Callable[[datetime], datetime] = _exactly,
) -> dict[int, list[str]]:
    """Return each person's path to the first purchase, oldest step first."""
    first_order: dict[int | None, datetime] = {}
    for order in bought:
        at = clock(order.bought_at)
        first_order[order.user] = min(at, first_order.get(order.user, at))
    meetings: defaultdict[int, dict[str, datetime]] = defaultdict(dict)
    for contact in met:
        if contact.user is None or (contact.is_dsp and contact.is_click):
            continue
        at, end = clock(contact.first_at), first_order.get(contact.user)
        if end is None or at <= end:
            known = meetings[contact.user]
            known[step(contact)] = min(at, known.get(step(contact), at))
    return {
        user: sorted(known, key=lambda touch: (known[touch], touch))[-longest:]
        for user, known in meetings.items()
    }


def _agree_on_paths(
    rows: list[Row], paths: dict[int, list[str]], bought: Iterable[Purchase], *, level: str, least: int
) -> None:
    orders = defaultdict(list)
    for order in bought:
        orders[order.user].append(order.dollars)
    tally = Tally()
    texts: dict[str, list[str]] = {}
    for user, path in paths.items():
        text = "[" + ", ".join(f"[{place}, {touch}]" for place, touch in enumerate(path, 1)) + "]"
        texts[text] = path
        tally.add((text,), "traffic", user)
        tally.collect((text,), "people", user)
        for sales in orders[user]:
            tally.add((text,), "conversions", user, purchases=1, sales=sales)
            tally.collect((text,), "buyers", user)
    expected = tally.figures(["people", "buyers", "purchases", "sales"])
    every = sum(figures["buyers"] for figures in expected.values())
    for (text,), figures in expected.items():
        figures |= {
            "touches": len(texts[text]),
            "first_touch": texts[text][0],
            "last_touch": texts[text][-1],
            "purchase_rate": figures["buyers"] / figures["people"],
            "share_of_buyers": figures["buyers"] / every,
            "sales_per_person": figures["sales"] / figures["people"],
        }
    wanted = {
        key: figures
        for key, figures in expected.items()
        if figures["people"] >= least and figures["buyers"] >= 1
    }
    assert len(wanted) > 1
    agree(rows, wanted, by=["path"], tally=tally, level=level)


@each_window
@each_instance
def test_path_to_conversion(amc: Amc, instance: str, window: Window) -> None:
    rows = amc.run("path_to_conversion", instance=instance, window=window)
    bought = purchases(amc, instance, window)
    paths = _paths(contacts(amc, instance, window), bought)
    _agree_on_paths(rows, paths, bought, level="MEDIUM", least=100)
    assert max(int(row["touches"]) for row in rows) > 1


def test_paths_of_clicked_campaigns_by_the_hour(amc: Amc) -> None:
    values = {
        "advertisers": "Northwind Outdoors",
        "step": "campaign",
        "longest_path": 2,
        "precision": "dt_hour_utc",
        "count_views": False,
        "include_brand_halo": False,
        "min_people": 2,
    }
    rows = amc.run("path_to_conversion", values)
    met = [
        each
        for each in contacts(amc, FIRST, MONTH)
        if each.advertiser == "Northwind Outdoors" and (each.is_dsp or each.is_click)
    ]
    bought = [
        each
        for each in purchases(amc, FIRST, MONTH)
        if each.advertiser == "Northwind Outdoors" and each.is_promoted
    ]
    paths = _paths(met, bought, step=campaign, longest=2, clock=_hour)
    _agree_on_paths(rows, paths, bought, level="LOW", least=2)
    assert {row["touches"] for row in rows} == {"1", "2"}


def test_paths_that_led_nowhere_show_if_wanted(amc: Amc) -> None:
    bought = amc.run("path_to_conversion", {"step": "campaign"})
    every = amc.run("path_to_conversion", {"step": "campaign", "min_buyers": 0})
    assert {row["path"] for row in bought} == {row["path"] for row in every if row["buyers"] != "0"}
    assert all(row["purchase_rate"] == "0.0" for row in every if row["buyers"] == "0")


def test_paths_of_chosen_ad_products(amc: Amc) -> None:
    rows = amc.run("path_to_conversion", {"ad_products": ["amazon_dsp", "sponsored_brands"]})
    assert {row["first_touch"] for row in rows} == {"amazon_dsp", "sponsored_brands"}
    assert max(int(row["touches"]) for row in rows) == 2
