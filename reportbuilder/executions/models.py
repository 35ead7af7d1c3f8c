"""Executions, the events of their lives, and the intents written before each submission."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import Base, Row, new_id
from reportbuilder.executions.states import STATES, TRIGGERS
from reportbuilder.reports.models import ReportDefinition

_OPEN_OF_INSTANCE = text("ended_at IS NULL AND instance_id IS NOT NULL")
_OPEN_OF_ALL = text("ended_at IS NULL AND is_whole")


class ReportExecution(Row, Base):
    """One run of one query. ``state`` is one of ``states.STATES``; only guarded updates change it.

    What will be sent is frozen at the request: ``sql_text`` and the window ``[time_window_start,
    time_window_end)`` in ``time_zone``; ``parameters_snapshot`` and ``template_version`` say what made it.
    ``firing_id``: the due time that it belongs to; ``is_rerun`` if it only settles an earlier window then.
    ``packed_in_id``: it never ran by itself, its rows were split out of that one. ``finality``: what its
    figures are worth, see ``parameters/finality.py``.
    ``not_before``: a pending one is not submitted earlier. ``lease_until``: until then a worker may be at it.
    """

    __tablename__ = "report_executions"
    __table_args__ = (
        CheckConstraint(f"state IN {tuple(STATES)}", name="state"),
        CheckConstraint(f"triggered_by IN {TRIGGERS}", name="triggered_by"),
        Index(None, "instance_id", "state"),
        Index(None, "state", "lease_until"),
        Index(None, "created_at"),
        Index(None, "report_id", "created_at"),
        Index(None, "user_id", "created_at"),
        Index(None, "instance_id", "submitted_at"),
    )

    execution_id: Mapped[str] = mapped_column(unique=True, default=lambda: new_id("exec"))
    report_id: Mapped[UUID | None] = mapped_column(ForeignKey("report_definitions.id"))
    template_id: Mapped[UUID] = mapped_column(ForeignKey("query_templates.id"), index=True)
    template_version: Mapped[int]
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("amc_instances.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    triggered_by: Mapped[str]
    schedule_id: Mapped[UUID | None] = mapped_column(ForeignKey("report_schedules.id"), index=True)
    collection_id: Mapped[UUID | None] = mapped_column(ForeignKey("report_data_collections.id"), index=True)
    retry_of_id: Mapped[UUID | None] = mapped_column(ForeignKey("report_executions.id"))
    firing_id: Mapped[UUID | None] = mapped_column(ForeignKey("schedule_firings.id"), index=True)
    is_rerun: Mapped[bool] = mapped_column(default=False, server_default=false())
    packed_in_id: Mapped[UUID | None] = mapped_column(ForeignKey("report_executions.id"), index=True)
    finality: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="pending")
    error_class: Mapped[str | None]
    error_message: Mapped[str | None]
    parameters_snapshot: Mapped[dict[str, Any]]
    sql_text: Mapped[str]
    time_window_start: Mapped[datetime]
    time_window_end: Mapped[datetime]
    time_zone: Mapped[str]
    tag: Mapped[str] = mapped_column(unique=True)
    amc_execution_id: Mapped[str | None] = mapped_column(index=True)
    amc_status: Mapped[str | None]
    output_columns: Mapped[list[Any] | None]
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    cancel_sent_at: Mapped[datetime | None]
    output_location: Mapped[str | None]
    row_count: Mapped[int | None] = mapped_column(BigInteger)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    instance: Mapped[AmcInstance] = relationship(lazy="raise")
    template: Mapped[QueryTemplate] = relationship(lazy="raise")
    report: Mapped[ReportDefinition | None] = relationship(lazy="raise")
    user: Mapped[User] = relationship(lazy="raise")


class Pause(Row, Base):
    """Somebody holds everything back, or an instance; ``instance_id`` None is everything.

    What is paused below it stays so when it ends. One open pause for each.
    """

    __tablename__ = "pauses"
    __table_args__ = (
        Index(
            "uq_pauses_open_instance",
            "instance_id",
            unique=True,
            postgresql_where=_OPEN_OF_INSTANCE,
            sqlite_where=_OPEN_OF_INSTANCE,
        ),
        Index(
            "uq_pauses_open_whole",
            "is_whole",
            unique=True,
            postgresql_where=_OPEN_OF_ALL,
            sqlite_where=_OPEN_OF_ALL,
        ),
    )

    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("amc_instances.id", ondelete="CASCADE"))
    is_whole: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str]
    paused_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]


class ExecutionEvent(Base):
    """What happened to an execution and why, in order of ``id``; without states it is a remark."""

    __tablename__ = "execution_events"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    execution_id: Mapped[UUID] = mapped_column(
        ForeignKey("report_executions.id", ondelete="CASCADE"), index=True
    )
    from_state: Mapped[str | None]
    to_state: Mapped[str | None]
    reason: Mapped[str]


class SubmissionIntent(Row, Base):
    """Written before each POST.

    ``outcome``: open, accepted, refused, signed_out, absent (looked for and not found).
    """

    __tablename__ = "submission_intents"
    __table_args__ = (UniqueConstraint("execution_id", "number"),)

    execution_id: Mapped[UUID] = mapped_column(ForeignKey("report_executions.id", ondelete="CASCADE"))
    number: Mapped[int]
    tag: Mapped[str] = mapped_column(index=True)
    outcome: Mapped[str] = mapped_column(default="open")
    amc_execution_id: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
