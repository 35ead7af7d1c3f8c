"""``scheduler``: the process that ticks."""

import click

from actors.composition import create_scheduler
from actors.scheduler import run
from reportbuilder import logs, settings


@click.command()
def scheduler() -> None:
    """Run the scheduler until asked to stop: schedules that are due, sweeps, upkeep.

    One is enough; several share the work, as during a deploy, and fire nothing twice.
    """
    chosen = settings.load()
    logs.configure(chosen.log_level, chosen.log_format)
    run(create_scheduler(chosen))
