"""The colours in which a user sees the console."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CHECK = "ck_users_theme"


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(sa.Column("theme", sa.Text(), server_default="auto", nullable=False))
        batch_op.create_check_constraint(op.f(CHECK), "theme IN ('auto', 'light', 'dark')")


def downgrade() -> None:
    """Remove it."""
    with op.batch_alter_table("users") as batch_op:
        batch_op.drop_constraint(op.f(CHECK), type_="check")
        batch_op.drop_column("theme")
