"""Policies: read, said in words, and what they decide on overlap and failures."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.errors import Invalid
from reportbuilder.schedules.policies import (
    MOST_WAITING,
    Missed,
    Overlap,
    Policies,
    Start,
    decide_overlap,
    failures_in_a_row,
    must_pause,
    read_policies,
)

POLICIES = st.builds(
    Policies, st.sampled_from(Missed), st.integers(1, 100), st.sampled_from(Overlap), st.integers(0, 100)
)


@given(POLICIES, POLICIES)
def test_policies_are_written_and_read_back(policies: Policies, usual: Policies) -> None:
    assert read_policies(policies.to_json(), usual=usual) == policies
    assert read_policies({"missed": None}, usual=usual) == read_policies(None, usual=usual) == usual
    assert len(policies.describe()) == 3


def test_they_are_said_in_words() -> None:
    assert Policies(missed=Missed.ALL, missed_limit=7).describe() == [
        "all runs that were missed are made up, the latest 7 at most",
        "while a run is going, the next waits for its end",
        "after 5 failures in a row it pauses",
    ]
    assert [Policies(pause_after=n).describe()[2] for n in (0, 1)] == [
        "failures do not pause it",
        "after a failure it pauses",
    ]


def test_what_is_skipped_is_said_of_what_was_missed_and_of_what_overlaps() -> None:
    assert Policies(missed=Missed.SKIP, overlap=Overlap.SKIP).describe()[:2] == [
        "runs that were missed are left out",
        "while a run is going, the next is left out",
    ]


@pytest.mark.parametrize(
    ("data", "field", "reason"),
    [
        ({"missed": "some"}, "missed", '"some" is not a policy; give one of skip, once, all'),
        ({"overlap": ["skip"]}, "overlap", "give one of skip, queue, cancel"),
        ({"missed_limit": 0}, "missed_limit", "0 is not a whole number from 1 to 100"),
        ({"pause_after": True}, "pause_after", "true is not a whole number from 0 to 100"),
        ({"overlaps": "skip"}, "overlaps", "did you mean overlap"),
    ],
)
def test_what_is_wrong_is_named(data: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(Invalid) as error:
        read_policies(data)
    assert reason in error.value.details[field][0]


@pytest.mark.parametrize(
    ("overlap", "active", "made_up", "start"),
    [
        (Overlap.SKIP, 0, False, Start.NOW),
        (Overlap.SKIP, 1, False, Start.SKIP),
        (Overlap.SKIP, 3, True, Start.WAIT),
        (Overlap.QUEUE, 0, True, Start.NOW),
        (Overlap.QUEUE, 1, False, Start.WAIT),
        (Overlap.QUEUE, MOST_WAITING, False, Start.WAIT),
        (Overlap.QUEUE, MOST_WAITING + 1, False, Start.SKIP),
        (Overlap.CANCEL, 0, False, Start.NOW),
        (Overlap.CANCEL, 2, False, Start.REPLACE),
        (Overlap.CANCEL, 2, True, Start.WAIT),
    ],
)
def test_overlap(overlap: Overlap, active: int, made_up: bool, start: Start) -> None:
    assert decide_overlap(overlap, active=active, made_up=made_up) is start


@pytest.mark.parametrize(
    ("outcomes", "failures"),
    [
        ([], 0),
        (["failed", "failed", "completed", "failed"], 2),
        (["completed", "failed"], 0),
        (["failed", "cancelled", "skipped", "failed"], 2),
    ],
)
def test_failures_in_a_row(outcomes: list[str], failures: int) -> None:
    assert failures_in_a_row(outcomes) == failures


def test_a_schedule_pauses_after_so_many_failures_and_never_after_none() -> None:
    assert [must_pause(Policies(pause_after=3), failures) for failures in (0, 2, 3, 4)] == [
        False,
        False,
        True,
        True,
    ]
    assert not any(must_pause(Policies(pause_after=0), failures) for failures in (0, 1, 1000))
