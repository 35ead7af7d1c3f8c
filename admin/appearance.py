"""The colours that a reader has chosen: automatic, light or dark."""

import json
from urllib.parse import urlsplit

from flask import current_app, make_response, redirect, request
from flask.typing import ResponseReturnValue

from admin.answers import wants_fragment
from admin.blueprint import HOME, pages
from admin.signing_in import local
from reportbuilder.accounts import users
from reportbuilder.accounts.models import User
from reportbuilder.api import context
from reportbuilder.database import transaction


@pages.post("/appearance")
def choose_theme() -> ResponseReturnValue:
    """Keep the reader's choice; a script changes the colours in place, others go back to where they were."""
    theme = request.form.get("theme", "")
    with transaction() as session:
        users.set_theme(session.get_one(User, context.principal().user_id), theme)
    if wants_fragment():
        answer = make_response("", 204)
        answer.headers["HX-Trigger"] = json.dumps({"theme": theme})
        return answer
    return redirect(_page(local(request.form.get("back"))), 303)


def _page(target: str) -> str:
    """Return an address of ours, the home page instead of one that only takes forms."""
    adapter = current_app.create_url_adapter(request)
    is_page = adapter is not None and adapter.test(urlsplit(target).path, "GET")
    return target if is_page else HOME
