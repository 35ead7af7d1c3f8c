"""Named places between two durable steps, at which tests kill the process to see that nothing is lost."""

import os
import signal

POINTS = {
    "requested": "the execution's row is committed, no worker has been told",
    "claimed": "the intent is committed, AMC has not been called",
    "accepted": "AMC has accepted, its id is not stored",
    "recorded": "AMC's id is stored, no look has been asked for",
    "refused": "AMC has refused or could not be reached, the row still says submitting",
    "listed": "AMC's list has been read, nothing of it is stored",
    "advanced": "the looks' findings are stored, no collection has been asked for",
    "collecting": "the collection is claimed, nothing is downloaded",
    "converted": "the Parquet file is made, it is not in the store",
    "stored": "the file is in the store, its row is not written",
    "completed": "the execution is completed, nobody has been told that a slot is free",
    "cancel_asked": "the wish to cancel is committed, no worker has been told",
    "cancel_claimed": "the cancel is about to be sent to AMC",
    "cancel_sent": "AMC has taken the cancel, no look has confirmed it",
    "backfill_started": "a backfill and its segments are committed, no worker has been told",
    "backfill_advanced": "a backfill has asked for its next runs, no worker has been told",
    "pack_parted": "the rows of a packed run are in the store by segment, their rows are not written",
    "judged": "due times have their firings, none of these has been started",
    "firing_ended": "a firing has ended with its execution, the next one that waits has not been started",
}

_armed = ""


def arm(point: str) -> None:
    """Make this process kill itself at that point; an empty name disarms."""
    global _armed  # noqa: PLW0603 - one process dies once
    if point and point not in POINTS:
        raise ValueError(f"{point!r} is no crash point; there are {', '.join(POINTS)}")
    _armed = point


def reached(point: str) -> None:
    """Die here, without cleaning up, if this point is armed."""
    if point == _armed:
        os.kill(os.getpid(), signal.SIGKILL)
