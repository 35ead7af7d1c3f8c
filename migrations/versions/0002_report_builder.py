"""What the Report Builder adds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:  # noqa: PLR0915 - a migration is a list
    """Make the tables."""
    op.create_table(
        "process_heartbeats",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_heartbeats")),
        sa.UniqueConstraint("name", name=op.f("uq_process_heartbeats_name")),
    )
    with op.batch_alter_table("process_heartbeats", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_process_heartbeats_seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "api_tokens",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shown_prefix", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("scope IN ('read', 'run', 'admin')", name=op.f("ck_api_tokens_scope")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_api_tokens_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_tokens_user_id"), ["user_id"], unique=False)

    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=False),
        sa.Column("answer", JSON, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_idempotency_keys_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_idempotency_keys_user_id_key")),
    )
    op.create_table(
        "dashboard_favorites",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("dashboard_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dashboard_id"],
            ["dashboards.id"],
            name=op.f("fk_dashboard_favorites_dashboard_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_dashboard_favorites_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboard_favorites")),
        sa.UniqueConstraint(
            "user_id", "dashboard_id", name=op.f("uq_dashboard_favorites_user_id_dashboard_id")
        ),
    )
    op.create_table(
        "instance_grants",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("access IN ('view', 'run')", name=op.f("ck_instance_grants_access")),
        sa.ForeignKeyConstraint(
            ["instance_id"],
            ["amc_instances.id"],
            name=op.f("fk_instance_grants_instance_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_instance_grants_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance_grants")),
        sa.UniqueConstraint("user_id", "instance_id", name=op.f("uq_instance_grants_user_id_instance_id")),
    )
    with op.batch_alter_table("instance_grants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_instance_grants_instance_id"), ["instance_id"], unique=False)

    op.create_table(
        "report_definitions",
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("parameters", JSON, nullable=False),
        sa.Column("time_window", JSON, nullable=True),
        sa.Column("frequency", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("dashboard_id", sa.Uuid(), nullable=True),
        sa.Column("last_execution_id", sa.Uuid(), nullable=True),
        sa.Column("execution_count", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "frequency IN ('once', 'daily', 'weekly', 'monthly', 'quarterly')",
            name=op.f("ck_report_definitions_frequency"),
        ),
        sa.ForeignKeyConstraint(
            ["dashboard_id"], ["dashboards.id"], name=op.f("fk_report_definitions_dashboard_id")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["amc_instances.id"], name=op.f("fk_report_definitions_instance_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_report_definitions_owner_id")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["query_templates.id"], name=op.f("fk_report_definitions_template_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_definitions")),
        sa.UniqueConstraint("report_id", name=op.f("uq_report_definitions_report_id")),
    )
    with op.batch_alter_table("report_definitions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_report_definitions_instance_id_deleted_at_created_at"),
            ["instance_id", "deleted_at", "created_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_report_definitions_owner_id_deleted_at_created_at"),
            ["owner_id", "deleted_at", "created_at"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_report_definitions_template_id"), ["template_id"], unique=False)

    op.create_table(
        "report_favorites",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["report_definitions.id"],
            name=op.f("fk_report_favorites_report_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_report_favorites_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_favorites")),
    )
    with op.batch_alter_table("report_favorites", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_report_favorites_user_id_report_id"), ["user_id", "report_id"], unique=True
        )

    op.create_table(
        "report_schedules",
        sa.Column("schedule_id", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("schedule_type", sa.Text(), nullable=False),
        sa.Column("cron_expression", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("default_parameters", JSON, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("last_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_run_status", sa.Text(), nullable=True),
        sa.Column("next_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_count", sa.Integer(), nullable=False),
        sa.Column("failure_count", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "schedule_type IN ('daily', 'weekly', 'monthly', 'quarterly', 'custom')",
            name=op.f("ck_report_schedules_schedule_type"),
        ),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["report_definitions.id"],
            name=op.f("fk_report_schedules_report_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedules")),
        sa.UniqueConstraint("schedule_id", name=op.f("uq_report_schedules_schedule_id")),
    )
    with op.batch_alter_table("report_schedules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_schedules_next_run_at"), ["next_run_at"], unique=False)
        batch_op.create_index(
            "uq_report_schedules_active",
            ["report_id"],
            unique=True,
            postgresql_where=sa.text("is_active"),
            sqlite_where=sa.text("is_active"),
        )

    op.create_table(
        "report_executions",
        sa.Column("execution_id", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("template_version", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("triggered_by", sa.Text(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=True),
        sa.Column("collection_id", sa.Uuid(), nullable=True),
        sa.Column("retry_of_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("parameters_snapshot", JSON, nullable=False),
        sa.Column("sql_text", sa.Text(), nullable=False),
        sa.Column("time_window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_window_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("amc_execution_id", sa.Text(), nullable=True),
        sa.Column("amc_status", sa.Text(), nullable=True),
        sa.Column("output_columns", JSON, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("output_location", sa.Text(), nullable=True),
        sa.Column("row_count", sa.BigInteger(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'submitting', 'running', 'collecting', 'completed', 'failed', 'cancelled')",
            name=op.f("ck_report_executions_state"),
        ),
        sa.CheckConstraint(
            "triggered_by IN ('manual', 'schedule', 'backfill', 'api')",
            name=op.f("ck_report_executions_triggered_by"),
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["report_data_collections.id"], name=op.f("fk_report_executions_collection_id")
        ),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["amc_instances.id"], name=op.f("fk_report_executions_instance_id")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["report_definitions.id"], name=op.f("fk_report_executions_report_id")
        ),
        sa.ForeignKeyConstraint(
            ["retry_of_id"], ["report_executions.id"], name=op.f("fk_report_executions_retry_of_id")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["report_schedules.id"], name=op.f("fk_report_executions_schedule_id")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["query_templates.id"], name=op.f("fk_report_executions_template_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_report_executions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_executions")),
        sa.UniqueConstraint("execution_id", name=op.f("uq_report_executions_execution_id")),
        sa.UniqueConstraint("tag", name=op.f("uq_report_executions_tag")),
    )
    with op.batch_alter_table("report_executions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_report_executions_amc_execution_id"), ["amc_execution_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_report_executions_collection_id"), ["collection_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_report_executions_created_at"), ["created_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_report_executions_instance_id_state"), ["instance_id", "state"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_report_executions_report_id_created_at"), ["report_id", "created_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_report_executions_schedule_id"), ["schedule_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_report_executions_state_lease_until"), ["state", "lease_until"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_report_executions_template_id"), ["template_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_report_executions_user_id_created_at"), ["user_id", "created_at"], unique=False
        )

    op.create_table(
        "execution_events",
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["report_executions.id"],
            name=op.f("fk_execution_events_execution_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_execution_events")),
    )
    with op.batch_alter_table("execution_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_execution_events_execution_id"), ["execution_id"], unique=False)

    op.create_table(
        "result_sets",
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("columns", JSON, nullable=False),
        sa.Column("warnings", JSON, nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["report_executions.id"],
            name=op.f("fk_result_sets_execution_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_sets")),
        sa.UniqueConstraint("execution_id", name=op.f("uq_result_sets_execution_id")),
        sa.UniqueConstraint("key", name=op.f("uq_result_sets_key")),
    )
    op.create_table(
        "submission_intents",
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("amc_execution_id", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["report_executions.id"],
            name=op.f("fk_submission_intents_execution_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_intents")),
        sa.UniqueConstraint("execution_id", "number", name=op.f("uq_submission_intents_execution_id_number")),
    )
    with op.batch_alter_table("submission_intents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_submission_intents_tag"), ["tag"], unique=False)

    with op.batch_alter_table("amc_accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sealed_refresh_token", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("sealed_access_token", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("access_token_expires_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("refresh_lease_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("signed_out_reason", sa.Text(), nullable=True))

    with op.batch_alter_table("amc_instances", schema=None) as batch_op:
        batch_op.add_column(sa.Column("slots", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("foreign_running", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("failed_looks", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("throttled_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_amc_instances_next_look_at"), ["next_look_at"], unique=False)

    with op.batch_alter_table("query_templates", schema=None) as batch_op:
        batch_op.add_column(sa.Column("report_type", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("report_config", JSON, server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("ui_schema", JSON, server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("library_key", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("library_digest", sa.Text(), nullable=True))
        batch_op.create_index(batch_op.f("ix_query_templates_report_type"), ["report_type"], unique=False)
        batch_op.create_unique_constraint(batch_op.f("uq_query_templates_library_key"), ["library_key"])

    with op.batch_alter_table("report_data_collections", schema=None) as batch_op:
        batch_op.add_column(sa.Column("report_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("segment_type", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("max_lookback_days", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_report_data_collections_report_id"), ["report_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_report_data_collections_report_id"), "report_definitions", ["report_id"], ["id"]
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_report_data_collections_max_lookback_days"), "max_lookback_days <= 365"
        )

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("password_hash", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("role", sa.Text(), server_default="analyst", nullable=False))
        batch_op.add_column(sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False))
        batch_op.create_check_constraint(
            batch_op.f("ck_users_role"), "role IN ('viewer', 'analyst', 'editor', 'admin')"
        )


def downgrade() -> None:  # noqa: PLR0915 - a migration is a list
    """Remove them."""
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_users_role"), type_="check")
        batch_op.drop_column("time_zone")
        batch_op.drop_column("role")
        batch_op.drop_column("password_hash")

    with op.batch_alter_table("report_data_collections", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_report_data_collections_max_lookback_days"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_report_data_collections_report_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_report_data_collections_report_id"))
        batch_op.drop_column("max_lookback_days")
        batch_op.drop_column("segment_type")
        batch_op.drop_column("report_id")

    with op.batch_alter_table("query_templates", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_query_templates_library_key"), type_="unique")
        batch_op.drop_index(batch_op.f("ix_query_templates_report_type"))
        batch_op.drop_column("library_digest")
        batch_op.drop_column("library_key")
        batch_op.drop_column("ui_schema")
        batch_op.drop_column("report_config")
        batch_op.drop_column("report_type")

    with op.batch_alter_table("amc_instances", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_amc_instances_next_look_at"))
        batch_op.drop_column("throttled_until")
        batch_op.drop_column("failed_looks")
        batch_op.drop_column("next_look_at")
        batch_op.drop_column("looked_at")
        batch_op.drop_column("foreign_running")
        batch_op.drop_column("slots")

    with op.batch_alter_table("amc_accounts", schema=None) as batch_op:
        batch_op.drop_column("signed_out_reason")
        batch_op.drop_column("refresh_lease_until")
        batch_op.drop_column("access_token_expires_at")
        batch_op.drop_column("sealed_access_token")
        batch_op.drop_column("sealed_refresh_token")

    with op.batch_alter_table("submission_intents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_intents_tag"))

    op.drop_table("submission_intents")
    op.drop_table("result_sets")
    with op.batch_alter_table("execution_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_execution_events_execution_id"))

    op.drop_table("execution_events")
    with op.batch_alter_table("report_executions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_executions_user_id_created_at"))
        batch_op.drop_index(batch_op.f("ix_report_executions_template_id"))
        batch_op.drop_index(batch_op.f("ix_report_executions_state_lease_until"))
        batch_op.drop_index(batch_op.f("ix_report_executions_schedule_id"))
        batch_op.drop_index(batch_op.f("ix_report_executions_report_id_created_at"))
        batch_op.drop_index(batch_op.f("ix_report_executions_instance_id_state"))
        batch_op.drop_index(batch_op.f("ix_report_executions_created_at"))
        batch_op.drop_index(batch_op.f("ix_report_executions_collection_id"))
        batch_op.drop_index(batch_op.f("ix_report_executions_amc_execution_id"))

    op.drop_table("report_executions")
    with op.batch_alter_table("report_schedules", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_report_schedules_active",
            postgresql_where=sa.text("is_active"),
            sqlite_where=sa.text("is_active"),
        )
        batch_op.drop_index(batch_op.f("ix_report_schedules_next_run_at"))

    op.drop_table("report_schedules")
    with op.batch_alter_table("report_favorites", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_favorites_user_id_report_id"))

    op.drop_table("report_favorites")
    with op.batch_alter_table("report_definitions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_definitions_template_id"))
        batch_op.drop_index(batch_op.f("ix_report_definitions_owner_id_deleted_at_created_at"))
        batch_op.drop_index(batch_op.f("ix_report_definitions_instance_id_deleted_at_created_at"))

    op.drop_table("report_definitions")
    with op.batch_alter_table("instance_grants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_instance_grants_instance_id"))

    op.drop_table("instance_grants")
    op.drop_table("dashboard_favorites")
    op.drop_table("idempotency_keys")
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_tokens_user_id"))

    op.drop_table("api_tokens")
    with op.batch_alter_table("process_heartbeats", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_process_heartbeats_seen_at"))

    op.drop_table("process_heartbeats")
