"""What one may ask of a result, read from the strings of a request and checked against its columns."""

import csv
import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from reportbuilder.errors import Invalid
from reportbuilder.results.reading import Column

MAX_VALUES = 1000  # of one ``in``
_COMPARISONS = {"eq": "=", "ne": "IS DISTINCT FROM", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_UNARY = {"null": "IS NULL", "notnull": "IS NOT NULL"}
_TEXTUAL = {"contains": "contains", "starts": "starts_with"}
OPERATORS = (*_COMPARISONS, *_TEXTUAL, *_UNARY, "in")
_OF_TYPE = {"boolean": ("eq", "ne", "null", "notnull", "in"), "text": OPERATORS}
_OF_OTHERS = (*_COMPARISONS, *_UNARY, "in")


@dataclass(frozen=True)
class Filter:
    """A condition on one column; ``values`` fit its type."""

    column: Column
    operator: str
    values: tuple[Any, ...] = ()

    @property
    def condition(self) -> str:
        """SQL with one ``?`` for each value. A null differs from every value (``ne`` keeps it)."""
        name, slot = self.column.identifier, f"CAST(? AS {self.column.sql})"
        if self.operator in _UNARY:
            return f"{name} {_UNARY[self.operator]}"
        if self.operator in _TEXTUAL:
            return f"{_TEXTUAL[self.operator]}(lower({name}), lower({slot}))"
        if self.operator == "in":
            return f"{name} IN ({', '.join([slot] * len(self.values))})"
        return f"{name} {_COMPARISONS[self.operator]} {slot}"


@dataclass(frozen=True)
class Query:
    """Which rows, of which columns, in which order; ``limit`` None means all."""

    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    sort: tuple[tuple[Column, bool], ...] = ()  # with: is it descending?
    offset: int = 0
    limit: int | None = None


def parse(
    schema: Sequence[Column],
    *,
    columns: str = "",
    filters: Sequence[str] = (),
    sort: str = "",
    offset: int = 0,
    limit: int | None = None,
) -> Query:
    """Read a request.

    :param columns: names parted by commas, all if empty; a name with a comma stands in double quotes.
    :param filters: ``column:operator:value`` each, all of which must hold; ``in`` takes values parted by
        commas, ``null`` and ``notnull`` none. ``contains`` and ``starts`` do not mind case.
    :param sort: names parted by commas, ``-`` before one that descends (``"-a, b"``); nulls come last,
        equals in file order.
    :raises Invalid: naming the field, the value and the way out.
    """
    if offset < 0:
        raise Invalid.field("offset", f"{offset} is negative; count rows from 0")
    if limit is not None and limit < 0:
        raise Invalid.field("limit", f"{limit} is negative; leave it out for all rows")
    return Query(
        tuple(_column(schema, name, "columns") for name in _split(columns)) or tuple(schema),
        tuple(_filter(schema, text) for text in filters),
        tuple(_sort_key(schema, name) for name in _split(sort)),
        offset,
        limit,
    )


def _split(text: str) -> list[str]:
    rows = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)  # a name may hold line ends, too
    return [part.strip() for row in rows for part in row if part.strip()]


def _column(schema: Sequence[Column], name: str, field: str) -> Column:
    found = _find(schema, name)
    if found:
        return found
    names = {column.name.casefold(): column.name for column in schema}
    near = get_close_matches(name.casefold(), names, n=1, cutoff=0.5)
    hint = f"did you mean {names[near[0]]!r}?" if near else f"there are {', '.join(names.values())}"
    raise Invalid.field(field, f"there is no column {name!r}; {hint}")


def _find(schema: Sequence[Column], name: str) -> Column | None:
    exact = [column for column in schema if column.name == name]
    alike = [column for column in schema if column.name.casefold() == name.casefold()]
    return next(iter(exact or alike), None)


def _sort_key(schema: Sequence[Column], text: str) -> tuple[Column, bool]:
    if text.startswith("-") and not _find(schema, text):
        return _column(schema, text[1:], "sort"), True
    return _column(schema, text, "sort"), False


def _filter(schema: Sequence[Column], text: str) -> Filter:
    column, rest = _split_name(schema, text)
    operator, _, value = rest.partition(":")
    allowed = _OF_TYPE.get(column.type, _OF_OTHERS)
    if operator not in allowed:
        kind = "unknown" if operator not in OPERATORS else f"not for {column.type}"
        raise Invalid.field("filter", f"{text!r}: {operator!r} is {kind}; use {', '.join(allowed)}")
    if operator in _UNARY:
        if value:
            raise Invalid.field(
                "filter", f"{text!r}: {operator} takes no value; write {column.name}:{operator}"
            )
        return Filter(column, operator)
    values = _split(value) if operator == "in" else [value] if value else []
    if not values or len(values) > MAX_VALUES:
        raise Invalid.field("filter", f"{text!r} has {len(values)} values; {_wanted(column, operator)}")
    return Filter(column, operator, tuple(_value(column, part) for part in values))


def _wanted(column: Column, operator: str) -> str:
    if operator == "in":
        return f"give 1 to {MAX_VALUES}, parted by commas"
    return f"give one, or write {column.name}:null for rows without a value"


def _split_name(schema: Sequence[Column], text: str) -> tuple[Column, str]:
    """Split at the colon after the longest name that fits, for a name may hold colons too."""
    for at in sorted((at for at, sign in enumerate(text) if sign == ":"), reverse=True):
        if found := _find(schema, text[:at]):
            return found, text[at + 1 :]
    name, colon, _ = text.partition(":")
    if not colon:
        raise Invalid.field("filter", f"{text!r} is not column:operator:value, as in clicks:gt:10")
    return _column(schema, name, "filter"), ""


def _value(column: Column, text: str) -> Any:
    try:
        return _READERS[column.type](column, text)
    except (ValueError, InvalidOperation):
        raise Invalid.field(
            "filter", f"{text!r} does not fit {column.name}, which is {column.type}; {_EXAMPLES[column.type]}"
        ) from None


def _whole(_: Column, text: str) -> int:
    value = int(text)
    if not -(2**63) <= value < 2**63:
        raise ValueError(text)
    return value


def _decimal(column: Column, text: str) -> str:
    """Return plain digits, having seen that the column's type keeps them all."""
    precision, scale = (int(digits) for digits in re.findall(r"\d+", column.sql))
    plain = format(Decimal(text), "f")
    before, _, after = plain.lstrip("+-").partition(".")
    if not (before + after).isdigit() or len(after.rstrip("0")) > scale:
        raise ValueError(text)
    if len(before.lstrip("0")) > precision - scale:
        raise ValueError(text)
    return plain


def _double(_: Column, text: str) -> float:
    value = float(text)
    if math.isnan(value):
        raise ValueError(text)
    return value


def _truth(_: Column, text: str) -> bool:
    if text.casefold() not in ("true", "false"):
        raise ValueError(text)
    return text.casefold() == "true"


def _date(_: Column, text: str) -> date:
    return date.fromisoformat(text)


def _instant(_: Column, text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


_READERS: dict[str, Callable[[Column, str], Any]] = {
    "text": lambda _, text: text,
    "integer": _whole,
    "decimal": _decimal,
    "double": _double,
    "boolean": _truth,
    "date": _date,
    "timestamp": _instant,
}
_EXAMPLES = {
    "integer": "write a whole number of at most 64 bits, as 42",
    "decimal": "write a number with no more digits than the column has, as 12.5",
    "double": "write a number, as 0.25",
    "boolean": "write true or false",
    "date": "write it as 2025-08-31",
    "timestamp": "write it as 2025-08-31T09:30:00",
}
