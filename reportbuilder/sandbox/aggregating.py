"""Which selects put rows together: those with GROUP BY, HAVING or an aggregate outside of a window."""

from sqlglot import exp

from reportbuilder.sandbox.vocabulary import AGGREGATES_BY_NAME


def aggregates(tree: exp.Select) -> bool:
    """Say whether a select puts rows together."""
    if tree.args.get("group") or tree.args.get("having"):
        return True
    return any(_has_aggregate(item) for item in tree.expressions)


def _has_aggregate(node: exp.Expr) -> bool:
    if isinstance(node, exp.Query):
        return False
    if isinstance(node, exp.Window):
        inner = node.this
        while isinstance(inner, exp.IgnoreNulls | exp.RespectNulls | exp.Filter):
            inner = inner.this
        parts = [
            *inner.iter_expressions(),
            *(part for part in node.iter_expressions() if part is not node.this),
        ]
        return any(_has_aggregate(part) for part in parts)
    return is_aggregate(node) or any(_has_aggregate(part) for part in node.iter_expressions())


def is_aggregate(node: exp.Expr) -> bool:
    """Say whether this is a call of an aggregate function."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).upper() in AGGREGATES_BY_NAME
    return isinstance(node, exp.AggFunc)
