"""How the meaning of a function is written down: calls, and phrases of DuckDB's SQL with values in them."""

import functools
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime

from sqlglot import exp

from reportbuilder.sandbox.dialect import RefusedError

_MOST_COPIED = 30_000  # nodes; whole libraries of queries need fewer
_left = ContextVar("_left", default=_MOST_COPIED)

Args = list[exp.Expr]
Rule = Callable[[Args], exp.Expr]


def call(name: str, *args: exp.Expr) -> exp.Expr:
    """Return a call of DuckDB's function."""
    return exp.Anonymous(this=name, expressions=list(args))


def renamed(name: str) -> Rule:
    """Return the rule for a function that DuckDB has under this name."""
    return lambda args: call(name, *args)


def text(value: str) -> exp.Expr:
    """Return a string literal."""
    return exp.Literal.string(value)


def phrase(sql: str, **values: exp.Expr) -> exp.Expr:
    """Return DuckDB's ``sql`` with these values in the places of the columns of their names."""
    tree = _parsed(sql).copy()
    spend(sum(size(value) for value in values.values()))
    for column in list(tree.find_all(exp.Column)):
        value = values.get(column.name) if not column.table else None
        if value is None:
            continue
        copied = exp.Paren(this=value.copy())
        if column is tree:
            return copied
        column.replace(copied)
    return tree


@functools.cache
def _parsed(sql: str) -> exp.Expr:
    tree: exp.Expr = exp.maybe_parse(sql, dialect="duckdb")
    return tree


def spend(nodes: int) -> None:
    """Count what is copied: phrases that name a value twice double what stands inside it, and so on.

    :raises RefusedError: if one query would become too long.
    """
    left = _left.get() - nodes
    _left.set(left)
    if left < 0:
        raise RefusedError("The query cannot be compiled: its functions are nested too deep.")


def begin() -> None:
    """Begin to count for another query."""
    _left.set(_MOST_COPIED)


def size(value: exp.Expr) -> int:
    """Return how many nodes a value has."""
    return sum(1 for _ in value.walk())


def written(sql: str, *names: str) -> Rule:
    """Return the rule that puts a function's arguments into ``sql`` under these names."""
    return lambda args: phrase(sql, **dict(zip(names, args, strict=False)))


def timestamp_literal(at: datetime) -> exp.Expr:
    """Return a TIMESTAMP of this instant in UTC."""
    return exp.cast(text(at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")), "TIMESTAMP")


def date_literal(at: datetime) -> exp.Expr:
    """Return the DATE of this instant in UTC."""
    return exp.cast(text(at.astimezone(UTC).strftime("%Y-%m-%d")), "DATE")
