"""10,000 schedules due in one minute on PostgreSQL with two schedulers, beside APScheduler's own job store.

Ours has fired when the execution that comes of a schedule is committed as a row: with its SQL rendered, its
window frozen and its event written. A job of APScheduler's does no more than insert one small row. It runs in
one process, since two would run every job twice; once as it is by default, and once with leave to be late.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from subprocess import Popen
from sys import executable
from uuid import UUID, uuid4

import sqlalchemy as sa
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import func, insert, select

from bench.contestants import plain_apscheduler
from bench.ground import Ground, add_instances, ground, start_ours, verdict
from bench.meters import Meter
from reportbuilder import clock
from reportbuilder.accounts import grants
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import driver_url, reading, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules.models import ReportSchedule, ScheduleFiring
from tests.deployment import ROOT

PROMISE = 20.0  # seconds
SCHEDULERS = 2
GIVE_UP = 600.0  # seconds
QUIET = 5.0  # seconds without another row, after which nothing more comes
SILENT = 60.0  # seconds without a first one, after which none comes
INSTANCES = 100
GRACE = 3600  # seconds that APScheduler's jobs may be late in the second round
PLAIN = plain_apscheduler.TABLE


@dataclass(frozen=True)
class Outcome:
    """What came of one round: ``seconds`` from the due time to the last row, of ``watched`` in all."""

    name: str
    seconds: float
    watched: float
    rows: int
    meter: Meter

    def tell(self, count: int) -> None:
        """Print it."""
        print(
            f"{self.name:<28} {self.rows} of {count} in {self.seconds:.1f} s, "
            f"{count - self.rows} missed; {self.meter.told(self.watched)}"
        )


def main() -> int:
    """Let ours and APScheduler fire the same number, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true", help="1,000 schedules")
    parser.add_argument("--only-ours", action="store_true", help="leave APScheduler out")
    asked = parser.parse_args()
    count = 1000 if asked.quick else asked.schedules
    with ground("postgresql") as here:
        ours = _ours(here, count)
        ours.tell(count)
        if not asked.only_ours:
            _plain(here, "APScheduler as it is", count, None).tell(count)
            _plain(here, "APScheduler, may be late", count, GRACE).tell(count)
        return 0 if _judge(ours, count) else 1


def _judge(ours: Outcome, count: int) -> bool:
    with reading() as session:
        doubled = session.execute(
            select(ScheduleFiring.schedule_id, ScheduleFiring.due_at)
            .group_by(ScheduleFiring.schedule_id, ScheduleFiring.due_at)
            .having(func.count() > 1)
        ).all()
        twice = session.execute(
            select(ReportExecution.schedule_id).group_by(ReportExecution.schedule_id).having(func.count() > 1)
        ).all()
        fired = session.scalar(select(func.count(func.distinct(ReportExecution.schedule_id)))) or 0
    return all(
        [
            verdict("all fired", kept=fired == count, told=f"{fired} of {count}"),
            verdict(
                "in time", kept=ours.seconds < PROMISE, told=f"{ours.seconds:.1f} s, promised {PROMISE:.0f}"
            ),
            verdict(
                "none twice", kept=not doubled and not twice, told=f"{len(doubled) + len(twice)} doubled"
            ),
        ]
    )


# ---------------------------------------------------------------- ours


def _ours(here: Ground, count: int) -> Outcome:
    due_at = _next_minute(30 + count / 500)
    _store(count, due_at)
    pids = start_ours(here, workers=0, schedulers=SCHEDULERS)
    return _watched(f"ours, {SCHEDULERS} schedulers", pids, due_at, count, _executions)


def _next_minute(ahead: float) -> datetime:
    """Return the first full minute that is at least so many seconds away."""
    found = clock.now() + timedelta(seconds=ahead + 60)
    return found.replace(second=0, microsecond=0)


def _store(count: int, due_at: datetime) -> None:
    """Write reports and their daily schedules, all due at one time."""
    add_instances([f"amcload{number:03}" for number in range(1, INSTANCES + 1)])
    with reading() as session:
        user = session.scalars(select(User)).one()
        template = session.scalars(select(QueryTemplate)).one()
        instances = session.scalars(select(AmcInstance.id)).all()
    with transaction() as session:
        for instance_id in instances:
            grants.grant(session, user.id, instance_id, "run")
    reports = [_report(number, user, template, instances[number % len(instances)]) for number in range(count)]
    with transaction() as session:
        session.execute(insert(ReportDefinition), reports)
        session.execute(insert(ReportSchedule), [_schedule(report["id"], due_at) for report in reports])


def _report(number: int, user: User, template: QueryTemplate, instance_id: UUID) -> dict[str, object]:
    return {
        "id": uuid4(),
        "report_id": f"rpt_{number:020}",
        "name": f"Report {number}",
        "template_id": template.id,
        "instance_id": instance_id,
        "owner_id": user.id,
        "parameters": {},
        "time_window": {"preset": "last_full_day"},
        "timezone": "UTC",
    }


def _schedule(report_id: object, due_at: datetime) -> dict[str, object]:
    at = f"{due_at:%H:%M}"
    return {
        "id": uuid4(),
        "schedule_id": f"sch_{report_id}",
        "report_id": report_id,
        "schedule_type": "daily",
        "cron_expression": f"{due_at.minute} {due_at.hour} * * *",
        "timezone": "UTC",
        "recurrence": {"type": "daily", "time": at, "timezone": "UTC"},
        "policies": {},
        "default_parameters": {},
        "judged_until": clock.now(),
        "next_run_at": due_at,
    }


def _executions() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(ReportExecution)) or 0


# ---------------------------------------------------------------- APScheduler's


def _plain(here: Ground, name: str, count: int, grace: int | None) -> Outcome:
    url = driver_url(here.settings.database_url)
    engine = sa.create_engine(url)
    PLAIN.metadata.drop_all(engine)
    PLAIN.metadata.create_all(engine)
    due_at = _next_minute(30 + count / 200)
    _store_plain(url, count, due_at, grace)
    command = [executable, "-m", "bench.contestants.plain_apscheduler", url]
    with Popen([*command, *([str(grace)] if grace else [])], cwd=ROOT) as process:
        found = _watched(f"{name}, 1 scheduler", [process.pid], due_at, count, lambda: _plain_rows(engine))
        process.terminate()
    engine.dispose()
    return found


def _store_plain(url: str, count: int, due_at: datetime, grace: int | None) -> None:
    """Keep jobs in APScheduler's store, through a scheduler that is paused and so runs none."""
    scheduler = BackgroundScheduler()
    plain_apscheduler.configure(scheduler, url, grace)
    scheduler.start(paused=True)
    scheduler.remove_all_jobs()
    trigger = CronTrigger(hour=due_at.hour, minute=due_at.minute, timezone="UTC")
    for number in range(count):
        scheduler.add_job(plain_apscheduler.fire, trigger, args=(url, number), id=f"report-{number}")
    scheduler.shutdown()


def _plain_rows(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count(func.distinct(PLAIN.c.job)))) or 0


# ---------------------------------------------------------------- both


def _watched(name: str, pids: list[int], due_at: datetime, count: int, rows: Callable[[], int]) -> Outcome:
    """Wait for the due time, and then until all rows are there or no more come."""
    _sleep_until(due_at)
    seen, last = 0, due_at
    with Meter(pids) as meter:
        while seen < count and clock.now() < due_at + timedelta(seconds=GIVE_UP):
            found = rows()
            if found != seen:
                seen, last = found, clock.now()
            elif (clock.now() - last).total_seconds() > (QUIET if seen else SILENT):
                break
            time.sleep(0.2)
    watched = (clock.now() - due_at).total_seconds()
    return Outcome(name, (last - due_at).total_seconds(), watched, seen, meter)


def _sleep_until(at: datetime) -> None:
    left = (at - datetime.now(UTC)).total_seconds()
    if left < 0:
        raise RuntimeError(f"preparing took {-left:.0f} s too long; give fewer schedules")
    time.sleep(left)


if __name__ == "__main__":
    sys.exit(main())
