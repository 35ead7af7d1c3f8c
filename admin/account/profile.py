"""Who the reader is: what they may do where, how times and colours are shown, and the password."""

from collections.abc import Sequence
from typing import Any, Final

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.account.frame import in_tab
from admin.account.sign_ins import places
from admin.answers import done
from admin.blueprint import pages
from reportbuilder import logs
from reportbuilder.accounts import grants, sign_ins, users
from reportbuilder.accounts.models import THEMES, User
from reportbuilder.accounts.users import PASSWORD_MAX, PASSWORD_MIN
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context, limits, sessions
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Invalid, Unauthenticated

log = logs.get_logger(__name__)

HERE: Final = "Account"
WRONG: Final = 422
ROLES: Final = {
    "viewer": "sees reports and their rows",
    "analyst": "makes, runs and schedules reports",
    "editor": "also publishes templates, and changes reports of others",
    "admin": "may do everything, on all instances",
}
_THEMES: Final = {"auto": "As the system has it", "light": "Light", "dark": "Dark"}


@pages.get("/account")
def account() -> ResponseReturnValue:
    """Show the reader's account."""
    return _page()


@pages.post("/account")
def change_account() -> ResponseReturnValue:
    """Go by another name, show times in another zone and pages in other colours."""
    typed = {name: request.form.get(name, "").strip() for name in ("name", "time_zone", "theme")}
    has_keys = request.form.get("has_keys") == "1"
    try:
        with transaction() as session:
            user = session.get_one(User, context.principal().user_id)
            users.set_name(user, typed["name"])
            users.set_time_zone(user, typed["time_zone"])
            users.set_theme(user, typed["theme"])
            user.has_keys = has_keys
    except Invalid as error:
        return _page(error.details, WRONG, **typed, has_keys=has_keys)
    return done(url_for("admin.account"), f"Saved. Times are shown in {typed['time_zone']}.")


@pages.post("/account/password")
@limits.sign_ins
def change_password() -> ResponseReturnValue:
    """Set another password for who knows the present one; all other sign-ins end."""
    given, wanted = request.form.get("password", ""), request.form.get("wanted", "")
    if wanted != request.form.get("again", ""):
        return _page({"again": ["it is not the same as the new password; type both again"]}, WRONG)
    try:
        with reading() as session:
            users.verify(session, context.principal().email, given)
        with transaction() as session:
            user = session.get_one(User, context.principal().user_id)
            users.set_password(user, wanted)
            sign_ins.end_all(session, user.id)
            sessions.start(session, user)
    except Unauthenticated:
        return _page({"password": ["this is not your present password; type it again"]}, WRONG)
    except Invalid as error:
        return _page({"wanted": error.details["password"]}, WRONG)
    log.info("password changed", user_id=str(user.id))
    return done(url_for("admin.account"), "The password is changed; you are signed out everywhere else.")


def _page(wrong: dict[str, list[str]] | None = None, status: int = 200, **typed: Any) -> ResponseReturnValue:
    principal = context.principal()
    with reading() as session:
        user = session.get_one(User, principal.user_id)
        names = ("name", "time_zone", "theme", "has_keys")
        shown: dict[str, Any] = {name: getattr(user, name) for name in names} | typed
        instances, signed_in = _instances(session), places(session)
    return in_tab(
        "account/account.html",
        HERE,
        status,
        wrong=wrong or {},
        typed=shown,
        instances=instances,
        places=signed_in,
        roles=ROLES,
        themes=[(name, _THEMES[name]) for name in THEMES],
        shortest=PASSWORD_MIN,
        longest=PASSWORD_MAX,
    )


def _instances(session: Session) -> Sequence[tuple[AmcInstance, str]]:
    principal = context.principal()
    seen = select(AmcInstance).where(grants.visible(principal, AmcInstance.id))
    rows = session.scalars(seen.order_by(AmcInstance.instance_name, AmcInstance.id))
    return [(row, "run" if principal.sees_all else principal.grants.get(row.id, "view")) for row in rows]
