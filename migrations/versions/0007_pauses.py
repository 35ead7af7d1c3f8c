"""Pauses of an instance and of everything; how many runs an instance may have a day, and when it had them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
OPEN_OF_INSTANCE = sa.text("ended_at IS NULL AND instance_id IS NOT NULL")
OPEN_OF_ALL = sa.text("ended_at IS NULL AND is_whole")
LAST_RUNS = "ix_report_executions_instance_id_submitted_at"


def upgrade() -> None:
    """Make the table and the column."""
    op.create_table(
        "pauses",
        sa.Column("instance_id", sa.Uuid(), nullable=True),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paused_by", sa.Text(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["amc_instances.id"], name=op.f("fk_pauses_instance_id"), ondelete="CASCADE"
        ),
    )
    for name, columns, where in (
        ("uq_pauses_open_instance", ["instance_id"], OPEN_OF_INSTANCE),
        ("uq_pauses_open_whole", ["is_whole"], OPEN_OF_ALL),
    ):
        op.create_index(name, "pauses", columns, unique=True, sqlite_where=where, postgresql_where=where)
    with op.batch_alter_table("amc_instances") as batch_op:
        batch_op.add_column(sa.Column("daily_runs", sa.Integer(), nullable=True))
    op.create_index(LAST_RUNS, "report_executions", ["instance_id", "submitted_at"])


def downgrade() -> None:
    """Remove them."""
    op.drop_index(LAST_RUNS, table_name="report_executions")
    with op.batch_alter_table("amc_instances") as batch_op:
        batch_op.drop_column("daily_runs")
    op.drop_table("pauses")
