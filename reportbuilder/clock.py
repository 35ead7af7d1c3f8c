"""The one place that asks what time it is; tests freeze it here."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


def machine_now() -> datetime:
    """Return the machine's own time, for libraries that wait by it; all others ask ``now``."""
    return datetime.now(UTC)


_source: Callable[[], datetime] = machine_now
_speed = 1.0


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return _source()


def in_seconds(seconds: float) -> datetime:
    """Return the instant that is ``seconds`` from now."""
    return now() + timedelta(seconds=seconds)


def on_machine(seconds: float) -> float:
    """Return how many of the machine's seconds pass in so many of ours; only tests make them differ."""
    return seconds / _speed


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


@contextmanager
def hurried(speed: float, since: float) -> Iterator[None]:
    """Let this process's clock run ``speed`` times as fast as the machine's since an instant (epoch seconds).

    All processes of a test that are given the same two agree on the time.
    """
    global _source, _speed
    before, begin = (_source, _speed), datetime.fromtimestamp(since, UTC)
    _source, _speed = (lambda: begin + (machine_now() - begin) * speed), speed
    try:
        yield
    finally:
        _source, _speed = before
