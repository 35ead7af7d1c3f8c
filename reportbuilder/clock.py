"""The one place that asks what time it is; tests freeze it here."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return _source()


def in_seconds(seconds: float) -> datetime:
    """Return the instant that is ``seconds`` from now."""
    return now() + timedelta(seconds=seconds)


def monotonic() -> float:
    """Return seconds on a clock that never goes back, for measuring spans."""
    return time.monotonic()


@contextmanager
def frozen(at: datetime) -> Iterator[Callable[[float], None]]:
    """Stop the clock at ``at``; the value given moves it on by so many seconds.

    The stop holds for all threads of this process, as a wrong clock on a machine would.
    """
    global _source  # noqa: PLW0603 - one process has one clock; that is the point of this module
    before, current = _source, [at]

    def advance(seconds: float) -> None:
        current[0] += timedelta(seconds=seconds)

    _source = lambda: current[0]  # noqa: E731 - it replaces a function by one that reads a cell
    try:
        yield advance
    finally:
        _source = before
