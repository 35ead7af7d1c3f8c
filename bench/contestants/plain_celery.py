"""The job on Celery: a task for each day, in ten prefork processes.

Start: ``celery -A bench.contestants.plain_celery -b redis://… worker --concurrency 10``.
"""

from datetime import date
from pathlib import Path
from typing import Any

from celery import Celery  # type: ignore[import-untyped] # Celery carries no types

from bench.contestants.plain_amc import Account, run_day

app = Celery("plain")
app.conf.update(
    worker_prefetch_multiplier=1,  # runs are long: nobody shall hold a task that another could start
    task_acks_late=True,
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
)


@app.task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)  # type: ignore[untyped-decorator] # Celery carries no types
def run(account: dict[str, str], instance: str, sql: str, day: str, folder: str) -> None:
    """Run one day."""
    run_day(Account(**account), instance, sql, date.fromisoformat(day), Path(folder))


def send(broker: str, *given: Any) -> None:
    """Queue one day."""
    app.conf.broker_url = broker
    run.delay(*given)
