"""Query templates with their parameter definitions, and the value sets that people saved for them."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import Base, Json, Row, new_id


class QueryTemplate(Row, Base):
    """SQL with placeholders. ``template_id`` is ``tpl_`` and 12 hex digits; ``version`` counts publications.

    ``parameters_schema``, ``default_parameters``, ``tags``, ``report_config`` and ``ui_schema`` are kept as
    they came, unknown keys and all; what runs is read from ``parameters``. ``source_id`` and
    ``source_digest`` say what an imported one was made of, ``parent_version`` which version was copied.
    """

    __tablename__ = "query_templates"
    __table_args__ = (UniqueConstraint("user_id", "source_id"),)

    template_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str | None]
    category: Mapped[str] = mapped_column(index=True)
    sql_template: Mapped[str]
    parameters_schema: Mapped[dict[str, Any]] = mapped_column(default=dict)
    default_parameters: Mapped[dict[str, Any] | None]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    is_public: Mapped[bool] = mapped_column(default=False)
    tags: Mapped[list[Any] | None]
    usage_count: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    parent_template_id: Mapped[UUID | None] = mapped_column(ForeignKey("query_templates.id"))
    execution_count: Mapped[int] = mapped_column(default=0)
    default_dashboard_type: Mapped[str | None]
    report_type: Mapped[str | None] = mapped_column(index=True)
    report_config: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    ui_schema: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    library_key: Mapped[str | None] = mapped_column(unique=True)
    library_digest: Mapped[str | None]
    parent_version: Mapped[int | None]
    source_id: Mapped[str | None]
    source_digest: Mapped[str | None]
    parameters: Mapped[list["QueryTemplateParameter"]] = relationship(
        order_by="QueryTemplateParameter.display_order", cascade="all, delete-orphan", lazy="selectin"
    )


class QueryTemplateParameter(Row, Base):
    """One parameter's definition; ``parameters/types.py`` knows the types and their rules."""

    __tablename__ = "query_template_parameters"
    __table_args__ = (UniqueConstraint("template_id", "parameter_name"),)

    template_id: Mapped[UUID] = mapped_column(ForeignKey("query_templates.id", ondelete="CASCADE"))
    parameter_name: Mapped[str]
    display_name: Mapped[str | None]
    description: Mapped[str | None]
    parameter_type: Mapped[str]
    required: Mapped[bool] = mapped_column(default=False)
    default_value: Mapped[Any | None] = mapped_column(Json)
    validation_rules: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ui_config: Mapped[dict[str, Any]] = mapped_column(default=dict)
    display_order: Mapped[int] = mapped_column(default=0)
    group_name: Mapped[str | None]


class QueryTemplateVersion(Row, Base):
    """One publication of a template: ``snapshot`` is what ``publishing.publish`` takes."""

    __tablename__ = "query_template_versions"
    __table_args__ = (UniqueConstraint("template_id", "version"),)

    template_id: Mapped[UUID] = mapped_column(ForeignKey("query_templates.id", ondelete="CASCADE"))
    version: Mapped[int]
    snapshot: Mapped[dict[str, Any]]
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    note: Mapped[str] = mapped_column(default="")
    author: Mapped[User | None] = relationship(lazy="joined")


class QueryTemplateInstance(Row, Base):
    """A set of values that a user saved for a template.

    ``shared_on``: the instance whose people see it as well, None for its owner alone; ``time_window``: as it
    was asked for, None if the set says nothing of it.
    """

    __tablename__ = "query_template_instances"

    set_id: Mapped[str] = mapped_column(unique=True, default=lambda: new_id("set"))
    template_id: Mapped[UUID] = mapped_column(
        ForeignKey("query_templates.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    instance_name: Mapped[str]
    saved_parameters: Mapped[dict[str, Any]]
    time_window: Mapped[dict[str, Any] | None]
    is_favorite: Mapped[bool] = mapped_column(default=False)
    shared_on_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("amc_instances.id", ondelete="SET NULL"), index=True
    )
    user: Mapped[User] = relationship(lazy="joined")
    shared_on: Mapped[AmcInstance | None] = relationship(lazy="joined")
