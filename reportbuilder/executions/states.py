"""The states of an execution and the moves between them, as data."""

from typing import Final

STATES: Final[dict[str, str]] = {
    "pending": "waits for a free slot, or for the time of its next attempt",
    "submitting": "the intent is written and AMC is being asked, or its lost answer is being looked for",
    "running": "AMC has accepted it and has not ended it",
    "collecting": "AMC has finished and the rows are being fetched",
    "completed": "the rows are here",
    "failed": "it has ended without rows; the message says why and what to do",
    "cancelled": "somebody asked to stop it, and it has stopped",
}

INITIAL: Final = "pending"
FINAL: Final = frozenset({"completed", "failed", "cancelled"})
ACTIVE: Final = frozenset(STATES) - FINAL
RETRIED: Final = frozenset({"failed", "cancelled"})  # what may be run once more
IN_SLOT: Final = frozenset({"submitting", "running"})

MOVES: Final[dict[str, frozenset[str]]] = {
    "pending": frozenset({"submitting", "failed", "cancelled"}),
    "submitting": frozenset({"running", "pending", "failed", "cancelled"}),
    "running": frozenset({"collecting", "failed", "cancelled"}),
    "collecting": frozenset({"completed", "failed", "cancelled"}),
    "completed": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}

STATUS: Final[dict[str, str]] = {
    "pending": "pending",
    "submitting": "running",
    "running": "running",
    "collecting": "running",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}

TRIGGERS: Final = ("manual", "schedule", "backfill", "api")

ERROR_CLASSES: Final[dict[str, str]] = {
    "permanent": "the same request would fail again: the SQL, the privacy rules or the rights are at fault",
    "transient": "AMC or the network failed more often than we try again",
    "lost": "AMC does not know the execution any more",
    "result": "AMC's result cannot be read as it is described",
    "internal": "a fault of ours",
}


def may_move(before: str, after: str) -> bool:
    """Say whether an execution may go from one state to another.

    >>> may_move("running", "collecting"), may_move("completed", "running")
    (True, False)
    """
    return after in MOVES[before]


def is_final(state: str) -> bool:
    """Say whether nothing more will happen."""
    return state in FINAL


def phases_of(status: str) -> tuple[str, ...]:
    """Return the states that the JSON word ``status`` covers."""
    return tuple(state for state, word in STATUS.items() if word == status)
