"""The composition root of the web: makes the application and wires its parts together."""

from flask import Flask

from actors.broker import make_broker
from actors.composition import check
from actors.wakeups import over
from admin import error_pages, pages
from reportbuilder import crashpoints, database, logs, settings, wakeups
from reportbuilder.api import context, failures, frame, health, limits, sessions, tracing
from reportbuilder.results.store import store_of
from reportbuilder.settings import Settings


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
