"""Drafts of reports, and value sets that have an id and can be shared on an instance."""

import secrets

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
INSTANT = sa.DateTime(timezone=True)
SETS = "query_template_instances"

sets = sa.table(SETS, sa.column("id", sa.Uuid()), sa.column("set_id", sa.Text()))


def upgrade() -> None:
    """Make the table and the columns."""
    op.create_table(
        "report_drafts",
        sa.Column("draft_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("steps", JSON, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_drafts")),
        sa.UniqueConstraint("draft_id", name=op.f("uq_report_drafts_draft_id")),
        _of("report_drafts", "user_id", "users"),
        _of("report_drafts", "template_id", "query_templates"),
        _of("report_drafts", "instance_id", "amc_instances"),
    )
    for names in (["user_id", "updated_at"], ["updated_at"]):
        op.create_index(op.f(f"ix_report_drafts_{'_'.join(names)}"), "report_drafts", names)
    _extend_sets()


def _extend_sets() -> None:
    with op.batch_alter_table(SETS) as batch_op:
        batch_op.add_column(sa.Column("set_id", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("shared_on_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("time_window", JSON, nullable=True))
    connection = op.get_bind()
    for (row_id,) in connection.execute(sa.select(sets.c.id)).all():
        set_id = f"set_{secrets.token_hex(10)}"
        connection.execute(sets.update().where(sets.c.id == row_id).values(set_id=set_id))
    with op.batch_alter_table(SETS) as batch_op:
        batch_op.alter_column("set_id", existing_type=sa.Text(), nullable=False)
        batch_op.create_unique_constraint(op.f(f"uq_{SETS}_set_id"), ["set_id"])
        batch_op.create_foreign_key(
            op.f(f"fk_{SETS}_shared_on_id"),
            "amc_instances",
            ["shared_on_id"],
            ["id"],
            ondelete="SET NULL",
        )
    op.create_index(op.f(f"ix_{SETS}_shared_on_id"), SETS, ["shared_on_id"])


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_index(op.f(f"ix_{SETS}_shared_on_id"), table_name=SETS)
    with op.batch_alter_table(SETS) as batch_op:
        batch_op.drop_constraint(op.f(f"fk_{SETS}_shared_on_id"), type_="foreignkey")
        batch_op.drop_constraint(op.f(f"uq_{SETS}_set_id"), type_="unique")
        for name in ("set_id", "shared_on_id", "time_window"):
            batch_op.drop_column(name)
    op.drop_table("report_drafts")
