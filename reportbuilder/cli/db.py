"""``db``: the database's schema."""

from collections.abc import Callable

import click
from alembic.util import CommandError

from reportbuilder import schema
from reportbuilder.cli.rooms import rooms
from reportbuilder.database import db as database
from reportbuilder.errors import Invalid


@click.group()
def db() -> None:
    """The database's schema: upgrade, downgrade, current, check."""


@db.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Bring the schema up to date; does nothing if it is."""
    _move(schema.upgrade, revision)


@db.command()
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask.")
def downgrade(revision: str, *, yes: bool) -> None:
    """Take the schema back to REVISION ("base": to no tables at all); what newer tables hold is lost."""
    if not yes:
        click.confirm(f"Go back to {revision}? Tables and columns added since are dropped", abort=True)
    _move(schema.downgrade, revision)


@db.command()
def current() -> None:
    """Print the revision that the database is at."""
    with rooms():
        click.echo(schema.current(database.engine) or "none")


@db.command()
def check() -> None:
    """Say whether the schema is the one that this version needs; exit 1 if not."""
    with rooms():
        at, newest, found = schema.current(database.engine), schema.newest(), []
        if at == newest:
            found = schema.differences(database.engine)
    if at != newest:
        click.echo(f"The schema is at {at or 'nothing'}, not at {newest}: run `reportbuilder db upgrade`")
    for difference in found:
        click.echo(f"differs from the models: {difference}")
    if found or at != newest:
        raise SystemExit(1)
    click.echo(f"ok: {at}")


def _move(move: Callable[[str, str], None], revision: str) -> None:
    with rooms() as chosen:
        try:
            move(chosen.database_url, revision)
        except CommandError as error:
            raise Invalid.field("revision", f"{revision!r} is unknown here ({error})") from None
        click.echo(f"schema: {schema.current(database.engine) or 'none'}")
