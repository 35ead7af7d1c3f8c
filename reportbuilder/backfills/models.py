"""Backfills (``report_data_collections``) and their segments (``report_data_weeks``)."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reportbuilder.database import Base, Row


class ReportDataCollection(Row, Base):
    """A backfill. The three columns from ``report_id`` on came with the Report Builder."""

    __tablename__ = "report_data_collections"
    __table_args__ = (CheckConstraint("max_lookback_days <= 365", name="max_lookback_days"),)

    collection_id: Mapped[str] = mapped_column(unique=True)
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


class ReportDataWeek(Row, Base):
    """One segment of a backfill."""

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
