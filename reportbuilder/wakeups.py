"""Hints to the workers that a row wants attention; they leave after commit and may be lost or doubled."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from sqlalchemy.orm import Session

from reportbuilder import clock, database, logs

log = logs.get_logger(__name__)

SLOW = 1.0  # seconds; a failure that took so long is one of a way that swallows everything
SILENT_FOR = 5.0  # seconds


@dataclass(frozen=True)
class WakeUp:
    """``name`` says what to do (an actor's name), ``id`` with which row, ``delay`` after how many seconds."""

    name: str
    id: str
    delay: float = 0.0


SendAll = Callable[[Sequence[WakeUp]], None]


class Deliver(Protocol):
    """How a wake-up reaches the workers."""

    def __call__(self, wake_up: WakeUp) -> None:
        """Send it; may raise, since nothing depends on it."""


def _nobody(wake_up: WakeUp) -> None:
    log.debug("wake-up without a worker", wake_up=wake_up.name, id=wake_up.id)


_deliver: Deliver = _nobody
_silent_until = -math.inf


def deliver_with(deliver: Deliver) -> Deliver:
    """Wire the wake-ups to whoever carries them; return who did until now."""
    global _deliver, _silent_until  # noqa: PLW0603 - one process has one way to its workers
    before, _deliver = _deliver, deliver
    _silent_until = -math.inf
    return before


def ask(session: Session, name: str, id: str, delay: float = 0.0) -> None:
    """Ask for a row to be looked after once this transaction is committed."""
    database.after_commit(session, partial(send, WakeUp(name, id, delay)))


def send(wake_up: WakeUp) -> None:
    """Send now; a failure is logged and forgotten, for the sweeps find the row anyway.

    After one that took its time none is tried for a while: hundreds in a row would hold up their sender.
    """
    global _silent_until  # noqa: PLW0603 - it is this process that cannot reach the workers
    began = clock.monotonic()
    if began < _silent_until:
        log.debug("wake-up not sent", wake_up=wake_up.name, id=wake_up.id)
        return
    try:
        _deliver(wake_up)
    except Exception as error:  # noqa: BLE001 - a lost hint must never fail the work that gave it
        log.warning("wake-up lost", wake_up=wake_up.name, id=wake_up.id, error=type(error).__name__)
        if clock.monotonic() - began >= SLOW:
            _silent_until = clock.monotonic() + SILENT_FOR


def send_all(found: Sequence[WakeUp]) -> None:
    """Send what a sweep has found."""
    for wake_up in found:
        send(wake_up)
