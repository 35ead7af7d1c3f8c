"""What a form was made from, and what somebody else has made of it while one typed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

FIELD: Final = "seen"  # the hidden field
STATUS: Final = 409
_SIGNS: Final = 12  # of a mark


@dataclass(frozen=True)
class Difference:
    """A field that somebody else has changed, beside what one has typed there oneself."""

    label: str
    theirs: str
    yours: str


@dataclass(frozen=True)
class News:
    """Who has saved meanwhile, as far as it is known, and what differs."""

    by: str | None
    at: datetime | None
    differences: Sequence[Difference]


class Outdated(Exception):
    """Somebody else has saved since the form was made; nothing is written."""

    def __init__(self, news: News) -> None:
        super().__init__("somebody else has saved meanwhile")
        self.news = news


def seal(values: Mapping[str, Any]) -> str:
    """Return what a form carries in the field ``seen``: a mark for each field it was made from."""
    return json.dumps({name: _mark(value) for name, value in values.items()}, sort_keys=True)


def changed_since(seen: str, now: Mapping[str, Any]) -> list[str]:
    """Return the fields that are no longer what a form was made from; none if it does not say from what.

    >>> changed_since(seal({"name": "A", "days": 7, "old": 1}), {"days": 8, "name": "A"})
    ['days', 'old']
    >>> changed_since("", {"name": "B"}), changed_since("7", {"name": "B"})
    ([], [])
    """
    marks = _read(seen)
    if marks is None:
        return []
    names = [*now, *(name for name in marks if name not in now)]
    return [name for name in names if marks.get(name) != (_mark(now[name]) if name in now else None)]


def _read(seen: str) -> Mapping[str, Any] | None:
    try:
        marks = json.loads(seen)
    except ValueError:
        return None
    return marks if isinstance(marks, dict) else None


def _mark(value: Any) -> str:
    spelled = json.dumps(value, sort_keys=True, default=str).encode()
    return hashlib.sha256(spelled).hexdigest()[:_SIGNS]
