"""Every publication of a template is kept, and an imported one knows what it was made of."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")

TEXTS = ("name", "description", "category", "sql_template", "report_type")
OBJECTS = ("report_config", "ui_schema", "tags")
COLUMNS = ("parameter_name", "display_name", "description", "parameter_type", "required", "default_value")
MORE_COLUMNS = ("validation_rules", "ui_config", "display_order", "group_name")

templates = sa.table(
    "query_templates",
    *(sa.column(name, sa.Uuid()) for name in ("id", "user_id")),
    *(sa.column(name, sa.Text()) for name in TEXTS),
    *(sa.column(name, JSON) for name in OBJECTS),
    sa.column("is_public", sa.Boolean()),
    sa.column("version", sa.Integer()),
)
parameters = sa.table(
    "query_template_parameters",
    sa.column("template_id", sa.Uuid()),
    sa.column("required", sa.Boolean()),
    sa.column("display_order", sa.Integer()),
    *(sa.column(name, JSON) for name in ("default_value", "validation_rules", "ui_config")),
    *(
        sa.column(name, sa.Text())
        for name in ("parameter_name", "display_name", "description", "parameter_type", "group_name")
    ),
)
versions = sa.table(
    "query_template_versions",
    *(sa.column(name, sa.Uuid()) for name in ("id", "template_id", "author_id")),
    *(sa.column(name, sa.DateTime(timezone=True)) for name in ("created_at", "updated_at")),
    sa.column("version", sa.Integer()),
    sa.column("snapshot", JSON),
    sa.column("note", sa.Text()),
)


def upgrade() -> None:
    """Make the table, and write the present version of each template into it."""
    op.create_table(
        "query_template_versions",
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("snapshot", JSON, nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["users.id"],
            name=op.f("fk_query_template_versions_author_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["query_templates.id"],
            name=op.f("fk_query_template_versions_template_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_query_template_versions")),
        sa.UniqueConstraint(
            "template_id", "version", name=op.f("uq_query_template_versions_template_id_version")
        ),
    )
    with op.batch_alter_table("query_templates", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent_version", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("source_id", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("source_digest", sa.Text(), nullable=True))
        batch_op.create_unique_constraint(
            batch_op.f("uq_query_templates_user_id_source_id"), ["user_id", "source_id"]
        )
    _keep_the_present(op.get_bind())


def _keep_the_present(connection: sa.Connection) -> None:
    now = datetime.now(UTC)
    # SQLite keeps instants without their zone, as the models do
    at = now if connection.dialect.name == "postgresql" else now.replace(tzinfo=None)
    declared: dict[Any, list[dict[str, Any]]] = {}
    rows = sa.select(parameters).order_by(parameters.c.display_order)
    for row in connection.execute(rows).mappings().all():
        kept = {name: row[name] for name in (*COLUMNS, *MORE_COLUMNS)}
        declared.setdefault(row["template_id"], []).append(kept)
    for template in connection.execute(sa.select(templates)).mappings().all():
        snapshot = {name: template[name] for name in (*TEXTS, "report_config", "ui_schema", "is_public")}
        snapshot |= {
            "description": template["description"] or "",
            "tags": template["tags"] or [],
            "parameter_definitions": declared.get(template["id"], []),
        }
        connection.execute(
            versions.insert().values(
                id=uuid4(),
                template_id=template["id"],
                version=template["version"],
                snapshot=snapshot,
                author_id=template["user_id"],
                note="as it was when versions began to be kept",
                created_at=at,
                updated_at=at,
            )
        )


def downgrade() -> None:
    """Remove them."""
    with op.batch_alter_table("query_templates", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_query_templates_user_id_source_id"), type_="unique")
        batch_op.drop_column("source_digest")
        batch_op.drop_column("source_id")
        batch_op.drop_column("parent_version")
    op.drop_table("query_template_versions")
