"""Pauses: what holds an instance, or all of them, back."""

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from reportbuilder.executions.models import Pause


def pause_of(session: Session, instance_id: UUID) -> Pause | None:
    """Return the open pause that holds an instance (by row id) back, None if nothing does."""
    found = select(Pause).where(
        Pause.ended_at.is_(None), or_(Pause.is_whole, Pause.instance_id == instance_id)
    )
    return session.scalars(found.order_by(Pause.is_whole.desc()).limit(1)).first()
