"""``dead-letters``: messages to the workers that were given up."""

from collections.abc import Sequence

import click

from reportbuilder import deadletters, settings
from reportbuilder.cli.options import json_option
from reportbuilder.cli.showing import show, show_json, show_pairs
from reportbuilder.cli.waking import wake_workers
from reportbuilder.deadletters import DeadLetter
from reportbuilder.errors import Invalid

every_option = click.option("--all", "every", is_flag=True, help="All there are.")
ids_argument = click.argument("ids", nargs=-1)


@click.group("dead-letters")
def dead_letters() -> None:
    """Messages to the workers that were given up. None is needed: the sweeps find what they were about."""


@dead_letters.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List them, the latest first."""
    found = deadletters.letters(settings.load().redis_url)
    if as_json:
        show_json([_pairs(letter) for letter in found])
    else:
        rows = [(one.id, one.at, one.wake_up.name, one.wake_up.id, one.why) for one in found]
        show(("id", "given up at", "wanted", "of", "why"), rows)


@dead_letters.command("show")
@click.argument("id")
def show_(id: str) -> None:
    """Show one."""
    show_pairs(_pairs(deadletters.find(settings.load().redis_url, id)))


@dead_letters.command()
@ids_argument
@every_option
def requeue(ids: tuple[str, ...], *, every: bool) -> None:
    """Give the workers these hints once more."""
    chosen = settings.load()
    wake_workers(chosen)
    count = deadletters.requeue(chosen.redis_url, _chosen(chosen.redis_url, ids, every=every))
    click.echo(f"{count} sent again")


@dead_letters.command()
@ids_argument
@every_option
def drop(ids: tuple[str, ...], *, every: bool) -> None:
    """Throw these away."""
    url = settings.load().redis_url
    click.echo(f"{deadletters.drop(url, _chosen(url, ids, every=every))} thrown away")


def _chosen(url: str, ids: Sequence[str], *, every: bool) -> list[DeadLetter]:
    if bool(ids) is every:
        raise Invalid.field("IDS", "give the ids that `reportbuilder dead-letters list` shows, or --all")
    return deadletters.letters(url) if every else [deadletters.find(url, name) for name in ids]


def _pairs(letter: DeadLetter) -> dict[str, object]:
    return {
        "id": letter.id,
        "given_up_at": letter.at,
        "queue": letter.queue,
        "wanted": letter.wake_up.name,
        "of": letter.wake_up.id,
        "why": letter.why,
    }
