"""How many runs have read each table over windows that overlap."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from reportbuilder.sandbox.instants import Window

_MOST = 10_000  # different windows that are remembered for each table


class Overlaps:
    """The windows over which the tables of one instance have been read."""

    def __init__(self) -> None:
        self._windows: dict[str, Counter[tuple[datetime, datetime]]] = {}

    def add(self, tables: Iterable[str], window: Window) -> None:
        """Note a run that reads these tables."""
        for table in tables:
            windows = self._windows.setdefault(table, Counter())
            windows[window.start, window.end] += 1
            if len(windows) > _MOST:
                del windows[next(iter(windows))]

    def most(self, tables: Iterable[str], window: Window) -> int:
        """Return how many earlier runs overlap this one, on the table where they are the most."""
        return max((self._count(table, window) for table in tables), default=0)

    def _count(self, table: str, window: Window) -> int:
        seen = self._windows.get(table, Counter[tuple[datetime, datetime]]())
        return sum(n for (start, end), n in seen.items() if start < window.end and window.start < end)
