"""What schedules need to fire: their recurrence and policies, one row a due time, pauses of themselves."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
INSTANT = sa.DateTime(timezone=True)
ADDED: tuple[tuple[str, Callable[[], sa.Column[Any]]], ...] = (
    ("recurrence", lambda: sa.Column("recurrence", JSON, server_default="{}", nullable=False)),
    ("policies", lambda: sa.Column("policies", JSON, server_default="{}", nullable=False)),
    ("time_window", lambda: sa.Column("time_window", JSON, nullable=True)),
    ("jitter_minutes", lambda: sa.Column("jitter_minutes", sa.Integer(), server_default="0", nullable=False)),
    (
        "is_settling",
        lambda: sa.Column("is_settling", sa.Boolean(), server_default=sa.false(), nullable=False),
    ),
    ("judged_until", lambda: sa.Column("judged_until", INSTANT, nullable=True)),
    ("counts_from", lambda: sa.Column("counts_from", INSTANT, nullable=True)),
    ("paused_reason", lambda: sa.Column("paused_reason", sa.Text(), nullable=True)),
    ("paused_by", lambda: sa.Column("paused_by", sa.Text(), nullable=True)),
    ("paused_at", lambda: sa.Column("paused_at", INSTANT, nullable=True)),
)


def upgrade() -> None:
    """Make the columns and the table."""
    with op.batch_alter_table("report_schedules") as batch_op:
        batch_op.alter_column("cron_expression", existing_type=sa.Text(), nullable=True)
        for _, column in ADDED:
            batch_op.add_column(column())
    op.create_table(
        "schedule_firings",
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_made_up", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_firings")),
        sa.UniqueConstraint("schedule_id", "due_at", name=op.f("uq_schedule_firings_schedule_id_due_at")),
        sa.CheckConstraint(
            "state IN ('planned', 'waiting', 'started', 'completed', 'failed', 'cancelled', 'skipped')",
            name=op.f("ck_schedule_firings_state"),
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["report_schedules.id"],
            name=op.f("fk_schedule_firings_schedule_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_schedule_firings_state_starts_at"), "schedule_firings", ["state", "starts_at"])
    with op.batch_alter_table("report_executions") as batch_op:
        batch_op.add_column(sa.Column("firing_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("is_rerun", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("finality", sa.Text(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_report_executions_firing_id"), "schedule_firings", ["firing_id"], ["id"]
        )
        batch_op.create_index(batch_op.f("ix_report_executions_firing_id"), ["firing_id"])


def downgrade() -> None:
    """Remove them; a schedule without a cron line cannot be kept in the older shape."""
    with op.batch_alter_table("report_executions") as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_executions_firing_id"))
        batch_op.drop_constraint(batch_op.f("fk_report_executions_firing_id"), type_="foreignkey")
        for name in ("finality", "is_rerun", "firing_id"):
            batch_op.drop_column(name)
    op.drop_table("schedule_firings")
    op.execute(
        "UPDATE report_executions SET schedule_id = NULL WHERE schedule_id IN "
        "(SELECT id FROM report_schedules WHERE cron_expression IS NULL)"
    )
    op.execute("DELETE FROM report_schedules WHERE cron_expression IS NULL")
    with op.batch_alter_table("report_schedules") as batch_op:
        for name, _ in reversed(ADDED):
            batch_op.drop_column(name)
        batch_op.alter_column("cron_expression", existing_type=sa.Text(), nullable=False)
