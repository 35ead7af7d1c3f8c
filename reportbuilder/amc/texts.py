"""Texts from outside, made fit to be stored and shown: short, printable, without secrets."""

import html
import json
import re
from collections.abc import Mapping

LIMIT = 2000  # characters
HIDDEN = "[hidden]"

_SECRETS = re.compile(
    r"""
      Atz[ar]\|[^\s"'<>&,;]+                                     # Amazon's access and refresh tokens
    | (?<=bearer\s)[^\s"'<>,;]+
    | amzn1\.oa2-cs\.[^\s"'<>&,;]+                               # client secrets
    | (?<=://)[^\s/@"'<>]+:[^\s/@"'<>]+(?=@)                     # user:password in an address
    | (?<![a-z])(?:(?:access|refresh|id|security|session)[_-]?token|client[_-]?secret|password|
        x-amz-(?:signature|credential|security-token)|signature|authorization)
      (?P<between>["']?\s*[=:]\s*["']?(?:bearer\s+)?)[^\s"'<>&,;]+
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NOT_PRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]+")
# What a page says in one line; the rest of an error of a store repeats the signature.
_SAYING = re.compile(r"<(title|message|code)\b[^>]*>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_UNSEEN = re.compile(r"<(script|style)\b.*?(</\1>|\Z)|<!--.*?(-->|\Z)|<[^>]*>?", re.IGNORECASE | re.DOTALL)


def clean(text: str, limit: int = LIMIT) -> str:
    """Return the text without secrets and control characters, on at most ``limit`` characters."""
    # The patterns look at a bounded piece, so that a page of megabytes costs nothing.
    piece = _NOT_PRINTABLE.sub(" ", text[: limit * 4])
    shown = _SECRETS.sub(HIDDEN, piece).strip()
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def first_text(answer: Mapping[str, object], *names: str) -> str | None:
    """Return the first of these fields that says anything, cleaned."""
    for name in names:
        value = answer.get(name)
        if isinstance(value, str) and value.strip():
            return clean(value)
    return None


def error_text(body: bytes) -> str:
    """Say in words what an error's body says: JSON with details or message, HTML, plain text, or nothing."""
    text = body[: LIMIT * 16].decode("utf-8", "replace").strip()
    if not text:
        return ""
    answer = json_object(body)
    if answer is not None:
        named = first_text(answer, "details", "message", "Message", "error_description", "error", "code")
        return named or (clean(text) if answer else "")
    if text.startswith("<"):
        return _from_markup(text)
    return clean(text)


def json_object(body: bytes) -> dict[str, object] | None:
    """Return the JSON object that the body holds, or None if it holds none."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _from_markup(text: str) -> str:
    sayings = [found[2] for found in _SAYING.finditer(text)]
    visible = ": ".join(sayings) if sayings else _UNSEEN.sub(" ", text)
    return clean(" ".join(html.unescape(visible).split()))
