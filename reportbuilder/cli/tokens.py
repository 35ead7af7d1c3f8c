"""``token``: what programs show to the API."""

from datetime import timedelta

import click
from sqlalchemy import select

from reportbuilder.accounts import tokens, users
from reportbuilder.accounts.models import ApiToken
from reportbuilder.accounts.permissions import SCOPES
from reportbuilder.cli.rooms import asker, rooms
from reportbuilder.cli.showing import show
from reportbuilder.database import reading, transaction


@click.group()
def token() -> None:
    """API tokens: add, list, revoke."""


@token.command()
@click.argument("name")
@click.option("--user", metavar="EMAIL", help="Whose rights it has.")
@click.option("--scope", type=click.Choice(SCOPES), default="run", show_default=True)
@click.option(
    "--days",
    type=click.IntRange(1, tokens.LIFETIME_MAX.days),
    default=tokens.LIFETIME.days,
    show_default=True,
    help="How long it is good.",
)
def add(name: str, user: str | None, scope: str, days: int) -> None:
    """Issue a token; NAME says what it is for. It is shown once, alone on standard output."""
    with rooms(), transaction() as session:
        owner = asker(session, user)
        issued = tokens.issue(session, owner, name, scope, timedelta(days=days))
    click.echo(
        f"A token of {owner.email} with scope {scope}, good until {issued.row.expires_at:%Y-%m-%d}. "
        "It is not shown again:",
        err=True,
    )
    click.echo(issued.text)


@token.command("list")
@click.option("--user", metavar="EMAIL", help="Only those of this user.")
def list_(user: str | None) -> None:
    """List the tokens: how they begin, never the whole of one."""
    statement = select(ApiToken).order_by(ApiToken.created_at.desc())
    with rooms(), reading() as session:
        if user is not None:
            statement = statement.where(ApiToken.user_id == users.get(session, user).id)
        rows = session.scalars(statement).all()
    show(
        ("begins", "name", "user", "scope", "state", "expires", "last used"),
        [
            (
                f"{row.shown_prefix}…",
                row.name,
                row.user.email,
                row.scope,
                tokens.state_of(row),
                row.expires_at,
                row.last_used_at,
            )
            for row in rows
        ],
    )


@token.command()
@click.argument("begins")
@click.option("--user", metavar="EMAIL", help="Whose token it is.")
def revoke(begins: str, user: str | None) -> None:
    """Withdraw the token that BEGINS so, as `token list` shows it."""
    with rooms(), transaction() as session:
        owner = asker(session, user)
        tokens.revoke(session, owner.id, begins.rstrip("…"))
    click.echo(f"revoked: {begins}")
