"""AMC's SQL in DuckDB's words, keeping AMC's meaning where the two differ."""

from collections.abc import Callable
from datetime import datetime

from sqlglot import exp

from reportbuilder.sandbox.functions import RULES
from reportbuilder.sandbox.functions.moments import part
from reportbuilder.sandbox.functions.numbers import extreme, whole
from reportbuilder.sandbox.functions.texts import regexp_replace, substring
from reportbuilder.sandbox.functions.writing import begin, call, date_literal, timestamp_literal

MOMENTS = {"today": 0, "now": 0, "yesterday": -1, "tomorrow": 1}
_WHOLE = {"TINYINT": "TINYINT", "SMALLINT": "SMALLINT", "INT": "INTEGER", "BIGINT": "BIGINT"}


def translate(tree: exp.Expr, now: datetime) -> exp.Expr:
    """Return ``tree`` with every function in DuckDB's words; ``now`` is what CURRENT_TIMESTAMP gives.

    :raises RefusedError: for wrong arguments.
    """
    begin()
    # children first, so that what a rule is given is DuckDB's already
    for node in reversed(list(tree.walk(bfs=False))):
        changed = _one(node, now)
        if node is tree:
            tree = changed
        elif changed is not node:
            node.replace(changed)
    return tree


def _one(node: exp.Expr, now: datetime) -> exp.Expr:
    if isinstance(node, exp.Anonymous):
        rule = RULES.get(str(node.this).upper())
        return rule(node.expressions) if rule else node
    change = _BY_KIND.get(type(node))
    if change is not None:
        return change(node)
    if isinstance(node, exp.CurrentDate):
        return date_literal(now)
    if isinstance(node, exp.CurrentTimestamp):
        return timestamp_literal(now)
    return _cast(node, now) if isinstance(node, exp.Cast) else node


def _cast(node: exp.Cast, now: datetime) -> exp.Expr:
    value, type_ = node.this, node.to.this
    word = value.name.strip().lower() if isinstance(value, exp.Literal) and value.is_string else ""
    if word in MOMENTS and node.to.is_type("date"):
        days = exp.Literal.number(MOMENTS[word])
        return call("add", date_literal(now), days) if MOMENTS[word] else date_literal(now)
    if word == "now" and node.to.is_type("timestamp"):
        return timestamp_literal(now)
    name = type_.value if isinstance(type_, exp.DataType.Type) else ""
    if name in _WHOLE and not isinstance(value, exp.Null):
        return whole(value, _WHOLE[name])
    if name in ("CHAR", "VARCHAR") and node.to.expressions:
        length = node.to.expressions[0].name
        return call("left", exp.cast(value, "VARCHAR"), exp.Literal.number(length))
    if name == "DECIMAL" and not node.to.expressions:
        return exp.cast(value, "DECIMAL(38, 4)")
    return node


_BY_KIND: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.SimilarTo: lambda node: call("regexp_matches", node.this, node.expression),
    exp.Concat: lambda node: call("concat", *node.expressions),
    exp.Greatest: lambda node: extreme("greatest", [node.this, *node.expressions]),
    exp.Least: lambda node: extreme("least", [node.this, *node.expressions]),
    exp.RegexpReplace: lambda node: regexp_replace(node.this, node.expression, node.args["replacement"]),
    exp.Substring: lambda node: (
        substring(node.this, node.args["start"], node.args.get("length")) if node.args.get("start") else node
    ),
    exp.Extract: lambda node: part(node.this.name, node.expression),
}
