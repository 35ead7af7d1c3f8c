"""The values of an instance's lists, and the refreshes that fetch them from AMC."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import Base, Row
from reportbuilder.executions.models import ReportExecution
from reportbuilder.valuelists.kinds import KINDS

OPEN, TAKEN, FAILED = STATES = ("open", "taken", "failed")


class InstanceValue(Row, Base):
    """One value of a list. ``weight`` orders it, the heaviest first: impressions, or conversions of an ASIN.

    ``seen_at``: when AMC last told of it, None if never; ``uploaded_at``: when somebody brought it. A value
    that neither vouches for is not there any more. ``detail`` says more of it: advertiser, campaign_id, …
    """

    __tablename__ = "instance_values"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        UniqueConstraint("instance_id", "kind", "value"),
    )

    instance_id: Mapped[UUID] = mapped_column(ForeignKey("amc_instances.id", ondelete="CASCADE"))
    kind: Mapped[str]
    value: Mapped[str]
    label: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    weight: Mapped[int] = mapped_column(BigInteger, default=0)
    seen_at: Mapped[datetime | None]
    uploaded_at: Mapped[datetime | None]


class ValueRefresh(Row, Base):
    """One question to AMC whose rows fill lists; ``source`` is a key of ``kinds.SOURCES``.

    ``state``: open until its execution has ended, then taken, or failed with a ``reason``.
    """

    __tablename__ = "value_refreshes"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        # one at a time, so that two clicks or two schedulers ask once
        Index(
            "uq_value_refreshes_open",
            "instance_id",
            "source",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(None, "instance_id", "source", "created_at"),
    )

    instance_id: Mapped[UUID] = mapped_column(ForeignKey("amc_instances.id", ondelete="CASCADE"))
    source: Mapped[str]
    execution_id: Mapped[UUID] = mapped_column(ForeignKey("report_executions.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(default=OPEN)
    reason: Mapped[str | None]
    row_count: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    execution: Mapped[ReportExecution] = relationship(lazy="raise")
    instance: Mapped[AmcInstance] = relationship(lazy="raise")
