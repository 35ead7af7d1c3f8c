"""What a form asks for, done once however often the form is sent: a doubled click starts one run."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, request
from sqlalchemy.orm import Session

from reportbuilder.accounts import idempotency
from reportbuilder.api import context

FIELD = "once"
SEE_OTHER = 303


def register(app: Flask) -> None:
    """Let templates of this app give each form a key of its own."""
    app.jinja_env.globals["once_key"] = once_key


def once_key() -> str:
    """Return what a form carries in the hidden field ``once``."""
    return secrets.token_urlsafe(16)


def once(session: Session, wish: Any, work: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """Do the work of a form in this transaction, or return what came of it when the same was sent before.

    :param wish: what the form means. The same form with another wish is another request.
    :param work: returns plain JSON, such as the id of what it made.
    """
    key = request.form.get(FIELD, "")
    if not key:
        return dict(work())
    wanted = json.dumps([key, wish], sort_keys=True, default=str).encode()
    print_ = idempotency.fingerprint(request.method, request.path, wanted)
    name = f"form-{hashlib.sha256(print_.encode()).hexdigest()[:40]}"
    user_id = context.principal().user_id
    return idempotency.once(session, user_id, name, print_, lambda: (SEE_OTHER, dict(work()))).body
