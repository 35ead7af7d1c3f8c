"""All actors in one table: each takes an id, looks at the row, and may run any number of times."""

from collections.abc import Callable

import dramatiq

from actors import backfills, executions, notifications, schedules
from reportbuilder.amc.failures import Rejected, Unauthorized
from reportbuilder.errors import Conflict, Invalid, NotFound, NotPermitted, Unauthenticated
from reportbuilder.executions.ports import Ports

Work = Callable[[Ports, str], None]

# name, what it does, queue, priority (lower first)
ACTORS: tuple[tuple[str, Work, str, int], ...] = (
    *executions.ACTORS,
    *schedules.ACTORS,
    *backfills.ACTORS,
    *notifications.ACTORS,
)
# what no retry mends; everything else is tried again
PERMANENT = (Invalid, Unauthenticated, NotFound, NotPermitted, Conflict, Rejected, Unauthorized)
QUEUES = {name: queue for name, _, queue, _ in ACTORS}


def declare(broker: dramatiq.Broker, ports: Ports, queue: str) -> None:
    """Declare those of a queue on a broker. What they miss the sweeps find, so that retries are few."""
    for name, work, theirs, priority in ACTORS:
        if theirs == queue:
            dramatiq.actor(
                broker=broker,
                actor_name=name,
                queue_name=queue,
                priority=priority,
                max_retries=3,
                min_backoff=1_000,
                max_backoff=10_000,
                throws=PERMANENT,
            )(_bound(work, ports))


def _bound(work: Work, ports: Ports) -> Callable[[str], None]:
    def act(id: str) -> None:
        work(ports, id)

    return act
