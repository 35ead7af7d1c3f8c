"""Values in an address: read from one, and written into one that is short enough to be sent about."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from admin.form.controls import VALUE, WINDOW, Typed
from reportbuilder.errors import Invalid

LONGEST: Final = 6000  # characters of an address; the server takes 8,190 bytes
VALUES: Final = "values"
_PLAIN: Final = ("name", "description", "timezone")
_BEGUN_WITH: Final = (VALUES, "set", "draft")


def read_values(text: str) -> dict[str, Any]:
    """Return the parameters that ``?values={…}`` gives as one JSON object.

    :raises Invalid: for anything else.
    """
    if not text:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid.field(VALUES, 'it is no JSON object; write it as {"name": value}, or p.name=value')
    return found


def write(path: str, instance_id: str, typed: Typed, begun: Mapping[str, list[str]]) -> str:
    """Return the address of a form that is filled in so; empty if it is too long for one.

    :param begun: what stands in the form anyway, which is left out.
    """
    said = [
        (name, text)
        for name, texts in typed.items()
        if _is_own(name)
        if _told(texts) != begun.get(name, [""])
        for text in _told(texts)
    ]
    address = f"{path}?{urlencode([('instance_id', instance_id), *said])}"
    return address if len(address) <= LONGEST else ""


def carried(given: Typed) -> list[tuple[str, str]]:
    """Return what of an address the form reads, but for the instance, which is asked for first."""
    own = {name: texts for name, texts in given.items() if _is_own(name) or name in _BEGUN_WITH}
    return [(name, text) for name, texts in own.items() for text in texts]


def _is_own(name: str) -> bool:
    return name.startswith((VALUE, WINDOW)) or name in _PLAIN


def _told(texts: Sequence[str]) -> Sequence[str]:
    return [text for text in texts if text] or [""]
