"""The reader's notifications: where one is reached, what one is told, what became of the last messages."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin.account.frame import in_tab
from admin.answers import done
from admin.blueprint import pages
from admin.once import once
from admin.paging import page_of_rows, pages_of
from reportbuilder.accounts import permissions
from reportbuilder.api import context, limits, notifications
from reportbuilder.api.shapes import page_of
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid, TooMany
from reportbuilder.notifications import channels, choosing, overview
from reportbuilder.notifications.kinds import CHANNELS, KINDS, OWN_EMAIL, PACES, STATES
from reportbuilder.notifications.models import Notification
from reportbuilder.notifications.overview import AGAIN
from reportbuilder.notifications.rules import Want
from reportbuilder.notifications.targets import TARGET_MOST

HERE: Final = "Notifications"
BELOW: Final = "/account/notifications"
WRONG: Final = 422
SHOWN: Final = 20  # messages a page
LONGEST_NAME: Final = 100
SENT_TWICE: Final = (
    "This form was sent twice. The channel is added, and its signing secret was shown the first time; "
    "if you have not kept it, ask for a new secret."
)
_FIELDS: Final = ("kind", "name", "target")


@pages.get(BELOW, endpoint="notifications")
def notifications_page() -> ResponseReturnValue:
    """Show channels, rules and the last messages."""
    permissions.ensure(context.principal(), "notification:view")
    return _page()


@pages.post(f"{BELOW}/channels")
def add_channel() -> ResponseReturnValue:
    """Add a channel; a webhook's signing secret stands on this answer and nowhere else."""
    permissions.ensure(context.principal(), "notification:change")
    typed = {name: request.form.get(name, "").strip() for name in _FIELDS}
    secrets: list[str] = []
    try:
        check_name(typed["name"])
        with transaction() as session:

            def work() -> dict[str, Any]:
                row, secret = channels.add(session, context.principal().user_id, typed, context.settings())
                secrets.extend([secret] if secret else [])
                return {"channel_id": row.channel_id}

            once(session, typed, work)
    except (Invalid, Conflict) as error:
        return _page(error.details or {"kind": [error.message]}, WRONG, _kept(typed))
    if secrets:
        return _page(secret=secrets[0])
    if typed["kind"] == "webhook":
        return done(_address(), SENT_TWICE, "warning")
    return done(_address(), f"{typed['name']} is added. Send a test message to see whether it arrives.")


@pages.post(f"{BELOW}/channels/<ident:channel_id>/remove")
def remove_channel(channel_id: str) -> ResponseReturnValue:
    """Remove a channel, and what the rules send by it."""

    def work(session: Session, user_id: UUID) -> str:
        row = channels.find(session, user_id, channel_id)
        channels.remove(session, row)
        return f"{row.name} is removed; nothing is sent by it any more."

    return _do(work)


@pages.post(f"{BELOW}/channels/<ident:channel_id>/secret")
def renew_secret(channel_id: str) -> ResponseReturnValue:
    """Sign a webhook's messages with another secret from now on, and show it this once."""
    permissions.ensure(context.principal(), "notification:change")
    with transaction() as session:
        row = channels.find(session, context.principal().user_id, channel_id)
        secret = channels.change(session, row, {"new_secret": True}, context.settings())
    return _page(secret=secret)


@pages.post(f"{BELOW}/channels/<ident:channel_id>/test")
@limits.messages
def test_channel(channel_id: str) -> ResponseReturnValue:
    """Send a test message; what became of it stands in the list of messages."""

    def work(session: Session, user_id: UUID) -> str:
        if channel_id != OWN_EMAIL:
            channels.find(session, user_id, channel_id)
        once(session, "test", lambda: _tested(session, user_id, channel_id))
        return "A test message is on its way; below stands what becomes of it."

    return _do(work)


@pages.post(f"{BELOW}/messages/<ident:notification_id>/resend")
@limits.messages
def resend_message(notification_id: str) -> ResponseReturnValue:
    """Send a message again that failed, was dropped, or did not arrive."""

    def work(session: Session, user_id: UUID) -> str:
        overview.resend(session, overview.find(session, user_id, notification_id))
        return "The message is sent again."

    return _do(work)


@pages.post(f"{BELOW}/rules")
def choose_rules() -> ResponseReturnValue:
    """Say what one wants to be told of one's own reports."""
    permissions.ensure(context.principal(), "notification:change")
    body = {"is_muted": request.form.get("is_muted") == "1", "wants": wants_of(request.form)}
    try:
        with transaction() as session:
            choosing.choose(session, context.principal().user_id, body)
    except Invalid as refusal:
        return _page({"rules": [refusal.message]}, WRONG)
    return done(_address(), "You are told so from now on.")


@pages.post(f"{BELOW}/rules/reset")
def reset_rules() -> ResponseReturnValue:
    """Go back to what is usual."""

    def work(session: Session, user_id: UUID) -> str:
        choosing.forget(session, user_id)
        return "You are told what is usual."

    return _do(work)


def _tested(session: Session, user_id: UUID, channel_id: str) -> dict[str, Any]:
    return {"notification_id": overview.send_test(session, user_id, channel_id).notification_id}


def wants_of(form: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the wishes that a form says: ``want.<channel>.<kind>`` holds a pace, or nothing.

    >>> wants_of({"want.email.run_failed": "daily", "want.email.run_completed": "", "x": "1"})
    [{'channel_id': 'email', 'pace': 'daily', 'kinds': ['run_failed']}]
    """
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, pace in form.items():
        mark, _, rest = name.partition(".")
        channel_id, _, kind = rest.partition(".")
        if mark == "want" and pace:
            found[channel_id, pace].append(kind)
    return [
        {"channel_id": channel_id, "pace": pace, "kinds": kinds}
        for (channel_id, pace), kinds in found.items()
    ]


def paces_of(wants: Sequence[Want]) -> dict[tuple[str, str], str]:
    """Return the pace of each kind by each channel, as the form shows it."""
    return {(want.channel_id, kind): want.pace for want in wants for kind in want.kinds}


def _paces(form: Mapping[str, str]) -> dict[tuple[str, str], str]:
    wants = wants_of(form)
    return {(each["channel_id"], kind): each["pace"] for each in wants for kind in each["kinds"]}


def _do(work: Callable[[Session, UUID], str]) -> ResponseReturnValue:
    """Do something in one transaction, and say on the page how it went."""
    permissions.ensure(context.principal(), "notification:change")
    try:
        with transaction() as session:
            said = work(session, context.principal().user_id)
    except (Conflict, Invalid, TooMany) as refusal:
        return done(_address(), refusal.message, "danger")
    return done(_address(), said)


def _address() -> str:
    return url_for("admin.notifications")


def _kept(typed: dict[str, str]) -> dict[str, str]:
    """Return what may be shown again of what was typed: an address of the web may hold a secret."""
    return typed if typed["kind"] == "email" else typed | {"target": ""}


def check_name(name: str) -> None:
    """Do nothing if that is a name for a channel.

    :raises Invalid: if it is empty, too long, or not printable.
    """
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid.field("name", f"say in 1 to {LONGEST_NAME} printable characters how you call it")


def _page(
    wrong: dict[str, list[str]] | None = None,
    status: int = 200,
    typed: dict[str, str] | None = None,
    secret: str | None = None,
) -> Response:
    user_id = context.principal().user_id
    with reading() as session:
        choice = choosing.read(session, user_id)
        mine = notifications.channels_of(session, user_id)
        messages, total, page = page_of_rows(lambda number: _messages(session, number), SHOWN)
    return in_tab(
        "account/notifications.html",
        HERE,
        status,
        channels=mine,
        names={each["channel_id"]: each["name"] for each in mine},
        choice=choice,
        paces=_paces(request.form) if "rules" in (wrong or {}) else paces_of(choice.wants),
        is_muted=request.form.get("is_muted") == "1" if "rules" in (wrong or {}) else choice.is_muted,
        kinds=KINDS,
        pace_choices=[(pace, pace.replace("_", " ").capitalize()) for pace in PACES],
        channel_kinds=[(kind, said[:1].upper() + said[1:]) for kind, said in CHANNELS.items()],
        messages=messages,
        page=page,
        pages=pages_of(total, SHOWN),
        states=STATES,
        again=AGAIN,
        wrong=wrong or {},
        typed=typed or dict.fromkeys(_FIELDS, ""),
        secret=secret,
        longest=TARGET_MOST,
    )


def _messages(session: Session, number: int) -> tuple[list[dict[str, Any]], int]:
    wanted = overview.search(overview.Criteria(user_id=context.principal().user_id))
    ordering = [Notification.created_at.desc(), Notification.id]
    page = page_of(session, wanted, ordering, {"page": number, "limit": SHOWN})
    return notifications.shown(session, page["items"]), page["total"]
