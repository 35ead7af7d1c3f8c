"""The scheduler process: a table of ticks, each of which finds rows that are due and sends hints."""

from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from actors import stopping
from actors.upkeep import Tick
from reportbuilder import clock, logs

log = logs.get_logger(__name__)


def make_scheduler(app: Flask, ticks: list[Tick]) -> BackgroundScheduler:
    """Return a scheduler with the ticks: each runs at once; a late one runs once, never beside itself."""
    scheduler = BackgroundScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    for tick in ticks:
        scheduler.add_job(
            _safely(app, tick),
            "interval",
            seconds=clock.on_machine(tick.every),
            id=tick.name,
            next_run_time=clock.machine_now(),
        )
    return scheduler


def run(scheduler: BackgroundScheduler) -> None:
    """Tick until SIGTERM or SIGINT; a tick in hand is ended first."""
    stopping.hold_back()
    scheduler.start()
    log.info("scheduler started")
    while not stopping.is_asked(60.0):
        pass
    scheduler.shutdown()
    log.info("scheduler stopped")


def _safely(app: Flask, tick: Tick) -> Callable[[], None]:
    def once() -> None:
        try:
            with app.app_context():
                tick.run()
        except Exception:
            log.exception("tick failed", tick=tick.name)

    return once
