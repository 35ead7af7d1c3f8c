"""Report schedules and their firings."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reportbuilder.database import Base, Row, new_id
from reportbuilder.reports.models import ReportDefinition

SCHEDULE_TYPES = ("daily", "weekly", "monthly", "quarterly", "custom")
FIRING_STATES: dict[str, str] = {
    "planned": "its start lies ahead, or comes at the next tick",
    "waiting": "an earlier run of the schedule is still going",
    "started": "its execution has been asked for and has not ended",
    "completed": "its rows are here",
    "failed": "its execution failed, or could not be asked for; the reason says why",
    "cancelled": "its execution was cancelled",
    "skipped": "it was not run; the reason says why",
}


class ReportSchedule(Row, Base):
    """When a report runs by itself; one active schedule a report.

    ``recurrence`` and ``policies`` are in the one spelling of ``spelling.py`` and ``policies.py``;
    ``schedule_type`` and ``cron_expression`` say the same in the older columns' words. ``time_window``: a
    rolling wish, None for the report's own. ``judged_until``: the latest due time that has a verdict, or
    when the schedule was made, changed or resumed; None for a row that nobody has judged yet.
    ``next_run_at``: the first due time after it, None if there is none. ``counts_from``: failures that ended
    earlier count no more. ``paused_by``: an e-mail address, or ``itself``. ``changed_by``: the
    e-mail address of who last changed what it says. Whoever decides on a schedule or
    on its firings holds its row locked.
    """

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
    cron_expression: Mapped[str | None]
    timezone: Mapped[str]
    default_parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_paused: Mapped[bool] = mapped_column(default=False)
    last_run_at: Mapped[datetime | None]
    last_run_status: Mapped[str | None]
    next_run_at: Mapped[datetime | None] = mapped_column(index=True)
    run_count: Mapped[int] = mapped_column(default=0)
    failure_count: Mapped[int] = mapped_column(default=0)
    recurrence: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    policies: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    time_window: Mapped[dict[str, Any] | None]
    jitter_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    is_settling: Mapped[bool] = mapped_column(default=False, server_default=false())
    judged_until: Mapped[datetime | None]
    counts_from: Mapped[datetime | None]
    paused_reason: Mapped[str | None]
    paused_by: Mapped[str | None]
    paused_at: Mapped[datetime | None]
    changed_by: Mapped[str | None]
    changed_at: Mapped[datetime | None]
    report: Mapped[ReportDefinition] = relationship(lazy="raise")


class ScheduleFiring(Row, Base):
    """One due time of a schedule and what became of it; its executions point here.

    ``starts_at``: the due time, later by the schedule's jitter. ``reason``: of a skipped one a key of
    ``missed.SKIPPED``, of others words: why it failed, or which earlier windows could not be run again with
    it. ``ended_at``: when it reached a state after which nothing more happens. ``is_told``: people have been
    told that it is late.
    """

    __tablename__ = "schedule_firings"
    __table_args__ = (
        UniqueConstraint("schedule_id", "due_at"),
        CheckConstraint(f"state IN {tuple(FIRING_STATES)}", name="state"),
        Index(None, "state", "starts_at"),
    )

    schedule_id: Mapped[UUID] = mapped_column(ForeignKey("report_schedules.id", ondelete="CASCADE"))
    due_at: Mapped[datetime]
    starts_at: Mapped[datetime]
    state: Mapped[str]
    is_made_up: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    is_told: Mapped[bool] = mapped_column(default=False)
