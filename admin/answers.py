"""Answers to the console's scripts: live regions, notes to show, and whether a fragment is wanted at all."""

import hashlib
import json
from typing import Any

from flask import Response, flash, g, make_response, redirect, request
from flask.typing import ResponseReturnValue

TEXT_MOST = 700  # characters of a message, which travels in the cookie or in a header
STOP = 286  # as htmx has it: swap this and ask no more


def wants_fragment() -> bool:
    """Say whether a script of ours asks, which swaps the answer into the page."""
    return "HX-Request" in request.headers


def live(html: str, *, is_over: bool = False) -> Response:
    """Answer a region that polls with its inside; 304 if it has that already.

    :param is_over: nothing will change any more, so it need not ask again.
    """
    answer = make_response(html)
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Vary"] = "HX-Request"
    answer.set_etag(hashlib.sha256(html.encode()).hexdigest()[:20])
    if is_over:
        answer.status_code = STOP
        return answer
    answer.make_conditional(request)
    return answer


def with_toast(answer: ResponseReturnValue, text: str, kind: str = "success", **action: Any) -> Response:
    """Let the page show a note once it has this answer.

    :param kind: ``success``, ``warning``, ``danger`` or empty.
    :param action: ``label`` and ``href``, or ``label``, ``post`` (an address) and ``fields``: a button in it.
        With ``apart`` a link opens in a tab of its own, and the page stays.
    """
    made = make_response(answer)
    toast = {"text": shortened(text), "kind": kind, "action": action or None}
    made.headers["HX-Trigger"] = json.dumps({"toast": toast})
    return made


def shortened(text: str) -> str:
    """Return a message that is no longer than fits."""
    return text if len(text) <= TEXT_MOST else f"{text[: TEXT_MOST - 1]}…"


def say(text: str, kind: str = "success", **action: Any) -> None:
    """Let the next page that this browser is shown say so, be it of this request or of another."""
    flash({"text": shortened(text), "action": action or None}, kind)  # type: ignore[arg-type]  # any JSON is kept


def done(target: str, text: str, kind: str = "success", **action: Any) -> Response:
    """Answer a write that worked: go to ``target`` and say so there, for scripts and for plain forms."""
    g.is_refused = kind == "danger"
    say(text, kind, **action)
    if wants_fragment():
        answer = make_response("", 204)
        answer.headers["HX-Redirect"] = target
        return answer
    return make_response(redirect(target, 303))
