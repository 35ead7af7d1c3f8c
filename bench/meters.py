"""What processes cost: memory and CPU, of each with all of its children, looked at twice a second."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Event, Thread
from types import TracebackType
from typing import Self

import psutil

EVERY = 0.5  # seconds


@dataclass
class Meter:
    """Watches some processes during its block.

    ``pss`` and ``rss``: bytes that all of them had together at most; ``cpu``: seconds that they have worked
    in the block. PSS shares out what several have in common, so its sum is what the machine has to have.
    """

    pids: Iterable[int]
    pss: int = 0
    rss: int = 0
    cpu: float = 0.0
    largest: int = 0  # RSS of one
    _done: Event = field(default_factory=Event, repr=False)

    def __post_init__(self) -> None:
        self._roots = [psutil.Process(pid) for pid in self.pids]
        self._began = 0.0
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._began = self._worked()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        self.cpu = self._worked() - self._began

    def told(self, seconds: float) -> str:
        """Say it in one line, for a block that has taken so long."""
        share = 100 * self.cpu / seconds
        return f"memory {self.pss / 2**20:.0f} MB (PSS), CPU {self.cpu:.1f} s ({share:.0f} % of a core)"

    def _watch(self) -> None:
        while not self._done.wait(EVERY):
            self._sample()

    def _sample(self) -> None:
        rss = pss = 0
        for process in self._all():
            try:
                found = process.memory_full_info()
            except psutil.Error:
                continue  # it has just ended
            rss, pss = rss + found.rss, pss + found.pss
            self.largest = max(self.largest, found.rss)
        self.rss, self.pss = max(self.rss, rss), max(self.pss, pss)

    def _worked(self) -> float:
        """Add up the CPU seconds of all; of children that have ended the parents know."""
        total = 0.0
        for process in self._all():
            try:
                total += sum(process.cpu_times()[:4])
            except psutil.Error:
                continue
        return total

    def _all(self) -> list[psutil.Process]:
        found = []
        for root in self._roots:
            try:
                found += [root, *root.children(recursive=True)]
            except psutil.Error:
                continue
        return found
