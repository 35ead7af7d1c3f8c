"""Instants and spans in words, and the answers of regions that poll."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from admin.answers import STOP, live
from admin.instants import ago, seen, seen_ago, span

CHANGE = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "text", "exact"),
    [
        ("UTC", "2026-03-29 00:30", "Sunday 2026-03-29 00:30:00 UTC"),
        (
            "America/New_York",
            "2026-03-28 20:30",
            "Saturday 2026-03-28 20:30:00 America/New_York (2026-03-29 00:30:00 UTC)",
        ),
    ],
)
def test_an_instant_in_a_zone(zone: str, text: str, exact: str) -> None:
    found = seen(CHANGE, zone)
    assert (found.text, found.title, found.machine) == (text, exact, "2026-03-29T00:30:00+00:00")


def test_ago_is_told_from_our_clock(noon: Callable[[float], None]) -> None:
    told = seen_ago(datetime(2026, 3, 4, 11, 30, tzinfo=UTC), "UTC")
    assert (told.text, told.title) == ("30 min ago", "Wednesday 2026-03-04 11:30:00 UTC")


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)))
def test_ago_and_in_mirror_each_other(distance: timedelta) -> None:
    past, future = ago(-distance), ago(distance)
    assert past == future == "now" or (past.removesuffix(" ago"), "in ") == (future[3:], future[:3])


@pytest.mark.parametrize(
    ("seconds", "words"), [(3569, "59 min"), (3570, "1 h"), (84599, "23 h"), (84600, "1 day"), (46, "1 min")]
)
def test_a_unit_that_is_full_is_told_as_the_next(seconds: int, words: str) -> None:
    assert ago(timedelta(seconds=seconds)) == f"in {words}"


@given(st.integers(0, 10**8))
def test_a_span_is_never_wrong_by_more_than_its_smallest_unit(seconds: int) -> None:
    units = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    words = span(seconds).split()
    told = [(int(number), unit) for number, unit in zip(words[::2], words[1::2], strict=True)]
    smallest = [*units.values()][min(3, [*units].index(told[0][1]) + 1)]
    assert 0 <= seconds - sum(number * units[unit] for number, unit in told) < smallest


def test_a_region_that_has_it_already_gets_304() -> None:
    app = Flask(__name__)
    with app.test_request_context("/"):
        first = live("<p>one</p>")
        assert (first.status_code, first.get_data(as_text=True)) == (200, "<p>one</p>")
        tag = first.headers["ETag"]
    with app.test_request_context("/", headers={"If-None-Match": tag}):
        assert live("<p>one</p>").status_code == 304
        assert live("<p>two</p>").status_code == 200
        assert live("<p>one</p>", is_over=True).status_code == STOP
