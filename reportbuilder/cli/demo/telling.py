"""Tells a demo's steps as they are done, each with the time since the start."""

import sys

from reportbuilder import clock
from reportbuilder.cli.showing import make_console


class Teller:
    """Writes to standard output."""

    def __init__(self) -> None:
        self.console = make_console(sys.stdout)
        self.began = clock.monotonic()

    def done(self, what: str) -> None:
        """Say that a step is done."""
        self.console.print(f"{clock.monotonic() - self.began:6.1f} s  {what}", style="dim")

    def say(self, what: str = "") -> None:
        """Say something as it is, on a line that is never broken."""
        self.console.print(what, soft_wrap=True)
