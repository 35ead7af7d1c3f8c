"""Who reads a page: found once before each view, with the zone and the colours that pages are shown in."""

from dataclasses import dataclass

from flask import g, request

from admin.assets import MISSING, bundle
from admin.blueprint import pages
from reportbuilder.accounts import grants, tours
from reportbuilder.accounts.models import User
from reportbuilder.accounts.tours import Tour
from reportbuilder.api import context, sessions
from reportbuilder.api.identity import SAFE
from reportbuilder.database import reading
from reportbuilder.errors import Unauthenticated

PUBLIC = {"admin.root", "admin.sign_in", "admin.check_sign_in", "admin.sign_out", "admin.api_docs"}
FILES = {"admin.built", "admin.static"}


@dataclass(frozen=True)
class Reader:
    """A person who is signed in. ``zone``: of the tz database. ``theme``: auto, light or dark.

    ``has_keys``: single keys are shortcuts.
    """

    name: str
    email: str
    role: str
    zone: str
    theme: str
    tour: Tour
    has_keys: bool


def reader() -> Reader | None:
    """Return who reads this page, None for somebody who is not signed in."""
    found: Reader | None = g.get("reader")
    return found


@pages.before_request
def check_bundle() -> tuple[str, int] | None:
    """Say so where there is nothing to show pages with."""
    if request.endpoint in FILES or bundle() is not None:
        return None
    return MISSING, 503


@pages.before_request
def find_reader() -> None:
    """Find out who it is, and let nobody else in where one has to be signed in."""
    if request.endpoint in FILES:
        return
    recognise()
    if g.get("reader") is None and request.endpoint not in PUBLIC:
        raise Unauthenticated("Sign in to go on")


@pages.before_request
def check_origin() -> None:
    """Refuse every write that does not carry the token of this session, in its form or in a header."""
    if request.method not in SAFE:
        sessions.check_csrf(
            request.headers.get(sessions.CSRF_HEADER) or request.form.get(sessions.CSRF_FIELD)
        )


def recognise() -> None:
    """Look who is signed in, once a request and only if somebody may be."""
    if "reader" in g or not sessions.token():
        return
    with reading() as database:
        user = sessions.user_of(database)
        if user is None:
            return
        context.put_principal(grants.principal_of(database, user))
        g.reader = _reader(user)
    sessions.note_use()


def _reader(user: User) -> Reader:
    return Reader(
        name=user.name or user.email,
        email=user.email,
        role=user.role,
        zone=user.time_zone,
        theme=user.theme,
        tour=tours.read(user.tour),
        has_keys=user.has_keys,
    )
