"""Result sets: where the rows of an execution lie, and how one knows that they are still the same."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from reportbuilder.database import Base, Row


class ResultSet(Row, Base):
    """One Parquet file of ``size_bytes``: ``key`` in the store, ``columns`` as ``[{name, type, …}]``."""

    __tablename__ = "result_sets"

    execution_id: Mapped[UUID] = mapped_column(
        ForeignKey("report_executions.id", ondelete="CASCADE"), unique=True
    )
    key: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    row_count: Mapped[int] = mapped_column(BigInteger)
    columns: Mapped[list[Any]]
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    removed_at: Mapped[datetime | None]
