"""Rows of a stored result, streamed, in values that JSON carries without loss."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import duckdb

from reportbuilder.results.columns import quoted
from reportbuilder.results.filters import Query, parse
from reportbuilder.results.reading import PLACE, Column, plain_text, reading, schema, spell

__all__ = ["Column", "Page", "PageColumn", "Query", "parse", "read_rows", "reading", "schema"]

_FETCH = 1000  # rows
_SAFE = 2**53 - 1  # the largest whole number that every reader of JSON keeps


@dataclass(frozen=True)
class PageColumn:
    """``json`` is how each value comes (string, number or boolean), the same in all rows; null is null.

    Whole numbers are numbers, unless the file has one beyond 2⁵³ in that column: then all of them are strings
    of digits, for JavaScript and others would round them. Decimals are strings with all their digits. Dates
    and times are ISO 8601 without zone, as AMC prints them. A double that is no number is the string NaN,
    Infinity or -Infinity, the only values that break the rule.
    """

    name: str
    type: str
    json: str


@dataclass(frozen=True)
class Page:
    """An answer: ``total`` counts what the filters leave, before offset and limit.

    ``rows`` may be read once, as tuples in the order of ``columns``. Reading to the end lets go of the file;
    so does ``close``, or leaving a ``with``.
    """

    columns: tuple[PageColumn, ...]
    total: int
    rows: Iterator[tuple[Any, ...]]
    close: Callable[[], None]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_rows(path: Path, query: Query) -> Page:
    """Start reading; ``query`` comes from ``parse`` with the file's own ``schema``.

    Without a sort the rows come in the file's order, always the same.
    """
    with ExitStack() as stack:
        connection = stack.enter_context(reading(path))
        columns = tuple(_page_column(connection, column) for column in query.columns)
        where, values = _where(query)
        counting = f"SELECT count(*) FROM result{where}"  # noqa: S608 - names quoted, values bound
        total = connection.execute(counting, values).fetchall()[0][0]
        chosen = ", ".join(
            f"{_exact(column, shown)} AS {column.identifier}"
            for column, shown in zip(query.columns, columns, strict=True)
        )
        asking = f"SELECT {chosen} FROM placed{where}{_order(query)}{_cut(query)}"  # noqa: S608 - as above
        connection.execute(asking, values)
        held = stack.pop_all()
    return Page(columns, total, _stream(connection, columns, held), held.close)


def _page_column(connection: duckdb.DuckDBPyConnection, column: Column) -> PageColumn:
    json = {"double": "number", "boolean": "boolean"}.get(column.type, "string")
    if column.type == "integer":
        name = column.identifier
        extremes = f"SELECT min({name}), max({name}) FROM result"  # noqa: S608 - a quoted name
        [(low, high)] = connection.execute(extremes).fetchall()
        json = "number" if low is None or -_SAFE <= low <= high <= _SAFE else "string"
    return PageColumn(column.name, column.type, json)


def _exact(column: Column, shown: PageColumn) -> str:
    return plain_text(column) if shown.json == "string" else column.identifier


def _where(query: Query) -> tuple[str, list[Any]]:
    conditions = " AND ".join(f"({filter_.condition})" for filter_ in query.filters)
    values = [value for filter_ in query.filters for value in filter_.values]
    return (f" WHERE {conditions}" if conditions else ""), values


def _order(query: Query) -> str:
    if not query.sort:
        return ""
    keys = [
        f"placed.{column.identifier} {'DESC' if descends else 'ASC'} NULLS LAST"
        for column, descends in query.sort
    ]
    return f" ORDER BY {', '.join([*keys, quoted(PLACE)])}"


def _cut(query: Query) -> str:
    limit = "" if query.limit is None else f" LIMIT {query.limit}"
    return f"{limit} OFFSET {query.offset}" if query.offset else limit


def _stream(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[PageColumn], held: ExitStack
) -> Iterator[tuple[Any, ...]]:
    doubles = [place for place, column in enumerate(columns) if column.type == "double"]
    with held:
        while rows := connection.fetchmany(_FETCH):
            yield from map(partial(_finite, doubles), rows) if doubles else rows


def _finite(doubles: Sequence[int], row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Spell out the doubles that JSON has no number for."""
    if all(row[place] is None or math.isfinite(row[place]) for place in doubles):
        return row
    cells = list(row)
    for place in doubles:
        value = row[place]
        if value is not None and not math.isfinite(value):
            cells[place] = spell(value)
    return tuple(cells)
