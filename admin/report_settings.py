"""The settings of a report: whether it rests, who may see it, what the reader is told of it, and its end."""

from collections.abc import Callable
from typing import Any, Final

from flask import request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin.answers import done
from admin.blueprint import HOME, pages
from admin.report_frame import framed, in_frame
from reportbuilder.accounts import grants, permissions
from reportbuilder.api import context, notifications, ordering, reports
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid
from reportbuilder.notifications import choosing
from reportbuilder.notifications.choosing import Choice
from reportbuilder.notifications.kinds import KINDS, PACES
from reportbuilder.reports import defining
from reportbuilder.reports.models import ReportDefinition

BELOW: Final = f"{HOME}/reports/<ident:report_id>/settings"
PEOPLE_SHOWN: Final = 200
PACE_WORDS: Final = {"": "not", "at_once": "at once", "hourly": "each hour", "daily": "each morning"}
SOURCES: Final = {
    "report": "This is what you chose for this report.",
    "default": "This is what you chose for all your reports.",
    "usual": "This is what is usual, as long as you choose nothing else.",
}


@pages.get(BELOW)
def report_settings(report_id: str) -> ResponseReturnValue:
    """Show the settings of a report."""
    with reading() as session:
        row = reports.visible(session, report_id)
        people = grants.readers_of(session, row.instance_id, PEOPLE_SHOWN + 1)
        told = _told(session, row)
        return in_frame(
            "report/settings.html",
            framed(session, row),
            people=people[:PEOPLE_SHOWN],
            more_people=len(people) > PEOPLE_SHOWN,
            may_notify=permissions.may(context.principal(), "notification:change"),
            **told,
        )


@pages.post(f"{BELOW}/rest")
def rest_report(report_id: str) -> ResponseReturnValue:
    """Let a report rest, with its schedule, or work again."""
    is_active = request.form.get("active") == "yes"

    def work(session: Session) -> str:
        row = reports.visible(session, report_id, "report:change")
        by = context.principal().email
        defining.change(session, row, {"is_active": is_active}, terms=ordering.terms(), by=by)
        return (
            "The report works again." if is_active else "The report rests; its schedule skips its due times."
        )

    return _do(report_id, work)


@pages.post(f"{BELOW}/notifications")
def set_report_notifications(report_id: str) -> ResponseReturnValue:
    """Keep what the reader wants to be told of this report, or let what holds for all of them hold again."""

    def work(session: Session) -> str:
        row = reports.visible(session, report_id)
        permissions.ensure(context.principal(), "notification:change")
        user_id = context.principal().user_id
        if request.form.get("forget"):
            choosing.forget(session, user_id, row)
            return "What holds for all your reports holds for this one again."
        muted = request.form.get("muted") == "yes"
        choosing.choose(session, user_id, {"is_muted": muted, "wants": _wants()}, row)
        return "What you are told of this report is kept."

    return _do(report_id, work)


def _do(report_id: str, work: Callable[[Session], str]) -> ResponseReturnValue:
    """Do something with the settings and go back to them; the page says how it went."""
    target = url_for("admin.report_settings", report_id=report_id)
    try:
        with transaction() as session:
            said = work(session)
    except (Conflict, Invalid) as refusal:
        return done(target, refusal.message, "danger")
    return done(target, said)


def _told(session: Session, row: ReportDefinition) -> dict[str, Any]:
    """Return what the reader is told of a report: the pace by channel and kind."""
    user_id = context.principal().user_id
    choice = choosing.read(session, user_id, row)
    return {
        "choice": choice,
        "source": SOURCES[choice.source],
        "kinds": KINDS,
        "paces": list(PACE_WORDS.items()),
        "channels": notifications.channels_of(session, user_id),
        "pace_of": _paces(choice),
    }


def _paces(choice: Choice) -> dict[tuple[str, str], str]:
    return {(want.channel_id, kind): want.pace for want in choice.wants for kind in want.kinds}


def _wants() -> list[dict[str, Any]]:
    """Return the wants of the form, whose fields are called ``want.<channel>.<kind>`` and hold a pace."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, pace in request.form.items():
        word, _, rest = name.partition(".")
        channel_id, _, kind = rest.rpartition(".")
        if word == "want" and pace in PACES and channel_id:
            found.setdefault((channel_id, pace), []).append(kind)
    return [{"channel_id": name, "kinds": kinds, "pace": pace} for (name, pace), kinds in found.items()]
