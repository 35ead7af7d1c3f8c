"""The composition root: makes the web application and wires its parts together."""

from flask import Flask

from admin import pages
from reportbuilder import database, logs, settings
from reportbuilder.amc.vault import Vault
from reportbuilder.api import context, failures, frame, health, limits, sessions, tracing
from reportbuilder.errors import Invalid
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
    database.install(app, chosen)
    sessions.configure(app, chosen)
    tracing.register(app)
    limits.register(app, chosen)
    failures.register(app, page=pages.error_page)
    frame.register(app)
    health.register(app, chosen)
    pages.register(app)
    wire_wakeups(chosen)
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


def wire_wakeups(_chosen: Settings) -> None:
    """Let wake-ups that leave after a commit reach the workers."""
