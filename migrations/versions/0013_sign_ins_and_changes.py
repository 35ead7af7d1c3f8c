"""Sign-ins of people at the console, and who changed a report or its schedule last, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
CHANGED = ("report_definitions", "report_schedules")


def upgrade() -> None:
    """Make the table and the columns; who is signed in by a cookie of before signs in once more."""
    op.create_table(
        "sign_ins",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("digest", name=op.f("uq_sign_ins_digest")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_sign_ins_user_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_sign_ins_user_id"), "sign_ins", ["user_id"])
    for table in CHANGED:
        op.add_column(table, sa.Column("changed_by", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("changed_at", INSTANT, nullable=True))


def downgrade() -> None:
    """Remove them."""
    for table in CHANGED:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("changed_at")
            batch_op.drop_column("changed_by")
    op.drop_table("sign_ins")
