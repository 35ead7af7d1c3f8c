"""Our own processes, each at a post: one that dies is started again, as a platform would."""

import os
import random
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic
from types import TracebackType
from typing import Self

import psutil

from reportbuilder.crashpoints import POINTS
from tests.deployment import Deployment, Process

POSTS = {"worker": 3, "scheduler": 2, "web": 1}
POINTS_OF = {
    "web": ("requested", "cancel_asked", "backfill_started"),
    "scheduler": ("judged", "firing_ended"),
}
POINTS_OF["worker"] = tuple(sorted(POINTS.keys() - {*POINTS_OF["web"], "judged"}))
STARTED = 8.0  # seconds after which a process is at work, on a loaded machine too
LATEST_START = 2.0  # seconds until a platform has noticed and starts anew
GLANCE = 0.1  # seconds


@dataclass
class Post:
    """A place for a process; what it does next is set for certain times (``monotonic``)."""

    kind: str
    process: Process
    doomed_at: str = ""  # the crash point of the process that is here now
    next_doom: str = ""  # and of the one that comes next
    start_at: float | None = None
    thaw_at: float | None = None
    began: float = field(default_factory=monotonic)
    child: int | None = None  # of a doomed process that serves from a child, which is the one to die

    def has_lost_child(self) -> bool:
        """Say whether the child that was here is gone; the parent starts others, as doomed as that was."""
        with suppress(psutil.NoSuchProcess):
            found = [each.pid for each in psutil.Process(self.process.pid).children()]
            self.child = self.child or next(iter(found), None)
            return self.child is not None and self.child not in found
        return False


@dataclass
class Crew:
    """Keeps all posts filled from a thread of its own; ``met`` counts deaths at each crash point."""

    deployment: Deployment
    chance: random.Random
    posts: list[Post] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)
    _done: Event = field(default_factory=Event)
    _watch: Thread | None = None

    def __enter__(self) -> Self:
        self.posts = [
            Post(kind, self.deployment.start(kind)) for kind, count in POSTS.items() for _ in range(count)
        ]
        self._watch = Thread(target=self._tend_all, name="crew")
        self._watch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._watch:
            self._watch.join()

    def kill(self, kind: str) -> str:
        """Kill one of a kind; it is started again a moment later."""
        with self._lock:
            self._kill(self._any(kind))
        return kind

    def doom(self, kind: str) -> str:
        """Kill one of a kind; the next one at its post dies between two durable steps, if it gets there."""
        with self._lock:
            post = self._any(kind)
            post.next_doom = self.chance.choice(POINTS_OF[kind])
            self._kill(post)
            return f"{kind}, the next one at {post.next_doom}"

    def kill_child(self, kind: str) -> str:
        """Kill what a process of a kind has started, if it has; it has to start another by itself."""
        with self._lock, suppress(psutil.NoSuchProcess):
            post = self._any(kind)
            if post.doomed_at:
                self._kill(post)  # it would start children as doomed as this one
                return kind
            for child in psutil.Process(post.process.pid).children():
                child.kill()
        return kind

    def freeze(self, kind: str, seconds: float) -> str:
        """Stop one of a kind without its knowing, longer than its leases, and let it go on."""
        with self._lock:
            post = self._any(kind)
            self._signal(post, signal.SIGSTOP)
            post.thaw_at = monotonic() + seconds
        return f"{kind} for {seconds:.1f} s"

    def calm(self) -> None:
        """Let whatever is frozen go on, and see that nothing more is doomed."""
        with self._lock:
            for post in self.posts:
                post.next_doom = ""
                if post.thaw_at is not None:
                    post.thaw_at = monotonic()
                if post.doomed_at:
                    self._kill(post)

    def _kill(self, post: Post) -> None:
        post.doomed_at = ""  # it dies here, not there
        self.deployment.kill(post.process)

    def _any(self, kind: str) -> Post:
        """Choose one that has had time to begin its work, or else the one that has had most of it."""
        posts = [post for post in self.posts if post.kind == kind]
        at_work = [
            post for post in posts if post.process.poll() is None and monotonic() - post.began > STARTED
        ]
        return self.chance.choice(at_work) if at_work else min(posts, key=lambda post: post.began)

    def _tend_all(self) -> None:
        while not self._done.wait(GLANCE):
            with self._lock:
                for post in self.posts:
                    self._tend(post, monotonic())

    def _tend(self, post: Post, now: float) -> None:
        if post.thaw_at is not None and now >= post.thaw_at:
            post.thaw_at = None
            self._signal(post, signal.SIGCONT)
        if post.kind == "web" and post.doomed_at and post.has_lost_child():
            self.deployment.kill(post.process)
        if post.process.poll() is None:
            return
        if post.start_at is None:
            if post.doomed_at:
                self.met[post.doomed_at] += 1
            post.doomed_at, post.thaw_at = "", None
            post.start_at = now + self.chance.uniform(0, LATEST_START)
        elif now >= post.start_at:
            post.process = self.deployment.start(post.kind, post.next_doom)
            post.doomed_at, post.next_doom, post.start_at = post.next_doom, "", None
            post.began, post.child = monotonic(), None

    @staticmethod
    def _signal(post: Post, number: int) -> None:
        if post.process.poll() is None:
            os.killpg(post.process.pid, number)
