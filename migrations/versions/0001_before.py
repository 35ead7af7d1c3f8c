"""The tables that the workflow-based system left."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "users",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "amc_accounts",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("marketplace_id", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_amc_accounts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amc_accounts")),
        sa.UniqueConstraint("account_id", name=op.f("uq_amc_accounts_account_id")),
    )
    op.create_table(
        "dashboards",
        sa.Column("dashboard_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("template_type", sa.Text(), nullable=True),
        sa.Column("layout_config", JSON, nullable=False),
        sa.Column("filter_config", JSON, nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("is_template", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_dashboards_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboards")),
        sa.UniqueConstraint("dashboard_id", name=op.f("uq_dashboards_dashboard_id")),
    )
    with op.batch_alter_table("dashboards", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dashboards_user_id"), ["user_id"], unique=False)

    op.create_table(
        "query_templates",
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("sql_template", sa.Text(), nullable=False),
        sa.Column("parameters_schema", JSON, nullable=False),
        sa.Column("default_parameters", JSON, nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("tags", JSON, nullable=True),
        sa.Column("usage_count", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("parent_template_id", sa.Uuid(), nullable=True),
        sa.Column("execution_count", sa.Integer(), nullable=False),
        sa.Column("default_dashboard_type", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_template_id"], ["query_templates.id"], name=op.f("fk_query_templates_parent_template_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_query_templates_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_query_templates")),
        sa.UniqueConstraint("template_id", name=op.f("uq_query_templates_template_id")),
    )
    with op.batch_alter_table("query_templates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_query_templates_category"), ["category"], unique=False)

    op.create_table(
        "amc_instances",
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("instance_name", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["amc_accounts.id"], name=op.f("fk_amc_instances_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amc_instances")),
        sa.UniqueConstraint("instance_id", name=op.f("uq_amc_instances_instance_id")),
    )
    with op.batch_alter_table("amc_instances", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_amc_instances_account_id"), ["account_id"], unique=False)

    op.create_table(
        "dashboard_widgets",
        sa.Column("dashboard_id", sa.Uuid(), nullable=False),
        sa.Column("widget_id", sa.Text(), nullable=False),
        sa.Column("widget_type", sa.Text(), nullable=False),
        sa.Column("chart_type", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("data_source", JSON, nullable=False),
        sa.Column("display_config", JSON, nullable=False),
        sa.Column("position_config", JSON, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dashboard_id"],
            ["dashboards.id"],
            name=op.f("fk_dashboard_widgets_dashboard_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboard_widgets")),
        sa.UniqueConstraint(
            "dashboard_id", "widget_id", name=op.f("uq_dashboard_widgets_dashboard_id_widget_id")
        ),
    )
    op.create_table(
        "query_template_instances",
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("instance_name", sa.Text(), nullable=False),
        sa.Column("saved_parameters", JSON, nullable=False),
        sa.Column("is_favorite", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["query_templates.id"],
            name=op.f("fk_query_template_instances_template_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_query_template_instances_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_query_template_instances")),
    )
    with op.batch_alter_table("query_template_instances", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_query_template_instances_template_id"), ["template_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_query_template_instances_user_id"), ["user_id"], unique=False)

    op.create_table(
        "query_template_parameters",
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("parameter_name", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("parameter_type", sa.Text(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("default_value", JSON, nullable=True),
        sa.Column("validation_rules", JSON, nullable=False),
        sa.Column("ui_config", JSON, nullable=False),
        sa.Column("display_order", sa.Integer(), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["query_templates.id"],
            name=op.f("fk_query_template_parameters_template_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_query_template_parameters")),
        sa.UniqueConstraint(
            "template_id",
            "parameter_name",
            name=op.f("uq_query_template_parameters_template_id_parameter_name"),
        ),
    )
    op.create_table(
        "workflows",
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("instance_id", sa.Uuid(), nullable=True),
        sa.Column("sql_query", sa.Text(), nullable=False),
        sa.Column("parameters", JSON, nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("is_template", sa.Boolean(), nullable=False),
        sa.Column("tags", JSON, nullable=True),
        sa.Column("amc_workflow_id", sa.Text(), nullable=True),
        sa.Column("is_synced_to_amc", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["amc_instances.id"], name=op.f("fk_workflows_instance_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_workflows_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflows")),
        sa.UniqueConstraint("workflow_id", name=op.f("uq_workflows_workflow_id")),
    )
    with op.batch_alter_table("workflows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workflows_instance_id"), ["instance_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_workflows_user_id"), ["user_id"], unique=False)

    op.create_table(
        "batch_executions",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("instance_ids", JSON, nullable=False),
        sa.Column("base_parameters", JSON, nullable=True),
        sa.Column("instance_parameters", JSON, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_batch_executions_user_id")),
        sa.ForeignKeyConstraint(
            ["workflow_id"],
            ["workflows.id"],
            name=op.f("fk_batch_executions_workflow_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_executions")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_batch_executions_batch_id")),
    )
    with op.batch_alter_table("batch_executions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batch_executions_workflow_id"), ["workflow_id"], unique=False)

    op.create_table(
        "report_data_collections",
        sa.Column("collection_id", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=True),
        sa.Column("collection_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("target_weeks", sa.Integer(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("weeks_completed", sa.Integer(), nullable=False),
        sa.Column("progress_percentage", sa.Integer(), nullable=False),
        sa.Column("configuration", JSON, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["amc_instances.id"], name=op.f("fk_report_data_collections_instance_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_report_data_collections_user_id")),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["workflows.id"], name=op.f("fk_report_data_collections_workflow_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_data_collections")),
        sa.UniqueConstraint("collection_id", name=op.f("uq_report_data_collections_collection_id")),
    )
    with op.batch_alter_table("report_data_collections", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_report_data_collections_instance_id"), ["instance_id"], unique=False
        )

    op.create_table(
        "workflow_schedules",
        sa.Column("schedule_id", sa.Text(), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("cron_expression", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("default_parameters", JSON, nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("last_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow_id"],
            ["workflows.id"],
            name=op.f("fk_workflow_schedules_workflow_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_schedules")),
        sa.UniqueConstraint("schedule_id", name=op.f("uq_workflow_schedules_schedule_id")),
    )
    with op.batch_alter_table("workflow_schedules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workflow_schedules_workflow_id"), ["workflow_id"], unique=False)

    op.create_table(
        "workflow_versions",
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sql_query", sa.Text(), nullable=False),
        sa.Column("parameters", JSON, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workflow_id"],
            ["workflows.id"],
            name=op.f("fk_workflow_versions_workflow_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_versions")),
        sa.UniqueConstraint("workflow_id", "version", name=op.f("uq_workflow_versions_workflow_id_version")),
    )
    op.create_table(
        "report_data_weeks",
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("week_start_date", sa.Date(), nullable=False),
        sa.Column("week_end_date", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("execution_id", sa.Text(), nullable=True),
        sa.Column("amc_execution_id", sa.Text(), nullable=True),
        sa.Column("data_checksum", sa.Text(), nullable=True),
        sa.Column("record_count", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["report_data_collections.id"],
            name=op.f("fk_report_data_weeks_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_data_weeks")),
        sa.UniqueConstraint(
            "collection_id",
            "week_start_date",
            name=op.f("uq_report_data_weeks_collection_id_week_start_date"),
        ),
    )
    op.create_table(
        "workflow_executions",
        sa.Column("execution_id", sa.Text(), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("execution_parameters", JSON, nullable=True),
        sa.Column("execution_mode", sa.Text(), nullable=True),
        sa.Column("output_location", sa.Text(), nullable=True),
        sa.Column("row_count", sa.BigInteger(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("result_columns", JSON, nullable=True),
        sa.Column("result_rows", JSON, nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_seconds", sa.Integer(), nullable=True),
        sa.Column("triggered_by", sa.Text(), nullable=True),
        sa.Column("schedule_id", sa.Uuid(), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batch_executions.id"], name=op.f("fk_workflow_executions_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["workflow_schedules.id"], name=op.f("fk_workflow_executions_schedule_id")
        ),
        sa.ForeignKeyConstraint(
            ["workflow_id"],
            ["workflows.id"],
            name=op.f("fk_workflow_executions_workflow_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_executions")),
        sa.UniqueConstraint("execution_id", name=op.f("uq_workflow_executions_execution_id")),
    )
    with op.batch_alter_table("workflow_executions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workflow_executions_workflow_id"), ["workflow_id"], unique=False)

    op.create_table(
        "schedule_runs",
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("run_number", sa.Integer(), nullable=False),
        sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("execution_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["execution_id"], ["workflow_executions.id"], name=op.f("fk_schedule_runs_execution_id")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["workflow_schedules.id"],
            name=op.f("fk_schedule_runs_schedule_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_runs")),
    )
    with op.batch_alter_table("schedule_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schedule_runs_schedule_id"), ["schedule_id"], unique=False)


def downgrade() -> None:
    """Remove them."""
    with op.batch_alter_table("schedule_runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_schedule_runs_schedule_id"))

    op.drop_table("schedule_runs")
    with op.batch_alter_table("workflow_executions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workflow_executions_workflow_id"))

    op.drop_table("workflow_executions")
    op.drop_table("report_data_weeks")
    op.drop_table("workflow_versions")
    with op.batch_alter_table("workflow_schedules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workflow_schedules_workflow_id"))

    op.drop_table("workflow_schedules")
    with op.batch_alter_table("report_data_collections", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_report_data_collections_instance_id"))

    op.drop_table("report_data_collections")
    with op.batch_alter_table("batch_executions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_batch_executions_workflow_id"))

    op.drop_table("batch_executions")
    with op.batch_alter_table("workflows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workflows_user_id"))
        batch_op.drop_index(batch_op.f("ix_workflows_instance_id"))

    op.drop_table("workflows")
    op.drop_table("query_template_parameters")
    with op.batch_alter_table("query_template_instances", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_query_template_instances_user_id"))
        batch_op.drop_index(batch_op.f("ix_query_template_instances_template_id"))

    op.drop_table("query_template_instances")
    op.drop_table("dashboard_widgets")
    with op.batch_alter_table("amc_instances", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_amc_instances_account_id"))

    op.drop_table("amc_instances")
    with op.batch_alter_table("query_templates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_query_templates_category"))

    op.drop_table("query_templates")
    with op.batch_alter_table("dashboards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dashboards_user_id"))

    op.drop_table("dashboards")
    op.drop_table("amc_accounts")
    op.drop_table("users")
