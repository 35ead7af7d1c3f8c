"""``notify``: who is told what of a report, by which channel, and what became of each message."""

from typing import Any
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder.accounts.permissions import Principal, ensure
from reportbuilder.cli.options import json_option, user_option
from reportbuilder.cli.rooms import principal_of, rooms
from reportbuilder.cli.showing import show, show_json
from reportbuilder.cli.waking import wake_workers
from reportbuilder.database import reading, transaction
from reportbuilder.notifications import channels as reached
from reportbuilder.notifications import choosing, overview
from reportbuilder.notifications.choosing import Choice
from reportbuilder.notifications.kinds import CHANNELS, KINDS, OWN_EMAIL, PACES, STATES
from reportbuilder.notifications.models import Notification
from reportbuilder.reports import searching
from reportbuilder.reports.models import ReportDefinition

report_option = click.option(
    "--report", metavar="ID", help="Of this report; without it, of your own reports."
)


@click.group()
def notify() -> None:
    """Who is told what of a report: channels, rules, messages, and a test."""


@notify.command()
@json_option
@user_option
def channels(*, as_json: bool, user: str | None) -> None:
    """List the channels; what they lead to is shortened, for it may be a secret."""
    with rooms(), reading() as session:
        _, by = principal_of(session, user)
        found = [(OWN_EMAIL, "email", "Your own address", by.email)]
        found += [
            (row.channel_id, row.kind, row.name, row.shown) for row in reached.of_user(session, by.user_id)
        ]
    names = ("channel_id", "kind", "name", "shown")
    if as_json:
        show_json({"items": [dict(zip(names, row, strict=True)) for row in found]})
    else:
        show(("id", "kind", "name", "leads to"), found)


@notify.command()
@click.argument("kind", type=click.Choice(list(CHANNELS)))
@click.argument("name")
@click.option("--target", prompt=True, hide_input=True, help="Where it leads; asked for if not given.")
@user_option
def add(kind: str, name: str, target: str, user: str | None) -> None:
    """Add a channel; prints its id, and below it what a webhook's messages are signed with, this once."""
    with rooms() as chosen, transaction() as session:
        by = _changer(session, user)
        values = {"kind": kind, "name": name, "target": target}
        row, secret = reached.add(session, by.user_id, values, chosen)
        channel_id = row.channel_id
    click.echo(channel_id)
    if secret:
        click.echo("Messages are signed with this. It is not shown again:", err=True)
        click.echo(secret)


@notify.command()
@click.argument("channel_id")
@user_option
def remove(channel_id: str, user: str | None) -> None:
    """Remove a channel, and what the rules send by it."""
    with rooms(), transaction() as session:
        by = _changer(session, user)
        reached.remove(session, reached.find(session, by.user_id, channel_id))
    click.echo(f"removed: {channel_id}")


@notify.command()
@report_option
@json_option
@user_option
def rules(*, report: str | None, as_json: bool, user: str | None) -> None:
    """Show what you are told."""
    with rooms(), reading() as session:
        _, by = principal_of(session, user)
        choice = choosing.read(session, by.user_id, _report(session, by, report))
    if as_json:
        wants = [want.to_json() for want in choice.wants]
        show_json({"source": choice.source, "is_muted": choice.is_muted, "wants": wants})
    else:
        _show(choice)


@notify.command()
@click.argument("channel_id")
@click.argument("kinds", nargs=-1, type=click.Choice(list(KINDS)))
@click.option("--pace", type=click.Choice(list(PACES)), default="at_once", show_default=True)
@report_option
@user_option
def want(channel_id: str, kinds: tuple[str, ...], pace: str, report: str | None, user: str | None) -> None:
    """Be told of KINDS by a channel, and of no others by it; without KINDS, of nothing by it."""
    with rooms(), transaction() as session:
        by = _changer(session, user)
        of = _report(session, by, report)
        now = choosing.read(session, by.user_id, of)
        wants = [each.to_json() for each in now.wants if each.channel_id != channel_id]
        wants += [{"channel_id": channel_id, "kinds": list(kinds), "pace": pace}] if kinds else []
        _show(choosing.choose(session, by.user_id, {"wants": wants, "is_muted": now.is_muted}, of))


@notify.command()
@click.option("--off", is_flag=True, help="Be told again.")
@report_option
@user_option
def mute(*, off: bool, report: str | None, user: str | None) -> None:
    """Be told nothing; what was wanted is kept."""
    with rooms(), transaction() as session:
        by = _changer(session, user)
        of = _report(session, by, report)
        wants = [each.to_json() for each in choosing.read(session, by.user_id, of).wants]
        _show(choosing.choose(session, by.user_id, {"wants": wants, "is_muted": not off}, of))


@notify.command()
@report_option
@user_option
def reset(report: str | None, user: str | None) -> None:
    """Go back to what is usual; of a report, to what holds for all of yours."""
    with rooms(), transaction() as session:
        by = _changer(session, user)
        of = _report(session, by, report)
        choosing.forget(session, by.user_id, of)
        _show(choosing.read(session, by.user_id, of))


@notify.command("list")
@click.option("--state", type=click.Choice(list(STATES)))
@click.option("--all", "of_all", is_flag=True, help="For admins: all that failed, whoever it was for.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
@user_option
def list_(*, state: str | None, of_all: bool, limit: int, as_json: bool, user: str | None) -> None:
    """List messages, the latest first."""
    with rooms(), reading() as session:
        _, by = principal_of(session, user)
        ensure(by, "notification:oversee" if of_all else "notification:view")
        wanted = overview.Criteria(None if of_all else by.user_id, "failed" if of_all else state)
        latest = overview.search(wanted).order_by(Notification.created_at.desc(), Notification.id)
        rows = session.scalars(latest.limit(limit)).all()
        emails = overview.emails(session, rows)
    names = ("notification_id", "kind", "state", "channel", "attempts", "created_at", "error")
    if as_json:
        show_json({"items": [{"user": emails[row.user_id]} | _as_json(row, names) for row in rows]})
        return
    cells = [(*_as_json(row, names).values(), emails[row.user_id]) for row in rows]
    show(("id", "kind", "state", "channel", "attempts", "created", "error", "for"), cells)


@notify.command()
@click.argument("notification_id")
@user_option
def resend(notification_id: str, user: str | None) -> None:
    """Have a message sent again that failed, was dropped, or did not arrive."""
    with rooms() as chosen:
        wake_workers(chosen)
        with transaction() as session:
            by = _changer(session, user)
            overview.resend(session, overview.find(session, by.user_id, notification_id))
    click.echo(f"to be sent again: {notification_id}")


@notify.command()
@click.argument("channel_id", default=OWN_EMAIL)
@user_option
def test(channel_id: str, user: str | None) -> None:
    """Send a test message by a channel from here, and say what came of it. Exit 1 if it was not taken."""
    from reportbuilder.notifications.sending import send  # only here does a command send by itself

    with rooms() as chosen:
        with transaction() as session:
            by = _changer(session, user)
            if channel_id != OWN_EMAIL:
                reached.find(session, by.user_id, channel_id)
            row = overview.send_test(session, by.user_id, channel_id)
            row_id, name = row.id, row.notification_id
        send(chosen, name)
        state, error = _outcome(row_id)
    click.echo(f"{name} {state}" + (f": {error}" if error else ""))
    raise SystemExit(0 if state == "sent" else 1)


def _outcome(row_id: UUID) -> tuple[str, str | None]:
    with reading() as session:
        found = session.execute(
            select(Notification.state, Notification.error).where(Notification.id == row_id)
        )
        state, error = found.one()
        return state, error


def _changer(session: Session, email: str | None) -> Principal:
    _, by = principal_of(session, email)
    ensure(by, "notification:change")
    return by


def _report(session: Session, by: Principal, report_id: str | None) -> ReportDefinition | None:
    return None if report_id is None else searching.find(session, by, report_id)


def _show(choice: Choice) -> None:
    title = f"rule: {choice.source}" + (" (muted)" if choice.is_muted else "")
    cells = [(want.channel_id, want.pace, ", ".join(want.kinds)) for want in choice.wants]
    show(("channel", "pace", "kinds"), cells, title=title)


def _as_json(row: Notification, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
