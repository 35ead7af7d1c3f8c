"""Hints to the workers that a row wants attention; they leave after commit and may be lost or doubled."""

from dataclasses import dataclass
from functools import partial
from typing import Protocol

from sqlalchemy.orm import Session

from reportbuilder import database, logs

log = logs.get_logger(__name__)


@dataclass(frozen=True)
class WakeUp:
    """``name`` says what to do (an actor's name), ``id`` with which row, ``delay`` after how many seconds."""

    name: str
    id: str
    delay: float = 0.0


class Deliver(Protocol):
    """How a wake-up reaches the workers."""

    def __call__(self, wake_up: WakeUp) -> None:
        """Send it; may raise, since nothing depends on it."""


def _nobody(wake_up: WakeUp) -> None:
    log.debug("wake-up without a worker", wake_up=wake_up.name, id=wake_up.id)


_deliver: Deliver = _nobody


def deliver_with(deliver: Deliver) -> Deliver:
    """Wire the wake-ups to whoever carries them; return who did until now."""
    global _deliver
    before, _deliver = _deliver, deliver
    return before


def ask(session: Session, name: str, id: str, delay: float = 0.0) -> None:
    """Ask for a row to be looked after once this transaction is committed."""
    database.after_commit(session, partial(send, WakeUp(name, id, delay)))


def send(wake_up: WakeUp) -> None:
    """Send now; a failure is logged and forgotten, for the sweeps find the row anyway."""
    try:
        _deliver(wake_up)
    except Exception as error:  # noqa: BLE001 - a lost hint must never fail the work that gave it
        log.warning("wake-up lost", wake_up=wake_up.name, id=wake_up.id, error=type(error).__name__)
