"""Finds notices and messages whose hint was lost, late or never sent, and forgets what is old."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import aliased

from reportbuilder import clock, wakeups
from reportbuilder.database import reading, transaction
from reportbuilder.notices import TELL, Notice
from reportbuilder.notifications import gathering
from reportbuilder.notifications.models import Notification
from reportbuilder.notifications.sending import is_due
from reportbuilder.notifications.waking import SEND
from reportbuilder.wakeups import SendAll, WakeUp

SENT_AT_ONCE: Final = 500  # hints in one sweep; the next comes within seconds
_OVER: Final = ("sent", "failed", "dropped", "gathered")


def sweep(send_all: SendAll = wakeups.send_all) -> int:
    """Make the digests that are due, and send the hints that should have been followed by now."""
    gathering.gather()
    with reading() as session:
        unhandled = session.scalar(select(Notice.id).where(Notice.handled_at.is_(None)).limit(1))
        late = select(Notification.notification_id).where(is_due()).order_by(Notification.not_before)
        found = [WakeUp(SEND, name) for name in session.scalars(late.limit(SENT_AT_ONCE))]
    if unhandled is not None:
        found.insert(0, WakeUp(TELL, ""))
    send_all(found)
    return len(found)


def forget(kept_days: int) -> None:
    """Remove messages and handled notices that are older, but for what still waits."""
    before = clock.now() - timedelta(days=kept_days)
    message = aliased(Notification)
    waits = exists().where(message.notice_id == Notice.id, message.state.not_in(_OVER))
    items = aliased(Notification)
    has_items = exists().where(items.digest_id == Notification.id, items.created_at >= before)
    with transaction() as session:
        session.execute(
            delete(Notification)
            .where(Notification.created_at < before, Notification.state.in_(_OVER), ~has_items)
            .execution_options(synchronize_session=False)
        )
        session.execute(
            delete(Notice)
            .where(Notice.created_at < before, Notice.handled_at.is_not(None), ~waits)
            .execution_options(synchronize_session=False)
        )
