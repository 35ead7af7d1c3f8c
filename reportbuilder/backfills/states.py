"""The states of a backfill and of its segments and the moves between them, as data; and who is next."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

SEGMENT_STATES: Final[dict[str, str]] = {
    "waiting": "it has not been asked for yet",
    "running": "it has an execution that waits for its slot or is at AMC",
    "collecting": "AMC has finished and its rows are being fetched; it holds no slot any more",
    "completed": "its rows are here",
    "failed": "its execution has ended without rows",
    "refused": "AMC has refused its window for good, for too many runs over it; asking again does not help",
    "cancelled": "it was stopped, or not asked for since the backfill was cancelled",
    "skipped": "it was not asked for, since another one failed and the backfill stops then",
    "present": "it was there before, and is not run again",
}
SEGMENT_MOVES: Final[dict[str, frozenset[str]]] = {
    "waiting": frozenset({"running", "failed", "cancelled", "skipped", "present"}),
    "running": frozenset({"collecting", "completed", "failed", "refused", "cancelled"}),
    "collecting": frozenset({"completed", "failed", "cancelled"}),
    "completed": frozenset(),
    "failed": frozenset({"waiting"}),
    "refused": frozenset(),
    "cancelled": frozenset(),
    "skipped": frozenset({"waiting"}),
    "present": frozenset(),
}
IN_FLIGHT: Final = frozenset({"running", "collecting"})
ENDED: Final = frozenset(SEGMENT_STATES) - IN_FLIGHT - {"waiting"}
NOT_THERE: Final = ENDED - {"completed", "present"}
_OF_EXECUTION: Final[dict[str, str]] = {
    "pending": "running",
    "submitting": "running",
    "running": "running",
    "collecting": "collecting",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}

STATES: Final[dict[str, str]] = {
    "running": "segments are asked for as its concurrency and the slots allow",
    "paused": "nothing more is asked for; what is at AMC goes on",
    "cancelling": "what waits is given up, and what is in flight is being stopped",
    "completed": "every segment is there",
    "completed_with_failures": "some segments have come and others have not",
    "cancelled": "somebody stopped it before all had come",
    "failed": "no segment has come, or it stopped at the first failure",
}
MOVES: Final[dict[str, frozenset[str]]] = {
    "running": frozenset(STATES) - {"running"},
    "paused": frozenset(STATES) - {"paused"},
    "cancelling": frozenset({"completed", "completed_with_failures", "cancelled", "failed"}),
    "completed": frozenset(),
    "completed_with_failures": frozenset({"running"}),
    "cancelled": frozenset(),
    "failed": frozenset({"running"}),
}
INITIAL: Final = "running"
OPEN: Final = frozenset({"running", "paused", "cancelling"})  # one of these a report at a time
ENDS: Final = frozenset(STATES) - OPEN

VERBS: Final[dict[str, tuple[frozenset[str], str]]] = {
    "pause": (frozenset({"running"}), "paused"),
    "resume": (frozenset({"paused"}), "running"),
    "cancel": (frozenset({"running", "paused"}), "cancelling"),
    "retry-failed": (frozenset({"completed_with_failures", "failed"}), "running"),
}

Tally = Counter[str]

# The first line that holds is the end: what is asked of the segments, and whether a cancel was asked for.
_END_RULES: Final[tuple[tuple[Callable[[Tally, bool], bool], str], ...]] = (
    (lambda tally, _: not any(tally[one] for one in NOT_THERE), "completed"),
    (lambda tally, is_cancelling: is_cancelling and tally["cancelled"] > 0, "cancelled"),
    (lambda tally, _: tally["skipped"] > 0, "failed"),
    (lambda tally, _: tally["completed"] > 0, "completed_with_failures"),
    (lambda tally, _: tally["failed"] + tally["refused"] > 0, "failed"),
    (lambda _, __: True, "cancelled"),
)


def may_move(before: str, after: str) -> bool:
    """Say whether a backfill may go from one state to another."""
    return after in MOVES[before]


def after_verb(verb: str, state: str) -> str | None:
    """Return the state that ``pause``, ``resume``, ``cancel`` or ``retry-failed`` leads to, None if it cannot
    be done in this one."""
    before, after = VERBS[verb]
    return after if state in before else None


def tally(states: Iterable[str]) -> Tally:
    """Count segments by state.

    :raises ValueError: for a word that is no state, so that none is overlooked.
    """
    count = Counter(states)
    if unknown := set(count) - set(SEGMENT_STATES):
        raise ValueError(f"{', '.join(sorted(unknown))}: no state of a segment")
    return count


def give_up(state: str, count: Tally, on_failure: str) -> str | None:
    """Return what waiting segments become at once: ``cancelled``, ``skipped``, or None to leave them.

    A refused segment stops nothing: AMC's refusal concerns its window alone.
    """
    if state == "cancelling":
        return "cancelled"
    return "skipped" if state in OPEN and on_failure == "stop" and count["failed"] else None


def settle(state: str, count: Tally) -> str:
    """Return the state of a backfill whose segments stand so: the same, or its end.

    It ends when nothing waits (see `give_up`) and nothing is in flight. The end says what became of the
    segments, whatever was asked for: a cancel that came too late leaves a completed backfill completed.
    Segments that were there before count neither way.
    """
    if state in ENDS or any(count[one] for one in SEGMENT_STATES if one not in ENDED):
        return state
    return next(end for rule, end in _END_RULES if rule(count, state == "cancelling"))


def next_up(
    states: Sequence[str], *, state: str, on_failure: str, concurrency: int, ahead: int = 0
) -> tuple[int, ...]:
    """Return the places of the segments to ask for now, in their order.

    A packed run counts once: give one state for each run then. As many may be running as its concurrency
    says, and ``ahead`` more may queue for slots; what is collected holds no slot.
    """
    count = tally(states)
    if state != "running" or give_up(state, count, on_failure):
        return ()
    room = max(0, concurrency + ahead - count["running"])
    return tuple(place for place, one in enumerate(states) if one == "waiting")[:room]


def to_retry(states: Sequence[str]) -> tuple[int, ...]:
    """Return the places of the segments that ``retry-failed`` sets to waiting: failed and skipped ones."""
    return tuple(place for place, one in enumerate(states) if "waiting" in SEGMENT_MOVES[one])


def of_execution(state: str, *, is_refused: bool = False) -> str:
    """Return the state of a segment whose execution is in this one.

    :param is_refused: it failed with AMC's refusal for overlapping windows.
    """
    return "refused" if state == "failed" and is_refused else _OF_EXECUTION[state]


def percentage(count: Tally) -> int:
    """Return how much has ended, in whole percent; 100 only if all has."""
    total = count.total()
    return 100 * sum(count[one] for one in ENDED) // total if total else 100


def tell(count: Tally) -> str:
    """Return one sentence for people.

    >>> tell(Counter(completed=350, failed=2))
    '350 of 352 segments have come; 2 failed.'
    """
    came = f"{count['completed']} of {count.total() - count['present']} segments have come"
    rest = [f"{count[one]} {word}" for one, word in _WORDS.items() if count[one]]
    return f"{'; '.join([came, ', '.join(rest)] if rest else [came])}."


_WORDS: Final = {
    "failed": "failed",
    "refused": "were refused by AMC",
    "cancelled": "were cancelled",
    "skipped": "were not asked for after a failure",
    "running": "are running",
    "collecting": "are being fetched",
    "waiting": "wait",
    "present": "were there before",
}
