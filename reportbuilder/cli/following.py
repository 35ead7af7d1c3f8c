"""Waits for an execution in sight: a bar on a terminal, lines elsewhere; Ctrl-C asks what to do."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from reportbuilder import clock
from reportbuilder.cli.moments import Moment, moment
from reportbuilder.cli.showing import plain
from reportbuilder.cli.stopping import stop
from reportbuilder.database import reading
from reportbuilder.errors import Conflict, NotPermitted
from reportbuilder.executions import overview
from reportbuilder.executions.models import ReportExecution
from reportbuilder.settings import Settings

GLANCE_EVERY = 0.2  # seconds


class Display(Protocol):
    """Where one sees how an execution stands."""

    def show(self, now: Moment) -> None:
        """Show it, as often as one likes."""


class Lines:
    """A line for each change, for logs and pipes."""

    def __init__(self, console: Console, began: float) -> None:
        self._console, self._last, self._began = console, "", began

    def show(self, now: Moment) -> None:
        """Print what is new."""
        if now.words != self._last:
            spent = clock.monotonic() - self._began
            self._console.print(f"{spent:6.1f} s  {now.state}: {plain(now.words)}", soft_wrap=True)
            self._last = now.words


class Bar:
    """One line that moves."""

    def __init__(self, progress: Progress, label: str) -> None:
        self._progress, self._task = progress, progress.add_task(label, total=1.0, words="")

    def show(self, now: Moment) -> None:
        """Move it."""
        self._progress.update(self._task, completed=now.share, words=plain(now.words))


@contextmanager
def display(console: Console, label: str, began: float) -> Iterator[Display]:
    """Give the display that suits the console; ``began`` is when the clock was started."""
    if not console.is_terminal:
        yield Lines(console, began)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TimeElapsedColumn(),
        TextColumn("{task.fields[words]}", markup=False),
    )
    with Progress(*columns, console=console) as progress:
        yield Bar(progress, label)


def watch(
    execution_id: str,
    settings: Settings,
    console: Console,
    *,
    began: float | None = None,
    each: Callable[[], None] = lambda: None,
) -> ReportExecution:
    """Wait in sight until an execution has ended, and return it; ``each`` is called at each glance."""
    with display(console, execution_id, clock.monotonic() if began is None else began) as shown:
        while True:
            with reading() as session:
                execution = overview.find(session, execution_id)
                now = moment(session, execution, settings)
            shown.show(now)
            if now.is_final:
                return execution
            each()
            time.sleep(GLANCE_EVERY)


def follow(
    execution_id: str,
    settings: Settings,
    console: Console,
    *,
    by: str,
    each: Callable[[], None] = lambda: None,
) -> ReportExecution | None:
    """Wait until an execution has ended and return it; None if the person left it running.

    Ctrl-C on a terminal asks whether ``by``, the person, wants it cancelled; elsewhere it is left running.
    """
    while True:
        try:
            return watch(execution_id, settings, console, each=each)
        except KeyboardInterrupt:
            if not (console.is_terminal and _wants_cancel(execution_id)):
                _say_how_to_go_on(execution_id)
                return None
            _stop(execution_id, by)


def _wants_cancel(execution_id: str) -> bool:
    try:
        click.echo(err=True)
        answer: str = click.prompt(
            f"Cancel {execution_id}, or leave it running?",
            type=click.Choice(["cancel", "leave"]),
            default="leave",
            err=True,
        )
    except click.Abort:
        return False
    return answer == "cancel"


def _stop(execution_id: str, by: str) -> None:
    try:
        stop(execution_id, by)
    except (
        Conflict,
        NotPermitted,
    ) as refusal:  # it may have ended in the meantime
        click.echo(refusal.message, err=True)


def _say_how_to_go_on(execution_id: str) -> None:
    click.echo(
        f"{execution_id} goes on. See it with `reportbuilder execution show {execution_id}`, "
        f"stop it with `reportbuilder execution cancel {execution_id}`.",
        err=True,
    )
