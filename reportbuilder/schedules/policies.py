"""What a schedule does when something is not as planned, as data: stated in the form and stored with it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final

from reportbuilder.errors import Invalid
from reportbuilder.parameters.messages import shorten, show, suggest

MOST_MADE_UP = MOST_WAITING = 100  # as many as may be made up may wait


class Missed(StrEnum):
    """What becomes of due times that nobody was there to fire."""

    SKIP = "skip"
    ONCE = "once"
    ALL = "all"


class Overlap(StrEnum):
    """What becomes of a due time while an earlier run of the schedule is still going."""

    SKIP = "skip"
    QUEUE = "queue"
    CANCEL = "cancel"


# apart, since members of the same text are the same key
MISSED_WORDS: Final[dict[Missed, str]] = {
    Missed.SKIP: "runs that were missed are left out",
    Missed.ONCE: "however many runs were missed, the last of them is made up",
    Missed.ALL: "all runs that were missed are made up, the latest {missed_limit} at most",
}
OVERLAP_WORDS: Final[dict[Overlap, str]] = {
    Overlap.SKIP: "while a run is going, the next is left out",
    Overlap.QUEUE: "while a run is going, the next waits for its end",
    Overlap.CANCEL: "a run that is still going is cancelled when the next is due",
}


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies of one schedule.

    ``missed_limit``: how many missed runs are made up at most, if all are. ``pause_after``: after so many
    failures in a row the schedule pauses itself; 0 is never.
    """

    missed: Missed = Missed.ONCE
    missed_limit: int = 10
    overlap: Overlap = Overlap.QUEUE
    pause_after: int = 5

    def describe(self) -> list[str]:
        """Return the policies in words, one sentence each."""
        missed = MISSED_WORDS[self.missed].format(missed_limit=self.missed_limit)
        said = [missed, OVERLAP_WORDS[self.overlap]]
        if self.pause_after == 1:
            return [*said, "after a failure it pauses"]
        if self.pause_after:
            return [*said, f"after {self.pause_after} failures in a row it pauses"]
        return [*said, "failures do not pause it"]

    def to_json(self) -> dict[str, Any]:
        """Return what `read_policies` reads back."""
        return asdict(self)


_COUNTS: Final = {"missed_limit": (1, MOST_MADE_UP), "pause_after": (0, 100)}
_CHOICES: Final[dict[str, type[Missed | Overlap]]] = {"missed": Missed, "overlap": Overlap}


def read_policies(data: Mapping[str, Any] | None, *, usual: Policies | None = None) -> Policies:
    """Return the policies that a mapping names; what it leaves out is as in ``usual``.

    :raises Invalid: with all wrong fields in ``details``.
    """
    found: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for key, value in (data or {}).items():
        if value is None:
            continue
        try:
            found[key] = _read(key, value)
        except ValueError as error:
            wrong[shorten(str(key))] = [str(error)]
    if wrong:
        raise Invalid("; ".join(f"{key}: {said[0]}" for key, said in wrong.items()), details=wrong)
    return replace(usual or Policies(), **found)


def _read(key: str, value: object) -> Missed | Overlap | int:
    if key in _CHOICES:
        words = [each.value for each in _CHOICES[key]]
        if value not in words:
            raise ValueError(f"{show(value)} is not a policy; give one of {', '.join(words)}")
        return _CHOICES[key](value)
    if key not in _COUNTS:
        known = (*_CHOICES, *_COUNTS)
        near = suggest(str(key), known, f"give one of {', '.join(known)}")
        raise ValueError(f"is not a policy; {near}")
    least, most = _COUNTS[key]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{show(value)} is not a whole number from {least} to {most}")
    return value


class Start(StrEnum):
    """What to do with a firing, given what the schedule has going."""

    NOW = "now"
    WAIT = "wait"  # until what is going has ended
    REPLACE = "replace"  # cancel what is going or waiting, then start
    SKIP = "skip"


def decide_overlap(overlap: Overlap, *, active: int, made_up: bool = False) -> Start:
    """Say what becomes of a firing while ``active`` runs of its schedule have not ended.

    Runs that are made up after an outage were due at different times and come at once, so they wait for one
    another whatever the policy says: else only one of them would ever run. More than `MOST_WAITING` never
    wait; who comes after is skipped.
    """
    if not active:
        return Start.NOW
    if made_up or overlap is Overlap.QUEUE:
        return Start.WAIT if active <= MOST_WAITING else Start.SKIP
    return Start.REPLACE if overlap is Overlap.CANCEL else Start.SKIP


def failures_in_a_row(outcomes: Iterable[str]) -> int:
    """Count the failures since the last success, from the states in which runs ended, latest first.

    Runs that were cancelled or skipped say nothing of the report, so they neither count nor end the row.
    """
    failures = 0
    for outcome in outcomes:
        if outcome == "completed":
            break
        failures += outcome == "failed"
    return failures


def must_pause(policies: Policies, failures: int) -> bool:
    """Say whether a schedule with so many failures in a row pauses itself."""
    return 0 < policies.pause_after <= failures
