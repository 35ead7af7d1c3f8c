"""Signing in and out."""

from urllib.parse import urlsplit

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import readers
from admin.blueprint import HOME, pages
from reportbuilder import logs
from reportbuilder.accounts import users
from reportbuilder.accounts.users import EMAIL_MAX
from reportbuilder.api import limits, sessions
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Unauthenticated

log = logs.get_logger(__name__)


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Ask who it is."""
    target = local(request.args.get("next"))
    if readers.reader() is not None:
        return redirect(target)
    return render_template("sign_in.html", email="", next=target)


@pages.post("/sign-in", endpoint="check_sign_in")
@limits.sign_ins
def check_sign_in() -> ResponseReturnValue:
    """Let in who knows the password."""
    target = local(request.form.get("next"))
    try:
        with reading() as session:
            user = users.verify(session, request.form.get("email", ""), request.form.get("password", ""))
    except Unauthenticated as refusal:
        log.info("sign-in refused")
        return again(refusal.message), 401
    with transaction() as session:
        sessions.start(session, user)
    log.info("signed in", user_id=str(user.id))
    return redirect(target, 303)


def again(refusal: str) -> str:
    """Return the form as it was typed, but for the password, and why it was refused."""
    email, target = request.form.get("email", ""), local(request.form.get("next"))
    return render_template("sign_in.html", email=email[:EMAIL_MAX], next=target, refusal=refusal)


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Let go."""
    with transaction() as session:
        sessions.end(session)
    flash("You are signed out.")
    return redirect(url_for("admin.sign_in"), 303)


def local(target: str | None) -> str:
    """Return an address of ours to go to, the home page if the target lies elsewhere.

    >>> local("/report-builder?page=2"), local("//evil.test"), local("https://evil.test"), local(None)
    ('/report-builder?page=2', '/report-builder', '/report-builder', '/report-builder')
    """
    if not target or not target.startswith("/") or not target.isprintable() or "\\" in target:
        return HOME
    try:
        parts = urlsplit(target)
    except ValueError:
        return HOME
    is_ours = not parts.scheme and not parts.netloc and not target.startswith("//")
    return target if is_ours and parts.path not in {"/sign-in", "/sign-out"} else HOME
