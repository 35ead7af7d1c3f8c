"""Channels, rules, and the messages that come of notices."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from reportbuilder.database import Base, Row, new_id
from reportbuilder.notifications.kinds import CHANNELS, HELD, PACES, STATES

_DEFAULT = text("report_id IS NULL")


class NotificationChannel(Row, Base):
    """Where a user can be reached. ``sealed_target`` opens to JSON; ``shown`` is what may be seen of it."""

    __tablename__ = "notification_channels"
    __table_args__ = (CheckConstraint(f"kind IN {tuple(CHANNELS)}", name="kind"),)

    channel_id: Mapped[str] = mapped_column(unique=True, default=lambda: new_id("chn"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    name: Mapped[str]
    sealed_target: Mapped[str]
    shown: Mapped[str]


class NotificationRule(Row, Base):
    """What a user wants to be told of a report; without a report, of those that are the user's own.

    ``wants``: a list of ``rules.Want`` as JSON.
    """

    __tablename__ = "notification_rules"
    __table_args__ = (
        UniqueConstraint("user_id", "report_id"),
        Index(
            "uq_notification_rules_default",
            "user_id",
            unique=True,
            postgresql_where=_DEFAULT,
            sqlite_where=_DEFAULT,
        ),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    report_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("report_definitions.id", ondelete="CASCADE"), index=True
    )
    is_muted: Mapped[bool] = mapped_column(default=False)
    wants: Mapped[list[Any]] = mapped_column(default=list)


class Notification(Row, Base):
    """One message to one user by one channel. Only guarded updates change ``state``.

    ``channel``: a channel's text id, or ``email`` for the user's own address. ``facts``: what it tells, as
    ``facts.Facts``. ``not_before``: when it is due. ``attempts``: claims, since it was last asked
    for; ``resends``: how often a person asked for it again. ``digest_id``: the message that it goes with.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("notice_id", "user_id", "channel"),
        CheckConstraint(f"state IN {tuple(STATES)}", name="state"),
        CheckConstraint(f"pace IN {(*PACES, HELD)}", name="pace"),
        Index(None, "state", "not_before"),
        Index(None, "user_id", "created_at"),
    )

    notification_id: Mapped[str] = mapped_column(unique=True, default=lambda: new_id("ntf"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    channel: Mapped[str]
    notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("notices.id", ondelete="CASCADE"))
    report_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("report_definitions.id", ondelete="CASCADE"), index=True
    )
    digest_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("notifications.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    pace: Mapped[str] = mapped_column(default="at_once")
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    resends: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]
