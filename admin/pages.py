"""The console put together: its families of pages, what their templates know, and errors as pages."""

from typing import Any

from flask import Flask, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import (
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
    zones,
)
from admin.account import messages, people, profile, tokens
from admin.answers import wants_fragment, with_toast
from admin.blueprint import HOME, pages
from admin.dialog import choosing, detailing, duplicating, resuming, reviewing, starting
from admin.form import changing, keeping, making
from reportbuilder.api import context, sessions
from reportbuilder.api.failures import Problem
from reportbuilder.errors import Unauthenticated

# importing them has added their views
FAMILIES = (
    appearance,
    backfill_starting,
    backfills,
    bringing,
    changing,
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
    signing_in,
    starting,
    template_pages,
    template_versions,
    tokens,
)
DIALOG = "dialog"  # the id of the place that dialogs are shown in
SERVER_FAULT = 500


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


def error_page(problem: Problem) -> ResponseReturnValue:
    """Show an error to a person; who is not signed in is sent to the sign-in instead."""
    if wants_fragment():
        return _error_note(problem)
    if problem.code == Unauthenticated.code and request.method == "GET":
        return redirect(url_for("admin.sign_in", next=request.full_path.rstrip("?")))
    if assets.bundle() is None:
        return problem.message, problem.status
    if problem.status < SERVER_FAULT:
        readers.recognise()
    return render_template("error.html", problem=problem, request_id=context.request_id()), problem.status


def _error_note(problem: Problem) -> ResponseReturnValue:
    """Leave the page as it is and tell of the error beside it; send strangers to the sign-in."""
    if problem.code == Unauthenticated.code:
        answer = make_response("", problem.status)
        answer.headers["HX-Redirect"] = url_for("admin.sign_in", next=_page_asking())
        return answer
    reasons = [reason for found in problem.details.values() for reason in found]
    answer = with_toast(("", problem.status), " ".join([problem.message, *reasons]), "danger")
    answer.headers["HX-Reswap"] = "none"
    return answer


def _page_asking() -> str:
    return request.headers.get("HX-Current-URL", "").removeprefix(request.host_url.rstrip("/")) or HOME
