"""Report definitions: what somebody wants to run again, and those that somebody is about to make."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import Base, Row, new_id

FREQUENCIES = ("once", "daily", "weekly", "monthly", "quarterly")


class ReportDefinition(Row, Base):
    """A template, an instance and values under a name.

    ``time_window`` is a window as people ask for it (a preset or two dates), resolved anew for each run.
    ``last_execution_id`` is no foreign key, since the executions already point here; ``last_execution_at`` is
    when that one was asked for, which never changes. ``changed_by``: the e-mail address of who last changed
    what it asks for; None while nobody has.
    """

    __tablename__ = "report_definitions"
    __table_args__ = (
        CheckConstraint(f"frequency IN {FREQUENCIES}", name="frequency"),
        Index(None, "instance_id", "deleted_at", "created_at"),
        Index(None, "owner_id", "deleted_at", "created_at"),
    )

    report_id: Mapped[str] = mapped_column(unique=True, default=lambda: new_id("rpt"))
    name: Mapped[str]
    description: Mapped[str | None]
    template_id: Mapped[UUID] = mapped_column(ForeignKey("query_templates.id"), index=True)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("amc_instances.id"))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    time_window: Mapped[dict[str, Any] | None]
    frequency: Mapped[str] = mapped_column(default="once")
    timezone: Mapped[str] = mapped_column(default="UTC")
    is_active: Mapped[bool] = mapped_column(default=True)
    dashboard_id: Mapped[UUID | None] = mapped_column(ForeignKey("dashboards.id"))
    last_execution_id: Mapped[UUID | None]
    last_execution_at: Mapped[datetime | None]
    execution_count: Mapped[int] = mapped_column(default=0)
    deleted_at: Mapped[datetime | None]
    changed_by: Mapped[str | None]
    changed_at: Mapped[datetime | None]
    template: Mapped[QueryTemplate] = relationship(lazy="joined")
    instance: Mapped[AmcInstance] = relationship(lazy="joined")
    owner: Mapped[User] = relationship(lazy="joined")


class ReportFavorite(Row, Base):
    """A report that a user marked."""

    __tablename__ = "report_favorites"
    __table_args__ = (Index(None, "user_id", "report_id", unique=True),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    report_id: Mapped[UUID] = mapped_column(ForeignKey("report_definitions.id", ondelete="CASCADE"))


class ReportDraft(Row, Base):
    """A report that somebody is about to make: what was typed so far, by the step of the dialog.

    It lies on the instance that is chosen in it, so that values of an instance go with it.
    """

    __tablename__ = "report_drafts"
    __table_args__ = (Index(None, "user_id", "updated_at"), Index(None, "updated_at"))

    draft_id: Mapped[str] = mapped_column(unique=True, default=lambda: new_id("draft"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    template_id: Mapped[UUID] = mapped_column(ForeignKey("query_templates.id", ondelete="CASCADE"))
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("amc_instances.id", ondelete="CASCADE"))
    steps: Mapped[dict[str, Any]] = mapped_column(default=dict)
    template: Mapped[QueryTemplate] = relationship(lazy="joined")
    instance: Mapped[AmcInstance] = relationship(lazy="joined")
