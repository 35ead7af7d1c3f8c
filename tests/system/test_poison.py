"""Messages and rows that kill whoever takes them are given up after a few deaths."""

import signal
from dataclasses import replace

import pytest
import redis
from sqlalchemy import select

from reportbuilder import deadletters, wakeups
from reportbuilder.database import reading
from reportbuilder.executions.models import ExecutionEvent
from reportbuilder.sandbox import Sandbox
from tests.deployment import Deployment, wait_until
from tests.executions.desk import Desk

pytestmark = pytest.mark.system

# Dramatiq takes a worker for dead after a minute, and looks for that once in a thousand calls
WORKER = """
import os, signal, time
import dramatiq
from actors.broker import make_broker
from actors.poison import Deaths
from reportbuilder import logs, settings

logs.configure("INFO", "json")
broker = make_broker(settings.load().redis_url)
broker.heartbeat_timeout, broker.maintenance_chance = 300, 1_000_000
broker.add_middleware(Deaths())

@dramatiq.actor(broker=broker, queue_name="calls", actor_name="look_at_instance")
def act(id):
    if id == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    broker.client.rpush("done", id)

worker = dramatiq.Worker(broker, queues={"calls"}, worker_threads=2, worker_timeout=20)
worker.start()
while True:
    time.sleep(1)
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_message_that_kills_its_worker_is_given_up_after_three_deaths(
    deployment: Deployment, desk: Desk
) -> None:
    url = deployment.settings.redis_url
    wakeups.send(wakeups.WakeUp("look_at_instance", "poison"))
    died = 0
    process = deployment.run(WORKER, "worker")
    with redis.Redis.from_url(url) as client:

        def is_over() -> bool:
            nonlocal died, process
            if process.poll() is not None:
                assert process.returncode == -signal.SIGKILL
                died += 1
                process = deployment.run(WORKER, "worker")
            return deadletters.count(url) == 1

        wait_until(is_over, 90, deployment.told)
        wakeups.send(wakeups.WakeUp("look_at_instance", "honest"))
        wait_until(lambda: client.llen("done") == 1, 30, deployment.told)
        assert client.lrange("done", 0, -1) == [b"honest"]
    assert died == 3
    [letter] = deadletters.letters(url)
    assert (letter.wake_up.id, letter.why) == (
        "poison",
        "worker processes died 3 times while they were at it",
    )
    assert "dead letter" in deployment.told()


@pytest.mark.parametrize("point", ["claimed", "collecting"])
def test_a_row_that_kills_its_worker_each_time_ends_failed(
    deployment: Deployment, desk: Desk, box: Sandbox, point: str
) -> None:
    deployment.settings = replace(
        deployment.settings, submit_attempts=2, collect_attempts=2, submit_lease=1.0
    )
    deployment.start("scheduler")
    execution_id = desk.request()
    process = deployment.start("worker", crash_at=point)

    def is_over() -> bool:
        nonlocal process
        if process.poll() is not None:
            process = deployment.start("worker", crash_at=point)
        return desk.all_final()

    wait_until(is_over, 90, deployment.told)
    execution = desk.read(execution_id)
    assert execution.state == "failed"
    assert "attempts" in str(execution.error_message)
    with reading() as session:
        events = session.scalars(select(ExecutionEvent.to_state)).all()
    assert events.count("failed") == 1


def test_another_worker_takes_over_long_before_dramatiq_would(
    deployment: Deployment, desk: Desk, box: Sandbox
) -> None:
    """Dramatiq gives a dead worker's messages to others after a minute; a lease is over by then."""
    deployment.start("scheduler")
    doomed = deployment.start("worker", crash_at="collecting")
    execution_id = desk.request()
    wait_until(lambda: doomed.poll() is not None, 60, deployment.told)
    deployment.start("worker")
    took = wait_until(desk.all_final, 50, deployment.told)
    assert desk.state(execution_id) == "completed"
    assert took < 60
