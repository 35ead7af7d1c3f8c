"""365 daily segments through ten slots: our time over the least possible, beside plain Celery and plain RQ.

All three get the same run times at AMC, drawn from a log-normal distribution with a median of two seconds, in
the same order. The least possible is the larger of all work over ten slots and the longest run. How near one
can come to it depends on the order too, since nobody knows beforehand which run will be long: the figure
"without a lost moment" is that of a dispatcher that fills each slot in the instant in which it comes free.
"""

import argparse
import heapq
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from subprocess import STDOUT, Popen, TimeoutExpired
from sys import executable
from tempfile import TemporaryDirectory
from typing import BinaryIO
from uuid import UUID

import requests
from sqlalchemy import select

from bench.contestants import plain_amc, plain_celery, plain_rq
from bench.ground import SQL, Ground, add_instances, ground, start_ours, verdict
from bench.meters import Meter
from reportbuilder import clock
from reportbuilder.accounts import grants
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.backfills.models import ReportDataCollection
from reportbuilder.backfills.planning import draft_backfill
from reportbuilder.backfills.starting import start_backfill
from reportbuilder.backfills.states import ENDS
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.sandbox import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, MARKETPLACE_ID, REFRESH_TOKEN
from reportbuilder.settings import Settings
from tests.deployment import ROOT, most_at_once, wait_until

PROMISE = 1.10
SLOTS = 10
MEDIAN = 2.0  # seconds
SPREAD = 1.0  # sigma of the logarithm: one run in twenty takes over five times the median
LONGEST = 60.0  # seconds, where the tail is cut
INSTANCE = "amcnorthwind01"
LAG = 1  # days
WARM = 8.0  # seconds that plain workers get to start
AMC_CALLS = ("submit", "list", "get", "download_urls")


@dataclass(frozen=True)
class Outcome:
    """What one contestant needed; ``seconds`` from the request until all rows are here."""

    name: str
    seconds: float
    done: int
    most: int
    calls: Counter[str]
    meter: Meter


def main() -> int:
    """Let each run the same segments, and print what it needed."""
    asked = _arguments()
    drawn = _drawn(asked.segments, asked.seed)
    least, smooth = max(sum(drawn) / SLOTS, *drawn), _without_loss(drawn)
    print(f"{len(drawn)} runs, {sum(drawn):.0f} s in all, {max(drawn):.1f} s the longest (seed {asked.seed})")
    print(f"least possible {least:.1f} s; without a lost moment {smooth:.1f} s, {smooth / least:.3f}")
    flags = ("--users", "500", "--validation-seconds", "0")
    with ground(asked.database, box_flags=flags) as here:
        add_instances([INSTANCE])
        _compute_once(here, asked.segments)
        found = [CONTESTANTS[name](here, drawn) for name in asked.contestants]
    for outcome in found:
        _tell(outcome, least, asked.segments)
    kept = [_judge(outcome, least, asked.segments) for outcome in found if outcome.name == "ours"]
    return 0 if all(kept) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--segments", type=int, default=365)
    parser.add_argument("--seed", type=int, default=8, help="of the run times")
    parser.add_argument("--quick", action="store_true", help="60 segments")
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("contestants", nargs="*", help=f"some of {', '.join(CONTESTANTS)}; default all")
    asked = parser.parse_args()
    asked.contestants = asked.contestants or list(CONTESTANTS)
    asked.segments = 60 if asked.quick else asked.segments
    return asked


def _drawn(count: int, seed: int) -> list[float]:
    """Draw the seconds that each run takes, in the order in which they are submitted."""
    chance = random.Random(seed)
    return [round(min(LONGEST, MEDIAN * math.exp(chance.gauss(0, SPREAD))), 3) for _ in range(count)]


def _without_loss(drawn: Sequence[float]) -> float:
    slots = [0.0] * SLOTS
    for seconds in drawn:
        heapq.heapreplace(slots, slots[0] + seconds)
    return max(slots)


def _days(count: int) -> list[date]:
    """Return the days of the segments, newest first."""
    newest = datetime.now(UTC).date() - timedelta(days=LAG)
    return [newest - timedelta(days=number) for number in range(count)]


def _compute_once(here: Ground, count: int) -> None:
    """Have every day's rows computed before anybody is measured, so that nobody pays for the others."""
    account = plain_amc.Account(here.box, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, ACCOUNT_ID, MARKETPLACE_ID)
    _fault(here, {"script": "", "run_seconds": 0.0})
    with TemporaryDirectory() as folder, ThreadPoolExecutor(40) as pool:
        for _ in pool.map(
            lambda day: plain_amc.run_day(account, INSTANCE, SQL, day, Path(folder)), _days(count)
        ):
            continue


def _fault(here: Ground, changes: dict[str, object]) -> None:
    requests.post(f"{here.box}/_sandbox/faults", json=changes, timeout=60).raise_for_status()


@contextmanager
def _measured(here: Ground, name: str, drawn: Sequence[float], meter: Meter) -> Iterator[list[Outcome]]:
    """Set the run times and count everything that happens in the block."""
    before = here.state()
    _fault(here, {"script": "; ".join(map(str, drawn))})
    found: list[Outcome] = []
    with meter:
        began = time.monotonic()
        yield found
        seconds = time.monotonic() - began
    after = here.state()
    known = {run["workflowExecutionId"] for run in before["executions"]}
    runs = [run for run in after["executions"] if run["workflowExecutionId"] not in known]
    calls = Counter(after["calls"]) - Counter(before["calls"])
    calls.pop("state", None)
    found.append(Outcome(name, seconds, len(runs), most_at_once(runs), calls, meter))


def _ours(here: Ground, drawn: Sequence[float]) -> Outcome:
    """Two worker processes of four threads and a scheduler, all settings as they are by default."""
    deployment = here.deployment
    report, meter = _report(), Meter(start_ours(here, here.settings.worker_processes))
    with _measured(here, "ours", drawn, meter) as found:
        _start(report, len(drawn))
        wait_until(lambda: _status() in ENDS, 900, deployment.told)
    for process in deployment.processes:
        process.terminate()
        process.wait(30)
    return found[0]


def _report() -> UUID:
    with transaction() as session:
        report = ReportDefinition(
            name="Daily impressions",
            template_id=session.scalars(select(QueryTemplate.id)).one(),
            instance_id=session.scalars(select(AmcInstance.id)).one(),
            owner_id=session.scalars(select(User.id)).one(),
            parameters={},
            timezone="UTC",
        )
        session.add(report)
        session.flush()
        grants.grant(session, report.owner_id, report.instance_id, "run")
        return report.id


def _start(report_id: UUID, count: int) -> None:
    """Start a backfill as the API does; with the usual lag of 14 days a year has but 351 segments."""
    wish = {"segment": "daily", "start": str(_days(count)[-1]), "end": str(_days(count)[0])}
    terms = Terms(as_of=clock.now(), lag_days=LAG)
    with transaction() as session:
        report = session.get_one(ReportDefinition, report_id)
        draft = draft_backfill(session, report, wish, terms, Settings(instance_slots=SLOTS))
        start_backfill(session, report, draft, session.scalars(select(User)).one())


def _status() -> str:
    with reading() as session:
        return session.scalars(select(ReportDataCollection.status)).one()


def _celery(here: Ground, drawn: Sequence[float]) -> Outcome:
    broker = here.settings.redis_url.replace("/0", "/1")
    command = ["-m", "celery", "-q", "-A", "bench.contestants.plain_celery", "-b", broker, "worker"]
    command += ["--concurrency", str(SLOTS), "--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
    return _plain(here, "Celery", drawn, [command], lambda *given: plain_celery.send(broker, *given))


def _rq(here: Ground, drawn: Sequence[float]) -> Outcome:
    broker = here.settings.redis_url.replace("/0", "/2")
    command = ["-m", "rq.cli", "worker", "--url", broker, "--quiet", plain_rq.QUEUE]
    return _plain(here, "RQ", drawn, [command] * SLOTS, lambda *given: plain_rq.send(broker, *given))


def _plain(
    here: Ground,
    name: str,
    drawn: Sequence[float],
    commands: Sequence[list[str]],
    send: Callable[..., None],
) -> Outcome:
    """Queue a job for each day, and wait until the files of all are there."""
    account = asdict(
        plain_amc.Account(here.box, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, ACCOUNT_ID, MARKETPLACE_ID)
    )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        log = stack.enter_context((folder / "log").open("wb"))
        workers = [stack.enter_context(_running([executable, *command], log)) for command in commands]
        time.sleep(WARM)
        with _measured(here, name, drawn, Meter([worker.pid for worker in workers])) as found:
            for day in _days(len(drawn)):
                send(account, INSTANCE, SQL, str(day), str(folder))
            wait_until(lambda: len(list(folder.glob("*.csv"))) == len(drawn), 900, (folder / "log").read_text)
    return found[0]


@contextmanager
def _running(command: list[str], log: BinaryIO) -> Iterator[Popen[bytes]]:
    process = Popen(command, cwd=ROOT, stdout=log, stderr=STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except TimeoutExpired:
            process.kill()
            process.wait()


CONTESTANTS = {"ours": _ours, "celery": _celery, "rq": _rq}


def _tell(outcome: Outcome, least: float, count: int) -> None:
    amc = {name: number for name, number in outcome.calls.items() if name in AMC_CALLS}
    print(
        f"{outcome.name:<7} {outcome.seconds:6.1f} s, {outcome.seconds / least:.3f} of the least; "
        f"{sum(amc.values()) / count:.2f} AMC calls a run {amc}; {outcome.meter.told(outcome.seconds)}"
    )


def _judge(outcome: Outcome, least: float, count: int) -> bool:
    share = outcome.seconds / least
    return all(
        [
            verdict(
                "near the least possible", kept=share <= PROMISE, told=f"{share:.3f}, promised {PROMISE}"
            ),
            verdict("each segment once", kept=outcome.done == count, told=f"{outcome.done} runs at AMC"),
            verdict("never more than the slots", kept=outcome.most <= SLOTS, told=f"{outcome.most} at most"),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
