"""How what sweeps have found leaves for the workers: rarely, while none of them gives a sign of life."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from reportbuilder import clock, heartbeats, logs, wakeups
from reportbuilder.database import reading
from reportbuilder.wakeups import WakeUp

log = logs.get_logger(__name__)

RARELY: Final = timedelta(minutes=5)


class Outbox:
    """Sends the hints of one sweep.

    Without a worker the same ones would be found and sent every few seconds, and all wait for the first that
    comes. Some leave all the same, since only the signs of life may be missing, as when a clock is wrong.
    """

    def __init__(self) -> None:
        self.sent_at: datetime | None = None

    def send(self, found: Sequence[WakeUp]) -> None:
        """Send hints, or keep quiet; the first sweep that sees a worker sends all that it finds."""
        if not found:
            return
        if self._was_lately() and not _has_worker():
            log.info("no worker is there, hints are not sent again", count=len(found))
            return
        self.sent_at = clock.now()
        wakeups.send_all(found)

    def _was_lately(self) -> bool:
        return self.sent_at is not None and timedelta(0) <= clock.now() - self.sent_at < RARELY


def _has_worker() -> bool:
    with reading() as session:
        return heartbeats.alive(session).get("worker", 0) > 0
