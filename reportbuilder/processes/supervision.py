"""Keeps a number of equal children alive until asked to stop; one that dies is started again, ever later."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from types import FrameType

from reportbuilder import clock, logs
from reportbuilder.processes.children import KILL_AFTER, Child, stop

POLL = 0.2  # seconds
BACKOFF_FIRST = 0.5  # seconds
BACKOFF_LAST = 30.0  # seconds
ORPHANED_KILL_AFTER = 2.0  # seconds; what the children need to end in peace has most likely gone as well
IS_WELL_AFTER = 60.0  # seconds of life after which an end is no longer part of a row of ends

HOPELESS = 2  # the exit code of wrong settings: starting it again would not help

log = logs.get_logger(__name__)


class Hopeless(Exception):
    """A child has ended in a way in which it will always end."""


def backoff(deaths: int) -> float:
    """Return the seconds to wait before the start that follows so many ends in a row.

    >>> [backoff(n) for n in (1, 2, 3, 20)]
    [0.5, 1.0, 2.0, 30.0]
    """
    return min(BACKOFF_LAST, BACKOFF_FIRST * 2.0 ** min(deaths - 1, 10))


@dataclass
class Post:
    """A place that a child is to fill."""

    start: Callable[[], Child]
    child: Child | None = None
    deaths: int = 0
    not_before: float = 0.0

    def tend(self, now: float) -> None:
        """Start the child if there is none and its time has come; note it if it has died.

        :raises Hopeless: if starting it again would not help.
        """
        if self.child is None:
            if now >= self.not_before:
                self.child = self.start()
            return
        if self.child.is_alive:
            return
        if self.child.process.returncode == HOPELESS:
            raise Hopeless(self.child.name)
        self.deaths = 1 if now - self.child.started > IS_WELL_AFTER else self.deaths + 1
        pause = backoff(self.deaths)
        log.warning("child died", child=self.child.name, how=self.child.ending(), again_in=pause)
        self.child, self.not_before = None, now + pause


@dataclass
class Supervisor:
    """Keeps all posts filled. ``parent``: the process that this one is tied to, if there is one."""

    posts: list[Post]
    parent: int | None = None
    stopping: Event = field(default_factory=Event)

    def run(self) -> None:
        """Keep them filled until SIGTERM, SIGINT or SIGHUP; see ``fill``."""

        def note(_number: int, _frame: FrameType | None) -> None:
            self.stopping.set()

        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if name != signal.SIGHUP or signal.getsignal(name) != signal.SIG_IGN:  # nohup stays nohup
                signal.signal(name, note)
        self.fill()

    def fill(self) -> None:
        """Keep them filled until ``stopping`` is set, then stop all children and wait for their ends.

        :raises Hopeless: after the same, if a child cannot be kept alive.
        """
        try:
            while not self.stopping.is_set():
                for post in self.posts:
                    post.tend(clock.monotonic())
                self.stopping.wait(POLL)
        finally:
            late = stop((post.child for post in self.posts if post.child), within=self._patience())
            if late:
                log.warning("children killed, they did not end in time", children=late)

    def _patience(self) -> float:
        is_orphan = self.parent is not None and os.getppid() != self.parent
        return ORPHANED_KILL_AFTER if is_orphan else KILL_AFTER
