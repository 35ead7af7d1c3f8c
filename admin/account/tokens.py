"""The reader's API tokens: listed, made (shown this once), withdrawn."""

from datetime import timedelta
from typing import Any, Final

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from admin.account.frame import in_tab
from admin.answers import done
from admin.blueprint import pages
from admin.fields import whole
from admin.once import once
from reportbuilder.accounts import tokens
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import SCOPES
from reportbuilder.api import context
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Invalid, NotFound

HERE: Final = "API tokens"
WRONG: Final = 422
SAID: Final = {
    "read": "reads everything that you may see",
    "run": "also makes and runs reports",
    "admin": "may do whatever you may",
}
SENT_TWICE: Final = (
    "This form was sent twice. The token that came of it was shown the first time; if you have not kept it, "
    "revoke it and make another."
)
_USUAL: Final = {"name": "", "scope": "run", "days": str(tokens.LIFETIME.days)}


@pages.get("/account/tokens", endpoint="api_tokens")
def api_tokens() -> ResponseReturnValue:
    """List the reader's tokens, never the whole of one."""
    return _page()


@pages.post("/account/tokens", endpoint="issue_token")
def issue_token() -> ResponseReturnValue:
    """Make a token; it stands on this answer and nowhere else."""
    typed = {name: request.form.get(name, "").strip() for name in _USUAL}
    issued: list[tokens.Issued] = []
    try:
        with transaction() as session:
            user = session.get_one(User, context.principal().user_id)

            def work() -> dict[str, Any]:
                made = tokens.issue(session, user, typed["name"], typed["scope"], _lifetime(typed["days"]))
                issued.append(made)
                return {"begins": made.row.shown_prefix}

            once(session, typed, work)
    except Invalid as error:
        return _page(error.details, WRONG, typed)
    if not issued:
        return done(url_for("admin.api_tokens"), SENT_TWICE, "warning")
    return _page(issued=issued[0])


@pages.post("/account/tokens/revoke", endpoint="revoke_token")
def revoke_token() -> ResponseReturnValue:
    """Withdraw a token for good."""
    begins = request.form.get("begins", "")
    try:
        with transaction() as session:
            tokens.revoke(session, context.principal().user_id, begins)
    except NotFound as error:
        return done(url_for("admin.api_tokens"), error.message, "warning")
    said = f"The token {begins}… is withdrawn; what uses it is refused now."
    return done(url_for("admin.api_tokens"), said)


def _lifetime(text: str) -> timedelta:
    days = whole(text)
    if not isinstance(days, int):
        most = tokens.LIFETIME_MAX.days
        raise Invalid.field("lifetime", f"{text[:20]!r} is no number of days; give 1 to {most}")
    return timedelta(days=days)


def _page(
    wrong: dict[str, list[str]] | None = None,
    status: int = 200,
    typed: dict[str, str] | None = None,
    issued: tokens.Issued | None = None,
) -> Response:
    with reading() as session:
        rows = tokens.of_user(session, context.principal().user_id)
    live = [row for row in rows if tokens.state_of(row) == "live"]
    return in_tab(
        "account/tokens.html",
        HERE,
        status,
        live=live,
        former=[(row, tokens.state_of(row)) for row in rows if row not in live],
        issued=issued,
        wrong=wrong or {},
        typed=typed or _USUAL,
        scopes=[(scope, f"{scope}: {SAID[scope]}") for scope in SCOPES],
        most_days=tokens.LIFETIME_MAX.days,
        longest=tokens.NAME_MAX,
    )
