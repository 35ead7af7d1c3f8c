"""The console put together: its families of pages, and what their templates know."""

from typing import Any

from flask import Flask, current_app, redirect, request
from flask.typing import ResponseReturnValue

from admin import (
    api_docs,
    appearance,
    assets,
    backfill_starting,
    backfills,
    bringing,
    editing,
    gallery,
    instances,
    instants,
    labels,
    library,
    navigation,
    once,
    palette,
    readers,
    report_page,
    report_settings,
    reports,
    run_compare,
    run_lists,
    run_page,
    schedule_editing,
    schedules,
    signing_in,
    template_pages,
    template_versions,
    tour,
    zones,
)
from admin.account import channel, messages, people, profile, sign_ins, tokens
from admin.blueprint import HOME, pages
from admin.dialog import choosing, detailing, duplicating, resuming, reviewing, starting
from admin.form import changing, keeping, making
from reportbuilder.api import sessions

# importing them has added their views
FAMILIES = (
    api_docs,
    appearance,
    backfill_starting,
    backfills,
    bringing,
    changing,
    channel,
    choosing,
    detailing,
    duplicating,
    editing,
    gallery,
    instances,
    keeping,
    library,
    making,
    messages,
    palette,
    people,
    profile,
    report_page,
    report_settings,
    reports,
    resuming,
    reviewing,
    run_compare,
    run_lists,
    run_page,
    schedule_editing,
    schedules,
    sign_ins,
    signing_in,
    starting,
    template_pages,
    template_versions,
    tokens,
    tour,
)
DIALOG = "dialog"  # the id of the place that dialogs are shown in


def register(app: Flask) -> None:
    """Add the console to the app."""
    app.register_blueprint(pages)
    app.jinja_env.globals["csrf_token"] = sessions.csrf_token
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for part in (assets, instants, labels, once, zones):
        part.register(app)
    app.context_processor(_known)


def _known() -> dict[str, Any]:
    """Return what all templates know."""
    is_dialog = request.headers.get("HX-Target") == DIALOG
    return {
        "reader": readers.reader(),
        "frame": "dialog.html" if is_dialog else "layout.html",
        "navigation": navigation.shown,
        "view_functions": current_app.view_functions,
    }


@pages.get("/")
def root() -> ResponseReturnValue:
    """Lead to the home page."""
    return redirect(HOME)
