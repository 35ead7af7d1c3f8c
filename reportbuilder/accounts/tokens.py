"""API tokens: shown once, kept as a hash, bounded by scope and time."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts import grants
from reportbuilder.accounts.models import ApiToken, User
from reportbuilder.accounts.permissions import SCOPES, Principal
from reportbuilder.errors import Invalid, NotFound, Unauthenticated

MARK = "rb_"  # so that scanners find a token that got into a repository
RANDOM_BYTES = 32
SHOWN = len(MARK) + 6  # characters
LIFETIME = timedelta(days=90)
LIFETIME_MAX = timedelta(days=365)
NAME_MAX = 100
TEXT_MAX = 200  # longer bearers are not even hashed
MARK_USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Issued:
    """A fresh token; ``text`` is nowhere else and cannot be shown again."""

    row: ApiToken
    text: str = field(repr=False)


def issue(
    session: Session, user: User, name: str, scope: str = "run", lifetime: timedelta = LIFETIME
) -> Issued:
    """Make a token for a user.

    :raises Invalid: naming each field that does not fit.
    """
    _check(name, scope, lifetime)
    text = MARK + secrets.token_urlsafe(RANDOM_BYTES)
    row = ApiToken(
        user_id=user.id,
        name=name.strip(),
        shown_prefix=text[:SHOWN],
        token_hash=_hash(text),
        scope=scope,
        expires_at=clock.now() + lifetime,
    )
    session.add(row)
    session.flush()
    return Issued(row, text)


def find(session: Session, bearer: str) -> ApiToken:
    """Return the live token of a bearer text.

    :raises Unauthenticated: if it is unknown, expired, revoked, or its user is deactivated.
    """
    row = None
    if bearer.startswith(MARK) and len(bearer) <= TEXT_MAX:
        row = session.scalar(select(ApiToken).where(ApiToken.token_hash == _hash(bearer)))
    if row is None or row.revoked_at is not None or not row.user.is_active:
        raise Unauthenticated("The API token is unknown or has been withdrawn; issue another one")
    if row.expires_at <= clock.now():
        raise Unauthenticated("The API token has expired; issue another one")
    return row


def authenticate(session: Session, bearer: str) -> Principal:
    """Return who bears this token.

    :raises Unauthenticated: as :func:`find` does.
    """
    token = find(session, bearer)
    return grants.principal_of(session, token.user, token.scope)


def is_mark_due(token: ApiToken) -> bool:
    """Say whether the use of a token should be written down: at most once a minute."""
    return token.last_used_at is None or token.last_used_at <= clock.now() - MARK_USED_EVERY


def mark_used(session: Session, token_id: UUID) -> None:
    """Write down that a token is in use, unless another request has just done so."""
    at = clock.now()
    session.execute(
        update(ApiToken)
        .where(
            ApiToken.id == token_id,
            or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= at - MARK_USED_EVERY),
        )
        .values(last_used_at=at, updated_at=ApiToken.updated_at)
    )


def state_of(token: ApiToken) -> str:
    """Return ``live``, ``expired`` or ``revoked``."""
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at <= clock.now() else "live"


def of_user(session: Session, user_id: UUID) -> list[ApiToken]:
    """Return a user's tokens, newest first."""
    return list(
        session.scalars(
            select(ApiToken).where(ApiToken.user_id == user_id).order_by(ApiToken.created_at.desc())
        )
    )


def revoke(session: Session, user_id: UUID, shown_prefix: str) -> datetime:
    """Withdraw the tokens of a user that begin so; return since when they are.

    :raises NotFound: if the user has none.
    """
    at = clock.now()
    found = [
        row for row in of_user(session, user_id) if row.shown_prefix == shown_prefix and not row.revoked_at
    ]
    if not found:
        raise NotFound(f"There is no live token that begins with {shown_prefix!r}")
    for row in found:
        row.revoked_at = at
    return at


def _hash(text: str) -> str:
    # No salt and no slow hash are needed: the text has 256 random bits.
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _check(name: str, scope: str, lifetime: timedelta) -> None:
    wrong: dict[str, list[str]] = {}
    if not 0 < len(name.strip()) <= NAME_MAX or not name.isprintable():
        wrong["name"] = [f"say in 1 to {NAME_MAX} printable characters what the token is for"]
    if scope not in SCOPES:
        wrong["scope"] = [f"{scope!r} is not one of {', '.join(SCOPES)}"]
    if not timedelta() < lifetime <= LIFETIME_MAX:
        wrong["lifetime"] = [f"{lifetime} is not within {LIFETIME_MAX.days} days"]
    if wrong:
        raise Invalid("The token cannot be issued", details=wrong)
