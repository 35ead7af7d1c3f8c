"""JSON as the standard says: no NaN, no broken text, no nesting without end, instants with Z."""

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NoReturn

from flask.json.provider import DefaultJSONProvider

from reportbuilder.errors import Malformed

DEPTH_MAX = 40


def loads(body: bytes) -> Any:
    """Read a JSON text.

    :raises Malformed: saying what is wrong, also for what Python reads and databases do not store: NUL
        characters and halves of surrogate pairs.
    """
    try:
        value = json.loads(body.decode("utf-8"), parse_float=_finite, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise Malformed(
            f"The body is not JSON: {error.msg}, line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        raise Malformed(f"The body holds a number that cannot be read: {error}") from None
    for text in _texts(value):
        if not is_storable(text):
            raise Malformed("The body holds a NUL character or one half of a surrogate pair; remove it")
    return value


def instant(value: datetime) -> str:
    """Return an instant as ISO 8601 in UTC.

    >>> instant(datetime(2026, 3, 4, 12, 0, tzinfo=UTC))
    '2026-03-04T12:00:00.000Z'
    """
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class StrictJson(DefaultJSONProvider):
    """How the app writes JSON; keys are sorted so that a kept answer reads the same again."""

    sort_keys = True

    def dumps(self, obj: Any, **options: Any) -> str:
        """Write JSON, refusing NaN and infinity rather than making other programs fail on them."""
        return super().dumps(obj, allow_nan=False, **options)


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"The body is not JSON: {name} is no JSON number")


def _finite(text: str) -> float:
    # JSON has no infinity, but Python reads 1e999 as one, which no database keeps in JSON
    value = float(text)
    if math.isinf(value):
        raise Malformed(f"The body holds a number that is too large: {text[:40]}")
    return value


def _texts(value: Any) -> Iterator[str]:
    """Walk through all texts, names of fields included, without recursion."""
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEPTH_MAX:
            raise _too_deep()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            yield from item
            waiting.extend((inner, depth + 1) for inner in item.values())
        elif isinstance(item, list):
            waiting.extend((inner, depth + 1) for inner in item)


def is_storable(text: str) -> bool:
    """Say whether a text is one that every database can keep."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text))


def _too_deep() -> Malformed:
    return Malformed(f"The body is nested deeper than {DEPTH_MAX} levels")
