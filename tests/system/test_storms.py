"""Redis emptied, the scheduler killed, answers lost: real processes go on and nothing is submitted twice."""

import time
from collections import Counter

import pytest
import redis

from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import transaction
from reportbuilder.sandbox import Sandbox
from tests.deployment import Deployment, most_at_once, wait_until
from tests.executions.desk import Desk

pytestmark = pytest.mark.system

SECONDS = 40.0


def runs_by_tag(box: Sandbox, desk: Desk) -> Counter[str]:
    ours = {execution.tag for execution in desk.all()}
    return Counter(run["workflowId"] for run in box.state()["executions"] if run["workflowId"] in ours)


def prove(box: Sandbox, desk: Desk, ids: list[str]) -> None:
    assert {execution_id: desk.state(execution_id) for execution_id in ids} == dict.fromkeys(ids, "completed")
    assert set(runs_by_tag(box, desk).values()) == {1}
    assert len(runs_by_tag(box, desk)) == len(ids)


def test_redis_is_emptied_again_and_again(deployment: Deployment, desk: Desk, box: Sandbox) -> None:
    deployment.start("scheduler")
    deployment.start("worker")
    ids = [desk.request() for _ in range(6)]
    with redis.Redis.from_url(deployment.settings.redis_url) as client:
        end = time.monotonic() + 4
        while time.monotonic() < end:
            client.flushall()
            time.sleep(0.1)
    wait_until(desk.all_final, SECONDS, deployment.told)
    prove(box, desk, ids)


def test_the_scheduler_is_killed(deployment: Deployment, desk: Desk, box: Sandbox) -> None:
    """Without it the hints suffice; what lacks a hint waits for the next scheduler."""
    scheduler = deployment.start("scheduler")
    deployment.start("worker")
    hinted = desk.request()
    wait_until(lambda: desk.state(hinted) == "running", SECONDS, deployment.told)
    deployment.kill(scheduler)
    wait_until(desk.all_final, SECONDS, deployment.told)
    with redis.Redis.from_url(deployment.settings.redis_url) as client:
        unhinted = desk.request()
        client.flushall()
    deployment.start("scheduler")
    wait_until(desk.all_final, SECONDS, deployment.told)
    prove(box, desk, [hinted, unhinted])


def test_two_schedulers_and_two_workers_do_nothing_twice(
    deployment: Deployment, desk: Desk, box: Sandbox
) -> None:
    for kind in ("scheduler", "scheduler", "worker", "worker"):
        deployment.start(kind)
    box.fault(run_seconds=1.5)
    with transaction() as session:
        session.get_one(AmcInstance, desk.instance.id).slots = 4
    ids = [desk.request() for _ in range(12)]
    wait_until(desk.all_final, SECONDS, deployment.told)
    prove(box, desk, ids)
    tags = {execution.tag for execution in desk.all()}
    runs = [run for run in box.state()["executions"] if run["workflowId"] in tags]
    assert 1 < most_at_once(runs) <= 4


def test_answers_are_lost_after_accept(deployment: Deployment, desk: Desk, box: Sandbox) -> None:
    box.fault(lost_next=3, run_seconds=1.0)
    deployment.start("scheduler")
    deployment.start("worker")
    ids = [desk.request() for _ in range(5)]
    wait_until(desk.all_final, SECONDS, deployment.told)
    prove(box, desk, ids)
