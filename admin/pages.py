"""The console's blueprint: sign-in, sign-out, the home page, and errors as pages."""

from urllib.parse import urlsplit

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import logs
from reportbuilder.accounts import grants, users
from reportbuilder.accounts.permissions import Principal
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context, identity, limits, sessions
from reportbuilder.api.failures import Problem
from reportbuilder.database import reading
from reportbuilder.errors import Unauthenticated
from reportbuilder.executions import overview
from reportbuilder.executions.states import STATUS

log = logs.get_logger(__name__)

HOME = "/report-builder"
LATEST = 10
INSTANCES_SHOWN = 50

pages = Blueprint(
    "admin", __name__, template_folder="templates", static_folder="static", static_url_path="/assets"
)


def register(app: Flask) -> None:
    """Add the console to the app."""
    app.register_blueprint(pages)
    app.jinja_env.globals["csrf_token"] = sessions.csrf_token
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def error_page(problem: Problem) -> ResponseReturnValue:
    """Show an error to a person; who is not signed in is sent to the sign-in instead."""
    if problem.code == Unauthenticated.code and request.method == "GET":
        return redirect(url_for("admin.sign_in", next=request.full_path.rstrip("?")))
    return render_template("error.html", problem=problem, request_id=context.request_id()), problem.status


@pages.get("/")
def root() -> ResponseReturnValue:
    """Lead to the home page."""
    return redirect(HOME)


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Ask who it is."""
    return render_template("sign_in.html", email="", next=local(request.args.get("next")))


@pages.post("/sign-in", endpoint="check_sign_in")
@limits.sign_ins
def check_sign_in() -> ResponseReturnValue:
    """Let in who knows the password."""
    sessions.check_csrf(request.form.get(sessions.CSRF_FIELD))
    email, target = request.form.get("email", ""), local(request.form.get("next"))
    try:
        with reading() as session:
            user = users.verify(session, email, request.form.get("password", ""))
    except Unauthenticated as refusal:
        log.info("sign-in refused")
        shown = render_template("sign_in.html", email=email[:254], next=target, refusal=refusal.message)
        return shown, 401
    sessions.start(user)
    log.info("signed in", user_id=str(user.id))
    return redirect(target, 303)


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Let go."""
    sessions.check_csrf(request.form.get(sessions.CSRF_FIELD))
    sessions.end()
    flash("You are signed out.")
    return redirect(url_for("admin.sign_in"), 303)


@pages.get(HOME)
def home() -> ResponseReturnValue:
    """Show who is signed in, the instances one may use, and what ran last."""
    with reading() as session:
        principal = identity.signed_in(session)
        if principal is None:
            raise Unauthenticated("Sign in to go on")
        g.principal = principal
        return render_template(
            "home.html",
            principal=principal,
            instances=_instances(session, principal),
            executions=_latest(session, principal),
            status=STATUS,
        )


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


def _instances(session: Session, principal: Principal) -> list[dict[str, object]]:
    statement = select(AmcInstance).where(grants.visible(principal, AmcInstance.id))
    found = list(session.scalars(statement.order_by(AmcInstance.instance_name).limit(INSTANCES_SHOWN)))
    used = overview.slots_in_use(session, [instance.id for instance in found])
    default = context.settings().instance_slots
    return [
        {
            "row": instance,
            "used": used.get(instance.id, 0) + instance.foreign_running,
            "limit": default if instance.slots is None else instance.slots,
            "access": "run" if principal.sees_all else principal.grants.get(instance.id, "view"),
        }
        for instance in found
    ]


def _latest(session: Session, principal: Principal) -> list[object]:
    seen = None if principal.sees_all else list(principal.grants)
    rows, _ = overview.search(session, overview.Criteria(instances=seen), limit=LATEST)
    return list(rows)
