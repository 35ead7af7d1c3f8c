"""The tables of a query, each replaced by its rows inside the execution's window."""

from collections.abc import Mapping
from dataclasses import replace

from sqlglot import exp

from reportbuilder.sandbox.cutting import conditions
from reportbuilder.sandbox.dialect import RefusedError, span
from reportbuilder.sandbox.durations import moved
from reportbuilder.sandbox.instants import Window
from reportbuilder.sandbox.tables import Table

ALIASES = {
    "display_impressions": "dsp_impressions",
    "display_clicks": "dsp_clicks",
    "sponsored_products_traffic": "sponsored_ads_traffic",
    "amazon_attributed_conversions_by_conversion_time": "amazon_attributed_events_by_conversion_time",
    "amazon_attributed_conversions_by_traffic_time": "amazon_attributed_events_by_traffic_time",
}
# what an older name means besides its table
_PARTS = {"sponsored_products_traffic": ("ad_product_type", "sponsored_products")}
_SCHEMAS = ("", "sandbox")


def bind_tables(tree: exp.Expr, tables: Mapping[str, Table], window: Window, schema: str = "") -> exp.Expr:
    """Return ``tree`` with every table replaced by its rows inside the window.

    ``schema`` is that of tables without one.

    :raises RefusedError: for a table that does not exist.
    """
    tree = tree.copy()
    for node in list(tree.find_all(exp.Table)):
        extension = _extension(node)
        if extension is None and is_cte(node):
            continue
        cut = window
        if extension is not None:
            _, before, after = extension
            cut = replace(window, start=moved(window.start, before, -1), end=moved(window.end, after, 1))
        node.replace(_rows(table_of(node, tables, schema), cut, node))
    return tree


def table_of(node: exp.Table, tables: Mapping[str, Table], schema: str = "") -> Table:
    """Return the documented table that is meant, by its name or in EXTEND_TIME_WINDOW.

    :raises RefusedError: for a table that does not exist.
    """
    prefix, name = _named(node)
    table = tables.get(ALIASES.get(name.lower(), name.lower()))
    known = not node.catalog and (prefix or schema).lower() in _SCHEMAS
    if table is None or not known or isinstance(node.this, exp.Literal):
        shown = ".".join(part for part in (node.catalog, prefix, name) if part)
        hint = " (tables for audiences cannot be used in reports)" if name.endswith("_for_audiences") else ""
        raise RefusedError(f"{span(node)}Object '{shown}' not found{hint}")
    return table


def _named(node: exp.Table) -> tuple[str, str]:
    """Return schema and name of a table as they are written."""
    extension = _extension(node)
    if extension is None:
        return node.db, node.name
    schema, _, name = extension[0].rpartition(".")
    return schema, name


def _rows(table: Table, window: Window, node: exp.Table) -> exp.Subquery:
    query = exp.select("*").from_(exp.to_table(table.name)).where(*conditions(table, window))
    part = _PARTS.get(_named(node)[1].lower())
    if part is not None:
        query = query.where(exp.column(part[0], quoted=True).eq(exp.Literal.string(part[1])))
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
    if (
        str(call.this).upper() != "TABLE"
        or not isinstance(inner, exp.Anonymous)
        or name != "EXTEND_TIME_WINDOW"
    ):
        raise RefusedError(f"{span(call)}No match found for function signature {str(call.this).upper()}")
    args = inner.expressions
    if len(args) != 3 or not all(isinstance(arg, exp.Literal) and arg.is_string for arg in args):  # noqa: PLR2004 - table, before, after
        raise RefusedError(f"{span(inner)}EXTEND_TIME_WINDOW takes 3 string literals.")
    table, before, after = (str(arg.name) for arg in args)
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
