"""The messages that there were, for those who got them, and what did not arrive, for admins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CursorResult, Select, select, update
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import missing
from reportbuilder.errors import Conflict
from reportbuilder.notifications.kinds import OWN_EMAIL, TEST
from reportbuilder.notifications.models import Notification
from reportbuilder.notifications.reporting import facts_of_test
from reportbuilder.notifications.waking import ask_send

AGAIN: Final = ("failed", "sent", "dropped")  # what a person may ask for again


@dataclass(frozen=True)
class Criteria:
    """Which messages; None is no condition. ``user_id`` None: those of all."""

    user_id: UUID | None = None
    state: str | None = None
    kind: str | None = None


def search(criteria: Criteria) -> Select[Notification]:
    """Return the statement that finds messages."""
    wanted = select(Notification)
    for column, value in (
        (Notification.user_id, criteria.user_id),
        (Notification.state, criteria.state),
        (Notification.kind, criteria.kind),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    return wanted


def emails(session: Session, rows: Sequence[Notification]) -> dict[UUID, str]:
    """Return the e-mail addresses of those whose messages these are."""
    ids = {row.user_id for row in rows}
    return {row[0]: row[1] for row in session.execute(select(User.id, User.email).where(User.id.in_(ids)))}


def digests(session: Session, rows: Sequence[Notification]) -> dict[UUID, str]:
    """Return the text ids of the digests that these messages went with."""
    ids = {row.digest_id for row in rows if row.digest_id}
    found = session.execute(
        select(Notification.id, Notification.notification_id).where(Notification.id.in_(ids))
    )
    return {row[0]: row[1] for row in found}


def find(session: Session, user_id: UUID, notification_id: str) -> Notification:
    """Return one of a user's messages.

    :raises NotFound: if there is none; another user's is not there.
    """
    row = session.scalar(
        select(Notification).where(
            Notification.notification_id == notification_id, Notification.user_id == user_id
        )
    )
    if row is None:
        raise missing("notification")
    return row


def resend(session: Session, row: Notification) -> None:
    """Have a message sent again that has come to its end.

    :raises Conflict: if it is on its way, or goes with a digest.
    """
    again: dict[str, Any] = {
        "state": "waiting",
        "attempts": 0,
        "resends": row.resends + 1,
        "not_before": clock.now(),
        "error": None,
        "updated_at": clock.now(),
    }
    result = session.execute(
        update(Notification)
        .where(Notification.id == row.id, Notification.state.in_(AGAIN), Notification.digest_id.is_(None))
        .values(**again)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker what an UPDATE gives
    session.refresh(row)
    if result.rowcount != 1:
        why = "goes with a digest: have that sent again" if row.digest_id else f"is {row.state}"
        raise Conflict(f"{row.notification_id} {why}; sent again is what is {', '.join(AGAIN)}")
    ask_send(session, row)


def send_test(session: Session, user_id: UUID, channel_id: str = OWN_EMAIL) -> Notification:
    """Have a message sent by a channel, whatever rules and caps say, to see whether it arrives."""
    row = Notification(
        user_id=user_id,
        channel=channel_id,
        kind=TEST,
        facts=facts_of_test().to_json(),
        not_before=clock.now(),
    )
    session.add(row)
    session.flush()
    ask_send(session, row)
    return row
