"""Backfills (``report_data_collections``) and their segments (``report_data_weeks``)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.backfills.states import OPEN
from reportbuilder.database import Base, Row, new_id
from reportbuilder.reports.models import ReportDefinition

_IS_OPEN = text(f"report_id IS NOT NULL AND status IN {tuple(sorted(OPEN))}")


class ReportDataCollection(Row, Base):
    """A backfill; the columns from ``report_id`` on came with the Report Builder.

    ``status`` is one of ``states.STATES``; rows from before have other words and no report.
    ``configuration`` holds what was frozen at the start: ``wish`` (``BackfillWish.to_json``), ``parameters``
    as the form took them, ``values`` as the SQL holds them, ``template_version``, ``settle_days``,
    ``standings`` of what was there; and ``remarks`` and ``packing``, which go on. ``concurrency``: how many
    of its runs may be in flight, None for as many as the instance runs at once.
    """

    __tablename__ = "report_data_collections"
    __table_args__ = (
        CheckConstraint("max_lookback_days <= 365", name="max_lookback_days"),
        Index(
            "uq_report_data_collections_open",
            "report_id",
            unique=True,
            postgresql_where=_IS_OPEN,
            sqlite_where=_IS_OPEN,
        ),
    )

    collection_id: Mapped[str] = mapped_column(unique=True, default=lambda: new_id("bf"))
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("amc_instances.id"), index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    workflow_id: Mapped[UUID | None] = mapped_column(ForeignKey("workflows.id"))
    collection_type: Mapped[str]
    status: Mapped[str]
    target_weeks: Mapped[int | None]
    start_date: Mapped[date | None]
    end_date: Mapped[date | None]
    weeks_completed: Mapped[int] = mapped_column(default=0)
    progress_percentage: Mapped[int] = mapped_column(default=0)
    configuration: Mapped[dict[str, Any]] = mapped_column(default=dict)
    report_id: Mapped[UUID | None] = mapped_column(ForeignKey("report_definitions.id"), index=True)
    segment_type: Mapped[str | None]
    max_lookback_days: Mapped[int | None]
    time_zone: Mapped[str | None]
    concurrency: Mapped[int | None]
    paused_reason: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    instance: Mapped[AmcInstance] = relationship(lazy="raise")
    user: Mapped[User] = relationship(lazy="raise")
    report: Mapped[ReportDefinition | None] = relationship(lazy="raise")


class ReportDataWeek(Row, Base):
    """One segment of a backfill; the columns from ``place`` on came with the Report Builder.

    ``status`` is one of ``states.SEGMENT_STATES``. ``place``: its turn, from 0. ``pack``: segments with the
    same number go in one run. ``execution_id`` is the text id of its last execution, ``attempts`` how many it
    has had. ``sql_text`` is what its single run sends, frozen at the start.
    """

    __tablename__ = "report_data_weeks"
    __table_args__ = (UniqueConstraint("collection_id", "week_start_date"),)

    collection_id: Mapped[UUID] = mapped_column(ForeignKey("report_data_collections.id", ondelete="CASCADE"))
    week_start_date: Mapped[date]
    week_end_date: Mapped[date]
    status: Mapped[str]
    execution_id: Mapped[str | None]
    amc_execution_id: Mapped[str | None]
    data_checksum: Mapped[str | None]
    record_count: Mapped[int | None]
    place: Mapped[int | None]
    pack: Mapped[int | None]
    window_start: Mapped[datetime | None]
    window_end: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    sql_text: Mapped[str | None]
    reason: Mapped[str | None]
