"""How single runs are told to go: each next one its seconds, and its end if not a good one."""

import math
import re
from dataclasses import dataclass

WORDS = ("SUCCEEDED", "FAILED", "REJECTED", "CANCELLED")
_LINE = re.compile(r"(?P<seconds>\d+(\.\d+)?)(\s+(?P<word>[A-Z]+)(\s+(?P<reason>.+))?)?", re.DOTALL)


@dataclass(frozen=True)
class Ending:
    """How one run goes: the seconds that it runs, its last status, and the reason told with it."""

    seconds: float
    status: str = "SUCCEEDED"
    reason: str | None = None


def endings(script: str) -> list[Ending]:
    """Return what a script says of the next runs.

    :raises ValueError: for a part that is not seconds, a status and a reason.

    >>> endings("30; 5 FAILED out of memory")[1]
    Ending(seconds=5.0, status='FAILED', reason='out of memory')
    """
    return [_ending(part.strip()) for part in script.split(";") if part.strip()]


def _ending(part: str) -> Ending:
    match = _LINE.fullmatch(part)
    word = match["word"] or "SUCCEEDED" if match else ""
    if match is None or word not in WORDS or not math.isfinite(float(match["seconds"])):
        wanted = f"seconds, one of {', '.join(WORDS)} and a reason, e.g. 5 FAILED no memory"
        raise ValueError(f"script: {part!r} is not {wanted}")
    return Ending(float(match["seconds"]), word, match["reason"])


def next_ending(script: str) -> tuple[Ending | None, str]:
    """Return how the next run goes by a script, None if it says nothing more, and the rest of the script."""
    first, _, rest = script.partition(";")
    if first.strip():
        return _ending(first.strip()), rest.strip()
    return (None, "") if not rest.strip() else next_ending(rest)
