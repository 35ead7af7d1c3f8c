"""Idempotency keys: a repeated request gets the first one's answer, and its work is done once."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reportbuilder.accounts.models import IdempotencyKey
from reportbuilder.errors import Conflict, Invalid

KEY_MAX = 200  # characters
KEPT_DAYS = 7  # how long answers are kept, see forget()


@dataclass(frozen=True)
class Answer:
    """What was answered; ``is_replay`` if it was by an earlier request."""

    status_code: int
    body: dict[str, Any]
    is_replay: bool = False


Work = Callable[[], tuple[int, dict[str, Any]]]


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return what makes two requests the same.

    >>> fingerprint("POST", "/a", b"") == fingerprint("POST", "/a", b" ")
    False
    """
    parts = (method.upper().encode(), path.encode("utf-8", "replace"), body)
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()


def once(session: Session, user_id: UUID, key: str, print_: str, work: Work) -> Answer:
    """Do ``work`` and keep its answer, or give the kept answer if the key has been used.

    The key's row is written in the transaction of the work and is unique: of two requests at the same time
    the second waits for the first, and if the work fails nothing is kept, so that one may try again.

    :raises Invalid: if the key is empty, too long or not printable.
    :raises Conflict: if the key was used for another request.
    """
    _check(key)
    row = IdempotencyKey(user_id=user_id, key=key, fingerprint=print_, status_code=0, answer={})
    if _kept(session, user_id, key) is None and _claim(session, row):
        row.status_code, row.answer = work()
        session.flush()
        return Answer(row.status_code, row.answer)
    return _replay(_kept(session, user_id, key), print_)


def forget(session: Session, before: datetime) -> int:
    """Drop the answers given before an instant; return how many."""
    statement = delete(IdempotencyKey).where(IdempotencyKey.created_at < before)
    return session.connection().execute(statement).rowcount


def _check(key: str) -> None:
    if not 0 < len(key) <= KEY_MAX or not (key.isascii() and key.isprintable()):
        raise Invalid.field(
            "Idempotency-Key", f"take 1 to {KEY_MAX} printable ASCII characters, such as a UUID"
        )


def _kept(session: Session, user_id: UUID, key: str) -> IdempotencyKey | None:
    return session.scalar(
        select(IdempotencyKey).where(IdempotencyKey.user_id == user_id, IdempotencyKey.key == key)
    )


def _claim(session: Session, row: IdempotencyKey) -> bool:
    # PostgreSQL lets the insert wait until the other transaction has ended; SQLite lets no two write at once.
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def _replay(kept: IdempotencyKey | None, print_: str) -> Answer:
    if kept is None or kept.fingerprint != print_:
        raise Conflict(
            "This Idempotency-Key was used for another request; repeat that one or take another key"
        )
    return Answer(kept.status_code, kept.answer, is_replay=True)
