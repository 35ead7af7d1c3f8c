"""Holds the wall clock of a library that reads it by itself."""

from collections.abc import Callable

import pytest
from dramatiq.rate_limits import bucket


def hold_wall_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Stop the clock that Dramatiq's buckets read; call the value to move it on by seconds."""
    current = [1_772_625_600.2]

    class Held:
        @staticmethod
        def time() -> float:
            return current[0]

    def move_on(seconds: float) -> None:
        current[0] += seconds

    monkeypatch.setattr(bucket, "time", Held)
    return move_on
