"""``account``: AMC accounts and their instances."""

import sys

import click
from sqlalchemy import func, select

from reportbuilder import settings
from reportbuilder.amc import connecting
from reportbuilder.amc.connecting import SignedIn
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.hosts import REGIONS
from reportbuilder.amc.models import AmcAccount, AmcInstance
from reportbuilder.amc.vault import Secret
from reportbuilder.cli.rooms import asker, rooms
from reportbuilder.cli.showing import show
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Invalid


@click.group()
def account() -> None:
    """AMC accounts and their instances: connect, list."""


@account.command()
@click.option(
    "--region", type=click.Choice(list(REGIONS), case_sensitive=False), default="NA", show_default=True
)
@click.option("--account", "wanted", multiple=True, metavar="ENTITY…", help="Only this one; may be repeated.")
@click.option("--user", metavar="EMAIL", help="Whose sign-in it is.")
@click.option("--token-stdin", is_flag=True, help="Read the refresh token from standard input.")
def connect(region: str, wanted: tuple[str, ...], user: str | None, *, token_stdin: bool) -> None:
    """Sign in to AMC with a refresh token, and take over the accounts and instances that it can see.

    The token is asked for, so that it stands in no shell's history; it is stored sealed with the first of
    RB_VAULT_KEYS. Connecting again brings names and instances up to date.
    """
    given = sys.stdin.readline() if token_stdin else _ask()
    refresh_token = Secret(given.strip())
    with rooms() as chosen:
        _check_client(chosen)
        connections = Connections(chosen)
        with reading() as session:
            owner = asker(session, user)
        grant = connecting.sign_in(connections, refresh_token, region)
        found = connecting.survey(connections, grant, region, wanted)
        signed_in = SignedIn(grant.refresh_token or refresh_token, grant, region, owner.id)
        with transaction() as session:
            for seen in found:
                connecting.record(session, seen, signed_in, connections.vault)
    show(("account", "id", "instance", "name", "usable"), [row for seen in found for row in _rows(seen)])


@account.command("list")
def list_() -> None:
    """List the connected accounts and whether their sign-in is good."""
    count = select(func.count()).where(AmcInstance.account_id == AmcAccount.id).scalar_subquery()
    with rooms(), reading() as session:
        rows = session.execute(select(AmcAccount, count).order_by(AmcAccount.account_name)).all()
    show(
        ("account", "name", "region", "instances", "signed in"),
        [
            (row.account_id, row.account_name, row.region, instances, _standing(row))
            for row, instances in rows
        ],
    )


@account.command()
def instances() -> None:
    """List the instances with their slots."""
    with rooms() as chosen, reading() as session:
        rows = session.scalars(select(AmcInstance).order_by(AmcInstance.instance_id)).all()
    show(
        ("instance", "name", "account", "status", "slots"),
        [
            (
                row.instance_id,
                row.instance_name,
                row.account.account_name,
                row.status,
                chosen.instance_slots if row.slots is None else row.slots,
            )
            for row in rows
        ],
    )


def _rows(seen: connecting.Seen) -> list[tuple[object, ...]]:
    names = (seen.account.account_name, seen.account.account_id)
    return [(*names, one.instance_id, one.instance_name, one.is_usable) for one in seen.instances]


def _ask() -> str:
    return str(click.prompt("Refresh token (Atzr|…)", hide_input=True))


def _check_client(chosen: settings.Settings) -> None:
    if not (chosen.amc_client_id and chosen.amc_client_secret):
        raise Invalid.field(
            "RB_AMC_CLIENT_ID", "set it and RB_AMC_CLIENT_SECRET to those of your Login with Amazon client"
        )


def _standing(row: AmcAccount) -> str:
    if row.signed_out_reason:
        return f"no: {row.signed_out_reason}"
    return "yes" if row.sealed_refresh_token else "no: connect it"
