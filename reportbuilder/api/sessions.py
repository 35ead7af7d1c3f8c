"""The console's session: the token of a sign-in, bound to the password of then, and the token of forms."""

import hashlib
import hmac
import secrets

from flask import Flask, Response, current_app, g, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from sqlalchemy.orm import Session

from reportbuilder.accounts import sign_ins
from reportbuilder.accounts.models import User
from reportbuilder.accounts.sign_ins import SignIn
from reportbuilder.api.jotting import jot
from reportbuilder.errors import NotPermitted
from reportbuilder.settings import Settings

CSRF_HEADER = "X-CSRF-Token"
POLLING_HEADER = "X-Polling"  # a page that lies open alone does not keep one signed in
CSRF_FIELD = "csrf_token"
COOKIE_KEY = "sign_in"  # what the token of the sign-in is called in the cookie


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
        PERMANENT_SESSION_LIFETIME=sign_ins.IDLE,
    )


def start(database: Session, user: User) -> None:
    """Sign a user in, in a fresh session; whoever was signed in here before is so no more."""
    end(database)
    session.permanent = True
    session[COOKIE_KEY] = sign_ins.start(database, user, request.headers.get("User-Agent", ""))
    session["stamp"] = _stamp(user)
    session["csrf"] = _token_of(user)


def end(database: Session) -> None:
    """Sign out, for good: a copy of the cookie lets nobody in either."""
    if token():
        sign_ins.end_token(database, token())
    session.clear()


def token() -> str:
    """Return the token of the sign-in that this browser shows, empty if it shows none."""
    return str(session.get(COOKIE_KEY, ""))


def user_of(database: Session) -> User | None:
    """Return who is signed in, not too long ago: an active user whose password is still the one of then."""
    found = sign_ins.find(database, token()) if token() else None
    if found is None or not hmac.compare_digest(session.get("stamp", ""), _stamp(found[0])):
        return None
    g.sign_in = found[1]
    return found[0]


def note_use() -> None:
    """Write down now and then that the sign-in is in use; a page that lies open alone does not use it."""
    row: SignIn | None = g.get("sign_in")
    if row is not None and POLLING_HEADER not in request.headers and sign_ins.is_mark_due(row):
        seen = row.id
        jot(lambda database: sign_ins.mark_seen(database, seen))


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
