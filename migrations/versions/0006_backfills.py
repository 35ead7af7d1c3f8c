"""What backfills need to advance: their turn, windows and frozen SQL, and rows that came in a pack."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
OPEN = sa.text("report_id IS NOT NULL AND status IN ('cancelling', 'paused', 'running')")
OF_BACKFILLS: tuple[tuple[str, Callable[[], sa.Column[Any]]], ...] = (
    ("time_zone", lambda: sa.Column("time_zone", sa.Text(), nullable=True)),
    ("concurrency", lambda: sa.Column("concurrency", sa.Integer(), nullable=True)),
    ("paused_reason", lambda: sa.Column("paused_reason", sa.Text(), nullable=True)),
    ("ended_at", lambda: sa.Column("ended_at", INSTANT, nullable=True)),
)
OF_SEGMENTS: tuple[tuple[str, Callable[[], sa.Column[Any]]], ...] = (
    ("place", lambda: sa.Column("place", sa.Integer(), nullable=True)),
    ("pack", lambda: sa.Column("pack", sa.Integer(), nullable=True)),
    ("window_start", lambda: sa.Column("window_start", INSTANT, nullable=True)),
    ("window_end", lambda: sa.Column("window_end", INSTANT, nullable=True)),
    ("attempts", lambda: sa.Column("attempts", sa.Integer(), server_default="0", nullable=False)),
    ("sql_text", lambda: sa.Column("sql_text", sa.Text(), nullable=True)),
    ("reason", lambda: sa.Column("reason", sa.Text(), nullable=True)),
)


def upgrade() -> None:
    """Make the columns."""
    with op.batch_alter_table("report_data_collections") as batch_op:
        for _, column in OF_BACKFILLS:
            batch_op.add_column(column())
        batch_op.create_index(
            "uq_report_data_collections_open",
            ["report_id"],
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        )
    with op.batch_alter_table("report_data_weeks") as batch_op:
        for _, column in OF_SEGMENTS:
            batch_op.add_column(column())
    with op.batch_alter_table("report_executions") as batch_op:
        batch_op.add_column(sa.Column("packed_in_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_report_executions_packed_in_id"), "report_executions", ["packed_in_id"], ["id"]
        )
        batch_op.create_index(batch_op.f("ix_report_executions_packed_in_id"), ["packed_in_id"])


def downgrade() -> None:
    """Remove them."""
    with op.batch_alter_table("report_executions") as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_executions_packed_in_id"))
        batch_op.drop_constraint(batch_op.f("fk_report_executions_packed_in_id"), type_="foreignkey")
        batch_op.drop_column("packed_in_id")
    with op.batch_alter_table("report_data_weeks") as batch_op:
        for name, _ in reversed(OF_SEGMENTS):
            batch_op.drop_column(name)
    with op.batch_alter_table("report_data_collections") as batch_op:
        batch_op.drop_index("uq_report_data_collections_open")
        for name, _ in reversed(OF_BACKFILLS):
            batch_op.drop_column(name)
