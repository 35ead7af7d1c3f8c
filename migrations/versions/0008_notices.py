"""Notices: what has happened that people may want to be told; whom it is told, how, and what became of it."""

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
DEFAULT = sa.text("report_id IS NULL")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "notices",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("about", JSON, nullable=False),
        sa.Column("handled_at", INSTANT, nullable=True),
        *_row("notices"),
        sa.UniqueConstraint("key", name=op.f("uq_notices_key")),
        _of("notices", "report_id", "report_definitions"),
    )
    op.create_index(op.f("ix_notices_report_id_created_at"), "notices", ["report_id", "created_at"])
    op.create_index(
        op.f("ix_notices_created_at"),
        "notices",
        ["created_at"],
        sqlite_where=UNHANDLED,
        postgresql_where=UNHANDLED,
    )
    _channels()
    _rules()
    _notifications()


def _channels() -> None:
    op.create_table(
        "notification_channels",
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed_target", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        *_row("notification_channels"),
        sa.UniqueConstraint("channel_id", name=op.f("uq_notification_channels_channel_id")),
        sa.CheckConstraint(
            "kind IN ('email', 'slack', 'webhook')", name=op.f("ck_notification_channels_kind")
        ),
        _of("notification_channels", "user_id", "users"),
    )
    op.create_index(op.f("ix_notification_channels_user_id"), "notification_channels", ["user_id"])


def _rules() -> None:
    op.create_table(
        "notification_rules",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("is_muted", sa.Boolean(), nullable=False),
        sa.Column("wants", JSON, nullable=False),
        *_row("notification_rules"),
        sa.UniqueConstraint("user_id", "report_id", name=op.f("uq_notification_rules_user_id_report_id")),
        _of("notification_rules", "user_id", "users"),
        _of("notification_rules", "report_id", "report_definitions"),
    )
    op.create_index(op.f("ix_notification_rules_report_id"), "notification_rules", ["report_id"])
    op.create_index(
        "uq_notification_rules_default",
        "notification_rules",
        ["user_id"],
        unique=True,
        sqlite_where=DEFAULT,
        postgresql_where=DEFAULT,
    )


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("notification_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("digest_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("pace", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("resends", sa.Integer(), nullable=False),
        sa.Column("not_before", INSTANT, nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        *_row("notifications"),
        sa.UniqueConstraint("notification_id", name=op.f("uq_notifications_notification_id")),
        sa.UniqueConstraint(
            "notice_id", "user_id", "channel", name=op.f("uq_notifications_notice_id_user_id_channel")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'gathered', 'sending', 'sent', 'failed', 'dropped')",
            name=op.f("ck_notifications_state"),
        ),
        sa.CheckConstraint(
            "pace IN ('at_once', 'hourly', 'daily', 'held')", name=op.f("ck_notifications_pace")
        ),
        _of("notifications", "user_id", "users"),
        _of("notifications", "notice_id", "notices"),
        _of("notifications", "report_id", "report_definitions"),
        _of("notifications", "digest_id", "notifications"),
    )
    for names in (["report_id"], ["digest_id"], ["state", "not_before"], ["user_id", "created_at"]):
        op.create_index(op.f(f"ix_notifications_{'_'.join(names)}"), "notifications", names)


def _row(table: str) -> tuple[sa.Column[object] | sa.Constraint, ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _of(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE"
    )


def downgrade() -> None:
    """Remove them."""
    for table in ("notifications", "notification_rules", "notification_channels", "notices"):
        op.drop_table(table)
