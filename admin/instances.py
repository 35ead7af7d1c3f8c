"""The instances that one may use: how full they are, what waits, what holds them back, and their verbs."""

from collections.abc import Callable
from typing import Any, Final

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from admin.answers import done, live
from admin.blueprint import pages
from admin.once import once
from admin.paging import page_asked, pages_of
from admin.rounding import rounded, to_minute
from reportbuilder import clock
from reportbuilder.accounts import grants
from reportbuilder.accounts.permissions import Subject, may
from reportbuilder.amc.models import AmcInstance
from reportbuilder.amc.sources import tables_of
from reportbuilder.api import context, instances, limits, metadata, ordering, pauses
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid, TooMany
from reportbuilder.executions import pausing, quotas
from reportbuilder.executions.queueing import line_up
from reportbuilder.valuelists import finding

SHOWN: Final = 24  # instances a page
QUEUE_SHOWN: Final = 25
EVERYTHING: Final = "everything"  # what a form names that is not about one instance


@pages.get("/instances", endpoint="instances")
def list_instances() -> ResponseReturnValue:
    """Show the instances that one may use, and what holds everything back."""
    return render_template("time/instances.html", **_listed())


@pages.get("/instances/live")
def instances_live() -> ResponseReturnValue:
    """Answer the live part of the list."""
    return live(render_template("time/_instances.html", **_listed()))


def _listed() -> dict[str, Any]:
    principal, page = context.principal(), page_asked()
    wanted = select(AmcInstance).where(grants.visible(principal, AmcInstance.id))
    words = request.args.get("q", "").strip()[:200]
    for word in words.split():
        texts = (AmcInstance.instance_name, AmcInstance.instance_id)
        wanted = wanted.where(or_(*(text.icontains(word, autoescape=True) for text in texts)))
    with reading() as session:
        total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
        page = min(page, pages_of(total, SHOWN))
        ordered = wanted.order_by(func.lower(AmcInstance.instance_name), AmcInstance.id)
        rows = session.scalars(ordered.offset((page - 1) * SHOWN).limit(SHOWN)).all()
        shown = [_with_state(one) for one in instances.shown(session, rows)]
        whole = pausing.open_pauses(session).everything
    return {
        "instances": shown,
        "total": total,
        "page": page,
        "pages": pages_of(total, SHOWN),
        "words": words,
        "paused": whole,
        "may_pause_all": may(principal, "everything:pause"),
    }


def _with_state(shown: dict[str, Any]) -> dict[str, Any]:
    """Add in one word how an instance stands: what holds it back comes first."""
    until = shown["throttled_until"]
    is_throttled = until is not None and until > clock.now()
    state = "paused" if shown["pause"] else "throttled" if is_throttled else shown["status"]
    at = to_minute(shown["looked_at"])
    return shown | {"state": state, "is_throttled": is_throttled, "looked_at": at}


@pages.get("/instances/<ident:instance_id>")
def instance(instance_id: str) -> ResponseReturnValue:
    """Show one instance: its limits, who waits and why, its tables and its value lists."""
    with reading() as session:
        row = ordering.instance(session, instance_id, "instance:view")
        return render_template("time/instance.html", **_standing(session, row), **_kept(session, row))


@pages.get("/instances/<ident:instance_id>/live")
def instance_live(instance_id: str) -> ResponseReturnValue:
    """Answer the live part of the page: slots, runs, and the queue."""
    with reading() as session:
        row = ordering.instance(session, instance_id, "instance:view")
        return live(render_template("time/_instance.html", **_standing(session, row)))


def _standing(session: Session, row: AmcInstance) -> dict[str, Any]:
    """Return how full an instance is and who waits there; expected starts to the minute."""
    settings = context.settings()
    queue, waiting = line_up(session, row, settings, QUEUE_SHOWN)
    held = quotas.held_by_accounts(session, [row.account_id])[row.account_id]
    return {
        "instance": _with_state(instances.shown(session, [row])[0]),
        "signed_out": row.account.signed_out_reason,
        "failed_looks": row.failed_looks,
        "account": {"used": held, "limit": settings.account_slots},
        "calls_per_second": settings.amc_calls_per_second,
        "midnight": quotas.midnight(clock.now()),
        "queue": [(run, place, rounded(place.expected_start)) for run, place in queue],
        "waiting_now": waiting,
    }


def _kept(session: Session, row: AmcInstance) -> dict[str, Any]:
    """Return what we know of an instance's data, and what the reader may do."""
    tables = tables_of(session, row.id)
    subject, principal = Subject(instance_id=row.id), context.principal()
    return {
        "tables": None if tables is None else sorted(tables),
        "tables_read_at": row.sources_read_at,
        "lists": finding.count_values(session, row.id),
        "freshness": finding.standing(session, row.id),
        "may_refresh": may(principal, "value:refresh", subject),
        "may_pause": may(principal, "instance:pause", subject),
    }


@pages.post("/instances/pause")
def pause_instance() -> ResponseReturnValue:
    """Submit nothing more on the instance that the form names, or on any."""

    def work(session: Session, on: AmcInstance | None) -> None:
        pausing.pause(session, on, request.form.get("reason", ""), context.principal().email)

    return _do(work, "Paused. What runs goes on, schedules skip their times.")


@pages.post("/instances/resume")
def resume_instance() -> ResponseReturnValue:
    """Let the instance that the form names, or everything, go on."""

    def work(session: Session, on: AmcInstance | None) -> None:
        pausing.resume(session, on, context.principal().email)

    return _do(work, "Resumed. What waited is submitted as slots are free.")


def _do(what: Callable[[Session, AmcInstance | None], object], said: str) -> ResponseReturnValue:
    """Do something with what the form names and go back to its page, which says how it went."""
    named = request.form.get("on", "")
    is_all = named == EVERYTHING
    target = url_for("admin.instances") if is_all else url_for("admin.instance", instance_id=named or "-")
    try:
        with transaction() as session:
            what(session, pauses.which(session, None if is_all else named))
    except (Conflict, Invalid) as refusal:
        return done(target, refusal.message, "danger")
    return done(target, said)


@pages.post("/instances/<ident:instance_id>/refresh")
@limits.executions
def refresh_lists(instance_id: str) -> ResponseReturnValue:
    """Ask AMC for the values of an instance; the lists fill when these runs have ended."""
    target = url_for("admin.instance", instance_id=instance_id)
    try:
        with transaction() as session:
            row = ordering.instance(session, instance_id, "value:refresh")
            asked = once(session, "refresh", lambda: {"execution_ids": metadata.refresh(session, row)})
    except (Conflict, TooMany) as refusal:
        return done(target, refusal.message, "danger")
    count = len(asked["execution_ids"])
    if not count:
        return done(target, "All of it is being asked already, or its tables hold none of these values.", "")
    return done(target, f"{count} {'run fetches' if count == 1 else 'runs fetch'} the values from AMC.")
