"""What a user has done of the first steps, and whether single keys are shortcuts for that user."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; who is there already knows the way around."""
    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(sa.Column("tour", sa.Text(), server_default=sa.text("''"), nullable=False))
        batch_op.add_column(sa.Column("has_keys", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.execute("UPDATE users SET tour = 'closed'")


def downgrade() -> None:
    """Remove them."""
    with op.batch_alter_table("users") as batch_op:
        batch_op.drop_column("has_keys")
        batch_op.drop_column("tour")
