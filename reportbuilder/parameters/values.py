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


def is_text(value: object) -> bool:
    """Say whether the text can be kept in a database and written into SQL: no NUL, no lone surrogate."""
    return (
        isinstance(value, str)
        and "\0" not in value
        and not any("\ud800" <= char <= "\udfff" for char in value)
    )


def holds_text(value: object) -> bool:
    """Say whether every text in a JSON value, names included, can be kept in a database."""
    stack = [value]  # no recursion: values may be nested deeper than Python calls go
    while stack:
        member = stack.pop()
        if isinstance(member, str) and not is_text(member):
            return False
        if isinstance(member, Mapping):
            stack += [*member.keys(), *member.values()]
        elif isinstance(member, list | tuple):
            stack += member
    return True


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


def digits_as_text(value: object) -> object:
    """Return a whole number as its digits, as ids often come; anything else as it is."""
    plain = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if plain and -(10**37) <= value <= 10**37 else value  # type: ignore[operator]  # an int


def read_json_text(value: object) -> object:
    """Return what a text holds if it is a JSON object or list, else the value: such columns hold both."""
    if isinstance(value, str) and value.strip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def as_mapping(value: object) -> Mapping[str, Any] | None:
    """Return the value if it is a mapping or the JSON text of one."""
    found = read_json_text(value)
    return found if isinstance(found, Mapping) else None
