"""kill -9 between any two durable steps: nothing is lost, nothing is submitted twice, and it goes on."""

import signal

import pytest

from reportbuilder.crashpoints import POINTS
from reportbuilder.executions.sweeping import GRACE
from reportbuilder.sandbox import Sandbox
from reportbuilder.settings import Settings
from tests.deployment import Deployment, wait_until
from tests.executions.desk import Desk

pytestmark = pytest.mark.system

CANCELS = {"cancel_asked", "cancel_claimed", "cancel_sent"}
BACKFILLS = {"backfill_started", "backfill_advanced", "pack_parted"}  # in test_backfill_processes.py
SCHEDULES = {"judged", "firing_ended"}  # in test_schedules.py
SECONDS_AFTER_RESTART = 20.0  # with a tenth of the production's patience; see test_the_patience_adds_up

REQUEST = """
from actors.composition import backstage
from tests.executions.desk import found_desk
with backstage().app_context():
    found_desk().request()
"""
CANCEL = """
from actors.composition import backstage
from tests.executions.desk import found_desk
with backstage().app_context():
    desk = found_desk()
    desk.cancel(desk.all()[0].execution_id)
"""


def runs_of(box: Sandbox, desk: Desk, execution_id: str) -> list[str]:
    tag = desk.read(execution_id).tag
    return [run["status"] for run in box.state()["executions"] if run["workflowId"] == tag]


@pytest.mark.parametrize(
    "point", sorted(POINTS.keys() - CANCELS - BACKFILLS - SCHEDULES - {"requested", "refused"})
)
def test_killed_on_the_way_to_rows(deployment: Deployment, desk: Desk, box: Sandbox, point: str) -> None:
    deployment.start("scheduler")
    doomed = deployment.start("worker", crash_at=point)
    execution_id = desk.request()
    wait_until(lambda: doomed.poll() is not None, 30, deployment.told)
    assert doomed.returncode == -signal.SIGKILL
    deployment.start("worker")
    wait_until(desk.all_final, SECONDS_AFTER_RESTART, deployment.told)
    assert desk.state(execution_id) == "completed", desk.read(execution_id).error_message
    assert runs_of(box, desk, execution_id) == ["SUCCEEDED"]


def test_killed_while_amc_refuses(deployment: Deployment, desk: Desk, box: Sandbox) -> None:
    box.fault(throttle_next=1, only="submit", retry_after=1)
    deployment.start("scheduler")
    doomed = deployment.start("worker", crash_at="refused")
    execution_id = desk.request()
    wait_until(lambda: doomed.poll() is not None, 30, deployment.told)
    deployment.start("worker")
    wait_until(desk.all_final, SECONDS_AFTER_RESTART, deployment.told)
    assert desk.state(execution_id) == "completed"
    assert runs_of(box, desk, execution_id) == ["SUCCEEDED"]


def test_killed_after_the_request_is_committed(deployment: Deployment, desk: Desk, box: Sandbox) -> None:
    door = deployment.run(REQUEST, "door", crash_at="requested")
    wait_until(lambda: door.poll() is not None, 30, deployment.told)
    assert door.returncode == -signal.SIGKILL
    deployment.start("worker")
    deployment.start("scheduler")
    wait_until(lambda: bool(desk.all()) and desk.all_final(), SECONDS_AFTER_RESTART, deployment.told)
    [execution] = desk.all()
    assert (execution.state, runs_of(box, desk, execution.execution_id)) == ("completed", ["SUCCEEDED"])


@pytest.mark.parametrize("point", ["cancel_claimed", "cancel_sent"])
def test_killed_on_the_way_to_a_cancel(deployment: Deployment, desk: Desk, box: Sandbox, point: str) -> None:
    box.fault(run_seconds=120.0)
    deployment.start("scheduler")
    doomed = deployment.start("worker", crash_at=point)
    execution_id = desk.request()
    wait_until(lambda: desk.state(execution_id) == "running", 30, deployment.told)
    desk.cancel(execution_id)
    wait_until(lambda: doomed.poll() is not None, 30, deployment.told)
    deployment.start("worker")
    wait_until(desk.all_final, SECONDS_AFTER_RESTART, deployment.told)
    assert (desk.state(execution_id), runs_of(box, desk, execution_id)) == ("cancelled", ["CANCELLED"])


def test_killed_after_the_cancel_is_committed(deployment: Deployment, desk: Desk, box: Sandbox) -> None:
    box.fault(run_seconds=120.0)
    deployment.start("scheduler")
    deployment.start("worker")
    execution_id = desk.request()
    wait_until(lambda: desk.state(execution_id) == "running", 30, deployment.told)
    door = deployment.run(CANCEL, "door", crash_at="cancel_asked")
    wait_until(lambda: door.poll() is not None, 30, deployment.told)
    assert door.returncode == -signal.SIGKILL
    wait_until(desk.all_final, SECONDS_AFTER_RESTART, deployment.told)
    assert (desk.state(execution_id), runs_of(box, desk, execution_id)) == ("cancelled", ["CANCELLED"])


def test_every_point_is_tried() -> None:
    """The tests above name what is not in the first one's list; a new point lands there by itself."""
    named = CANCELS | BACKFILLS | SCHEDULES | {"requested", "refused"}
    assert named < POINTS.keys()


def test_the_patience_adds_up() -> None:
    """With the settings of production whatever a dead worker had in hand goes on within a minute.

    What it had claimed is free at the end of a lease, and one hint may have died with it.
    """
    usual = Settings()
    noticed = GRACE.total_seconds() + usual.sweep_every
    found_missing = usual.submit_lease + usual.list_lag
    for patience in (found_missing, usual.collect_lease, usual.look_lease, usual.cancel_again):
        assert patience + noticed <= 60
    assert usual.amc_read_timeout < usual.submit_lease
