"""Report schedules."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from reportbuilder.database import Base, Row, new_id

SCHEDULE_TYPES = ("daily", "weekly", "monthly", "quarterly", "custom")


class ReportSchedule(Row, Base):
    """When a report runs by itself; one active schedule a report."""

    __tablename__ = "report_schedules"
    __table_args__ = (
        CheckConstraint(f"schedule_type IN {SCHEDULE_TYPES}", name="schedule_type"),
        Index(
            "uq_report_schedules_active",
            "report_id",
            unique=True,
            postgresql_where=text("is_active"),
            sqlite_where=text("is_active"),
        ),
    )

    schedule_id: Mapped[str] = mapped_column(unique=True, default=lambda: new_id("sch"))
    report_id: Mapped[UUID] = mapped_column(ForeignKey("report_definitions.id", ondelete="CASCADE"))
    schedule_type: Mapped[str]
    cron_expression: Mapped[str]
    timezone: Mapped[str]
    default_parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_paused: Mapped[bool] = mapped_column(default=False)
    last_run_at: Mapped[datetime | None]
    last_run_status: Mapped[str | None]
    next_run_at: Mapped[datetime | None] = mapped_column(index=True)
    run_count: Mapped[int] = mapped_column(default=0)
    failure_count: Mapped[int] = mapped_column(default=0)
