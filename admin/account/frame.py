"""The frame of the account's pages: their tabs."""

from typing import Any, Final

from flask import Response, make_response, render_template, url_for

from reportbuilder.accounts.permissions import may
from reportbuilder.api import context

TABS: Final = (
    ("Account", "admin.account"),
    ("API tokens", "admin.api_tokens"),
    ("Notifications", "admin.notifications"),
)
PEOPLE: Final = ("People", "admin.people")


def in_tab(template: str, here: str, status: int = 200, **shown: Any) -> Response:
    """Return a page of the account.

    :param here: the text of its tab.
    """
    tabs = [*TABS, PEOPLE] if may(context.principal(), "user:manage") else TABS
    items = [(text, url_for(endpoint)) for text, endpoint in tabs]
    return make_response(render_template(template, tabs=items, here=here, **shown), status)
