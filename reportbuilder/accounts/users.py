"""Users: making and finding them, and checking passwords without telling who exists."""

import re
import unicodedata
from functools import cache
from zoneinfo import available_timezones

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from reportbuilder import clock
from reportbuilder.accounts import sign_ins
from reportbuilder.accounts.models import THEMES, ApiToken, User
from reportbuilder.accounts.permissions import ROLES
from reportbuilder.errors import Conflict, Invalid, NotFound, Unauthenticated

PASSWORD_MIN = 12  # characters
PASSWORD_MAX = 1000  # characters; hashing a longer one would be work for nothing
EMAIL_MAX = 254
NAME_MAX = 200  # characters
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s\x00-\x1f\x7f.]+")
_METHOD = "scrypt:32768:8:1"


def create(
    session: Session,
    email: str,
    password: str | None = None,
    *,
    name: str = "",
    role: str = "analyst",
    time_zone: str = "UTC",
) -> User:
    """Add a user; without a password only API tokens let them in.

    :raises Invalid: naming each field that does not fit.
    :raises Conflict: if the e-mail address is taken.
    """
    address = _address(email)
    _check_choices(role, time_zone)
    _check_name(name)
    if find(session, address) is not None:
        raise Conflict(f"There is a user {address} already; change that one or choose another address")
    user = User(email=address, name=name.strip() or address, role=role, time_zone=time_zone)
    if password is not None:
        set_password(user, password)
    session.add(user)
    session.flush()
    return user


def find(session: Session, email: str) -> User | None:
    """Return the user of an e-mail address, whatever its case, or None."""
    return session.scalar(select(User).where(User.email == email.strip().lower()))


def everybody(session: Session) -> list[User]:
    """Return all users by their e-mail addresses."""
    return list(session.scalars(select(User).order_by(User.email)))


def get(session: Session, email: str) -> User:
    """Return the user of an e-mail address.

    :raises NotFound: if there is none.
    """
    user = find(session, email)
    if user is None:
        raise NotFound(f"There is no user {email!r}")
    return user


def set_password(user: User, password: str) -> None:
    """Store the hash of a new password; what was signed in with the former one lets nobody in any more.

    :raises Invalid: if it is too short or too long.
    """
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise Invalid.field("password", f"take {PASSWORD_MIN} to {PASSWORD_MAX} characters")
    user.password_hash = generate_password_hash(_normal(password), method=_METHOD)


def set_role(user: User, role: str) -> None:
    """Give a user another role.

    :raises Invalid: if there is no such role.
    """
    _check_choices(role, user.time_zone)
    user.role = role


def set_name(user: User, name: str) -> None:
    """Call a user otherwise; by the e-mail address, if it is empty.

    :raises Invalid: if it is too long, or not printable.
    """
    _check_name(name)
    user.name = name.strip() or user.email


def set_time_zone(user: User, time_zone: str) -> None:
    """Show times to a user in another zone.

    :raises Invalid: if the tz database has no such zone.
    """
    _check_choices(user.role, time_zone)
    user.time_zone = time_zone


def set_theme(user: User, theme: str) -> None:
    """Show the console to a user in other colours.

    :raises Invalid: if there is no such theme.
    """
    if theme not in THEMES:
        raise Invalid.field("theme", f"{theme!r} is not one of {', '.join(THEMES)}")
    user.theme = theme


def deactivate(session: Session, user: User) -> None:
    """Shut a user out: all sign-ins end, and all tokens are revoked for good."""
    user.is_active = False
    session.flush()  # so that nobody signs in between
    sign_ins.end_all(session, user.id)
    session.execute(
        update(ApiToken)
        .where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


def activate(user: User) -> None:
    """Let a user in again; tokens stay revoked."""
    user.is_active = True


def verify(session: Session, email: str, password: str) -> User:
    """Return the user whose password this is.

    Takes as long for an unknown, a deactivated and a wrong one, and says the same of all.

    :raises Unauthenticated: if they do not belong together.
    """
    user = find(session, email)
    stored = user.password_hash if user is not None and user.is_active else None
    is_right = check_password_hash(stored or _nobodys_hash(), _normal(password[:PASSWORD_MAX]))
    if user is None or stored is None or not is_right:
        raise Unauthenticated("The e-mail address and the password do not belong together")
    return user


def _normal(password: str) -> str:
    # the same password typed on two keyboards may come as different code points
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()


@cache
def _nobodys_hash() -> str:
    return generate_password_hash("nobody has this password", method=_METHOD)


def _address(email: str) -> str:
    address = email.strip().lower()
    if len(address) > EMAIL_MAX or not _EMAIL.fullmatch(address):
        raise Invalid.field("email", f"{email[:80]!r} is not an e-mail address, such as ada@example.test")
    return address


def _check_name(name: str) -> None:
    if len(name.strip()) > NAME_MAX or not name.isprintable():
        raise Invalid.field("name", f"take up to {NAME_MAX} printable characters")


def _check_choices(role: str, time_zone: str) -> None:
    if role not in ROLES:
        raise Invalid.field("role", f"{role!r} is not one of {', '.join(ROLES)}")
    if time_zone not in available_timezones():
        raise Invalid.field(
            "time_zone", f"{time_zone!r} is not a zone of the tz database, such as Europe/Vienna"
        )
