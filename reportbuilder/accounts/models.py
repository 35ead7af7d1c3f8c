"""Users, their API tokens and grants, and the answers kept for idempotency keys."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reportbuilder.accounts.permissions import GRANTS, ROLES, SCOPES
from reportbuilder.database import Base, Row

THEMES: Final = ("auto", "light", "dark")


class User(Row, Base):
    """A person who signs in. ``role``: viewer < analyst < editor < admin; see ``permissions.py``.

    ``theme``: the console's colours, ``auto`` as the browser has them. ``tour``: see ``tours.py``.
    ``has_keys``: single keys are shortcuts at the console.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(f"role IN {ROLES}", name="role"),
        CheckConstraint(f"theme IN {THEMES}", name="theme"),
    )

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    password_hash: Mapped[str | None]
    role: Mapped[str] = mapped_column(default="analyst", server_default="analyst")
    time_zone: Mapped[str] = mapped_column(default="UTC", server_default="UTC")
    theme: Mapped[str] = mapped_column(default="auto", server_default="auto")
    tour: Mapped[str] = mapped_column(default="", server_default=text("''"))
    has_keys: Mapped[bool] = mapped_column(default=True, server_default=true())


class ApiToken(Row, Base):
    """A bearer token, of which only the hash is kept. ``scope``: read < run < admin."""

    __tablename__ = "api_tokens"
    __table_args__ = (CheckConstraint(f"scope IN {SCOPES}", name="scope"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    shown_prefix: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    scope: Mapped[str]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    user: Mapped[User] = relationship(lazy="joined")


class InstanceGrant(Row, Base):
    """What a user may do on an instance: ``view`` its reports and rows, or also ``run`` queries."""

    __tablename__ = "instance_grants"
    __table_args__ = (
        UniqueConstraint("user_id", "instance_id"),
        CheckConstraint(f"access IN {GRANTS}", name="access"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("amc_instances.id", ondelete="CASCADE"), index=True)
    access: Mapped[str]


class IdempotencyKey(Row, Base):
    """The answer that was given to a key; the same key with another body is a conflict."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str]
    fingerprint: Mapped[str]
    status_code: Mapped[int]
    answer: Mapped[dict[str, Any]]
