"""Who starts next on an instance: priority, fairness and ageing, without a database."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

RANKS = {"manual": 0, "api": 0, "schedule": 1, "backfill": 2}
AGEING = timedelta(minutes=10)  # waiting so long lifts an execution by one rank, again and again
FALLBACK_DURATION = timedelta(minutes=3)

Group = tuple[str, str | None]  # a user, and one of her reports


@dataclass(frozen=True)
class Contender:
    """An execution that waits for a slot or holds one; ``since``: when it was asked for."""

    id: str
    trigger: str
    user: str
    report: str | None
    since: datetime

    @property
    def group(self) -> Group:
        """Fairness inside a user's share is between reports."""
        return (self.user, self.report)


def order(waiting: Sequence[Contender], holding: Iterable[Contender], now: datetime) -> Iterator[Contender]:
    """Yield those who wait in the order in which they will start.

    A lower rank first (manual before scheduled before backfill, lifted by age); inside a rank the user who
    holds the fewest slots, then the report that does, then who waits longest. A pick counts as held.
    """
    users: Counter[str] = Counter()
    groups: Counter[tuple[str, str | None]] = Counter()
    for contender in holding:
        users[contender.user] += 1
        groups[contender.group] += 1
    queues = _queues(waiting, now)

    def standing(place: tuple[int, Group]) -> tuple[int, int, int, datetime, str]:
        number, group = place
        head = queues[place][-1]
        return (number, users[group[0]], groups[group], head.since, head.id)

    while queues:
        place = min(queues, key=standing)
        chosen = queues[place].pop()
        if not queues[place]:
            del queues[place]
        users[chosen.user] += 1
        groups[chosen.group] += 1
        yield chosen


def _queues(waiting: Sequence[Contender], now: datetime) -> dict[tuple[int, Group], list[Contender]]:
    """Part those who wait by rank and group, the longest wait last: only these ends can be next.

    A backfill puts thousands into one queue, so nobody may go through all of them for each pick.
    """
    queues: dict[tuple[int, Group], list[Contender]] = defaultdict(list)
    for contender in sorted(waiting, key=lambda one: (one.since, one.id), reverse=True):
        queues[rank(contender, now), contender.group].append(contender)
    return dict(queues)


def rank(contender: Contender, now: datetime) -> int:
    """Return the rank after ageing; it goes below zero, so that the longest wait always wins in the end."""
    return RANKS[contender.trigger] - max(0, (now - contender.since) // AGEING)


def free(limit: int, holding: int, foreign: int) -> int:
    """Return how many more may start; others' executions share the budget of the instance."""
    return max(0, limit - holding - foreign)


def startable(
    waiting: Sequence[Contender], holding: Sequence[Contender], *, limit: int, foreign: int, now: datetime
) -> list[Contender]:
    """Return who may start now, in order.

    Backfills leave one slot to the others as long as others wait, unless there is only one slot.
    """
    room = free(limit, len(holding), foreign)
    chosen: list[Contender] = []
    if room == 0:
        return chosen
    others_left = sum(1 for contender in waiting if contender.trigger != "backfill")
    backfills = sum(1 for contender in holding if contender.trigger == "backfill")
    for contender in order(waiting, holding, now):
        if contender.trigger == "backfill":
            if others_left and backfills >= max(1, limit - 1):
                continue
            backfills += 1
        else:
            others_left -= 1
        chosen.append(contender)
        if len(chosen) == room:
            break
    return chosen


@dataclass(frozen=True)
class Place:
    """Where an execution stands: ``number`` from 1, and when it may be expected to start."""

    number: int
    expected_start: datetime


def place_of(
    id: str,
    waiting: Sequence[Contender],
    holding: Sequence[Contender],
    *,
    limit: int,
    foreign: int,
    typical: timedelta | None,
    now: datetime,
) -> Place | None:
    """Return the place of a waiting execution, None if it does not wait.

    The estimate lets slots come free evenly over the ``typical`` duration of a run.
    """
    for number, contender in enumerate(order(waiting, holding, now), start=1):
        if contender.id == id:
            behind = max(0, number - free(limit, len(holding), foreign))
            return Place(number, now + (typical or FALLBACK_DURATION) * behind / max(1, limit))
    return None
