"""Whether a query aggregates, and whether every column of its output is grouped or aggregated."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from sqlglot import exp

from reportbuilder.catalog.lint.facts import Fact
from reportbuilder.catalog.lint.findings import Fault
from reportbuilder.catalog.lint.standins import StandIns

MOST_PARTS: Final = 3_000  # of one output column; longer ones are not judged
_AGGREGATES: Final = ("COLLECT", "PERCENTILE", "APPROX_PERCENTILE", "SKEWNESS")
_QUALIFIER: Final = re.compile(r"\b[\w$]+\.(?=[\w\"])")


def aggregates(tree: exp.Expr) -> bool:
    """Say whether there is any aggregation in a query or in those that it reads from."""
    for node in tree.walk():
        if isinstance(node, exp.Group | exp.Distinct) or is_aggregate(node):
            return True
        if isinstance(node, exp.Union) and node.args.get("distinct"):
            return True
    return False


def is_aggregate(node: exp.Expr) -> bool:
    """Say whether a part of the tree is a call of an aggregate function; window functions are none."""
    if isinstance(node, exp.AggFunc):
        return not isinstance(node.parent, exp.Window | exp.IgnoreNulls)
    return isinstance(node, exp.Anonymous) and str(node.this).upper() in _AGGREGATES


def find_ungrouped(select: exp.Select, aliases: Mapping[str, Fact], standins: StandIns) -> Iterator[Fault]:
    """Yield the output columns that are neither grouped nor aggregated in a SELECT that aggregates."""
    group = select.args.get("group")
    if group is None and not any(_aggregates_here(item) for item in select.expressions):
        return
    if group is not None and group.find(exp.GroupingSets, exp.Cube, exp.Rollup):
        return
    keys = list(_keys(select, group))
    for item in select.expressions:
        yield from _judge(item, keys, aliases, standins)


def _keys(select: exp.Select, group: exp.Expr | None) -> Iterator[exp.Expr]:
    """Yield what is grouped by, with output names and positions replaced by what they mean."""
    items = {item.alias.lower(): item for item in select.expressions if item.alias}
    for key in group.expressions if group is not None else ():
        if isinstance(key, exp.Literal) and not key.is_string and key.name.isdecimal():
            place = int(key.name[:9]) - 1
            if place < len(select.expressions):
                yield select.expressions[place].unalias()
        elif isinstance(key, exp.Column) and not key.table and key.name.lower() in items:
            yield items[key.name.lower()].unalias()
            yield key
        else:
            yield key


def _judge(
    item: exp.Expr, keys: list[exp.Expr], aliases: Mapping[str, Fact], standins: StandIns
) -> Iterator[Fault]:
    names = {key.name.lower() for key in keys if isinstance(key, exp.Column)}
    whole = {_spelled(key) for key in keys if not isinstance(key, exp.Column)}
    kinds = {type(key) for key in keys}
    stack, seen = [item.unalias()], 0
    if any(item.unalias() is key for key in keys):
        return
    while stack and seen < MOST_PARTS:
        node, seen = stack.pop(), seen + 1
        if is_aggregate(node) or isinstance(node, exp.Window | exp.Filter | exp.Query):
            continue
        if isinstance(node, exp.Column):
            name = node.name.lower()
            is_value = isinstance(node.this, exp.Star) or standins.slot(node) is not None
            if name not in names and name not in aliases and not is_value:
                yield Fault("not-grouped", node, {"column": standins.spelled(node.this)})
            continue
        if type(node) in kinds and whole and _spelled(node) in whole:
            continue
        stack.extend(node.iter_expressions())


def _aggregates_here(item: exp.Expr) -> bool:
    stack = [item]
    while stack:
        node = stack.pop()
        if is_aggregate(node):
            return True
        if not isinstance(node, exp.Query | exp.Window):
            stack.extend(node.iter_expressions())
    return False


def _spelled(node: exp.Expr) -> str:
    """Return a part of the tree as text to compare, without the tables before its columns."""
    return _QUALIFIER.sub("", node.sql(comments=False).lower())
