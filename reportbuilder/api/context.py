"""What a request knows of its surroundings: the settings, its id, and who asks."""

from typing import cast

from flask import Flask, current_app, g, has_request_context, request

from reportbuilder.accounts.permissions import Principal
from reportbuilder.results.store import Store
from reportbuilder.settings import Settings

SETTINGS = "REPORTBUILDER_SETTINGS"
STORE = "reportbuilder.results"
REQUEST_ID = "reportbuilder.request_id"


def put_settings(app: Flask, settings: Settings) -> None:
    """Let requests of this app find its settings."""
    app.config[SETTINGS] = settings


def settings() -> Settings:
    """Return the settings that the app was made with."""
    return cast("Settings", current_app.config[SETTINGS])


def put_store(app: Flask, store: Store) -> None:
    """Let requests of this app find the store of results."""
    app.extensions[STORE] = store


def store() -> Store:
    """Return the store of results."""
    return cast("Store", current_app.extensions[STORE])


def request_id() -> str:
    """Return the id of this request, empty outside of one."""
    return str(request.environ.get(REQUEST_ID, "")) if has_request_context() else ""


def put_principal(principal: Principal) -> None:
    """Remember who asks, for the length of this request."""
    g.principal = principal


def principal() -> Principal:
    """Return who asks; only where ``identity.require`` has run."""
    return cast("Principal", g.principal)
