"""How the meaning of a function is written down: calls, and phrases of DuckDB's SQL with values in them."""

import functools
from collections.abc import Callable
from datetime import UTC, datetime

from sqlglot import exp

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


def written(sql: str, *names: str) -> Rule:
    """Return the rule that puts a function's arguments into ``sql`` under these names."""
    return lambda args: phrase(sql, **dict(zip(names, args, strict=False)))


def timestamp_literal(at: datetime) -> exp.Expr:
    """Return a TIMESTAMP of this instant in UTC."""
    return exp.cast(text(at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")), "TIMESTAMP")


def date_literal(at: datetime) -> exp.Expr:
    """Return the DATE of this instant in UTC."""
    return exp.cast(text(at.astimezone(UTC).strftime("%Y-%m-%d")), "DATE")
