"""Opens the rooms for a command: settings, a database in an app context, and who asks."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

from reportbuilder import database, logs, models, settings
from reportbuilder.accounts import grants, users
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Principal
from reportbuilder.errors import Invalid, ReportBuilderError, Unavailable
from reportbuilder.settings import Settings


@contextmanager
def rooms(chosen: Settings | None = None) -> Iterator[Settings]:
    """Read the settings and give the block a database.

    :raises Unavailable: in place of the driver's errors, which may repeat addresses with passwords.
    """
    chosen = settings.load() if chosen is None else chosen
    logs.configure("WARNING", "text")
    app = Flask("reportbuilder", static_folder=None, template_folder=None)
    install(app, chosen)
    with app.app_context():
        try:
            yield chosen
        except DBAPIError as error:
            raise told(error) from error
        finally:
            database.db.engine.dispose()


def install(app: Flask, chosen: Settings) -> None:
    """Give an app its database.

    :raises Invalid: if the settings name none.
    """
    models.metadata()
    try:
        database.install(app, chosen)
    except (ArgumentError, NoSuchModuleError):
        raise Invalid.field(
            "RB_DATABASE_URL", "is no address of a database; give sqlite:///… or postgresql://…"
        ) from None


def told(error: DBAPIError) -> ReportBuilderError:
    """Return what to tell people of a driver's error."""
    kind = type(error.orig).__name__ if error.orig else type(error).__name__
    if "no such table" in str(error.orig) or kind == "UndefinedTable":
        return Unavailable("The database has no tables yet: run `reportbuilder db upgrade`")
    return Unavailable(f"The database does not answer as it should ({kind}): see `reportbuilder doctor`")


def asker(session: Session, email: str | None) -> User:
    """Return the user of that address; without one, the only active user there is.

    :raises Invalid: if it takes an address to know who asks.
    """
    if email is not None:
        user = users.get(session, email)
        if not user.is_active:
            raise Invalid.field("user", f"{user.email} is deactivated; take another one")
        return user
    active = session.scalars(select(User).where(User.is_active).order_by(User.email)).all()
    if not active:
        raise Invalid.field("user", "there is none yet; add one with `reportbuilder user add`")
    if len(active) > 1:
        some = ", ".join(user.email for user in active[:5])
        raise Invalid.field("user", f"say with --user EMAIL who asks, such as one of {some}")
    return active[0]


def principal_of(session: Session, email: str | None) -> tuple[User, Principal]:
    """Return the user who asks and what that user may do."""
    user = asker(session, email)
    return user, grants.principal_of(session, user)
