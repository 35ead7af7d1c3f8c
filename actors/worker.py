"""A worker process: threads for short calls, threads for long results, and a pulse."""

from collections.abc import Callable

import dramatiq
from flask import Flask

from actors import stopping
from actors.broker import CALLS, RESULTS, InAppContext
from actors.poison import Deaths
from actors.table import declare
from reportbuilder import clock, heartbeats, logs
from reportbuilder.database import transaction
from reportbuilder.executions.ports import Ports
from reportbuilder.processes.memory import settle

log = logs.get_logger(__name__)

POLL_MILLISECONDS = 100  # how long an idle worker sleeps between two glances at its queues
STOP_MILLISECONDS = 20_000


class WorkerProcess:
    """The workers of one process; half of the threads fetch results, so that calls need not wait for them.

    ``make_broker`` is called for each kind of work, since a Dramatiq broker carries one worker.
    """

    def __init__(self, app: Flask, make_broker: Callable[[], dramatiq.Broker], ports: Ports) -> None:
        self.app = app
        threads = ports.settings.worker_threads
        long = max(1, threads // 2)
        self.workers = [
            self._worker(make_broker(), ports, queue, count)
            for queue, count in ((CALLS, max(1, threads - long)), (RESULTS, long))
        ]

    def _worker(self, broker: dramatiq.Broker, ports: Ports, queue: str, threads: int) -> dramatiq.Worker:
        broker.add_middleware(Deaths())
        broker.add_middleware(InAppContext(self.app))
        declare(broker, ports, queue)
        return dramatiq.Worker(
            broker, queues={queue}, worker_threads=threads, worker_timeout=POLL_MILLISECONDS
        )

    def run(self) -> None:
        """Work until asked to stop by SIGTERM or SIGINT; what is in hand is ended first."""
        stopping.hold_back()
        settle()
        for worker in self.workers:
            worker.start()
        log.info("worker started", threads=sum(worker.worker_threads for worker in self.workers))
        with self.app.app_context():
            beat_once("worker")
            while not stopping.is_asked(clock.on_machine(heartbeats.BEAT_EVERY)):
                beat_once("worker")
        for worker in self.workers:
            worker.stop(timeout=STOP_MILLISECONDS)
        log.info("worker stopped")


def beat_once(kind: str) -> None:
    """Write one sign of life; a database that does not answer is logged, not fatal."""
    try:
        with transaction() as session:
            heartbeats.beat(session, kind)
    except Exception as error:  # noqa: BLE001 - the pulse must outlive a restart of the database
        log.warning("no sign of life written", error=type(error).__name__)
