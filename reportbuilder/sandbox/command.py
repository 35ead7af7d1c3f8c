"""The command that runs the sandbox as a process of its own."""

import signal
import time
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import FrameType
from typing import Any, get_args

import click

from reportbuilder.sandbox.options import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Faults, Options
from reportbuilder.sandbox.serving import Sandbox


def _option(item: "Field[Any]") -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the flag for one option; it has the option's name with dashes."""
    flag = f"--{item.name.replace('_', '-')}"
    text = str(item.metadata["help"])
    if item.type is bool:
        return click.option(flag, item.name, is_flag=True, default=item.default, help=text)
    choices = get_args(item.type) if item.name not in ("end", "data_dir") else ()
    if choices:
        kind: Any = click.Choice(choices)
    else:
        kind = {
            "end": click.DateTime(["%Y-%m-%d"]),
            "data_dir": click.Path(file_okay=False, path_type=Path),
        }.get(item.name, item.type)
    return click.option(flag, item.name, type=kind, default=item.default, show_default=True, help=text)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for item in reversed([*fields(Options), *fields(Faults)]):
        if item.default is not MISSING:
            command = _option(item)(command)
    return command


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.", show_default=True
)
@_options
def sandbox(port: int, **values: Any) -> None:
    """Run a local AMC that really computes queries, over synthetic data, until Ctrl-C."""
    if values["end"] is not None:
        values["end"] = values["end"].date()
    asked = _asked_to_end()
    with Sandbox(_from_flags(values), port=port).serving() as box:
        click.echo(f"url: {box.url}")
        click.echo(f"token-url: {box.token_url}")
        click.echo(f"client-id: {CLIENT_ID}")
        click.echo(f"client-secret: {CLIENT_SECRET}")
        click.echo(f"refresh-token: {REFRESH_TOKEN}")
        while not asked:  # a signal may reach one of DuckDB's threads, so nothing here waits without end
            time.sleep(0.1)


def _from_flags(values: dict[str, Any]) -> Options:
    """Return options from flag values; what is not an option is a fault."""
    names = {item.name for item in fields(Faults)}
    try:
        faults = Faults(**{name: value for name, value in values.items() if name in names})
        return Options(**{name: value for name, value in values.items() if name not in names}, faults=faults)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _asked_to_end() -> list[int]:
    """Return a list that gets the signal by which the process is asked to end."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)  # no lock: a handler that takes one can stop its own thread for ever

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, note)
    return asked
