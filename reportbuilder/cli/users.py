"""``user``: people, and what they may do on which instance."""

import secrets
import sys
from collections.abc import Sequence
from uuid import UUID

import click
from sqlalchemy import Row, select

from reportbuilder.accounts import grants, sign_ins, users
from reportbuilder.accounts.models import InstanceGrant, User
from reportbuilder.accounts.permissions import GRANTS, ROLES
from reportbuilder.amc.models import AmcInstance
from reportbuilder.cli.rooms import rooms
from reportbuilder.cli.showing import show
from reportbuilder.database import reading, transaction
from reportbuilder.errors import NotFound

GENERATED_BYTES = 12

password_source = click.option(
    "--password",
    "source",
    type=click.Choice(["ask", "stdin", "generate", "none"]),
    default="ask",
    show_default=True,
    help="Where the password comes from; with none only API tokens let the user in.",
)


@click.group()
def user() -> None:
    """Users and what they may do on which instance."""


@user.command()
@click.argument("email")
@click.option("--name", default="", help="How the user is called.")
@click.option("--role", type=click.Choice(ROLES), default="analyst", show_default=True)
@click.option("--time-zone", default="UTC", show_default=True, help="Such as Europe/Vienna.")
@password_source
def add(email: str, name: str, role: str, time_zone: str, source: str) -> None:
    """Add a user."""
    chosen = _password(source)
    with rooms(), transaction() as session:
        added = users.create(session, email, chosen, name=name, role=role, time_zone=time_zone)
    click.echo(f"added: {added.email} ({added.role})")
    _show_generated(source, chosen)


@user.command("list")
def list_() -> None:
    """List the users."""
    with rooms(), reading() as session:
        rows = session.scalars(select(User).order_by(User.email)).all()
        held = session.execute(
            select(InstanceGrant.user_id, AmcInstance.instance_id, InstanceGrant.access)
            .join(AmcInstance, AmcInstance.id == InstanceGrant.instance_id)
            .order_by(AmcInstance.instance_id)
        ).all()
    show(
        ("e-mail", "name", "role", "time zone", "active", "grants"),
        [(row.email, row.name, row.role, row.time_zone, row.is_active, _grants(row, held)) for row in rows],
    )


@user.command()
@click.argument("email")
@password_source
def password(email: str, source: str) -> None:
    """Set a user's password; that user is signed out everywhere."""
    chosen = _password(source)
    with rooms(), transaction() as session:
        found = users.get(session, email)
        if chosen is None:
            found.password_hash = None
        else:
            users.set_password(found, chosen)
        sign_ins.end_all(session, found.id)
    click.echo(f"password {'removed' if chosen is None else 'set'}: {found.email}")
    _show_generated(source, chosen)


@user.command()
@click.argument("email")
@click.argument("role", type=click.Choice(ROLES))
def role(email: str, role: str) -> None:
    """Give a user another role."""
    with rooms(), transaction() as session:
        found = users.get(session, email)
        users.set_role(found, role)
    click.echo(f"{found.email} is {role} now")


@user.command()
@click.argument("email")
def deactivate(email: str) -> None:
    """Shut a user out, end all sign-ins, and revoke all tokens of that user."""
    with rooms(), transaction() as session:
        users.deactivate(session, users.get(session, email))
    click.echo(f"deactivated: {email}")


@user.command()
@click.argument("email")
def activate(email: str) -> None:
    """Let a user in again; tokens stay revoked."""
    with rooms(), transaction() as session:
        users.activate(users.get(session, email))
    click.echo(f"activated: {email}")


@user.command()
@click.argument("email")
@click.argument("instance")
@click.argument("access", type=click.Choice([*GRANTS, "none"]))
def grant(email: str, instance: str, access: str) -> None:
    """Let a user view an instance, or also run on it; "none" takes the grant away."""
    with rooms(), transaction() as session:
        found = users.get(session, email)
        row = session.scalar(select(AmcInstance).where(AmcInstance.instance_id == instance))
        if row is None:
            raise NotFound(f"There is no instance {instance!r}: see `reportbuilder account instances`")
        if access == "none":
            grants.withdraw(session, found.id, [row.id])
        else:
            grants.grant(session, found.id, row.id, access)
    click.echo(f"{found.email} on {instance}: {access}")


def _password(source: str) -> str | None:
    if source == "none":
        return None
    if source == "generate":
        return secrets.token_urlsafe(GENERATED_BYTES)
    if source == "stdin":
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _show_generated(source: str, chosen: str | None) -> None:
    if source == "generate":
        click.echo(f"password: {chosen}")


def _grants(row: User, held: Sequence[Row[UUID, str, str]]) -> str:
    if row.role == "admin":
        return "all"
    return ", ".join(f"{instance} {access}" for owner, instance, access in held if owner == row.id)
