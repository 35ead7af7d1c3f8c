"""Views and audience segments of the shipped templates are those that plain counting of the data gives."""

from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from reportbuilder.parameters.windows import Window
from tests.catalog.at_amc import (
    INSTANCES,
    MONTH,
    QUARTER,
    WEEK,
    Amc,
    Row,
    Tally,
    agree,
    agree_on_every,
    each_instance,
    each_window,
    ratio,
)

FIRST = INSTANCES[0]

# ---------------------------------------------------------------- views


def _views(amc: Amc, instance: str, window: Window, breakdown: str, *, only: str = "true") -> dict[Any, Any]:
    """Count impressions one by one: an impression is in view, however many rows tell of it."""
    seen, viewed = Tally(), Tally()
    for campaign, place, user, times, millicents in amc.ask(
        f"""SELECT campaign, coalesce({breakdown}, 'unknown'), user_id, count(*), sum(total_cost)
        FROM dsp_impressions WHERE impression_dt_utc >= $a AND impression_dt_utc < $b AND {only}
        GROUP BY ALL""",
        instance=instance,
        window=window,
    ):
        seen.add((campaign, place), "seen", user, impressions=times, spend=millicents / 100_000)
    for campaign, place, user, events in amc.ask(
        f"""SELECT campaign, coalesce({breakdown}, 'unknown'), any_value(user_id), list(event_type)
        FROM dsp_views WHERE event_dt_utc >= $a AND event_dt_utc < $b AND {only}
        GROUP BY campaign, {breakdown}, impression_id""",
        instance=instance,
        window=window,
    ):
        viewed.add(
            (campaign, place),
            "viewed",
            user,
            measurable_impressions=int("MEASURABLE_IMP" in events),
            viewable_impressions=int("VIEW" in events),
            estimated_impressions=int("UNMEASURABLE_IMP" in events or "SYNTHETIC_VIEW" in events),
        )
    views = ["measurable_impressions", "viewable_impressions", "estimated_impressions"]
    counted = viewed.figures(views)
    expected = {}
    for key, figures in seen.figures(["impressions", "spend"]).items():
        if seen.fewest(key) >= 2:
            known = viewed.fewest(key) >= 2
            expected[key] = figures | (counted[key] if known else dict.fromkeys(views))
    return expected


def _agree_on_views(rows: list[Row], expected: dict[Any, Any]) -> None:
    for figures in expected.values():
        measurable, viewable = figures["measurable_impressions"], figures["viewable_impressions"]
        figures["cpm"] = ratio(1000 * figures["spend"], figures["impressions"])
        if measurable is not None:
            figures["measurable_rate"] = ratio(measurable, figures["impressions"])
            figures["viewable_rate"] = ratio(viewable, measurable)
            figures["viewable_cpm"] = ratio(1000 * figures["spend"], viewable)
    agree_on_every(rows, expected, by=["campaign", "breakdown"])


@pytest.fixture(scope="module")
def amc(smaller_amc: Amc) -> Amc:
    return smaller_amc


@each_window
@each_instance
def test_viewability(amc: Amc, instance: str, window: Window) -> None:
    rows = amc.run("viewability", instance=instance, window=window)
    _agree_on_views(rows, _views(amc, instance, window, "site"))
    assert len({row["breakdown"] for row in rows}) > 5


def test_viewability_of_one_advertiser_by_device(amc: Amc) -> None:
    rows = amc.run("viewability", {"advertisers": "Halden Audio", "breakdown": "device_make"})
    expected = _views(amc, FIRST, MONTH, "device_make", only="advertiser = 'Halden Audio'")
    _agree_on_views(rows, expected)


def test_rows_that_are_well_in_view_are_left_out(amc: Amc) -> None:
    every = amc.run("viewability")
    rows = amc.run("viewability", {"most_viewable_rate": 68, "min_impressions": 100})
    expected = {
        (row["campaign"], row["breakdown"])
        for row in every
        if int(row["impressions"]) >= 100 and row["viewable_rate"] and float(row["viewable_rate"]) <= 0.68
    }
    assert {(row["campaign"], row["breakdown"]) for row in rows} == expected
    assert 0 < len(rows) < len(every)


# ---------------------------------------------------------------- segments


def _any_pair(*_: str) -> bool:
    return True


def _overlaps(
    amc: Amc,
    instance: str,
    window: Window,
    *,
    membership: str = "user",
    only: str = "true",
    least: int = 100,
    fits: Callable[[str, str], bool] = _any_pair,
) -> tuple[dict[Any, Any], Tally]:
    people: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    impressions: Counter[tuple[int, str]] = Counter()
    dollars: defaultdict[tuple[int, str], float] = defaultdict(float)
    for number, name, user, times, millicents in amc.ask(
        f"""SELECT behavior_segment_id, behavior_segment_name, user_id, count(*), sum(total_cost)
        FROM dsp_impressions_by_{membership}_segments
        WHERE impression_dt_utc >= $a AND impression_dt_utc < $b AND user_id IS NOT NULL AND {only}
        GROUP BY ALL""",
        instance=instance,
        window=window,
    ):
        people[number, name].add(user)
        impressions[number, name] += times
        dollars[number, name] += millicents / 100_000
    everybody = len(set().union(*people.values())) if people else 0
    tally, expected = Tally(), {}
    for first, second in permutations([each for each, users in people.items() if len(users) >= least], 2):
        both = people[first] & people[second]
        if len(both) < 2 or not fits(first[1], second[1]):
            continue
        key = (first[0], second[0])
        for user in both:
            tally.add(key, "both", user)
        sizes = len(people[first]), len(people[second])
        expected[key] = {
            "segment": first[1],
            "other_segment": second[1],
            "people": sizes[0],
            "other_people": sizes[1],
            "people_in_both": len(both),
            "impressions": impressions[first],
            "spend": dollars[first],
            "overlap_share": len(both) / sizes[0],
            "likeness": len(both) / len(people[first] | people[second]),
            "lift": len(both) / sizes[0] / (sizes[1] / everybody),
        }
    return expected, tally


_PAIR = ["segment_id", "other_segment_id"]


# a longer window, a smaller brand: all pairs of everybody's segments take a while
@pytest.mark.parametrize(
    ("instance", "window", "brand"),
    [
        (INSTANCES[0], WEEK, ""),
        (INSTANCES[1], WEEK, ""),
        (INSTANCES[0], MONTH, "Halden Audio"),
        (INSTANCES[1], MONTH, "Northwind Outdoors"),
        (INSTANCES[0], QUARTER, "Petal & Paw"),
        (INSTANCES[1], QUARTER, "Northwind Outdoors"),
    ],
)
def test_audience_overlap(amc: Amc, instance: str, window: Window, brand: str) -> None:
    values = {"advertisers": [brand]} if brand else {}
    rows = amc.run("audience_overlap", values, instance=instance, window=window)
    only = f"advertiser = '{brand}'" if brand else "true"
    expected, tally = _overlaps(amc, instance, window, only=only)
    agree(rows, expected, by=_PAIR, tally=tally)
    assert len(rows) > 20


def test_overlap_of_targeted_segments_by_name(amc: Amc) -> None:
    values = {
        "membership": "matched",
        "advertisers": "Northwind Outdoors",
        "segment_filter": "LS - *",
        "other_filter": "*r*",
        "min_segment": 10,
    }
    rows = amc.run("audience_overlap", values, window=WEEK)
    expected, tally = _overlaps(
        amc,
        FIRST,
        WEEK,
        membership="matched",
        only="advertiser = 'Northwind Outdoors'",
        least=10,
        fits=lambda first, second: first.startswith("LS - ") and "r" in second,
    )
    agree(rows, expected, by=_PAIR, tally=tally)
    assert rows


def test_pairs_of_little_overlap_are_left_out(amc: Amc) -> None:
    every = amc.run("audience_overlap", window=WEEK)
    much = amc.run("audience_overlap", {"min_share": 30}, window=WEEK)
    expected = {(row["segment"], row["other_segment"]) for row in every if float(row["overlap_share"]) >= 0.3}
    assert {(row["segment"], row["other_segment"]) for row in much} == expected
    assert 0 < len(much) < len(every)
