"""Notices: what has happened that people may want to be told, written with the fact itself.

A room leaves a notice in the transaction in which the fact comes true; whoever tells people reads them later.
So nothing is told of what was rolled back, and nothing that was committed is forgotten.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from reportbuilder import wakeups
from reportbuilder.database import Base, Row

TELL: Final = "tell_notices"  # the wake-up
_UNHANDLED = text("handled_at IS NULL")

KINDS: Final[dict[str, str]] = {
    "run_completed": "a run of a report has brought its rows",
    "run_failed": "a run of a report has failed, or could not be asked for",
    "schedule_paused": "a schedule has paused itself after failures in a row",
    "run_overdue": "a run should have happened and did not",
    "backfill_ended": "a backfill has come to its end",
}


class Notice(Row, Base):
    """Something that happened to a report. ``key`` makes it unique, ``about`` holds text ids and words."""

    __tablename__ = "notices"
    __table_args__ = (Index(None, "created_at", postgresql_where=_UNHANDLED, sqlite_where=_UNHANDLED),)

    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    report_id: Mapped[UUID] = mapped_column(
        ForeignKey("report_definitions.id", ondelete="CASCADE"), index=True
    )
    about: Mapped[dict[str, Any]]
    handled_at: Mapped[datetime | None]


def give(session: Session, kind: str, key: str, report_id: UUID, about: Mapping[str, Any]) -> None:
    """Leave a notice, once for each ``key``; the caller holds what keeps two from giving the same at once."""
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of notice")
    if session.scalar(select(Notice.id).where(Notice.key == key)) is None:
        session.add(Notice(kind=kind, key=key, report_id=report_id, about=dict(about)))
        wakeups.ask(session, TELL, "")
