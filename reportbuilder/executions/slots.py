"""Who starts next on an instance: priority, fairness and ageing, without a database.

A *line* is what one user has waiting by one trigger. A line that holds no slot is lifted by one rank for each
AGEING since it began to wait: since its head was asked for, or since it was last served, whichever is later.

Nothing starves: once a line has waited for (its rank + 1) * AGEING, so 10 minutes for a person's runs, 20 for
schedules and 30 for backfills, whatever begins to wait from then on comes after it, and a line that is served
begins anew. So from then on at most one start of each other line comes before it. Two things stretch that: a
line that holds a slot is not in need; and a backfill waits while others wait and backfills hold all slots but
one, at most until one of their runs ends.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

RANKS: Final = {"manual": 0, "api": 0, "schedule": 1, "backfill": 2}
AGEING: Final = timedelta(minutes=10)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)

Line = tuple[str, str]  # a user, a trigger
Served = Mapping[Line, datetime]  # when a line was last given a slot

NOBODY: Final[Served] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Contender:
    """An execution that waits for a slot or holds one; ``since``: when it was asked for."""

    id: str
    trigger: str
    user: str
    report: str | None
    since: datetime

    @property
    def line(self) -> Line:
        """Ageing is of lines."""
        return (self.user, self.trigger)


@dataclass
class Shares:
    """Who holds how much; ``turns``: when users were last given a slot, and which of several at that time."""

    now: datetime
    served: Served
    users: Counter[str] = field(default_factory=Counter)
    reports: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    lines: Counter[Line] = field(default_factory=Counter)
    turns: dict[str, tuple[datetime, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, holding: Iterable[Contender], served: Served, now: datetime) -> "Shares":
        """Count what is held."""
        shares = cls(now, served)
        for (user, _), at in served.items():
            shares.turns[user] = max(shares.turns.get(user, (_NEVER, 0)), (at, 0))
        for contender in holding:
            shares._count(contender)
        return shares

    def _count(self, contender: Contender) -> None:
        self.users[contender.user] += 1
        self.reports[contender.user, contender.report] += 1
        self.lines[contender.line] += 1

    def start(self, contender: Contender, number: int) -> None:
        """Count one that starts now, the ``number``-th of those that do."""
        self._count(contender)
        self.turns[contender.user] = (self.now, number)

    def waits_since(self, contender: Contender) -> datetime:
        """Return since when its line waits, if it is the head of its line."""
        return max(contender.since, self.served.get(contender.line, _NEVER))

    def rank(self, contender: Contender) -> int:
        """Return the rank after ageing; it goes below zero, so that the longest wait wins in the end."""
        rank = RANKS[contender.trigger]
        if self.lines[contender.line]:
            return rank
        return rank - max(0, (self.now - self.waits_since(contender)) // AGEING)

    def key(self, contender: Contender) -> tuple[int, int, tuple[datetime, int], int, datetime, str]:
        """Return by what it competes, the least first.

        Its rank; then the user who holds the fewest slots, and of those who hold as many who was served
        longest ago; then the report that holds the fewest; then who waits longest.
        """
        user = contender.user
        held = self.reports[user, contender.report]
        turn = self.turns.get(user, (_NEVER, 0))
        return (self.rank(contender), self.users[user], turn, held, contender.since, contender.id)


class _Wishes:
    """What one user has waiting, a queue for each trigger and report: only their heads can be next.

    A backfill puts thousands into one queue, so nobody may go through all of them for each pick. The heap
    holds keys as they once were. They only grow, so whoever is still first by today's key is the first.
    """

    def __init__(self, waiting: Iterable[Contender], shares: Shares) -> None:
        self.shares = shares
        queues: dict[tuple[str, str | None], list[Contender]] = defaultdict(list)
        for contender in waiting:
            queues[contender.trigger, contender.report].append(contender)
        self.heap = [(shares.key(queue[-1]), queue) for queue in queues.values()]
        heapq.heapify(self.heap)

    def first(self) -> Contender | None:
        while self.heap:
            key, queue = self.heap[0]
            today = self.shares.key(queue[-1])
            if key == today:
                return queue[-1]
            heapq.heapreplace(self.heap, (today, queue))
        return None

    def take(self) -> Contender:
        _, queue = heapq.heappop(self.heap)
        chosen = queue.pop()
        if queue:
            heapq.heappush(self.heap, (self.shares.key(queue[-1]), queue))
        return chosen


def order(
    waiting: Iterable[Contender], holding: Iterable[Contender], now: datetime, served: Served = NOBODY
) -> Iterator[Contender]:
    """Yield those who wait in the order in which they start if all do now; see :meth:`Shares.key`."""
    shares = Shares.of(holding, served, now)
    parted: dict[str, list[Contender]] = defaultdict(list)
    for contender in sorted(waiting, key=lambda one: (one.since, one.id), reverse=True):
        parted[contender.user].append(contender)
    wishes = {user: _Wishes(theirs, shares) for user, theirs in parted.items()}
    heads = [(shares.key(head), user) for user, theirs in wishes.items() if (head := theirs.first())]
    heapq.heapify(heads)
    number = 0
    while heads:
        _, user = heapq.heappop(heads)  # another user's key does not change by what this one is given
        chosen = wishes[user].take()
        number += 1
        shares.start(chosen, number)
        if following := wishes[user].first():
            heapq.heappush(heads, (shares.key(following), user))
        yield chosen


def free(limit: int, holding: int, foreign: int) -> int:
    """Return how many more may start; others' executions share the budget of the instance."""
    return max(0, limit - holding - foreign)


def startable(
    waiting: Sequence[Contender],
    holding: Sequence[Contender],
    *,
    limit: int,
    foreign: int,
    now: datetime,
    served: Served = NOBODY,
    room: int | None = None,
) -> list[Contender]:
    """Return who may start now, in order, at most ``room``; None: as many as there are slots.

    Backfills leave one of the slots that are ours to others as long as others wait, unless there is only one.
    """
    here = free(limit, len(holding), foreign)
    left, held, chosen = list(waiting), list(holding), list[Contender]()
    while left and len(chosen) < (here if room is None else min(here, room)):
        pick = next(order(_admitted(left, held, limit - foreign), held, now, served), None)
        if pick is None:
            break
        chosen.append(pick)
        left.remove(pick)
        held.append(pick)
        served = {**served, pick.line: now}
    return chosen


def _admitted(waiting: list[Contender], holding: list[Contender], ours: int) -> list[Contender]:
    others = [contender for contender in waiting if contender.trigger != "backfill"]
    backfills = sum(1 for contender in holding if contender.trigger == "backfill")
    return others if others and backfills >= max(1, ours - 1) else waiting


@dataclass(frozen=True, order=True)
class Turn:
    """How the next of an instance competes for a slot of its account, the least first.

    By its rank there, then by how many its instance holds, then by how long its line waits.
    """

    rank: int
    held: int
    since: datetime
    id: str

    @classmethod
    def of(
        cls, contender: Contender, holding: Sequence[Contender], now: datetime, served: Served = NOBODY
    ) -> "Turn":
        """Return it for one of those who wait."""
        shares = Shares.of(holding, served, now)
        return cls(shares.rank(contender), len(holding), shares.waits_since(contender), contender.id)
