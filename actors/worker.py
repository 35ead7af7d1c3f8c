"""A worker process: threads for short calls, threads for long results, and a pulse."""

import signal
from collections.abc import Callable
from threading import Event

import dramatiq
from flask import Flask

from actors.broker import CALLS, RESULTS, InAppContext
from actors.executions import declare
from reportbuilder import heartbeats, logs
from reportbuilder.database import transaction
from reportbuilder.executions.ports import Ports

log = logs.get_logger(__name__)

POLL_MILLISECONDS = 100  # how long an idle worker sleeps between two glances at its queues
STOP_MILLISECONDS = 20_000


class WorkerProcess:
    """The workers of one process; a quarter of the threads fetch results, so that calls do not wait.

    ``make_broker`` is called for each kind of work, since a Dramatiq broker carries one worker.
    """

    def __init__(self, app: Flask, make_broker: Callable[[], dramatiq.Broker], ports: Ports) -> None:
        self.app = app
        self.stopping = Event()
        threads = ports.settings.worker_threads
        long = max(1, threads // 4)
        self.workers = [
            self._worker(make_broker(), ports, queue, count)
            for queue, count in ((CALLS, max(1, threads - long)), (RESULTS, long))
        ]

    def _worker(self, broker: dramatiq.Broker, ports: Ports, queue: str, threads: int) -> dramatiq.Worker:
        broker.add_middleware(InAppContext(self.app))
        declare(broker, ports, queue)
        return dramatiq.Worker(
            broker, queues={queue}, worker_threads=threads, worker_timeout=POLL_MILLISECONDS
        )

    def run(self) -> None:
        """Work until asked to stop by SIGTERM or SIGINT; what is in hand is ended first."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self.stopping.set())
        for worker in self.workers:
            worker.start()
        log.info("worker started", threads=sum(worker.worker_threads for worker in self.workers))
        pulse(self.app, "worker", self.stopping)
        for worker in self.workers:
            worker.stop(timeout=STOP_MILLISECONDS)
        log.info("worker stopped")


def pulse(app: Flask, kind: str, stopping: Event) -> None:
    """Write signs of life until asked to stop."""
    while True:
        with app.app_context():
            beat_once(kind)
        if stopping.wait(heartbeats.BEAT_EVERY):
            return


def beat_once(kind: str) -> None:
    """Write one sign of life; a database that does not answer is logged, not fatal."""
    try:
        with transaction() as session:
            heartbeats.beat(session, kind)
    except Exception as error:  # noqa: BLE001 - the pulse must outlive a restart of the database
        log.warning("no sign of life written", error=type(error).__name__)
