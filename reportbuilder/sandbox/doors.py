"""What stands before every address of the API: counting, faults, and who calls."""

import time
from collections.abc import Callable
from http import HTTPStatus

from flask import Response, request

from reportbuilder.sandbox.answers import refusal
from reportbuilder.sandbox.box import Box
from reportbuilder.sandbox.signing_in import caller_error

Door = Callable[..., Response]


def guarded(box: Box, kind: str, door: Door, *, entity: bool = True) -> Door:
    """Wrap a door: count the call, let faults strike, check the caller and the instance."""

    def opened(**parts: str) -> Response:
        box.count(kind)
        request.get_data()  # read to the end, or the connection cannot be used again
        time.sleep(box.troubles.latency(kind))
        struck = box.troubles.answer(kind, box.wall())
        if struck is not None:
            return struck
        wrong = _wrong(box, parts.get("instance"), entity=entity)
        return refusal(*wrong) if wrong else door(**parts)

    return opened


def _wrong(box: Box, instance: str | None, *, entity: bool) -> tuple[int, str] | None:
    """Return status and text of why this call is not let through, or None."""
    if box.troubles.strikes("token_refused_next"):
        return HTTPStatus.UNAUTHORIZED, "Unauthorized"
    wrong = caller_error(box.tokens, box.now(), entity=entity)
    if wrong is not None:
        return wrong
    if instance is not None and instance not in box.instances:
        return HTTPStatus.FORBIDDEN, "Unauthorized request."
    denied = box.troubles.denies(instance)
    return None if denied is None else (HTTPStatus.FORBIDDEN, denied)
