"""What is already there: the same report, inputs and window exactly, and what is then chosen to run."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.backfills.presence import (
    CHOSEN,
    STANDINGS,
    Known,
    choose_segments,
    count_standings,
    find_standings,
)
from reportbuilder.backfills.segments import Segment, cut_days
from reportbuilder.backfills.wishes import REPROCESS
from reportbuilder.executions.states import FINAL, STATES
from reportbuilder.parameters.dates import DateRange

DAYS = DateRange(date(2026, 1, 1), date(2026, 2, 4))
WEEKS = cut_days(DAYS, "weekly", "Europe/Berlin")
WEEK = WEEKS[1]
BASE = Known("r", "d", WEEK.window, "completed")

runs = st.builds(
    Known,
    report=st.sampled_from(["r", "other"]),
    digest=st.sampled_from(["d", "other"]),
    window=st.sampled_from([one.window for one in WEEKS]),
    state=st.sampled_from(sorted(STATES)),
    is_preliminary=st.booleans(),
    is_refused=st.booleans(),
)


def standing(*known: Known, segment: Segment = WEEK) -> str:
    (found,) = find_standings([segment], known, report="r", digest="d")
    return found


@pytest.mark.parametrize(
    ("state", "expected"),
    [("completed", "done"), ("failed", "failed"), ("cancelled", "missing"), ("pending", "running")],
)
def test_what_one_run_means(state: str, expected: str) -> None:
    assert standing(replace(BASE, state=state)) == expected


def test_only_the_same_report_inputs_and_window_count() -> None:
    assert standing(BASE) == "done"
    assert standing(replace(BASE, report="other")) == "missing"
    assert standing(replace(BASE, digest="other")) == "missing"
    assert standing(replace(BASE, window=replace(WEEK.window, zone="Europe/Paris"))) == "missing"
    longer = replace(WEEK.window, end=WEEK.window.end + timedelta(seconds=1))
    assert standing(replace(BASE, window=longer)) == "missing"


def test_a_clipped_week_is_not_the_whole_one() -> None:
    clipped = cut_days(
        DateRange(WEEK.days.start, WEEK.days.end - timedelta(days=1)), "weekly", "Europe/Berlin"
    )
    assert clipped[0].unit == WEEK.unit
    assert standing(replace(BASE, window=clipped[0].window)) == "missing"
    assert standing(replace(BASE, window=clipped[0].window), segment=clipped[0]) == "done"


def test_rows_that_had_not_settled_are_asked_for_again() -> None:
    assert standing(replace(BASE, is_preliminary=True)) == "missing"
    assert standing(replace(BASE, is_preliminary=True), BASE) == "done"


def test_the_best_of_several_runs_counts_and_running_beats_all() -> None:
    failed, running = replace(BASE, state="failed"), replace(BASE, state="running")
    assert standing(failed, BASE) == standing(BASE, failed) == "done"
    assert standing(BASE, running) == standing(running, failed) == "running"
    refused = replace(failed, is_refused=True)
    assert standing(failed, refused) == standing(refused, failed) == "refused"
    assert standing(replace(BASE, state="cancelled"), failed) == "failed"


def test_every_choice_is_told_and_none_starts_what_runs() -> None:
    assert set(CHOSEN) == set(REPROCESS)
    assert CHOSEN["missing"] < CHOSEN["missing_and_failed"] < CHOSEN["all"]
    assert CHOSEN["all"] == set(STANDINGS) - {"running"}
    assert "refused" not in CHOSEN["missing_and_failed"]


@given(st.lists(runs, max_size=20), st.sampled_from(sorted(REPROCESS)))
def test_nothing_is_chosen_that_is_there_and_nothing_missing_is_forgotten(
    known: list[Known], reprocess: str
) -> None:
    standings = find_standings(WEEKS, known, report="r", digest="d")
    chosen = choose_segments(WEEKS, standings, reprocess)
    assert [one for one in WEEKS if one in chosen] == list(chosen)
    for segment, found in zip(WEEKS, standings, strict=True):
        mine = [one for one in known if (one.report, one.digest, one.window) == ("r", "d", segment.window)]
        is_running = any(one.state not in FINAL for one in mine)
        is_there = any(one.state == "completed" and not one.is_preliminary for one in mine)
        if is_running:
            assert segment not in chosen
        elif not any(one.state in ("completed", "failed") for one in mine):
            assert segment in chosen
        if is_there and reprocess != "all":
            assert segment not in chosen
        assert found in STANDINGS
    assert find_standings(WEEKS, known[::-1], report="r", digest="d") == standings


def test_the_count_names_every_standing() -> None:
    assert count_standings(["done", "missing", "done"]) == {
        "running": 0,
        "done": 2,
        "refused": 0,
        "failed": 0,
        "missing": 1,
    }


def test_a_state_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(ValueError, match="SUCCEEDED"):
        standing(replace(BASE, state="SUCCEEDED"))
