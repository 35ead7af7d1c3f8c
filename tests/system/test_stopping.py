"""SIGTERM and SIGINT end a worker and a scheduler, quickly and with code 0."""

import signal
import time

import pytest

from tests.deployment import Deployment, wait_until

pytestmark = pytest.mark.system


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop(deployment: Deployment, name: signal.Signals) -> None:
    processes = [deployment.start(kind) for kind in ("worker", "scheduler")]
    wait_until(lambda: deployment.told().count(" started") >= 2, 30, deployment.told)
    for process in processes:
        process.send_signal(name)
    began = time.monotonic()
    assert [process.wait(20) for process in processes] == [0, 0], deployment.told()
    assert time.monotonic() - began < 10
    assert deployment.told().count(" stopped") == 2
