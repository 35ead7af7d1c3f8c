"""Backfills by real processes: a failure that is retried, and kill -9 between any two of their steps."""

import signal
from collections import Counter
from uuid import UUID

import pytest

from reportbuilder.backfills import changing
from reportbuilder.backfills.models import ReportDataCollection
from reportbuilder.database import transaction
from reportbuilder.sandbox import Sandbox
from tests.backfills.reporters import Reporter, make_reporter
from tests.cast import Cast
from tests.deployment import Deployment, most_at_once, wait_until

pytestmark = pytest.mark.system

SECONDS = 60.0
START = """
from actors.composition import backstage
from tests.backfills.reporters import found_reporter
with backstage().app_context():
    found_reporter().start(4)
"""


@pytest.fixture
def reporter(cast: Cast) -> Reporter:
    return make_reporter(cast.ben, cast.first)


def prove(reporter: Reporter, backfill: UUID, box: Sandbox, segments: int, runs: int) -> None:
    """See that each segment came once, and that AMC had each run once."""
    assert reporter.read(backfill).status == "completed", reporter.segments(backfill)
    assert reporter.states(backfill) == Counter(completed=segments)
    ours = {one.tag: one.state for one in reporter.executions(backfill) if one.packed_in_id is None}
    at_amc = Counter(run["workflowId"] for run in box.state()["executions"] if run["workflowId"] in ours)
    assert at_amc == Counter(dict.fromkeys(ours, 1))
    assert len(ours) == runs


def test_a_backfill_with_a_failure_that_is_retried(
    deployment: Deployment, reporter: Reporter, box: Sandbox
) -> None:
    box.fault(script="0.3;0.3;0.3 FAILED no memory")
    for kind in ("scheduler", "worker", "worker"):
        deployment.start(kind)
    backfill = reporter.start(12, concurrency=4)
    wait_until(lambda: reporter.has_ended(backfill), SECONDS, deployment.told)
    assert reporter.read(backfill).status == "completed_with_failures"
    assert reporter.states(backfill) == Counter(completed=11, failed=1)
    with transaction() as session:
        assert changing.retry_failed(session, session.get_one(ReportDataCollection, backfill)) == 1
    wait_until(lambda: reporter.has_ended(backfill), SECONDS, deployment.told)
    prove(reporter, backfill, box, segments=12, runs=13)
    tags = {one.tag for one in reporter.executions(backfill)}
    runs = [run for run in box.state()["executions"] if run["workflowId"] in tags]
    assert 1 < most_at_once(runs) <= 4


def test_killed_while_it_advances(deployment: Deployment, reporter: Reporter, box: Sandbox) -> None:
    deployment.start("scheduler")
    doomed = deployment.start("worker", crash_at="backfill_advanced")
    backfill = reporter.start(4)
    wait_until(lambda: doomed.poll() is not None, SECONDS, deployment.told)
    assert doomed.returncode == -signal.SIGKILL
    deployment.start("worker")
    wait_until(lambda: reporter.has_ended(backfill), SECONDS, deployment.told)
    prove(reporter, backfill, box, segments=4, runs=4)


def test_killed_after_the_start_is_committed(
    deployment: Deployment, reporter: Reporter, box: Sandbox
) -> None:
    door = deployment.run(START, "door", crash_at="backfill_started")
    wait_until(lambda: door.poll() is not None, SECONDS, deployment.told)
    assert door.returncode == -signal.SIGKILL
    deployment.start("worker")
    deployment.start("scheduler")
    [backfill] = reporter.backfills()
    wait_until(lambda: reporter.has_ended(backfill), SECONDS, deployment.told)
    prove(reporter, backfill, box, segments=4, runs=4)


def test_killed_while_a_pack_is_parted(deployment: Deployment, reporter: Reporter, box: Sandbox) -> None:
    deployment.start("scheduler")
    doomed = deployment.start("worker", crash_at="pack_parted")
    backfill = reporter.start(3, segments_per_run=3)
    wait_until(lambda: doomed.poll() is not None, SECONDS, deployment.told)
    assert reporter.states(backfill) == Counter(completed=1, collecting=2)
    deployment.start("worker")
    wait_until(lambda: reporter.has_ended(backfill), SECONDS, deployment.told)
    prove(reporter, backfill, box, segments=3, runs=2)
