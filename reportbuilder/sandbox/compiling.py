"""From a submitted workflow to DuckDB's SQL and the columns of its result."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
from sqlglot import exp
from sqlglot.errors import SqlglotError

from reportbuilder.sandbox.bindings import bind_tables
from reportbuilder.sandbox.complaints import reason
from reportbuilder.sandbox.dialect import RefusedError, parse, tokenize
from reportbuilder.sandbox.executions import Column
from reportbuilder.sandbox.instants import Window
from reportbuilder.sandbox.naming import check_names
from reportbuilder.sandbox.parameters import fill_parameters
from reportbuilder.sandbox.refusals import check, check_aggregation, check_tokens
from reportbuilder.sandbox.tables import Table
from reportbuilder.sandbox.thresholds import Guarded, Wishes, guard
from reportbuilder.sandbox.translation import MOMENTS, translate

_LONG = {"bigint", "hugeint", "uhugeint", "ubigint"}
_AMC_TYPES = {
    "tinyint": "BYTE",
    "utinyint": "SHORT",
    "smallint": "SHORT",
    "usmallint": "INTEGER",
    "integer": "INTEGER",
    "uinteger": "LONG",
    "double": "DOUBLE",
    "float": "FLOAT",
    "varchar": "STRING",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMP",
    "timestamp_ns": "TIMESTAMP",
    "timestamp_s": "TIMESTAMP",
    "timestamp_ms": "TIMESTAMP",
    "boolean": "BOOLEAN",
    "blob": "BINARY",
    "interval": "CALENDAR_INTERVAL",
}


@dataclass(frozen=True)
class Kind:
    """A DuckDB type as plain data: its word, and the types or sizes inside it."""

    word: str
    children: tuple[tuple[str, "Kind | int"], ...] = ()

    @classmethod
    def of(cls, type_: Any) -> "Kind":
        """Return the plain form of DuckDB's own type object."""
        word = str(type_.id)
        if word not in ("decimal", "list", "struct", "array"):
            return cls(word)
        parts = [(name, part if isinstance(part, int) else cls.of(part)) for name, part in type_.children]
        return cls(word, tuple(parts))


@dataclass(frozen=True)
class Plan:
    """A query that may run: ``sql`` for DuckDB, its result columns, and its CSV characters."""

    sql: str
    columns: tuple[Column, ...]
    types: tuple[Kind, ...]
    separator: str
    quote: str
    escape: str
    depends_on_now: bool


def question(body: dict[str, Any], window: Window) -> object:
    """Return what a request asks, to compare: its SQL without comments, and all that compiling looks at."""
    workflow = {
        name: value for name, value in body["workflow"].items() if name not in ("sqlQuery", "workflowId")
    }
    words = tuple((word.token_type, word.text) for word in tokenize(body["workflow"]["sqlQuery"]))
    return words, json.dumps([workflow, body.get("parameterValues")]), window.cut


def compile_workflow(
    body: dict[str, Any],
    window: Window,
    now: datetime,
    shape: duckdb.DuckDBPyConnection,
    tables: Mapping[str, Table],
) -> Plan:
    """Return the plan of the workflow in a create request.

    ``shape`` holds the documented tables, empty; it gives the types of the result. ``tables`` are those
    that the instance has.

    :raises RefusedError: with AMC's reason for a query that AMC would not run.
    """
    text = body["workflow"]["sqlQuery"]
    check_tokens(text)
    original = parse(text)
    check(text, original)
    check_names(original, tables, _schema(body))
    wishes = Wishes.of(body)
    guarded = guard(_bound(original, body, window, tables), tables, wishes)
    sql = _to_duckdb(guarded.tree, now)
    if not wishes.is_off:
        check_aggregation(original)
    words = [kind.word for kind in _described(sql, original, shape)] if guarded.needs_types else []
    sql = guarded.filtered(sql, words[: len(guarded.columns)])
    types = _described(sql, original, shape)
    columns = tuple(_columns(guarded, types))
    _check_output(columns, body)
    style = body["workflow"].get("outputFormat") or {}
    return Plan(
        sql,
        columns,
        types,
        style.get("separatorCharacter", ","),
        style.get("quoteCharacter", '"'),
        style.get("escapeCharacter", "\\"),
        _depends_on_now(original),
    )


def _schema(body: dict[str, Any]) -> str:
    return str(body["workflow"].get("inputSchema") or "")


def _depends_on_now(tree: exp.Query) -> bool:
    if tree.find(exp.CurrentDate, exp.CurrentTimestamp):
        return True
    return any(literal.name.strip().lower() in MOMENTS for literal in tree.find_all(exp.Literal))


def _bound(tree: exp.Query, body: dict[str, Any], window: Window, tables: Mapping[str, Table]) -> exp.Expr:
    return bind_tables(fill_parameters(tree, body, window), tables, window, _schema(body))


def _to_duckdb(tree: exp.Expr, now: datetime) -> str:
    try:
        return translate(tree, now).sql(dialect="duckdb", comments=False)
    except SqlglotError as error:
        raise RefusedError(f"The query cannot be compiled: {error}") from None


def _described(sql: str, tree: exp.Query, shape: duckdb.DuckDBPyConnection) -> tuple[Kind, ...]:
    cursor = shape.cursor()
    try:
        relation = cursor.sql(sql)
        return tuple(Kind.of(type_) for type_ in relation.types)
    except duckdb.Error as error:
        raise RefusedError(reason(str(error), tree)) from None
    finally:
        cursor.close()


def _columns(guarded: Guarded, types: tuple[Kind, ...]) -> list[Column]:
    named = [(name, origin.is_metric) for name, origin in guarded.columns]
    named += [(name, False) for name in guarded.wishes.added]
    return [
        _column(name, kind, "METRIC" if is_metric else "DIMENSION")
        for (name, is_metric), kind in zip(named, types, strict=True)
    ]


def _column(name: str, kind: Kind, column_type: str) -> Column:
    word = kind.word
    if word == "decimal":
        (_, precision), (_, scale) = kind.children
        return Column(name, "DECIMAL", column_type, int(str(precision)), int(str(scale)))
    if word in _LONG:
        return Column(name, "LONG", column_type)
    return Column(name, _AMC_TYPES.get(word, "STRING"), column_type)


def _check_output(columns: tuple[Column, ...], body: dict[str, Any]) -> None:
    names = [column.name for column in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RefusedError(f"Duplicate output column name '{twice[0]}'; give each column its own name.")
    expected = body["workflow"].get("outputColumns")
    if expected and not _are_as_expected(columns, expected):
        raise RefusedError("The output schema of the query differs from the given outputColumns.")


def _are_as_expected(columns: tuple[Column, ...], expected: list[dict[str, Any]]) -> bool:
    """Say whether the columns have these names in this order, and the types as far as they are given."""
    told = [(column.name, column.data_type, column.column_type) for column in columns]
    wanted = [
        (str(one["name"]).lower(), one.get("dataType", data_type), one.get("columnType", column_type))
        for one, (_, data_type, column_type) in zip(expected, told, strict=False)
    ]
    return len(expected) == len(columns) and wanted == told
