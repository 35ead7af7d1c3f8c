"""AMC accounts with their sealed tokens, and instances with the state of their looks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reportbuilder.database import Base, Row


class AmcAccount(Row, Base):
    """An AMC account: ``account_id`` is AMC's entity id (``ENTITY…``), ``region`` is NA, EU or FE."""

    __tablename__ = "amc_accounts"

    account_id: Mapped[str] = mapped_column(unique=True)
    account_name: Mapped[str]
    marketplace_id: Mapped[str]
    region: Mapped[str] = mapped_column(default="NA")
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    sealed_refresh_token: Mapped[str | None]
    sealed_access_token: Mapped[str | None]
    access_token_expires_at: Mapped[datetime | None]
    refresh_lease_until: Mapped[datetime | None]
    signed_out_reason: Mapped[str | None]


class AmcInstance(Row, Base):
    """An AMC instance: ``instance_id`` is AMC's own id (``amc…``), which is what goes into paths.

    ``slots``: how many executions may run at once, None for the default; ``daily_runs``: how many a day, in
    the same way, 0 for any number. ``foreign_running``: how many that are not ours AMC listed at
    ``looked_at``. ``next_look_at``: None while nothing is there to look at. ``sources_read_at``: when AMC
    last told which tables there are; ``sources_due_at``: when it is asked next.
    """

    __tablename__ = "amc_instances"

    instance_id: Mapped[str] = mapped_column(unique=True)
    instance_name: Mapped[str]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("amc_accounts.id"), index=True)
    region: Mapped[str] = mapped_column(default="NA")
    status: Mapped[str] = mapped_column(default="active")
    slots: Mapped[int | None]
    daily_runs: Mapped[int | None]
    foreign_running: Mapped[int] = mapped_column(default=0, server_default="0")
    looked_at: Mapped[datetime | None]
    next_look_at: Mapped[datetime | None] = mapped_column(index=True)
    failed_looks: Mapped[int] = mapped_column(default=0, server_default="0")
    throttled_until: Mapped[datetime | None]
    sources_read_at: Mapped[datetime | None]
    sources_due_at: Mapped[datetime | None]
    account: Mapped[AmcAccount] = relationship(lazy="joined")


class InstanceSource(Row, Base):
    """A table that queries on an instance may read, by the name that AMC lists it under."""

    __tablename__ = "instance_sources"
    __table_args__ = (UniqueConstraint("instance_id", "data_source_id"),)

    instance_id: Mapped[UUID] = mapped_column(ForeignKey("amc_instances.id", ondelete="CASCADE"))
    data_source_id: Mapped[str]
