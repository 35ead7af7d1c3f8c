"""Signs of life of our own processes, so that one can tell whether a worker and a scheduler are there."""

import os
import socket
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from reportbuilder import clock
from reportbuilder.database import Base, Row

BEAT_EVERY = 10.0  # seconds
ALIVE_FOR = timedelta(seconds=35)
FORGET_AFTER = timedelta(hours=1)


class ProcessHeartbeat(Row, Base):
    """A process of ours; ``kind`` is web, worker or scheduler."""

    __tablename__ = "process_heartbeats"

    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    seen_at: Mapped[datetime] = mapped_column(index=True)


def beat(session: Session, kind: str) -> None:
    """Say that this process is alive, and forget those long silent."""
    name = f"{kind}@{socket.gethostname()}:{os.getpid()}"
    row = session.scalar(select(ProcessHeartbeat).where(ProcessHeartbeat.name == name))
    if row is None:
        row = ProcessHeartbeat(name=name, kind=kind, seen_at=clock.now())
        session.add(row)
    row.seen_at = clock.now()
    session.query(ProcessHeartbeat).filter(ProcessHeartbeat.seen_at < clock.now() - FORGET_AFTER).delete()


def alive(session: Session, since: datetime | None = None) -> dict[str, int]:
    """Return how many processes of each kind have been seen lately, or ``since`` an instant."""
    recent = select(ProcessHeartbeat.kind, func.count()).where(
        ProcessHeartbeat.seen_at >= (since or clock.now() - ALIVE_FOR)
    )
    return {row[0]: row[1] for row in session.execute(recent.group_by(ProcessHeartbeat.kind))}
