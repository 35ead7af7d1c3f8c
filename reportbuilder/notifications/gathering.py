"""Gathers what waits for a digest into one message for each user and channel, when its time has come."""

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.database import transaction
from reportbuilder.notifications.kinds import DIGEST, HELD
from reportbuilder.notifications.locking import ours_to_write
from reportbuilder.notifications.models import Notification
from reportbuilder.notifications.waking import ask_send

BATCH: Final = 200  # digests in one transaction


def gather() -> int:
    """Make the digests that are due; return how many messages come of it. Opens transactions of its own."""
    made = 0
    while True:
        with transaction() as session:
            count = _gather_some(session)
        made += count
        if count < BATCH:
            return made


def _gather_some(session: Session) -> int:
    if not ours_to_write(session):
        return 0
    due = session.execute(
        select(Notification.user_id, Notification.channel).where(*_due()).distinct().limit(BATCH)
    ).all()
    for user_id, channel in due:
        _gather(session, user_id, channel)
    return len(due)


def _gather(session: Session, user_id: UUID, channel: str) -> None:
    """Put what is due by one channel into one message; a single one goes as it is."""
    rows = session.execute(
        select(Notification.id, Notification.pace).where(
            *_due(), Notification.user_id == user_id, Notification.channel == channel
        )
    ).all()
    if len(rows) == 1:
        only = session.get_one(Notification, rows[0].id)
        only.pace = "at_once"
        ask_send(session, only)
        return
    is_over_cap = all(row.pace == HELD for row in rows)
    digest = Notification(
        user_id=user_id,
        channel=channel,
        kind=DIGEST,
        facts={"is_over_cap": is_over_cap, "count": len(rows)},
        not_before=clock.now(),
    )
    session.add(digest)
    session.flush()
    session.execute(
        update(Notification)
        .where(*_due(), Notification.user_id == user_id, Notification.channel == channel)
        .values(state="gathered", digest_id=digest.id, updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    ask_send(session, digest)


def items_of(digest_id: UUID) -> Select[Notification]:
    """Return the statement that finds what goes with a digest, in the order in which it happened."""
    mine = select(Notification).where(Notification.digest_id == digest_id)
    return mine.order_by(Notification.created_at, Notification.id)


def _due() -> tuple[ColumnElement[bool], ...]:
    return (
        Notification.state == "waiting",
        Notification.pace != "at_once",
        Notification.not_before <= clock.now(),
    )
