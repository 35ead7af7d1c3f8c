"""Functions of arrays: NULL for a NULL array, the order kept, NULL an item like others."""

from sqlglot import exp

from reportbuilder.sandbox.functions.writing import Args, Rule, call, phrase, renamed, written

_DISTINCT = "list_filter(x, lambda e, place: list_position(x, e) = place)"


def _distinct(array: exp.Expr) -> exp.Expr:
    return phrase(_DISTINCT, x=array)


def _cat(args: Args) -> exp.Expr:
    joined = args[0]
    for array in args[1:]:
        joined = phrase(
            "CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE list_concat(a, b) END", a=joined, b=array
        )
    return joined


def _among(condition: str) -> Rule:
    """Return the rule for the different items of the first array that meet a condition on the second."""
    sql = f"CASE WHEN b IS NOT NULL THEN list_filter(a, lambda e: list_position(b, e) {condition}) END"
    return lambda args: _distinct(phrase(sql, a=args[0], b=args[1]))


RULES: dict[str, Rule] = {
    "ARRAY_CAT": _cat,
    "ARRAY_COMPLEMENT": _among("IS NULL"),
    "ARRAY_INTERSECT": _among("IS NOT NULL"),
    "ARRAY_UNION": lambda args: _distinct(_cat(args)),
    "ARRAY_DISTINCT": lambda args: _distinct(args[0]),
    "ARRAY_CONTAINS": renamed("list_contains"),
    "ARRAY_REMOVE": written("list_filter(a, lambda e: e IS DISTINCT FROM v)", "a", "v"),
    "ARRAY_SORT": renamed("list_sort"),
    "ARRAY_TO_STRING": renamed("array_to_string"),
    "CARDINALITY": lambda args: call("len", args[0]),
    "EXPLODE": renamed("unnest"),
    "FLATTEN": renamed("flatten"),
}
