"""Writes values into lists: what AMC told of, what people bring, and what is no longer there."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.amc.models import AmcInstance
from reportbuilder.valuelists.kinds import Found
from reportbuilder.valuelists.models import InstanceValue


def store_seen(session: Session, instance_id: UUID, found: Iterable[Found], at: datetime) -> int:
    """Write down what AMC told of; a label that somebody brought stays. Return how many values there were."""
    return _upsert(session, instance_id, found, {"seen_at": at}, ("weight", "detail", "seen_at"))


def store_uploaded(session: Session, instance_id: UUID, found: Iterable[Found], at: datetime) -> int:
    """Write down what somebody brought; return how many values there were."""
    return _upsert(session, instance_id, found, {"uploaded_at": at}, ("label", "uploaded_at"))


def forget_uploaded(
    session: Session, instance_id: UUID, kind: str, *, before: datetime | None = None
) -> None:
    """Take back what was brought, all or that from before an upload; what AMC tells of stays."""
    lock(session, instance_id)
    brought = [InstanceValue.instance_id == instance_id, InstanceValue.kind == kind]
    if before is not None:
        brought.append(InstanceValue.uploaded_at < before)
    session.execute(
        update(InstanceValue)
        .where(*brought, InstanceValue.uploaded_at.is_not(None))
        .values(uploaded_at=None, label=None)
        .execution_options(synchronize_session=False)
    )
    _drop(session, instance_id, InstanceValue.seen_at.is_(None))


def forget_unseen(session: Session, instance_id: UUID, since: datetime) -> None:
    """Drop what AMC has not told of for so long, and nobody has brought."""
    _drop(session, instance_id, InstanceValue.seen_at < since)


def _drop(session: Session, instance_id: UUID, condition: Any) -> None:
    session.execute(
        delete(InstanceValue)
        .where(InstanceValue.instance_id == instance_id, InstanceValue.uploaded_at.is_(None), condition)
        .execution_options(synchronize_session=False)
    )


def _upsert(
    session: Session,
    instance_id: UUID,
    found: Iterable[Found],
    marks: dict[str, datetime],
    changing: Sequence[str],
) -> int:
    rows, statement = [_row(instance_id, each) | marks for each in found], _insert_of(session)
    fresh = {name: statement.excluded[name] for name in changing}
    if "label" in fresh:  # a file without labels takes none away
        fresh["label"] = func.coalesce(statement.excluded["label"], InstanceValue.label)
    if rows:
        lock(session, instance_id)
        # through the connection: as many sets of values for one statement, where the session would write one
        # statement for each batch, which takes minutes for a long list
        session.connection().execute(
            statement.on_conflict_do_update(
                index_elements=["instance_id", "kind", "value"], set_=fresh | {"updated_at": clock.now()}
            ),
            rows,
        )
    return len(rows)


def lock(session: Session, instance_id: UUID) -> None:
    """Let nobody else write lists of this instance: two who lock the same values in turn block each other."""
    row = select(AmcInstance.id).where(AmcInstance.id == instance_id)
    session.execute(row.with_for_update(key_share=True))


def _insert_of(session: Session) -> Any:
    """Return the dialect's own INSERT, which knows what to do with a row that is there already."""
    inserts: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    return inserts[session.get_bind().dialect.name](InstanceValue.__table__)


def _row(instance_id: UUID, found: Found) -> dict[str, Any]:
    now = clock.now()
    return {
        "id": uuid4(),
        "created_at": now,
        "updated_at": now,
        "instance_id": instance_id,
        "kind": found.kind,
        "value": found.value,
        "label": found.label,
        "weight": found.weight,
        "detail": dict(found.detail),
    }
