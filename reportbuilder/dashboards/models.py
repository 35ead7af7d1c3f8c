"""Dashboards, their widgets, and who marked which."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reportbuilder.database import Base, Row


class Dashboard(Row, Base):
    """A page of widgets."""

    __tablename__ = "dashboards"

    dashboard_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str | None]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    template_type: Mapped[str | None]
    layout_config: Mapped[dict[str, Any]] = mapped_column(default=dict)
    filter_config: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_public: Mapped[bool] = mapped_column(default=False)
    is_template: Mapped[bool] = mapped_column(default=False)


class DashboardWidget(Row, Base):
    """One chart, table, number or text on a dashboard."""

    __tablename__ = "dashboard_widgets"
    __table_args__ = (UniqueConstraint("dashboard_id", "widget_id"),)

    dashboard_id: Mapped[UUID] = mapped_column(ForeignKey("dashboards.id", ondelete="CASCADE"))
    widget_id: Mapped[str]
    widget_type: Mapped[str]
    chart_type: Mapped[str | None]
    title: Mapped[str | None]
    data_source: Mapped[dict[str, Any]] = mapped_column(default=dict)
    display_config: Mapped[dict[str, Any]] = mapped_column(default=dict)
    position_config: Mapped[dict[str, Any]] = mapped_column(default=dict)


class DashboardFavorite(Row, Base):
    """A dashboard that a user marked."""

    __tablename__ = "dashboard_favorites"
    __table_args__ = (UniqueConstraint("user_id", "dashboard_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    dashboard_id: Mapped[UUID] = mapped_column(ForeignKey("dashboards.id", ondelete="CASCADE"))
