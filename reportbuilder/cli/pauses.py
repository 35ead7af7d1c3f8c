"""``pause`` and ``resume``: hold back what waits on an instance, or everywhere."""

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder.accounts.permissions import Subject, ensure
from reportbuilder.amc.models import AmcInstance
from reportbuilder.cli.options import user_option
from reportbuilder.cli.orders import find_instance
from reportbuilder.cli.rooms import principal_of, rooms
from reportbuilder.cli.showing import show
from reportbuilder.cli.waking import wake_workers
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Invalid
from reportbuilder.executions import pausing

instance_option = click.option("--instance", metavar="ID", help="AMC's id of the instance.")
everything_option = click.option("--everything", is_flag=True, help="All instances.")


@click.command()
@instance_option
@everything_option
@click.option("--reason", required=True, help="Why, so that others know.")
@user_option
def pause(instance: str | None, reason: str, user: str | None, *, everything: bool) -> None:
    """Submit nothing more on an instance, or on any; what runs goes on, and schedules skip their times."""
    with rooms(), transaction() as session:
        on, by = _which(session, instance, user, everything=everything)
        pausing.pause(session, on, reason, by)
    click.echo(f"{on.instance_id if on else 'everything'} is paused")


@click.command()
@instance_option
@everything_option
@user_option
def resume(instance: str | None, user: str | None, *, everything: bool) -> None:
    """Let an instance, or everything, go on; what is paused by itself stays so."""
    with rooms() as chosen:
        wake_workers(chosen)
        with transaction() as session:
            on, by = _which(session, instance, user, everything=everything)
            pausing.resume(session, on, by)
    click.echo(f"{on.instance_id if on else 'everything'} goes on")


@click.command()
def pauses() -> None:
    """List what is paused, by whom and why."""
    with rooms(), reading() as session:
        found = pausing.open_pauses(session)
        names = {row.id: row.instance_id for row in session.scalars(select(AmcInstance))}
    held = [("everything", found.everything)] if found.everything else []
    held += [(names[key], one) for key, one in found.by_instance.items()]
    rows = [(name, one.created_at, one.paused_by, one.reason) for name, one in held]
    show(("paused", "since", "by", "why"), rows)


def _which(
    session: Session, name: str | None, email: str | None, *, everything: bool
) -> tuple[AmcInstance | None, str]:
    if bool(name) is everything:
        raise Invalid.field("--instance", "say which one, or --everything")
    _, principal = principal_of(session, email)
    if everything:
        ensure(principal, "everything:pause")
        return None, principal.email
    found = find_instance(session, principal, name)
    subject = Subject(instance_id=found.id)
    ensure(principal, "instance:pause", subject, f"instance {found.instance_id}")
    return found, principal.email
