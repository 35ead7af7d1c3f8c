"""Limits that several processes keep together: two of the web on one Redis, two workers on one instance."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import requests

from reportbuilder import clock
from reportbuilder.accounts import grants, tokens
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.sandbox import Sandbox
from tests.deployment import Deployment, free_port, wait_until
from tests.executions.desk import Desk

pytestmark = pytest.mark.system

ALLOWED, ASKED = 7, 24
WEB = "from reportbuilder.cli.commands import reportbuilder; reportbuilder(['web', '--port', '{port}'])"


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_failure_18_and_failure_41_two_web_processes_let_exactly_so_many_through(
    deployment: Deployment, desk: Desk
) -> None:
    deployment.settings = replace(deployment.settings, executions_per_minute=ALLOWED)
    ports = [free_port(), free_port()]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    for port in ports:
        deployment.run(WEB.format(port=port), f"web-{port}")
    with transaction() as session:
        grants.grant(session, desk.user.id, desk.instance.id, "run")
        token = tokens.issue(session, desk.user, "tests", "run").text
        session.get_one(QueryTemplate, desk.template.id).is_public = True
    wait_until(lambda: all(map(answers, urls)), 60, deployment.told)

    def ask(number: int) -> requests.Response:
        return requests.post(
            f"{urls[number % 2]}/api/report-builder/templates/{desk.template.template_id}/execute",
            json={"instance_id": desk.instance.instance_id},
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )

    with ThreadPoolExecutor(ASKED) as pool:
        told = list(pool.map(ask, range(ASKED)))
    taken = [one for one in told if one.status_code == 202]
    refused = [one for one in told if one.status_code == 429]
    assert (len(taken), len(refused)) == (ALLOWED, ASKED - ALLOWED), [one.text for one in told]
    assert len(desk.all()) == ALLOWED
    assert {one.headers["X-RateLimit-Limit"] for one in told} == {str(ALLOWED)}
    assert {one.headers["X-RateLimit-Remaining"] for one in refused} == {"0"}
    assert all(0 <= int(one.headers["X-RateLimit-Remaining"]) < ALLOWED for one in taken)
    assert all(1 <= int(one.headers["Retry-After"]) <= 61 for one in refused)
    assert not any("Retry-After" in one.headers for one in taken)


def test_what_amc_asks_one_worker_to_wait_all_of_them_wait(
    deployment: Deployment, desk: Desk, box: Sandbox
) -> None:
    box.fault(throttle_rate=1.0, only="submit", retry_after=6, run_seconds=0.2)
    for _ in range(2):
        deployment.start("worker")
    ids = [desk.request()]

    def until() -> float:
        with reading() as session:
            found = session.get_one(AmcInstance, desk.instance.id).throttled_until
        return (found - clock.now()).total_seconds() if found else 0.0

    wait_until(lambda: until() > 0, 60, deployment.told)
    asked = box.state()["calls"]["submit"]
    ids += [desk.request() for _ in range(6)]
    while until() > 0.5:
        assert box.state()["calls"]["submit"] == asked
        time.sleep(0.05)
    box.fault(throttle_rate=0.0)
    deployment.start("scheduler")
    wait_until(desk.all_final, 60, deployment.told)
    assert [desk.state(one) for one in ids] == ["completed"] * 7
    assert [desk.read(one).attempts for one in ids] == [1] * 7  # those of the collection
