"""Who asks: the bearer of an API token, or the person who is signed in at the console."""

from flask import request
from sqlalchemy.orm import Session

from reportbuilder.accounts import grants, tokens
from reportbuilder.accounts.models import ApiToken
from reportbuilder.accounts.permissions import Principal
from reportbuilder.api import context, sessions
from reportbuilder.api.jotting import jot
from reportbuilder.database import reading
from reportbuilder.errors import Unauthenticated

SAFE = {"GET", "HEAD", "OPTIONS"}


def require() -> None:
    """Find out who asks, before a view runs.

    :raises Unauthenticated: if nobody is named, or by a token that is not valid.
    :raises NotPermitted: if a write comes with the console's cookie but without its CSRF token.
    """
    if "Authorization" in request.headers:
        context.put_principal(_bearer())
        return
    with reading() as session:
        found = signed_in(session)
    if found is None:
        raise Unauthenticated("Say who you are: Authorization: Bearer rb_…, or sign in at the console")
    if request.method not in SAFE:
        sessions.check_csrf(request.headers.get(sessions.CSRF_HEADER))
    sessions.note_use()
    context.put_principal(found)


def signed_in(session: Session) -> Principal | None:
    """Return the person of the console's session, or None."""
    user = sessions.user_of(session)
    return grants.principal_of(session, user) if user else None


def _bearer() -> Principal:
    with reading() as session:
        token = tokens.find(session, _bearer_text())
        principal = grants.principal_of(session, token.user, token.scope)
    _mark(token)
    return principal


def _bearer_text() -> str:
    kind, _, text = request.headers["Authorization"].partition(" ")
    if kind.lower() != "bearer":
        raise Unauthenticated("Authorization takes a bearer token: Authorization: Bearer rb_…")
    return text.strip()


def _mark(token: ApiToken) -> None:
    if tokens.is_mark_due(token):
        jot(lambda session: tokens.mark_used(session, token.id))
