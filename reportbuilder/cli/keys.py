"""``keys``: the secrets that a deployment is given in its environment."""

import secrets

import click

from reportbuilder.amc import tokens
from reportbuilder.amc.vault import Vault, new_key
from reportbuilder.cli.rooms import rooms
from reportbuilder.database import transaction
from reportbuilder.notifications import channels

SECRET_BYTES = 48


@click.group()
def keys() -> None:
    """Fresh keys for the environment, and sealing with a new one."""


@keys.command()
def new() -> None:
    """Print fresh lines RB_SECRET_KEY=… and RB_VAULT_KEYS=…; they are kept nowhere else."""
    click.echo(f"RB_SECRET_KEY={secrets.token_urlsafe(SECRET_BYTES)}")
    click.echo(f"RB_VAULT_KEYS={new_key()}")


@keys.command()
def rotate() -> None:
    """Seal all accounts' tokens and all channels' targets with the newest key.

    Put a new key in front of RB_VAULT_KEYS (new,former), start all processes with it, run this, and then
    take the former key away. Exit 1 if the key of one of them is not here; it stays as it is.
    """
    with rooms() as chosen:
        vault = Vault(chosen.vault_keys)
        with transaction() as session:
            done, failed = tokens.reseal(session, vault)
            resealed, lost = channels.reseal(session, vault)
    click.echo(f"sealed with the newest key: {done} of {done + failed} accounts")
    click.echo(f"sealed with the newest key: {resealed} of {resealed + lost} channels")
    if failed or lost:
        click.echo(
            "The others were sealed with a key that is not in RB_VAULT_KEYS: add it at the end", err=True
        )
        raise SystemExit(1)
