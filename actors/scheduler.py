"""The scheduler process: a table of ticks, each of which finds rows that are due and sends hints."""

import signal
from collections.abc import Callable
from types import FrameType

from apscheduler.schedulers.blocking import BlockingScheduler
from flask import Flask

from actors.upkeep import Tick
from reportbuilder import clock, logs

log = logs.get_logger(__name__)


def make_scheduler(app: Flask, ticks: list[Tick]) -> BlockingScheduler:
    """Return a scheduler with the ticks: each runs at once; a late one runs once, never beside itself."""
    scheduler = BlockingScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    for tick in ticks:
        scheduler.add_job(
            _safely(app, tick), "interval", seconds=tick.every, id=tick.name, next_run_time=clock.now()
        )
    return scheduler


def run(scheduler: BlockingScheduler) -> None:
    """Tick until SIGTERM or SIGINT."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        scheduler.shutdown(wait=False)

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    log.info("scheduler started")
    scheduler.start()
    log.info("scheduler stopped")


def _safely(app: Flask, tick: Tick) -> Callable[[], None]:
    def once() -> None:
        try:
            with app.app_context():
                tick.run()
        except Exception:
            log.exception("tick failed", tick=tick.name)

    return once
