"""The job on RQ: a job for each day, in ten worker processes.

Start ten times: ``rq worker --url redis://… days``.
"""

from datetime import date
from pathlib import Path
from typing import Any

from redis import Redis
from rq import Queue, Retry

from bench.contestants.plain_amc import Account, run_day

QUEUE = "days"


def run(account: dict[str, str], instance: str, sql: str, day: str, folder: str) -> None:
    """Run one day."""
    run_day(Account(**account), instance, sql, date.fromisoformat(day), Path(folder))


def send(broker: str, *given: Any) -> None:
    """Queue one day."""
    with Redis.from_url(broker) as connection:
        Queue(QUEUE, connection=connection).enqueue(run, *given, retry=Retry(max=5), job_timeout=7 * 3600)
