"""The wake-ups of notifications, by the names of the actors that answer them."""

from typing import Final

from sqlalchemy.orm import Session

from reportbuilder import wakeups
from reportbuilder.notices import TELL
from reportbuilder.notifications.models import Notification

SEND: Final = "send_notification"
_LONGEST_DELAY: Final = 60.0  # seconds; what is due later the sweep finds


def ask_tell(session: Session) -> None:
    """Have notices that nobody has handled turned into messages."""
    wakeups.ask(session, TELL, "")


def ask_send(session: Session, message: Notification, delay: float = 0.0) -> None:
    """Have a message sent."""
    if delay <= _LONGEST_DELAY:
        wakeups.ask(session, SEND, message.notification_id, delay)
