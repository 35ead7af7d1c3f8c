"""Schedules kept by APScheduler itself: one process, its SQLAlchemy job store, a job that inserts one row.

Start: ``python -m bench.contestants.plain_apscheduler postgresql+psycopg://… [grace in seconds]``. Two such
processes cannot share a store: each would run every job.
"""

import logging
import sys
from datetime import UTC, datetime
from functools import cache

import sqlalchemy as sa
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler

THREADS = 10
TABLE = sa.Table(
    "plain_firings",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("job", sa.Integer, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)


def fire(url: str, number: int) -> None:
    """Write down that a job has run: the least that a schedule of reports has to do."""
    with _engine(url).begin() as connection:
        connection.execute(TABLE.insert().values(job=number, at=datetime.now(UTC)))


@cache
def _engine(url: str) -> sa.Engine:
    return sa.create_engine(url, pool_size=THREADS)


def configure(scheduler: BaseScheduler, url: str, grace: float | None) -> None:
    """Give a scheduler its store; ``grace``: seconds that a job may start late, None: as it is by default."""
    scheduler.configure(
        jobstores={"default": SQLAlchemyJobStore(url)},
        executors={"default": ThreadPoolExecutor(THREADS)},
        job_defaults={} if grace is None else {"misfire_grace_time": grace},
        timezone="UTC",
    )


def main() -> None:
    """Run until terminated."""
    url, *rest = sys.argv[1:]
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a line for each job that is missed
    scheduler = BlockingScheduler()
    configure(scheduler, url, float(rest[0]) if rest else None)
    scheduler.start()


if __name__ == "__main__":
    main()
