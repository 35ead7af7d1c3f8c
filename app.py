"""The composition root: makes the web application and wires its parts together."""

from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from actors.broker import make_broker
from actors.scheduler import make_scheduler
from actors.upkeep import ticks
from actors.wakeups import over
from actors.worker import WorkerProcess
from admin import error_pages, pages
from reportbuilder import crashpoints, database, logs, settings, wakeups
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.vault import Vault
from reportbuilder.api import context, failures, frame, health, limits, sessions, tracing
from reportbuilder.errors import Invalid
from reportbuilder.executions.ports import Ports
from reportbuilder.results.store import store_of
from reportbuilder.settings import Settings

SECRET_MIN = 16


def create_app(chosen: Settings | None = None) -> Flask:
    """Make the web application.

    :raises Invalid: naming each setting without which it must not start.
    """
    chosen = settings.load() if chosen is None else chosen
    logs.configure(chosen.log_level, chosen.log_format)
    check(chosen)
    app = Flask("reportbuilder", static_folder=None, template_folder=None)
    context.put_settings(app, chosen)
    context.put_store(app, store_of(chosen))
    database.install(app, chosen)
    sessions.configure(app, chosen)
    tracing.register(app, chosen)
    limits.register(app, chosen)
    failures.register(app, page=error_pages.error_page)
    frame.register(app)
    health.register(app, chosen)
    pages.register(app)
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


def create_worker(chosen: Settings | None = None) -> WorkerProcess:
    """Make the worker of one process; its ``run`` works until it is asked to stop."""
    chosen = settings.load() if chosen is None else chosen
    app = _without_pages(chosen)
    wakeups.deliver_with(over(make_broker(chosen.redis_url)))
    ports = make_ports(chosen, Connections(chosen))
    return WorkerProcess(app, partial(make_broker, chosen.redis_url), ports)


def create_scheduler(chosen: Settings | None = None) -> BackgroundScheduler:
    """Make the scheduler; ``actors.scheduler.run`` lets it tick until it is asked to stop."""
    chosen = settings.load() if chosen is None else chosen
    app = _without_pages(chosen)
    wakeups.deliver_with(over(make_broker(chosen.redis_url)))
    connections = Connections(chosen)
    return make_scheduler(app, ticks(make_ports(chosen, connections), connections))


def make_ports(chosen: Settings, connections: Connections) -> Ports:
    """Give executions their way to AMC and to the store of results."""
    return Ports(chosen, connections.client, store_of(chosen))


def _without_pages(chosen: Settings) -> Flask:
    """Make an app that has a database and nothing to show, for processes that serve no pages."""
    logs.configure(chosen.log_level, chosen.log_format)
    check(chosen)
    crashpoints.arm(chosen.crash_at)
    app = Flask("reportbuilder", static_folder=None, template_folder=None)
    database.install(app, chosen)
    return app
