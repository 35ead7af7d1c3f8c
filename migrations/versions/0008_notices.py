"""Notices: what has happened that people may want to be told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
INSTANT = sa.DateTime(timezone=True)
UNHANDLED = sa.text("handled_at IS NULL")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "notices",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("about", JSON, nullable=False),
        sa.Column("handled_at", INSTANT, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_notices_key")),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["report_definitions.id"],
            name=op.f("fk_notices_report_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_notices_report_id"), "notices", ["report_id"])
    op.create_index(
        op.f("ix_notices_created_at"),
        "notices",
        ["created_at"],
        sqlite_where=UNHANDLED,
        postgresql_where=UNHANDLED,
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("notices")
