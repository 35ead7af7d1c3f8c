"""What a query gets from its execution: parameters, the window, and the tables cut to it."""

import calendar
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlglot import exp

from reportbuilder.sandbox.cutting import conditions
from reportbuilder.sandbox.dialect import RefusedError, span
from reportbuilder.sandbox.instants import Window
from reportbuilder.sandbox.tables import Table
from reportbuilder.sandbox.translation import timestamp_literal

ALIASES = {"display_impressions": "dsp_impressions", "display_clicks": "dsp_clicks"}
_DURATION = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
_TYPES = {
    "BOOLEAN": "BOOLEAN",
    "BYTE": "TINYINT",
    "DATE": "DATE",
    "DECIMAL": "DECIMAL(38,4)",
    "DOUBLE": "DOUBLE",
    "FLOAT": "FLOAT",
    "INTEGER": "INTEGER",
    "LONG": "BIGINT",
    "SHORT": "SMALLINT",
    "STRING": "VARCHAR",
    "TIMESTAMP": "TIMESTAMP",
}


def fill_parameters(tree: exp.Expr, body: Mapping[str, Any], window: Window) -> exp.Expr:
    """Return ``tree`` with BUILT_IN_PARAMETER and CUSTOM_PARAMETER replaced by their values.

    :raises RefusedError: for a parameter that is not declared or has no value.
    """
    declared = {one["name"]: one for one in body["workflow"].get("inputParameters") or []}
    values = body.get("parameterValues") or {}

    def one(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Anonymous):
            return node
        word = str(node.this).upper()
        if word == "BUILT_IN_PARAMETER":
            return _built_in(_literals(node, word, 1)[0], window)
        if word == "CUSTOM_PARAMETER":
            return _custom(_literals(node, word, 1)[0], declared, values)
        return node

    return tree.transform(one)


def _literals(node: exp.Anonymous, word: str, count: int) -> list[str]:
    args = node.expressions
    if len(args) != count or not all(isinstance(arg, exp.Literal) and arg.is_string for arg in args):
        raise RefusedError(f"{word} takes {count} string literal(s).")
    return [str(arg.name) for arg in args]


def _built_in(name: str, window: Window) -> exp.Expr:
    ends = {"TIME_WINDOW_START": window.start, "TIME_WINDOW_END": window.end}
    if name not in ends:
        raise RefusedError(f"Referenced an unknown built-in parameter {name}")
    return timestamp_literal(ends[name])


def _custom(name: str, declared: Mapping[str, Any], values: Mapping[str, Any]) -> exp.Expr:
    if name not in declared:
        raise RefusedError(f"Filter operation {name} referenced an undeclared parameter {name}")
    value = values.get(name, declared[name].get("defaultValue"))
    if value is None:
        raise RefusedError(f"Parameter {name} has neither a value nor a default value.")
    kind = declared[name].get("dataType", "STRING")
    if isinstance(kind, dict):
        return _array(name, value, str(kind.get("elementDataType", "STRING")))
    return _scalar(name, value, str(kind))


def _scalar(name: str, value: object, kind: str) -> exp.Expr:
    if kind not in _TYPES:
        raise RefusedError(f"Parameters of type {kind} are not supported ({name}).")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return exp.cast(exp.Literal.string(text), _TYPES[kind], dialect="duckdb")


def _array(name: str, value: object, kind: str) -> exp.Expr:
    try:
        items = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        items = None
    if not isinstance(items, list):
        raise RefusedError(f"The value of array parameter {name} is not a JSON array.")
    array = exp.Array(expressions=[_scalar(name, item, kind) for item in items])
    return exp.cast(array, f"{_TYPES.get(kind, 'VARCHAR')}[]", dialect="duckdb")


def bind_tables(tree: exp.Expr, tables: Mapping[str, Table], window: Window) -> exp.Expr:
    """Return ``tree`` with every table replaced by its rows inside the window.

    :raises RefusedError: for a table that does not exist.
    """
    tree = tree.copy()
    for node in list(tree.find_all(exp.Table)):
        extension = _extension(node)
        if extension is not None:
            name, start, end = extension
            cut = replace(window, start=moved(window.start, start, -1), end=moved(window.end, end, 1))
        elif is_cte(node):
            continue
        else:
            name, cut = node.name, window
        table = _table(name, node, tables)
        node.replace(_rows(table, cut, node))
    return tree


def _table(name: str, node: exp.Table, tables: Mapping[str, Table]) -> Table:
    plain = name.lower().removeprefix("sandbox.") if not isinstance(node.this, exp.Literal) else ""
    table = tables.get(ALIASES.get(plain, plain))
    if table is None or node.catalog or node.db.lower() not in ("", "sandbox"):
        shown = ".".join(part for part in (node.catalog, node.db, name) if part)
        raise RefusedError(f"{span(node)}Object '{shown}' not found")
    return table


def _rows(table: Table, window: Window, node: exp.Table) -> exp.Subquery:
    query = exp.select("*").from_(exp.to_table(table.name)).where(*conditions(table, window))
    alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(node.name or table.name))
    subquery = exp.Subquery(this=query, alias=alias.copy())
    for key in ("joins", "pivots", "laterals"):
        if node.args.get(key):
            subquery.set(key, [part.copy() for part in node.args[key]])
    return subquery


def _extension(node: exp.Table) -> tuple[str, str, str] | None:
    """Return the arguments of ``TABLE(EXTEND_TIME_WINDOW(…))``, None for anything else."""
    call = node.this
    if not isinstance(call, exp.Anonymous):
        return None
    inner = call.expressions[0] if call.expressions else None
    name = str(inner.this).upper() if isinstance(inner, exp.Anonymous) else ""
    if str(call.this).upper() != "TABLE" or name != "EXTEND_TIME_WINDOW":
        raise RefusedError(f"No match found for function signature {str(call.this).upper()}")
    assert isinstance(inner, exp.Anonymous)  # noqa: S101 - tells mypy what the name has shown
    table, before, after = _literals(inner, name, 3)
    return table, before, after


def is_cte(node: exp.Table) -> bool:
    """Say whether this name means a WITH query that is visible where it stands."""
    if node.db:
        return False
    inside: exp.Expr | None = node
    while inside is not None:
        holder = inside.parent
        with_ = holder.args.get("with_") if holder is not None else None
        if isinstance(with_, exp.With) and inside is not with_ and _names(with_.expressions, node):
            return True
        if isinstance(holder, exp.With):  # a WITH query sees those before it
            before = holder.expressions[: inside.index or 0]
            if _names(before, node):
                return True
        inside = holder
    return False


def _names(ctes: list[exp.CTE], node: exp.Table) -> bool:
    return any(cte.alias.lower() == node.name.lower() for cte in ctes)


def moved(at: datetime, duration: str, sign: int) -> datetime:
    """Return ``at`` moved by an ISO-8601 duration, forward or (``sign`` -1) back.

    :raises RefusedError: for a text that is no duration.
    """
    match = _DURATION.fullmatch(duration)
    if match is None or duration in ("P", "PT") or duration.endswith("T"):
        raise RefusedError(f"'{duration}' is not a valid ISO-8601 duration.")
    amounts = {unit: int(number or 0) for unit, number in match.groupdict().items()}
    months = amounts.pop("years") * 12 + amounts.pop("months")
    try:
        return _months(at, sign * months) + sign * timedelta(**amounts)
    except (OverflowError, ValueError):
        raise RefusedError(f"'{duration}' is too long a duration.") from None


def _months(at: datetime, months: int) -> datetime:
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    return at.replace(year=year, month=month + 1, day=day)
