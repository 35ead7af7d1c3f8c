"""The colours that a reader has chosen: automatic, light or dark."""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from admin.blueprint import pages
from admin.signing_in import local
from reportbuilder.accounts import users
from reportbuilder.accounts.models import User
from reportbuilder.api import context
from reportbuilder.database import transaction


@pages.post("/appearance")
def choose_theme() -> ResponseReturnValue:
    """Keep the reader's choice and go back to where it was made."""
    with transaction() as session:
        user = session.get_one(User, context.principal().user_id)
        users.set_theme(user, request.form.get("theme", ""))
    return redirect(local(request.form.get("back")), 303)
