"""One channel of the reader's notifications: its name, and where it leads, changed."""

from typing import Any

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin.account.frame import in_tab
from admin.account.messages import BELOW, HERE, WRONG, check_name
from admin.answers import done
from admin.blueprint import pages
from reportbuilder.accounts import permissions
from reportbuilder.api import context
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Invalid
from reportbuilder.notifications import channels
from reportbuilder.notifications.kinds import CHANNELS
from reportbuilder.notifications.models import NotificationChannel
from reportbuilder.notifications.targets import TARGET_MOST

ONE = f"{BELOW}/channels/<ident:channel_id>"


@pages.get(ONE)
def notification_channel(channel_id: str) -> ResponseReturnValue:
    """Show a channel to be changed; where it leads is shown shortened only."""
    permissions.ensure(context.principal(), "notification:change")
    with reading() as session:
        row = channels.known(session, context.principal().user_id, channel_id)
    return _page(row, row.name)


@pages.post(ONE)
def change_channel(channel_id: str) -> ResponseReturnValue:
    """Call a channel otherwise, and let it lead elsewhere if an address is given; its secret stays."""
    permissions.ensure(context.principal(), "notification:change")
    name, target = (request.form.get(each, "").strip() for each in ("name", "target"))
    with reading() as session:
        row = channels.known(session, context.principal().user_id, channel_id)
    try:
        check_name(name)
        with transaction() as session:
            _change(session, channel_id, {"name": name} | ({"target": target} if target else {}))
    except Invalid as error:
        kept = target if row.kind == "email" else ""
        return _page(row, name, kept, error.details, WRONG)
    return done(url_for("admin.notifications"), f"{name} is changed. Send a test to see whether it arrives.")


def _change(session: Session, channel_id: str, values: dict[str, str]) -> None:
    row = channels.find(session, context.principal().user_id, channel_id)
    channels.change(session, row, values, context.settings())


def _page(
    row: NotificationChannel,
    name: str,
    target: str = "",
    wrong: dict[str, list[str]] | None = None,
    status: int = 200,
) -> Response:
    shown: dict[str, Any] = {"name": name, "target": target, "kind": CHANNELS[row.kind]}
    return in_tab(
        "account/channel.html",
        HERE,
        status,
        channel=row,
        typed=shown,
        wrong=wrong or {},
        longest=TARGET_MOST,
    )
