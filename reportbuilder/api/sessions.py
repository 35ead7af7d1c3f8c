"""The console's session: who signed in, bound to the password of then, and the token that forms carry."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from uuid import UUID

from flask import Flask, Response, current_app, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.errors import NotPermitted
from reportbuilder.settings import Settings

IDLE = timedelta(hours=12)
LIFETIME = timedelta(days=7)  # however busy: a copied cookie is not good for ever
CSRF_HEADER = "X-CSRF-Token"
POLLING_HEADER = "X-Polling"  # a page that lies open alone does not keep one signed in
CSRF_FIELD = "csrf_token"


class Cookie(SecureCookieSessionInterface):
    """Flask's cookie, but none on answers that anybody's cache may keep, nor on what a page asks unasked."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie where it belongs."""
        if not response.cache_control.public and POLLING_HEADER not in request.headers:
            super().save_session(app, session, response)


def configure(app: Flask, settings: Settings) -> None:
    """Make the cookie one that scripts cannot read and other sites cannot send."""
    is_https = settings.public_url.startswith("https:")
    app.session_interface = Cookie()
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-reportbuilder" if is_https else "reportbuilder",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=is_https,
        PERMANENT_SESSION_LIFETIME=IDLE,
    )


def start(user: User) -> None:
    """Sign a user in, in a fresh session."""
    session.clear()
    session.permanent = True
    session["user"] = str(user.id)
    session["stamp"] = _stamp(user)
    session["since"] = int(clock.now().timestamp())
    session["csrf"] = _token_of(user)


def end() -> None:
    """Sign out."""
    session.clear()


def user_of(database: Session) -> User | None:
    """Return who is signed in, not too long ago: an active user whose password is still the one of then."""
    if clock.now().timestamp() - session.get("since", 0) > LIFETIME.total_seconds():
        return None
    try:
        user = database.get(User, UUID(session.get("user", "")))
    except ValueError:
        return None
    if user is None or not user.is_active:
        return None
    return user if hmac.compare_digest(session.get("stamp", ""), _stamp(user)) else None


def csrf_token() -> str:
    """Return the token that a form of this session must send back."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(24)
    return str(session["csrf"])


def check_csrf(given: str | None) -> None:
    """Do nothing if that is the session's token.

    :raises NotPermitted: if the request may have been made by another site.
    """
    kept = session.get("csrf", "")
    if not kept or not hmac.compare_digest((given or "").encode("utf-8", "replace"), kept.encode()):
        raise NotPermitted(
            f"The page is too old or not ours: load it again ({CSRF_HEADER} is missing or wrong)"
        )


def _token_of(user: User) -> str:
    """Return the token of a user's forms: the same at each sign-in, until the password changes.

    So a form that has waited over the end of a session can still be sent, with all that was typed into it.
    """
    about = f"csrf {user.id} {_stamp(user)}"
    return hmac.digest(str(current_app.secret_key).encode(), about.encode(), "sha256").hex()


def _stamp(user: User) -> str:
    return hashlib.sha256((user.password_hash or "").encode()).hexdigest()[:16]
