"""The tables of each instance, and lists of its own values."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    with op.batch_alter_table("amc_instances") as batch_op:
        batch_op.add_column(sa.Column("sources_read_at", INSTANT, nullable=True))
        batch_op.add_column(sa.Column("sources_due_at", INSTANT, nullable=True))
    op.create_table(
        "instance_sources",
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("data_source_id", sa.Text(), nullable=False),
        *_common("instance_sources"),
        sa.UniqueConstraint(
            "instance_id", "data_source_id", name=op.f("uq_instance_sources_instance_id_data_source_id")
        ),
    )
    op.create_table(
        "instance_values",
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", INSTANT, nullable=True),
        sa.Column("uploaded_at", INSTANT, nullable=True),
        *_common("instance_values"),
        sa.CheckConstraint("kind IN ('brand', 'campaign', 'asin')", name=op.f("ck_instance_values_kind")),
        sa.UniqueConstraint(
            "instance_id", "kind", "value", name=op.f("uq_instance_values_instance_id_kind_value")
        ),
    )
    op.create_table(
        "value_refreshes",
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("row_count", sa.Integer(), nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        *_common("value_refreshes"),
        sa.CheckConstraint("state IN ('open', 'taken', 'failed')", name=op.f("ck_value_refreshes_state")),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["report_executions.id"],
            name=op.f("fk_value_refreshes_execution_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("ix_value_refreshes_instance_id_source_created_at"),
        "value_refreshes",
        ["instance_id", "source", "created_at"],
    )
    op.create_index(
        "uq_value_refreshes_open",
        "value_refreshes",
        ["instance_id", "source"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    """Remove them."""
    for table in ("value_refreshes", "instance_values", "instance_sources"):
        op.drop_table(table)
    with op.batch_alter_table("amc_instances") as batch_op:
        batch_op.drop_column("sources_due_at")
        batch_op.drop_column("sources_read_at")


def _common(table: str) -> tuple[sa.Column[object] | sa.Constraint, ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["amc_instances.id"],
            name=op.f(f"fk_{table}_instance_id"),
            ondelete="CASCADE",
        ),
    )
