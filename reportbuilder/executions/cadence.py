"""How long to wait: between looks at an instance, and before trying again."""

import random
from collections.abc import Iterable

YOUTH = 8.0  # a run as old as this many looks apart: a minute after its start it is looked at every 8 seconds
JITTER = 0.1


def until_next_look(ages: Iterable[float], shortest: float, longest: float) -> float | None:
    """Return the seconds until the next look, from the ages in seconds of what runs; None if nothing does.

    What has just begun may end soon, what has run for an hour will not end this second.
    """
    youngest = min(ages, default=None)
    if youngest is None:
        return None
    return min(longest, max(shortest, youngest / YOUTH))


def backoff(attempt: int, *, first: float = 2.0, longest: float = 120.0) -> float:
    """Return the seconds before attempt number ``attempt`` + 1: doubling, with 10 % jitter either way.

    >>> 1.8 <= backoff(1) <= 2.2 and 3.6 <= backoff(2) <= 4.4
    True
    """
    # capped before the power, which would overflow for an absurd number of attempts
    pause = min(longest, first * 2.0 ** min(max(0, attempt - 1), 30))
    return pause * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter is no secret
