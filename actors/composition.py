"""The composition root of the processes that serve no pages; they import neither pages nor API."""

from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from actors.broker import make_broker
from actors.scheduler import make_scheduler
from actors.upkeep import ticks
from actors.wakeups import over
from actors.worker import WorkerProcess
from reportbuilder import crashpoints, database, logs, models, settings, wakeups
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.vault import Vault
from reportbuilder.errors import Invalid
from reportbuilder.executions.ports import Ports
from reportbuilder.results.store import store_of
from reportbuilder.settings import Settings

SECRET_MIN = 16


def create_worker(chosen: Settings | None = None) -> WorkerProcess:
    """Make the worker of one process; its ``run`` works until it is asked to stop."""
    chosen = settings.load() if chosen is None else chosen
    ports = make_ports(chosen, Connections(chosen))
    return WorkerProcess(backstage(chosen), partial(make_broker, chosen.redis_url), ports)


def create_scheduler(chosen: Settings | None = None) -> BackgroundScheduler:
    """Make the scheduler; ``actors.scheduler.run`` lets it tick until it is asked to stop."""
    chosen = settings.load() if chosen is None else chosen
    connections = Connections(chosen)
    return make_scheduler(backstage(chosen), ticks(make_ports(chosen, connections), connections))


def make_ports(chosen: Settings, connections: Connections) -> Ports:
    """Give executions their way to AMC and to the store of results."""
    return Ports(chosen, connections.client, store_of(chosen))


def backstage(chosen: Settings | None = None) -> Flask:
    """Make an app that has a database, wakes workers, and shows nothing.

    :raises Invalid: naming each setting without which it must not start.
    """
    chosen = settings.load() if chosen is None else chosen
    logs.configure(chosen.log_level, chosen.log_format)
    check(chosen)
    app = Flask("reportbuilder", static_folder=None, template_folder=None)
    models.metadata()
    database.install(app, chosen)
    wakeups.deliver_with(over(make_broker(chosen.redis_url)))
    crashpoints.arm(chosen.crash_at)
    return app


def check(chosen: Settings) -> None:
    """Refuse settings with which secrets would be forgeable or unreadable.

    :raises Invalid: naming each of them and how to mend it.
    """
    wrong: dict[str, list[str]] = {}
    if len(chosen.secret_key) < SECRET_MIN:
        wrong["RB_SECRET_KEY"] = [
            f"must be {SECRET_MIN} random characters or more; sessions are signed with it"
        ]
    try:
        Vault(chosen.vault_keys)
    except Invalid as error:
        wrong.update(error.details)
    if wrong:
        reasons = "; ".join(f"{name}: {' '.join(found)}" for name, found in wrong.items())
        raise Invalid(f"Cannot start. {reasons}. `reportbuilder doctor` checks all settings", details=wrong)
