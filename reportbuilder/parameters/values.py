"""What a typed value is, and how a refusal says what was wrong with a raw one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from reportbuilder.parameters.dates import DateRange


@dataclass(frozen=True, slots=True)
class Rolling:
    """A day or days named by their distance from today (``last_30_days``, ``today-7``); stored so."""

    expression: str


Scalar = str | int | Decimal | bool | date
TypedValue = Scalar | DateRange | Rolling | tuple[Scalar, ...] | dict[str, Any]

JsonScalar = str | int | float | bool
JsonValue = JsonScalar | list[JsonScalar] | dict[str, Any] | None


class Refused(ValueError):
    """A raw value does not fit its definition; ``reasons`` name the value and the way out, not the field."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = list(reasons)


def show(value: object) -> str:
    """Return the value as JSON for a message, cut after 60 characters."""
    if isinstance(value, str | list | tuple | dict):
        value = value[:100] if not isinstance(value, dict) else dict(list(value.items())[:10])
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except ValueError:  # an int of thousands of digits
        text = "a number of thousands of digits"
    text = text.encode("utf-8", "replace").decode()  # a lone surrogate could not be printed
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004 - said above


def fill(words: str, value: object) -> str:
    """Put the value into the words of a message, at ``{value}``."""
    return words.replace("{value}", show(value))


def is_text(value: object) -> bool:
    """Say whether the text can be kept in a database and written into SQL: no NUL, no lone surrogate."""
    return (
        isinstance(value, str)
        and "\0" not in value
        and not any("\ud800" <= char <= "\udfff" for char in value)
    )


def number_to_json(value: int | Decimal) -> int | float | str:
    """Return the number for JSON; as text where a float could not hold it exactly."""
    if isinstance(value, int):
        return value
    return float(value) if Decimal(repr(float(value))) == value else format(value, "f")


def scalar_to_json(value: Scalar) -> JsonScalar:
    """Return a scalar for JSON; a date as ``YYYY-MM-DD``."""
    if isinstance(value, date):
        return value.isoformat()
    return number_to_json(value) if isinstance(value, Decimal) else value


def read_json_text(value: object) -> object:
    """Return what a text holds if it is a JSON object or list, else the value: such columns hold both."""
    if isinstance(value, str) and value.strip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def as_mapping(value: object) -> Mapping[str, Any] | None:
    """Return the value if it is a mapping or the JSON text of one."""
    found = read_json_text(value)
    return found if isinstance(found, Mapping) else None
