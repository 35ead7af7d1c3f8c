"""What a query may be built of: the parser knows many dialects, AMC has these parts of them alone."""

from collections.abc import Iterator, Mapping

from sqlglot import exp

from reportbuilder.sandbox.dialect import COMMA, RefusedError, span
from reportbuilder.sandbox.vocabulary import words

# a kind of node, and what it may hold
_PARTS: Mapping[str, frozenset[str]] = {
    line.partition(":")[0].strip(): words(line.partition(":")[2])
    for line in """
        Select: with_ distinct expressions from_ joins where group having windows
        Union: with_ this expression distinct
        Subquery: this alias joins with_
        Values: expressions alias
        With: expressions
        CTE: this alias
        Table: this db catalog alias joins
        TableAlias: this columns
        From: this
        Join: this on using side kind method
        Where: this
        Group: expressions
        Having: this
        Distinct: expressions
        Alias: this alias
        Column: this table db catalog
        Dot: this expression
        Identifier: this quoted
        Star:
        Var: this
        Paren: this
        Tuple: expressions
        Literal: this is_string
        Boolean: this
        Null:
        Interval: this unit
        Add: this expression
        Sub: this expression
        Mul: this expression
        Div: this expression typed safe
        Neg: this
        And: this expression
        Or: this expression
        Not: this
        EQ: this expression
        NEQ: this expression
        LT: this expression
        LTE: this expression
        GT: this expression
        GTE: this expression
        NullSafeEQ: this expression
        NullSafeNEQ: this expression
        Is: this expression
        In: this expressions query
        Between: this low high symmetric
        Like: this expression negate
        Escape: this expression
        SimilarTo: this expression negate
        Exists: this
        Any: this
        All: this
        Case: this ifs default
        If: this true false
        Cast: this to
        DataType: this expressions nested kind
        DataTypeParam: this
        ColumnDef: this kind
        Extract: this expression
        Trim: this expression position
        Substring: this start length
        StrPosition: this substr
        Concat: expressions safe coalesce
        RegexpReplace: this expression replacement
        Coalesce: this expressions is_nvl is_null
        Nullif: this expression
        Nvl2: this true false
        Greatest: this expressions ignore_nulls
        Least: this expressions ignore_nulls
        CurrentDate:
        CurrentTimestamp:
        Count: this expressions big_int
        Sum: this
        Avg: this
        Min: this
        Max: this
        Median: this
        Skewness: this
        Stddev: this
        StddevSamp: this
        StddevPop: this
        Variance: this
        VariancePop: this
        Filter: this expression
        RowNumber:
        Rank:
        DenseRank:
        Window: this partition_by order spec over alias
        WindowSpec: kind start start_side end end_side
        Order: expressions
        Ordered: this desc nulls_first
        Array: expressions
        Bracket: this expressions
        Anonymous: this expressions
    """.strip().splitlines()
}
_FRAMES = ("", "ROWS", "RANGE")


def check_grammar(tree: exp.Query) -> None:
    """Look at every part of a query.

    :raises RefusedError: for a part that AMC does not have.
    """
    for node in tree.walk():
        name = type(node).__name__
        if name not in _PARTS:
            raise RefusedError(f"{span(node)}Unsupported operation type {_spaced(name)}")
        for part in _beyond(node):
            raise RefusedError(f"{span(node)}Unsupported clause {part.strip('_').replace('_', ' ').upper()}")
    for join in tree.find_all(exp.Join):
        _refuse_unconditional(join)


def _beyond(node: exp.Expr) -> Iterator[str]:
    """Yield the names of what a node holds and should not."""
    known = _PARTS[type(node).__name__]
    for part, value in node.args.items():
        if part not in known and value not in (None, False, [], ""):
            yield part
    if isinstance(node, exp.WindowSpec) and str(node.args.get("kind") or "") not in _FRAMES:
        yield str(node.args["kind"])
    if isinstance(node, exp.Any | exp.All) and not isinstance(node.this, exp.Query):
        yield type(node).__name__


def _spaced(name: str) -> str:
    """Return the name of a kind of node as words in capitals."""
    return "".join(f" {sign}" if sign.isupper() else sign.upper() for sign in name).strip()


def _refuse_unconditional(join: exp.Join) -> None:
    kind = f"{join.side} {join.kind}".strip().upper()
    if join.meta.get(COMMA) or kind == "CROSS" or join.args.get("on") or join.args.get("using"):
        return
    if not join.method and kind in ("", "INNER", "LEFT", "LEFT OUTER", "FULL", "FULL OUTER"):
        raise RefusedError(
            f"{span(join.this)}INNER, LEFT, RIGHT or FULL join requires a condition"
            " (NATURAL keyword or ON or USING clause)"
        )
