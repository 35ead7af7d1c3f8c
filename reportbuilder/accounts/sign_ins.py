"""Sign-ins at the console: one row for each browser that somebody is signed in with, until it is ended."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, and_, delete, not_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.database import Base, Row

IDLE: Final = timedelta(hours=12)
LIFETIME: Final = timedelta(days=7)  # however busy
MARK_SEEN_EVERY: Final = timedelta(minutes=5)
LISTED_MOST: Final = 50
BROWSER_MOST: Final = 200  # characters
TOKEN_MOST: Final = 100  # longer ones are not even hashed
RANDOM_BYTES: Final = 32


class SignIn(Row, Base):
    """A browser that somebody is signed in with. ``digest``: of the token, which is in its cookie only."""

    __tablename__ = "sign_ins"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(unique=True)
    last_seen_at: Mapped[datetime]
    browser: Mapped[str]


def start(session: Session, user: User, browser: str) -> str:
    """Write down that somebody signs in; return the token that the browser shows from now on."""
    token = secrets.token_urlsafe(RANDOM_BYTES)
    row = SignIn(
        user_id=user.id, digest=digest_of(token), last_seen_at=clock.now(), browser=_printable(browser)
    )
    session.add(row)
    session.flush()
    return token


def find(session: Session, token: str) -> tuple[User, SignIn] | None:
    """Return who is signed in by a token, None if nobody is any more; in one statement."""
    if not 0 < len(token) <= TOKEN_MOST:
        return None
    signed_in = select(User, SignIn).join(SignIn, SignIn.user_id == User.id)
    row = session.execute(
        signed_in.where(SignIn.digest == digest_of(token), User.is_active, _is_live())
    ).one_or_none()
    return (row[0], row[1]) if row else None


def of_user(session: Session, user_id: UUID) -> Sequence[SignIn]:
    """Return where somebody is signed in, the last used first, and no more than one can look through."""
    mine = select(SignIn).where(SignIn.user_id == user_id, _is_live())
    return session.scalars(mine.order_by(SignIn.last_seen_at.desc(), SignIn.id).limit(LISTED_MOST)).all()


def is_mark_due(row: SignIn) -> bool:
    """Say whether it should be written down that a sign-in is in use."""
    return row.last_seen_at <= clock.now() - MARK_SEEN_EVERY


def mark_seen(session: Session, row_id: UUID) -> None:
    """Write down that a sign-in is in use, unless another request has just done so."""
    at = clock.now()
    unseen = and_(SignIn.id == row_id, SignIn.last_seen_at <= at - MARK_SEEN_EVERY)
    session.execute(update(SignIn).where(unseen).values(last_seen_at=at))


def end(session: Session, user_id: UUID, row_ids: Collection[UUID]) -> int:
    """End some sign-ins of somebody; return how many there were."""
    return _delete(session, and_(SignIn.user_id == user_id, SignIn.id.in_(row_ids)))


def end_token(session: Session, token: str) -> None:
    """End the sign-in of a token, if there is one."""
    _delete(session, SignIn.digest == digest_of(token))


def end_all(session: Session, user_id: UUID, *, but: str = "") -> int:
    """End all sign-ins of somebody but that of a token; return how many there were."""
    return _delete(session, and_(SignIn.user_id == user_id, SignIn.digest != digest_of(but)))


def forget(session: Session) -> int:
    """Drop the rows that let nobody in any more; return how many."""
    return _delete(session, not_(_is_live()))


def digest_of(token: str) -> str:
    """Return what is kept of a token. No salt and no slow hash are needed: it has 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _is_live() -> ColumnElement[bool]:
    at = clock.now()
    return and_(SignIn.last_seen_at > at - IDLE, SignIn.created_at > at - LIFETIME)


def _delete(session: Session, which: ColumnElement[bool]) -> int:
    return session.connection().execute(delete(SignIn).where(which)).rowcount


def _printable(browser: str) -> str:
    return "".join(sign for sign in browser if sign.isprintable())[:BROWSER_MOST]
