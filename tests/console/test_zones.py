"""Time zones to choose from: each once, the usual ones first, found by offset and by short names."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from admin import zones
from reportbuilder import clock
from reportbuilder.parameters.dates import offered_zones

WINTER, SUMMER = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)


def groups(web: Flask, chosen: str = "Asia/Kathmandu") -> list[tuple[str, list[zones.Zone]]]:
    with web.test_request_context("/"):
        return zones.zone_groups(chosen)


def test_each_zone_is_there_once_and_what_is_chosen_comes_first(web: Flask) -> None:
    found = groups(web)
    names = [zone.name for _, those in found for zone in those]
    assert sorted(names) == sorted(offered_zones())
    assert names[:3] == ["Asia/Kathmandu", "UTC", "America/New_York"]
    assert len({title for title, _ in found}) == len(found)


def test_the_usual_ones_are_zones() -> None:
    assert set(zones.USUAL) <= set(offered_zones())


@pytest.mark.parametrize("wanted", ["America/New_York", "US/Eastern", "Mars/Olympus", ""])
def test_what_is_chosen_is_among_them_whatever_it_is(web: Flask, wanted: str) -> None:
    names = [zone.name for _, those in groups(web, wanted) for zone in those]
    assert names.count(wanted) == bool(wanted)


@pytest.mark.parametrize(
    ("at", "name", "text", "also"),
    [
        (WINTER, "America/New_York", "New York (UTC-05:00)", "EST EDT GMT-5 UTC-5"),
        (SUMMER, "America/New_York", "New York (UTC-04:00)", "EDT EST GMT-4 UTC-4"),
        (WINTER, "Asia/Kolkata", "Kolkata (UTC+05:30)", "IST GMT+5:30 UTC+5:30"),
        (WINTER, "Asia/Tokyo", "Tokyo (UTC+09:00)", "JST GMT+9 UTC+9"),
        (WINTER, "UTC", "UTC", "UTC GMT UTC"),
        (WINTER, "America/Argentina/Ushuaia", "Ushuaia, Argentina (UTC-03:00)", "GMT-3 UTC-3"),
    ],
)
def test_a_zone_is_found_by_its_offset_of_now_and_by_its_short_names(
    web: Flask, at: datetime, name: str, text: str, also: str
) -> None:
    with clock.frozen(at):
        shown = {zone.name: zone for _, those in groups(web) for zone in those}
    assert (shown[name].text, shown[name].also) == (text, also)
