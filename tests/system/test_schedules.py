"""Schedules fired by real processes: killed between any two steps, two at once, restarted in the middle."""

import signal
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from reportbuilder import clock
from reportbuilder.accounts import grants
from reportbuilder.database import reading, transaction
from reportbuilder.executions.states import is_final
from reportbuilder.reports import defining as reports
from reportbuilder.reports.defining import Terms
from reportbuilder.sandbox import Sandbox
from reportbuilder.schedules import defining
from reportbuilder.schedules.models import ReportSchedule, ScheduleFiring
from tests.deployment import Deployment, wait_until
from tests.executions.desk import Desk

pytestmark = pytest.mark.system

SECONDS = 90.0  # a process that is killed while it signs in keeps the others from that for half a minute
MINUTELY = {"recurrence": {"type": "cron", "cron": "* * * * *"}, "policies": {"missed": "all"}}


@pytest.fixture
def schedule(desk: Desk) -> Callable[..., list[str]]:
    """Make schedules that were due some minutes ago and are not due again for the rest of the test."""

    def make(count: int, missed: int = 1) -> list[str]:
        now = clock.now()
        with transaction() as session:
            grants.grant(session, desk.user.id, desk.instance.id, "run")
            template, instance = session.merge(desk.template), session.merge(desk.instance)
            owner = session.merge(desk.user)
            made = []
            for number in range(count):
                data = {"name": f"Impressions {number}"}
                report = reports.create(
                    session, data, owner=owner, template=template, instance=instance, terms=Terms(now)
                )
                row = defining.create(session, report, MINUTELY, terms=Terms(now))
                _only_past(row, missed)
                made.append(row.schedule_id)
        return made

    return make


def _only_past(row: ReportSchedule, missed: int) -> None:
    """Let a schedule be due in the first ``missed`` minutes of an hour that is over."""
    due = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    minutes = ",".join(str(n) for n in range(missed))
    line = f"{minutes} {due.hour} {due.day} {due.month} *"
    row.recurrence = {"type": "cron", "cron": line, "timezone": "UTC"}
    row.judged_until, row.next_run_at = due - timedelta(minutes=1), due


def firings() -> list[ScheduleFiring]:
    with reading() as session:
        return list(session.scalars(select(ScheduleFiring).order_by(ScheduleFiring.due_at)))


def all_completed(count: int) -> Callable[[], bool]:
    return lambda: [each.state for each in firings()].count("completed") == count


def prove(box: Sandbox, desk: Desk, count: int) -> None:
    """Each firing has one execution, which AMC has run once."""
    executions = desk.all()
    assert all(is_final(each.state) for each in executions)
    assert Counter(each.firing_id for each in executions) == Counter(each.id for each in firings())
    assert len(executions) == count
    tags = {each.tag for each in executions}
    runs = [run["workflowId"] for run in box.state()["executions"] if run["workflowId"] in tags]
    assert Counter(runs) == Counter(dict.fromkeys(tags, 1))


@pytest.mark.parametrize("point", ["judged", "requested"])
def test_a_scheduler_is_killed_on_the_way_to_executions(
    deployment: Deployment, desk: Desk, box: Sandbox, schedule: Callable[..., list[str]], point: str
) -> None:
    schedule(3)
    doomed = deployment.start("scheduler", crash_at=point)
    wait_until(lambda: doomed.poll() is not None, SECONDS, deployment.told)
    assert doomed.returncode == -signal.SIGKILL
    deployment.start("worker")
    deployment.start("scheduler")
    wait_until(all_completed(3), SECONDS, deployment.told)
    prove(box, desk, 3)


def test_a_worker_is_killed_when_a_firing_has_ended(
    deployment: Deployment, desk: Desk, box: Sandbox, schedule: Callable[..., list[str]]
) -> None:
    [made] = schedule(1, missed=2)
    doomed = deployment.start("worker", crash_at="firing_ended")
    deployment.start("scheduler")
    wait_until(lambda: doomed.poll() is not None, SECONDS, deployment.told)
    assert doomed.returncode == -signal.SIGKILL
    deployment.start("worker")
    wait_until(all_completed(2), SECONDS, deployment.told)
    prove(box, desk, 2)
    with reading() as session:
        row = session.scalars(select(ReportSchedule).where(ReportSchedule.schedule_id == made)).one()
    assert (row.run_count, row.failure_count, row.last_run_status) == (2, 0, "completed")


def test_failure_01_two_schedulers_and_two_workers_fire_nothing_twice(
    deployment: Deployment, desk: Desk, box: Sandbox, schedule: Callable[..., list[str]]
) -> None:
    schedule(8)
    for kind in ("scheduler", "scheduler", "worker", "worker"):
        deployment.start(kind)
    wait_until(all_completed(8), SECONDS, deployment.told)
    prove(box, desk, 8)


def test_a_scheduler_that_comes_back_goes_on_where_it_was(
    deployment: Deployment, desk: Desk, box: Sandbox, schedule: Callable[..., list[str]]
) -> None:
    """It is killed while runs are made up one after another; what waits goes on with the next one."""
    schedule(2, missed=3)
    scheduler = deployment.start("scheduler")
    wait_until(lambda: bool(desk.all()), SECONDS, deployment.told)
    deployment.kill(scheduler)
    deployment.start("worker")
    deployment.start("scheduler")
    wait_until(all_completed(6), SECONDS, deployment.told)
    prove(box, desk, 6)
