"""How long to wait: between looks at an instance, and before trying again."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

YOUTH = 8.0  # a run as old as this many looks apart: a minute after its start it is looked at every 8 seconds
ENOUGH = 3  # runs from which one may tell how long the next one takes at least
SURELY = 0.75  # before this share of the shortest run of late, none is expected to end
LOOKS = 20.0  # while a run takes its usual time; late by a fortieth of it in the mean
JITTER = 0.1


@dataclass(frozen=True)
class Usual:
    """How long such runs have taken of late, in seconds: the ``shortest`` of them, and the ``middle``.

    ``shortest`` is 0 while too few have ended to tell.
    """

    shortest: float
    middle: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Self | None:
        """Tell it from the last runs; None if there were none."""
        if not seconds:
            return None
        return cls(min(seconds) if len(seconds) >= ENOUGH else 0.0, median(seconds))


@dataclass(frozen=True)
class Span:
    """Seconds between two looks: at ``least``, the same where nothing is known (``unknown``), at ``most``."""

    least: float
    unknown: float
    most: float


def until_next_look(runs: Iterable[tuple[float, Usual | None]], span: Span) -> float | None:
    """Return the seconds until the next look, from what runs: ages in seconds, and what is usual for each.

    None if nothing runs. What has just begun may end soon, what has run for an hour will not end this second;
    and where runs are known to take two seconds, or ten minutes, the looks keep to that.
    """
    return min((_until(age, usual, span) for age, usual in runs), default=None)


def _until(age: float, usual: Usual | None, span: Span) -> float:
    if usual is None:
        return min(span.most, max(span.unknown, age / YOUTH))
    pause = max(usual.shortest * SURELY - age, max(age, usual.middle) / LOOKS)
    return min(span.most, max(span.least, pause))


def backoff(attempt: int, *, first: float = 2.0, longest: float = 120.0) -> float:
    """Return the seconds before attempt number ``attempt`` + 1: doubling, with 10 % jitter either way.

    >>> 1.8 <= backoff(1) <= 2.2 and 3.6 <= backoff(2) <= 4.4
    True
    """
    # capped before the power, which would overflow for an absurd number of attempts
    pause = min(longest, first * 2.0 ** min(max(0, attempt - 1), 30))
    return pause * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter is no secret
