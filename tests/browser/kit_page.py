"""The product's web process with one page more: all parts of the kit, for looking and for axe."""

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from flask import render_template_string
from flask.typing import ResponseReturnValue

from admin.answers import done, live, with_toast
from admin.blueprint import pages
from reportbuilder import clock
from reportbuilder.errors import Conflict, NotPermitted, TooMany

KIT = (Path(__file__).parent / "kit.html").read_text()
DIALOG = """{% extends frame %}{% import "kit/kit.html" as kit %}{% block title %}A dialog{% endblock %}
{% block main %}<p>The same text.</p><form method="post" action="/console-kit/done">{{ kit.csrf() }}
{{ kit.button("Save", kind="primary") }}</form>{% endblock %}"""
NOT_PERMITTED, TOO_MANY = 403, 429
STILL = 3  # looks after which the region of the kit does not change any more
looks = count(1)


@pages.get("/console-kit")
def kit_page() -> str:
    """Show every part of the kit."""
    return render_template_string(
        KIT,
        now=clock.now(),
        then=datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        week=timedelta(days=7),
        url="/console-kit?to={}".format,
    )


@pages.get("/console-kit/live")
def kit_live() -> ResponseReturnValue:
    """Answer a region that changes a few times."""
    return live(f"<p>Look {min(next(looks), STILL)}</p><input class='form-control' aria-label='Typed'>")


@pages.get("/console-kit/dialog")
def kit_dialog() -> str:
    """Show a dialog, or the same as a page."""
    return render_template_string(DIALOG)


@pages.post("/console-kit/done")
def kit_done() -> ResponseReturnValue:
    """Do as if something were done."""
    return done("/console-kit", "It is done", label="Undo", post="/console-kit/done")


@pages.post("/console-kit/toast")
def kit_toast() -> ResponseReturnValue:
    """Answer a script with a fragment and a note."""
    return with_toast("<b id='told'>changed in place</b>", "Saved", label="Show", href="/console-kit")


@pages.post("/console-kit/refuse")
def kit_refuse() -> ResponseReturnValue:
    """Refuse."""
    raise Conflict("Somebody else was faster; load the page again")


@pages.get("/console-kit/refused/<int:status>")
def kit_refused(status: int) -> str:
    """Refuse to show a page, in the words of a room or by a fault of ours."""
    if status == NOT_PERMITTED:
        raise NotPermitted("Only admins may manage users; ask one")
    if status == TOO_MANY:
        raise TooMany("only 60 runs a minute are allowed; ask for it again later", retry_after=60)
    raise RuntimeError("a fault of ours")


if __name__ == "__main__":
    from reportbuilder.cli.web import web

    web()
