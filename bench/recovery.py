"""How long an execution waits after its worker is killed, with the patience of production."""

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from bench.ground import SQL, Ground, add_instances, ground, verdict
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.crashpoints import POINTS
from reportbuilder.database import reading, transaction
from reportbuilder.executions.lifecycle import Order, request
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import is_final
from reportbuilder.parameters.windows import Window
from tests.deployment import wait_until

PROMISE = 60.0  # seconds from the restart of a worker
USUAL = ("claimed", "accepted", "listed", "collecting", "stored")


def main() -> int:
    """Kill a worker at each point, start another, and print how long the execution took from there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("points", nargs="*", help=f"some of {', '.join(POINTS)}; default {', '.join(USUAL)}")
    asked = parser.parse_args()
    with ground(box_flags=("--users", "2000", "--days", "60", "--run-seconds", "1")) as here:
        add_instances(["amcnorthwind01"])
        here.deployment.start("scheduler")
        kept = [_try(here, point) for point in asked.points or USUAL]
    return 0 if all(kept) else 1


def _try(here: Ground, point: str) -> bool:
    doomed = here.deployment.start("worker", crash_at=point)
    execution_id = _request()
    wait_until(lambda: doomed.poll() is not None, 60, here.deployment.told)
    worker = here.deployment.start("worker")
    took = wait_until(lambda: is_final(_read(execution_id).state), 2 * PROMISE, here.deployment.told)
    worker.terminate()
    worker.wait(30)
    tag, state = _read(execution_id).tag, _read(execution_id).state
    runs = sum(run["workflowId"] == tag for run in here.state()["executions"])
    kept = took <= PROMISE and state == "completed" and runs == 1
    return verdict(point, kept=kept, told=f"{state} after {took:.0f} s, {runs} run at AMC")


def _request() -> str:
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    window = Window(end - timedelta(days=14), end, "UTC")
    with reading() as session:
        user = session.scalars(select(User)).one()
        template = session.scalars(select(QueryTemplate)).one()
        instance = session.scalars(select(AmcInstance)).one()
    with transaction() as session:
        return request(session, Order(template, instance, user, SQL, window, {}, "api")).execution_id


def _read(execution_id: str) -> ReportExecution:
    time.sleep(0.2)
    with reading() as session:
        wanted = select(ReportExecution).where(ReportExecution.execution_id == execution_id)
        return session.scalars(wanted).one()


if __name__ == "__main__":
    sys.exit(main())
