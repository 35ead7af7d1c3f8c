"""A thousand executions in flight over a hundred instances, carried by two processes of four threads."""

import argparse
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psutil
from sqlalchemy import func, select

from bench.ground import SQL, Ground, add_instances, ground, verdict
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.executions.lifecycle import Order, request
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import FINAL, IN_SLOT
from reportbuilder.parameters.windows import Window
from tests.deployment import most_at_once


def main() -> int:
    """Run a small fleet and a full one; print calls, memory, threads, and the delay to ``completed``."""
    asked = _arguments()
    few = _fly(asked, asked.instances)
    many = _fly(asked, asked.executions, over=asked.executions // 20)
    print(f"list calls: {few.lists} for {few.count} executions, {many.lists} for {many.count}")
    growth, more = many.lists / few.lists, many.count / few.count
    told = f"{growth:.1f} times the list calls for {more:.0f} times the executions"
    grows = verdict("list calls grow with instances", kept=growth < max(2.0, more / 4), told=told)
    return 0 if grows and few.kept and many.kept else 1


@dataclass(frozen=True)
class Flight:
    """What came of one fleet."""

    count: int
    lists: int
    kept: bool


def _fly(asked: argparse.Namespace, count: int, over: int = 0) -> Flight:
    """Let ``count`` executions fly, and ``over`` more that find no free slot and have to wait."""
    print(f"-- {count} executions over {asked.instances} instances, {over} more wait for a slot")
    flags: tuple[str, ...] = ("--users", "2000", "--days", "60", "--instances", str(asked.instances))
    flags += ("--run-seconds", str(asked.run), "--run-seconds-max", str(2 * asked.run))
    with ground(asked.database, box_flags=flags, worker_threads=asked.threads) as here:
        add_instances([f"amcload{number:03}" for number in range(1, asked.instances + 1)])
        here.deployment.start("scheduler")
        for _ in range(asked.processes):
            here.deployment.start("worker")
        time.sleep(3)
        began = time.monotonic()
        _request(count)
        _request(over, asked.instances // 10)
        print(f"requested in {time.monotonic() - began:.1f} s")
        peaks = _watch(here, asked.seconds)
        return _report(here, asked, count, over, peaks, time.monotonic() - began)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executions", type=int, default=1000)
    parser.add_argument("--instances", type=int, default=100)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument(
        "--run", type=float, default=45.0, help="seconds a query runs at least; at most twice"
    )
    parser.add_argument("--seconds", type=float, default=400.0, help="give up after so long")
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    return parser.parse_args()


def _request(count: int, first: int | None = None) -> None:
    """Ask for executions in turn on all instances, or on the ``first`` few."""
    with reading() as session:
        user = session.scalars(select(User)).one()
        template = session.scalars(select(QueryTemplate)).one()
        instances = session.scalars(select(AmcInstance).order_by(AmcInstance.instance_id).limit(first)).all()
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
    window = Window(end - timedelta(days=14), end, "UTC")
    for number in range(count):
        instance = instances[number % len(instances)]
        with transaction() as session:
            request(session, Order(template, instance, user, SQL, window, {}, "api"))


def _watch(here: Ground, seconds: float) -> Counter[str]:
    """Look at rows and processes until all is done; return the peaks."""
    peaks: Counter[str] = Counter()
    end = time.monotonic() + seconds
    processes = [psutil.Process(process.pid) for process in here.deployment.processes]
    while time.monotonic() < end:
        with reading() as session:
            counts = {
                row[0]: row[1]
                for row in session.execute(
                    select(ReportExecution.state, func.count()).group_by(ReportExecution.state)
                )
            }
        flying = sum(count for state, count in counts.items() if state in IN_SLOT)
        memory = max(process.memory_info().rss for process in processes[1:])
        for name, value in (
            ("in flight", flying),
            ("memory", memory),
            ("threads", max(process.num_threads() for process in processes[1:])),
        ):
            peaks[name] = max(peaks[name], value)
        if not set(counts) - FINAL:
            break
        time.sleep(1)
    return peaks


def _report(
    here: Ground, asked: argparse.Namespace, count: int, over: int, peaks: Counter[str], took: float
) -> Flight:
    state = here.state()
    calls, ends = state["calls"], {run["workflowExecutionId"]: run["endTime"] for run in state["executions"]}
    with reading() as session:
        rows = session.execute(
            select(ReportExecution.amc_execution_id, ReportExecution.state, ReportExecution.completed_at)
        ).all()
    delays = sorted(
        (done - datetime.fromisoformat(ends[amc_id])).total_seconds()
        for amc_id, outcome, done in rows
        if outcome == "completed" and done and amc_id
    )
    p95 = delays[int(len(delays) * 0.95)] if delays else float("inf")
    most = most_at_once(state["executions"])
    print(f"{took:.0f} s in all; calls {calls}")
    print(f"calls an execution: {sum(calls.values()) / count:.2f}")
    print(f"list calls an execution: {calls.get('list', 0) / count:.2f}")
    print(f"delay from AMC's end to our completed: median {statistics.median(delays):.1f} s, p95 {p95:.1f} s")
    print(f"memory of a worker process at most: {peaks['memory'] / 2**20:.0f} MB, threads {peaks['threads']}")
    kept = [
        verdict("all completed", kept=len(delays) == count + over, told=f"{len(delays)}"),
        verdict("none twice", kept=len(ends) == count + over, told=f"{len(ends)} runs at AMC"),
        verdict("never more than 10 at once", kept=most <= 10, told=f"{most} at most"),
        verdict(
            "all in flight at once", kept=peaks["in flight"] >= 0.9 * count, told=f"{peaks['in flight']}"
        ),
        verdict(
            "no thread waits for AMC",
            kept=peaks["in flight"] > 10 * asked.processes * asked.threads,
            told=f"{asked.processes * asked.threads} threads carried them",
        ),
    ]
    return Flight(count, calls.get("list", 0), all(kept))


if __name__ == "__main__":
    sys.exit(main())
