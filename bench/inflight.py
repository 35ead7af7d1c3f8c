"""5,000 executions in flight over 500 instances with two worker processes: delay, memory, CPU, calls.

AMC's own limit for an account is lifted here, at the local AMC and in our settings: it knows one account, and
500 instances in flight would be 25 of them.
"""

import argparse
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from bench.ground import SQL, Ground, add_instances, ground, start_ours, verdict
from bench.meters import Meter
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.executions.lifecycle import Order, request
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import FINAL
from reportbuilder.parameters.windows import Window
from tests.deployment import most_at_once

SPREAD = 0.5  # sigma of the logarithm of run times
SLOTS = 10
SHARE = 0.9  # of all that have to be in flight at once
AT_ONCE = 100  # requests in one transaction
LATE = 0.15  # of the median run time: so late may the middle one be
LATEST = 60.0  # seconds: so late may one in a hundred be


@dataclass
class Phase:
    """A part of the time: how long it was, and what it cost."""

    name: str
    seconds: float
    calls: Counter[str]
    ours: Meter
    box: Meter

    def tell(self) -> None:
        """Print it."""
        rates = ", ".join(f"{kind} {count / self.seconds:.1f}" for kind, count in sorted(self.calls.items()))
        total = sum(self.calls.values()) / self.seconds
        print(f"{self.name}: {self.seconds:.0f} s, {total:.1f} calls a second ({rates})")
        print(f"  ours: {self.ours.told(self.seconds)}, the largest process {self.ours.largest >> 20} MB")
        print(f"  local AMC: CPU {self.box.cpu:.0f} s ({100 * self.box.cpu / self.seconds:.0f} % of a core)")


def main() -> int:
    """Let them fly, and print what it cost and how late we knew of their ends."""
    asked = _arguments()
    flags: tuple[str, ...] = ("--users", "500", "--days", "60", "--instances", str(asked.instances))
    flags += ("--account-slots", str(asked.executions), "--run-seconds", str(asked.shortest))
    flags += ("--run-seconds-median", str(asked.median), "--run-seconds-max", str(5 * asked.median))
    flags += ("--run-seconds-spread", str(SPREAD))
    with ground(asked.database, box_flags=flags, worker_threads=asked.threads, account_slots=0) as here:
        add_instances([f"amcload{number:03}" for number in range(1, asked.instances + 1)])
        pids = start_ours(here, asked.processes)
        began = time.monotonic()
        first = _measured(here, pids, "submitting", lambda: _request(asked.executions), asked, "pending")
        second = _measured(here, pids, "in flight and ending", lambda: None, asked, None)
        took = time.monotonic() - began
        print(f"{asked.executions} executions over {asked.instances} instances in {took:.0f} s")
        first.tell()
        second.tell()
        return 0 if _judge(here, asked) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executions", type=int, default=5000)
    parser.add_argument("--instances", type=int, default=500)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--shortest", type=float, default=200.0, help="seconds a query runs at least")
    parser.add_argument("--median", type=float, default=300.0, help="seconds; some take five times as long")
    parser.add_argument("--quick", action="store_true", help="500 over 50 instances, for 30 seconds at least")
    parser.add_argument("--seconds", type=float, default=3600.0, help="give up after so long")
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    asked = parser.parse_args()
    if asked.quick:
        asked.executions, asked.instances, asked.shortest, asked.median = 500, 50, 30.0, 45.0
    return asked


def _measured(
    here: Ground, pids: list[int], name: str, act: Any, asked: argparse.Namespace, until: str | None
) -> Phase:
    """Act, then wait until nothing is in the state ``until``, or everything has ended; count meanwhile."""
    before, began = here.calls(), time.monotonic()
    with Meter(pids) as ours, Meter([here.box_pid]) as box:
        act()
        while time.monotonic() - began < asked.seconds:
            states = _states()
            if (until and not states[until]) or not set(+states) - FINAL:
                break
            time.sleep(2)
    return Phase(name, time.monotonic() - began, here.calls() - before, ours, box)


def _states() -> Counter[str]:
    with reading() as session:
        found = select(ReportExecution.state, func.count()).group_by(ReportExecution.state)
        return Counter({row[0]: row[1] for row in session.execute(found)})


def _request(count: int) -> None:
    """Ask for executions in turn on all instances."""
    with reading() as session:
        user = session.scalars(select(User)).one()
        template = session.scalars(select(QueryTemplate)).one()
        instances = session.scalars(select(AmcInstance).order_by(AmcInstance.instance_id)).all()
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    window = Window(end - timedelta(days=14), end, "UTC")
    for begin in range(0, count, AT_ONCE):
        with transaction() as session:
            for number in range(begin, min(begin + AT_ONCE, count)):
                instance = instances[number % len(instances)]
                request(session, Order(template, instance, user, SQL, window, {}, "api"))


def _judge(here: Ground, asked: argparse.Namespace) -> bool:
    runs = here.state()["executions"]
    ends = {run["workflowExecutionId"]: run["endTime"] for run in runs}
    with reading() as session:
        rows = session.execute(
            select(ReportExecution.amc_execution_id, ReportExecution.completed_at).where(
                ReportExecution.state == "completed"
            )
        ).all()
    delays = sorted(
        (done - datetime.fromisoformat(ends[name])).total_seconds() for name, done in rows if done
    )
    p50, p90, p99 = (delays[int(len(delays) * share)] for share in (0.5, 0.9, 0.99))
    told = f"p50 {p50:.1f} s, p90 {p90:.1f} s, p99 {p99:.1f} s, at most {delays[-1]:.1f} s"
    most, together = most_at_once(runs), _together(runs)
    return all(
        [
            verdict("all completed", kept=len(delays) == asked.executions, told=f"{len(delays)}"),
            verdict("none twice", kept=len(runs) == asked.executions, told=f"{len(runs)} runs at AMC"),
            verdict("never more than the slots", kept=most <= SLOTS, told=f"{most} at most on an instance"),
            verdict("in flight at once", kept=together >= SHARE * asked.executions, told=f"{together}"),
            verdict(
                "from AMC's end to our completed",
                kept=p50 <= LATE * asked.median and p99 <= LATEST,
                told=f"{told}; runs take {statistics.median(_lengths(runs)):.0f} s in the middle",
            ),
        ]
    )


def _together(runs: list[dict[str, Any]]) -> int:
    """Return how many ran at AMC at once, on all instances."""
    return most_at_once([{**run, "instanceId": "all"} for run in runs])


def _lengths(runs: list[dict[str, Any]]) -> list[float]:
    return [
        (datetime.fromisoformat(run["endTime"]) - datetime.fromisoformat(run["createTime"])).total_seconds()
        for run in runs
        if run["endTime"]
    ]


if __name__ == "__main__":
    sys.exit(main())
