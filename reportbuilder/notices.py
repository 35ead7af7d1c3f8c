"""Notices: what has happened that people may want to be told, written with the fact itself.

A room leaves a notice in the transaction in which the fact comes true; whoever tells people reads them later.
So nothing is told of what was rolled back, and nothing that was committed is forgotten.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from reportbuilder import clock, wakeups
from reportbuilder.database import Base, Row

TELL: Final = "tell_notices"  # the wake-up
_UNHANDLED = text("handled_at IS NULL")
_ASKED: Final = "notices asked for"

KINDS: Final[dict[str, str]] = {
    "run_completed": "a run of a report has brought its rows",
    "run_failed": "a run of a report has failed, or could not be asked for",
    "schedule_paused": "a schedule has paused itself after failures in a row",
    "run_overdue": "a run should have happened and did not",
    "backfill_paused": "a backfill has paused itself, since whoever started it may no longer run",
    "backfill_ended": "a backfill has come to its end",
}


class Notice(Row, Base):
    """Something that happened to a report. ``key`` makes it unique, ``about`` holds text ids and words.

    Of ``about`` people are told, as far as it is there: ``execution_id`` (its row says the rest, and
    ``is_rerun`` for whoever asks of many),
    ``schedule_id``, ``backfill_id``, ``due_at`` (ISO), ``reason`` or ``words``, ``status``, ``failures`` in a
    row, the ``count`` of due times that were missed, and other ``counts`` (name: number).
    """

    __tablename__ = "notices"
    __table_args__ = (
        Index(None, "created_at", postgresql_where=_UNHANDLED, sqlite_where=_UNHANDLED),
        Index(None, "report_id", "created_at"),
    )

    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    report_id: Mapped[UUID] = mapped_column(ForeignKey("report_definitions.id", ondelete="CASCADE"))
    about: Mapped[dict[str, Any]]
    handled_at: Mapped[datetime | None]


def give(session: Session, kind: str, key: str, report_id: UUID, about: Mapping[str, Any]) -> None:
    """Leave a notice, once for each ``key``, whoever else is giving the same; in one statement.

    The workers are asked once a transaction. Of what went well they are not asked at all: few want to be
    told, it is found within seconds by the sweep, and thousands may end in one minute.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of notice")
    session.flush()
    is_new = _insert(session, kind=kind, key=key, report_id=report_id, about=dict(about))
    if is_new and kind != "run_completed" and not session.info.get(_ASKED):
        session.info[_ASKED] = True
        wakeups.ask(session, TELL, "")


def _insert(session: Session, **values: Any) -> bool:
    """Add the row unless its key is there; say whether it was added."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    now, table = clock.now(), Base.metadata.tables[Notice.__tablename__]
    statement = (
        dialect.insert(table)
        .values(id=uuid4(), created_at=now, updated_at=now, **values)
        .on_conflict_do_nothing(index_elements=[table.c.key])
        .returning(table.c.id)
    )
    return session.scalar(statement) is not None
