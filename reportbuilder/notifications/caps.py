"""How many messages an hour go to a user by one channel; what is over that waits for a digest."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.notifications.kinds import HELD
from reportbuilder.notifications.models import Notification

SPAN: Final = timedelta(hours=1)


class Caps:
    """The caps of one transaction that writes messages; nobody else may write any meanwhile.

    ``most``: messages in any hour; 0 is no cap.
    """

    def __init__(self, session: Session, most: int) -> None:
        self._session, self._most = session, most
        self._counted: dict[tuple[UUID, str], list[datetime]] = {}

    def apply(self, message: Notification) -> None:
        """Count a message that is to go at once, or hold it until the first of the hour's has left it."""
        if self._most <= 0:
            return
        times = self._times(message.user_id, message.channel)
        if len(times) < self._most:
            times.append(clock.now())
            return
        message.pace, message.not_before = HELD, times[-self._most] + SPAN

    def _times(self, user_id: UUID, channel: str) -> list[datetime]:
        if (user_id, channel) not in self._counted:
            found = self._session.scalars(
                select(Notification.created_at)
                .where(
                    Notification.user_id == user_id,
                    Notification.channel == channel,
                    Notification.pace == "at_once",
                    Notification.created_at > clock.now() - SPAN,
                )
                .order_by(Notification.created_at)
            )
            self._counted[user_id, channel] = list(found)
        return self._counted[user_id, channel]
