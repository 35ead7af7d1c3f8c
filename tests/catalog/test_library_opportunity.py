"""The shipped template on campaign opportunities: its figures, and the advice that follows from them.

Expected figures come from the sandbox's facts, which no template reads; the advice is given here once more.
"""

from collections import defaultdict
from typing import Any

import pytest

from reportbuilder.parameters.windows import Window
from tests.catalog.at_amc import INSTANCES, QUARTER, Amc, Row, Tally, agree, each_instance, each_window, ratio
from tests.catalog.every_fact import SUMS, tally_of
from tests.catalog.expectations import Figures, keep, values_of

_ASKED = {"target_roas": 4.0, "max_frequency": 6.0, "weak_ctr": 0.7, "min_new_share": 0.6, "min_spend": 10.0}


def _advise(row: dict[str, Any], asked: dict[str, float]) -> str:
    """Say what the description of the template promises."""
    roas, reaches = row["roas"] or 0, (row["roas"] or 0) >= asked["target_roas"]
    too_often = row["frequency"] > asked["max_frequency"]
    if row["spend"] < asked["min_spend"]:
        return "wait for more data"
    if reaches:
        return "keep budget, find new people" if too_often else "raise budget"
    assert roas < asked["target_roas"]
    if too_often:
        return "cap frequency"
    if row["ctr"] < row["usual_ctr"] * asked["weak_ctr"]:
        return "refresh creatives or keywords"
    if (row["new_purchase_share"] or 0) >= asked["min_new_share"]:
        return "keep for new customers"
    return "lower bids or budget"


# which campaigns are compared with each other, by their kind: ad product and format
_PEERS = [("amazon_dsp", "Display"), ("amazon_dsp", "Display"), ("amazon_dsp", "Video")]
_PEERS += [("sponsored_products", "PRODUCT")] * 3
_PEERS += [("sponsored_brands", "VIDEO"), ("sponsored_display", "IMAGE"), ("sponsored_television", "VIDEO")]


def _opportunities(
    amc: Amc, asked: dict[str, float], *, counts: str = "true", extra: str = "true", **place: Any
) -> tuple[Figures, Tally]:
    tally = tally_of(amc, "c.name, c.kind", counts=counts, extra=extra, **place)
    reach = dict(
        amc.ask(
            """SELECT c.name, count(DISTINCT i.user_no) FROM impression i JOIN campaign c USING (campaign_no)
            WHERE i.utc_at >= $a AND i.utc_at < $b GROUP BY 1""",
            **place,
        )
    )
    found = tally.figures(SUMS)
    clicks: defaultdict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for (_, kind), row in found.items():
        clicks[_PEERS[kind]][0] += row["clicks"]
        clicks[_PEERS[kind]][1] += row["impressions"]
    expected: Figures = {}
    for key, sums in found.items():
        row = {name: value for name, value in sums.items() if not name.endswith("_spend")}
        row["spend"] = sums["dsp_spend"] + sums["sponsored_spend"]
        row["ad_product"], row["ad_format"] = _PEERS[key[1]]
        row["reach"] = reach[key[0]]
        row["frequency"] = ratio(row["impressions"], row["reach"])
        row["ctr"] = ratio(row["clicks"], row["impressions"])
        row["usual_ctr"] = ratio(*clicks[_PEERS[key[1]]])
        row["cpc"] = ratio(row["spend"], row["clicks"])
        row["cpm"] = ratio(row["spend"] * 1000, row["impressions"])
        row["roas"] = ratio(row["sales"], row["spend"])
        row["new_purchase_share"] = ratio(row["new_purchases"], row["purchases"])
        row["advice"] = _advise(row, asked)
        expected[key[:1]] = row
    return expected, _by_name(tally, found)


def _by_name(tally: Tally, found: Figures) -> Tally:
    """Return the people of a tally under the campaign's name alone."""
    named = Tally()
    for key in found:
        for user in range(tally.fewest(key)):
            named.add(key[:1], "every source", user)
    return named


@each_window
@each_instance
def test_campaign_opportunities(amc: Amc, instance: str, window: Window) -> None:
    expected, tally = _opportunities(amc, _ASKED, instance=instance, window=window)
    rows = amc.run("campaign_opportunity", instance=instance, window=window)
    agree(rows, expected, by=("campaign",), tally=tally)
    assert len(rows) > 20
    assert len(values_of(rows, "advice")) > 2


def _advice(rows: list[Row]) -> dict[str, str]:
    return {row["campaign"]: row["advice"] for row in rows}


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("target_roas", 8, 8.0),
        ("max_frequency", 1.17, 1.17),
        ("weak_ctr", 100, 1.0),
        ("min_new_share", "100%", 1.0),
        ("min_spend", 100, 100.0),
    ],
)
def test_each_target_changes_the_advice(amc: Amc, name: str, given: Any, value: float) -> None:
    expected, tally = _opportunities(amc, {**_ASKED, name: value}, instance=INSTANCES[1])
    rows = amc.run("campaign_opportunity", {name: given}, instance=INSTANCES[1])
    agree(rows, expected, by=("campaign",), tally=tally)
    assert _advice(rows) != _advice(amc.run("campaign_opportunity", instance=INSTANCES[1]))


def test_every_advice_is_given(amc: Amc) -> None:
    asked = {"target_roas": 5, "max_frequency": 1.2, "weak_ctr": 95, "min_new_share": 75, "min_spend": 20}
    texts = {_advise(row, {**asked, "weak_ctr": 0.95, "min_new_share": 0.75}) for row in _made_up()}
    rows = [
        row for at in INSTANCES for row in amc.run("campaign_opportunity", asked, instance=at, window=QUARTER)
    ]
    assert values_of(rows, "advice") <= texts
    assert len(values_of(rows, "advice")) >= 5


def _made_up() -> list[dict[str, Any]]:
    """Return campaigns that get each advice once."""
    usual = {"spend": 50, "roas": 6, "frequency": 1, "ctr": 1, "usual_ctr": 1, "new_purchase_share": 0.5}
    differences: list[dict[str, Any]] = [
        {"spend": 1},
        {},
        {"frequency": 2},
        {"roas": 1, "frequency": 2},
        {"roas": 1, "ctr": 0.5},
        {"roas": None, "new_purchase_share": 0.8},
        {"roas": 1, "new_purchase_share": None},
    ]
    return [usual | difference for difference in differences]


@pytest.mark.parametrize(
    ("values", "extra", "counts"),
    [
        ({"advertisers": ["Petal & Paw", "Halden Audio"]}, "c.brand_no IN (2, 3)", "true"),
        ({"campaign_filter": "*SP*"}, "c.kind IN (3, 4, 5)", "true"),
        ({"ad_products": ["sponsored_display"]}, "c.kind = 7", "true"),
        ({"include_brand_halo": False}, "true", "is_promoted"),
        ({"min_people": 600}, "true", "true"),
    ],
    ids=["advertisers", "campaigns", "ad products", "no halo", "people"],
)
def test_opportunities_are_filtered(amc: Amc, values: dict[str, Any], extra: str, counts: str) -> None:
    expected, tally = _opportunities(amc, _ASKED, extra=extra, counts=counts)
    least = values.get("min_people", 2)
    rows = amc.run("campaign_opportunity", values)
    assert rows
    agree(rows, keep(expected, lambda row: row["reach"] >= least), by=("campaign",), tally=tally)
