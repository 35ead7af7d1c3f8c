"""The tables of the workflow-based system, in the shape in which they are found."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reportbuilder.database import Base, Row


class Workflow(Row, Base):
    """Saved SQL that the former system ran; ``workflow_id`` is ``wf_…``."""

    __tablename__ = "workflows"

    workflow_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str | None]
    instance_id: Mapped[UUID | None] = mapped_column(ForeignKey("amc_instances.id"), index=True)
    sql_query: Mapped[str]
    parameters: Mapped[dict[str, Any] | None]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    status: Mapped[str]
    is_template: Mapped[bool] = mapped_column(default=False)
    tags: Mapped[list[Any] | None]
    amc_workflow_id: Mapped[str | None]
    is_synced_to_amc: Mapped[bool] = mapped_column(default=False)


class WorkflowVersion(Row, Base):
    """An earlier text of a workflow."""

    __tablename__ = "workflow_versions"
    __table_args__ = (UniqueConstraint("workflow_id", "version"),)

    workflow_id: Mapped[UUID] = mapped_column(ForeignKey("workflows.id", ondelete="CASCADE"))
    version: Mapped[int]
    sql_query: Mapped[str]
    parameters: Mapped[dict[str, Any] | None]


class WorkflowSchedule(Row, Base):
    """When a workflow ran by itself; ``schedule_id`` is ``sched_…``."""

    __tablename__ = "workflow_schedules"

    schedule_id: Mapped[str] = mapped_column(unique=True)
    workflow_id: Mapped[UUID] = mapped_column(ForeignKey("workflows.id", ondelete="CASCADE"), index=True)
    cron_expression: Mapped[str]
    timezone: Mapped[str]
    default_parameters: Mapped[dict[str, Any] | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    last_run_at: Mapped[datetime | None]
    next_run_at: Mapped[datetime | None]


class BatchExecution(Row, Base):
    """One workflow run on several instances; ``batch_id`` is ``batch_…``."""

    __tablename__ = "batch_executions"

    batch_id: Mapped[str] = mapped_column(unique=True)
    workflow_id: Mapped[UUID] = mapped_column(ForeignKey("workflows.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str | None]
    status: Mapped[str]
    instance_ids: Mapped[list[Any]]
    base_parameters: Mapped[dict[str, Any] | None]
    instance_parameters: Mapped[dict[str, Any] | None]


class WorkflowExecution(Row, Base):
    """One run of a workflow. ``status`` says completed, succeeded or SUCCEEDED for the same thing."""

    __tablename__ = "workflow_executions"

    execution_id: Mapped[str] = mapped_column(unique=True)
    workflow_id: Mapped[UUID] = mapped_column(ForeignKey("workflows.id", ondelete="CASCADE"), index=True)
    status: Mapped[str]
    progress: Mapped[int] = mapped_column(default=0)
    execution_parameters: Mapped[dict[str, Any] | None]
    execution_mode: Mapped[str | None]
    output_location: Mapped[str | None]
    row_count: Mapped[int | None] = mapped_column(BigInteger)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    result_columns: Mapped[list[Any] | None]
    result_rows: Mapped[list[Any] | None]
    error_message: Mapped[str | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    duration_seconds: Mapped[int | None]
    triggered_by: Mapped[str | None]
    schedule_id: Mapped[UUID | None] = mapped_column(ForeignKey("workflow_schedules.id"))
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batch_executions.id"))


class ScheduleRun(Row, Base):
    """One firing of a workflow's schedule."""

    __tablename__ = "schedule_runs"

    schedule_id: Mapped[UUID] = mapped_column(
        ForeignKey("workflow_schedules.id", ondelete="CASCADE"), index=True
    )
    run_number: Mapped[int]
    scheduled_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    status: Mapped[str]
    error_message: Mapped[str | None]
    execution_id: Mapped[UUID | None] = mapped_column(ForeignKey("workflow_executions.id"))
