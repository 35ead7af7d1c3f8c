"""When the latest execution of a report was asked for, beside its id, so that lists can be sorted by it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FILL = """
UPDATE report_definitions SET last_execution_at = (
    SELECT created_at FROM report_executions WHERE report_executions.id = report_definitions.last_execution_id
)
WHERE last_execution_id IS NOT NULL
"""


def upgrade() -> None:
    """Add the column and fill it."""
    op.add_column(
        "report_definitions", sa.Column("last_execution_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.execute(FILL)


def downgrade() -> None:
    """Remove it."""
    with op.batch_alter_table("report_definitions") as batch_op:
        batch_op.drop_column("last_execution_at")
