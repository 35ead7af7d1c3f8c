"""Where the reader is signed in: each browser, this one marked, and signing out of any of them."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin.account.browsers import browser_of
from admin.answers import done
from admin.blueprint import pages
from reportbuilder import logs
from reportbuilder.accounts import sign_ins
from reportbuilder.accounts.sign_ins import SignIn
from reportbuilder.api import context, sessions
from reportbuilder.database import transaction

log = logs.get_logger(__name__)

GONE: Final = "That browser is signed out already."


@dataclass(frozen=True)
class Place:
    """A browser that the reader is signed in with. ``is_here``: it is the one that asks."""

    row: SignIn
    browser: str
    is_here: bool


def places(session: Session) -> list[Place]:
    """Return where the reader is signed in, this browser first."""
    here = sign_ins.digest_of(sessions.token())
    rows = sign_ins.of_user(session, context.principal().user_id)
    found = [Place(row, browser_of(row.browser), row.digest == here) for row in rows]
    return sorted(found, key=lambda place: not place.is_here)


@pages.post("/account/sign-ins/<uuid:sign_in_id>/end")
def end_sign_in(sign_in_id: UUID) -> ResponseReturnValue:
    """Sign the reader out in one browser."""
    with transaction() as session:
        ended = sign_ins.end(session, context.principal().user_id, [sign_in_id])
    if ended:
        log.info("signed out elsewhere", user_id=str(context.principal().user_id))
    return done(url_for("admin.account"), "That browser is signed out now." if ended else GONE)


@pages.post("/account/sign-ins/end-others")
def end_other_sign_ins() -> ResponseReturnValue:
    """Sign the reader out everywhere else."""
    user_id = context.principal().user_id
    with transaction() as session:
        ended = sign_ins.end_all(session, user_id, but=sessions.token())
    log.info("signed out elsewhere", user_id=str(user_id), ended=ended)
    return done(url_for("admin.account"), "You are signed out everywhere else.")
