"""The sandbox's own addresses: its page for people, and for programs its state and its faults."""

from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from reportbuilder.sandbox.answers import PLAIN, answer, refusal
from reportbuilder.sandbox.asking import limit_of
from reportbuilder.sandbox.box import Box
from reportbuilder.sandbox.options import Faults

_SOONEST, _DIGITS = 2, 4
_LONGEST = 18  # digits of a number
_FAULTS = {item.name: item for item in fields(Faults)}


def add_page(app: Flask, box: Box) -> None:
    """Add the page; its form is there only with control."""

    def page() -> Response:
        return _page(box)

    app.add_url_rule("/", "page", page)
    app.add_url_rule("/_sandbox/", "page_beside", page)


def _page(box: Box, error: str = "", status: int = 200) -> Response:
    text = render_template("page.html", **box.overview(), error=error, refresh=_refresh())
    # a text from JSON may hold half a sign, which no page can
    response = Response(text.encode(errors="replace"), status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _refresh() -> int:
    """Return the seconds after which the page is asked for again, 0 for never: only who wishes it gets it."""
    text = request.args.get("refresh", "")
    return max(_SOONEST, int(text)) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else 0


def add_control(app: Flask, box: Box) -> None:
    """Add what changes the faults and tells the state."""

    def faults() -> AnyResponse:
        foreign = _foreign()
        if foreign is not None:
            return foreign
        is_form = request.mimetype == "application/x-www-form-urlencoded"
        try:
            if is_form:
                box.fault(**_from_form())
            else:
                box.fault(**_from_json())
        except (ValueError, TypeError) as error:
            return _page(box, str(error), 400) if is_form else refusal(400, str(error), PLAIN)
        return redirect("/", 303) if is_form else answer(box.state(limit=1)["faults"], kind=PLAIN)

    def state() -> Response:
        before = request.args.get("before", "")
        if before and not (before.isascii() and before.isdecimal() and len(before) <= _LONGEST):
            return refusal(400, f"before: {before!r} is not a number that a page told as next", PLAIN)
        limit = limit_of(request.args.get("limit"), 1000)
        return answer(box.state(limit, int(before) if before else None), kind=PLAIN)

    app.add_url_rule("/_sandbox/faults", "control_faults", faults, methods=["POST"])
    app.add_url_rule("/_sandbox/state", "control_state", state)


def _foreign() -> Response | None:
    """Refuse what a page of another site has sent, so that no site steers a sandbox on somebody's machine."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return refusal(403, f"Origin {origin} may not change the sandbox.", PLAIN)
    return None


def _from_json() -> dict[str, Any]:
    changes = request.get_json(force=True)
    if not isinstance(changes, dict):
        raise TypeError('the body must be a JSON object of faults, such as {"throttle_next": 3}')
    return changes


def _from_form() -> dict[str, Any]:
    """Return the faults that a form sets; a field left as it was changes nothing, and reset all is default.

    :raises ValueError: for a text that is not of the fault's kind.
    """
    if request.form.get("reset"):
        return {name: item.default for name, item in _FAULTS.items()}
    name = request.form.get("fault", "")
    if name not in _FAULTS:
        raise ValueError(f"there is no fault {name!r}")
    return {name: _value(name, request.form.get("value", "").strip())}


def _value(name: str, text: str) -> object:
    default = _FAULTS[name].default
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise ValueError(f"{name}: {text!r} is not true or false")
        return text.lower() == "true"
    kind = int if isinstance(default, int) else float
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"{name}: {text!r} is not of type {kind.__name__}") from None
