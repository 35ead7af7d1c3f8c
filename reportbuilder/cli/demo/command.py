"""``demo``: starts every part, seeds a world, runs and schedules a report in sight, stays until Ctrl-C."""

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from reportbuilder import logs, settings
from reportbuilder.cli.demo.folder import Folder
from reportbuilder.cli.demo.parts import NotUp, Parts, start_redis, start_sandbox
from reportbuilder.cli.demo.telling import Teller
from reportbuilder.cli.showing import plain

GLANCE_EVERY = 0.3  # seconds
FAILED = 1
INTERRUPTED = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command()
@click.option("--once", is_flag=True, help="End after a run, a backfill and a firing instead of staying up.")
@click.option(
    "--dir",
    "path",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".demo"),
    show_default=True,
    help="Where everything is kept; the next demo starts on it again.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=settings.Settings.port,
    show_default=True,
    help="The web's; if it is taken, the next that is free.",
)
def demo(path: Path, port: int, *, once: bool) -> None:
    """Start every part of the product on this machine, and run a report in sight.

    A Redis-protocol server, a sandbox in place of AMC, web, worker and scheduler run as processes of this
    one, on a SQLite database. All listen on 127.0.0.1 alone, and none is left when this one ends. Settings
    of the environment have no part in it.
    """
    logs.configure("WARNING", "text")
    os.umask(0o077)  # the database and all that its processes write are for nobody else
    folder, is_up = Folder(path), False
    with folder.held():
        parts = Parts(folder)
        _interrupt_on_signals()
        try:
            go_on = _start(parts, Teller(), port)
            is_up = True
            go_on()
            while not once:
                time.sleep(GLANCE_EVERY)
                parts.check()
        except NotUp as failure:
            _tell(failure)
            raise SystemExit(FAILED) from None
        except KeyboardInterrupt:
            if not is_up:
                raise SystemExit(INTERRUPTED) from None
        finally:
            _ignore_signals()
            parts.stop()


def _start(parts: Parts, teller: Teller, port: int) -> Callable[[], None]:
    """Bring everything up; return what goes on with showing."""
    chosen = parts.folder.settings(parts.folder.kept())
    teller.done(f"redis and the sandbox start; everything is kept in {parts.folder.path}")
    redis, sandbox = start_redis(parts, chosen), start_sandbox(parts, chosen)
    # here, so that both come up while all the rest is imported
    from reportbuilder.cli.demo.opening import open_all, show_time

    opened = open_all(parts, teller, chosen, redis=redis, sandbox=sandbox, port=port)
    return partial(show_time, parts, teller, opened)


def _interrupt_on_signals() -> None:
    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    for name in SIGNALS:
        if name != signal.SIGHUP or signal.getsignal(name) != signal.SIG_IGN:  # nohup stays nohup
            signal.signal(name, interrupt)


def _ignore_signals() -> None:
    # the end takes seconds at most, and a second Ctrl-C must not leave it half done
    for name in SIGNALS:
        signal.signal(name, signal.SIG_IGN)


def _tell(failure: NotUp) -> None:
    click.echo(f"error: {failure}", err=True)
    lines = failure.child.last_lines()
    if lines:
        click.echo(f"The last lines of {failure.child.log}:", err=True)
    for line in lines:
        click.echo(f"  {plain(line)}", err=True)
