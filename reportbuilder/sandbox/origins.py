"""From an expression to what its value is made of; what AMC does not let meet is refused on the way."""

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any, ClassVar

from sqlglot import exp

from reportbuilder.sandbox.dialect import RefusedError, span
from reportbuilder.sandbox.lineage import NOTHING, Level, Origin, together
from reportbuilder.sandbox.names import Names

Subquery = Callable[[exp.Expr, Names], Origin]
Rule = Callable[[Any, exp.Expr], Origin]
_COMPARING = (
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ),
    *(exp.Like, exp.ILike, exp.SimilarTo, exp.RegexpLike, exp.Between, exp.In, exp.ArrayContains),
)
# these compare too, but their value is a part of what they compare
_CHOOSING = (
    *(exp.Nullif, exp.Greatest, exp.Least, exp.Min, exp.Max),
    *(exp.StrPosition, exp.RegexpReplace, exp.RegexpSubstr, exp.RegexpExtract, exp.RegexpSplit),
)
_NAMED_COMPARING = frozenset({"CONTAINED_IN", "ARRAY_CONTAINS"})
_NAMED_CHOOSING = frozenset({"CHARINDEX", "LOCATE", "INSTR", "STRPOS", "REGEXP_SUBSTR", "REGEXP_SPLIT"})
# these hand their arguments on as values; other functions only take literals to say how to work
_MIXING = (exp.Coalesce, exp.Nvl2, exp.Concat, exp.Array, exp.Greatest, exp.Least, exp.Struct)
_COUNTING = (exp.Count, exp.RowNumber, exp.Rank, exp.DenseRank)


class Origins:
    """Reads the expressions of one SELECT; ``subquery`` gives the origin of a query inside them.

    ``forbids``: restricted columns may not meet literals.
    """

    def __init__(self, names: Names, subquery: Subquery, forbids: bool = True) -> None:
        self._names, self._subquery, self._forbids = names, subquery, forbids
        self._asked: dict[int, Origin] = {}  # a query inside is walked once, however often it is looked at

    def of(self, node: exp.Expr) -> Origin:
        """Return what the value of ``node`` is made of.

        :raises RefusedError: for a restricted column that meets a literal, or a name that means nothing.
        """
        if isinstance(node, exp.Column):
            return NOTHING if isinstance(node.this, exp.Star) else self._names.find(node)
        if isinstance(node, exp.Literal | exp.Boolean):
            return Origin(literal=True)
        if isinstance(node, exp.Query):
            return self._query(node)
        for kinds, rule in self._rules:
            if isinstance(node, kinds):
                return rule(self, node)
        if isinstance(node, exp.Anonymous):
            return self._named(node)
        return self._made(node)

    def key(self, node: exp.Expr, origin: Origin) -> None:
        """Check a value by which rows are put together.

        :raises RefusedError: for a restricted column mixed with literals.
        """
        self._meet(node, origin, origin)

    def _query(self, node: exp.Query) -> Origin:
        if id(node) not in self._asked:
            self._asked[id(node)] = self._subquery(node, self._names)
        return self._asked[id(node)]

    def _parts(self, node: exp.Expr) -> list[Origin]:
        return [self.of(part) for part in _children(node)]

    def _made(self, node: exp.Expr) -> Origin:
        """Any other expression: made of all its parts."""
        return self._mixed(node, self._parts(node))

    def _mixed(self, node: exp.Expr, origins: list[Origin]) -> Origin:
        parts = _children(node)
        hands_on = isinstance(node, _MIXING) or (_replaces(node) and not together(origins).is_restricted)
        if isinstance(node, exp.Func) and not hands_on:
            real = [
                origin
                for part, origin in zip(parts, origins, strict=True)
                if not isinstance(part, exp.Literal)
            ]
            if real:
                return Origin(together(origins).level, together(real).literal, together(origins).sources)
        return together(origins)

    def _same(self, node: exp.Expr) -> Origin:
        return self.of(node.this)

    def _first(self, node: exp.Expr) -> Origin:
        return self._names.first_of([self.of(part) for part in (node.this, *node.expressions)])

    def _count(self, node: exp.Expr) -> Origin:
        return Origin(sources=together(self._parts(node)).sources)

    def _window(self, node: exp.Expr) -> Origin:
        for part in node.args.get("partition_by") or []:
            self.key(part, self.of(part))
        order = node.args.get("order")
        rest = [
            *(self.of(part) for part in node.args.get("partition_by") or []),
            *(self._parts(order) if order else []),
        ]
        value = self.of(node.this)
        return Origin(value.level, value.literal, value.sources | together(rest).sources)

    def _compare(self, node: exp.Expr) -> Origin:
        origins = self._check(node)
        return _predicate(origins)

    def _choose(self, node: exp.Expr) -> Origin:
        return self._mixed(node, self._check(node))

    def _check(self, node: exp.Expr) -> list[Origin]:
        parts = list(_children(node))
        origins = [self.of(part) for part in parts]
        met = together(origins)
        for part, origin in zip(parts, origins, strict=True):
            self._meet(part, origin, met)
        return origins

    def _meet(self, node: exp.Expr, origin: Origin, met: Origin) -> None:
        if self._forbids and origin.is_restricted and (met.literal or origin.literal):
            raise RefusedError(_meeting(node, origin))

    def _is(self, node: exp.Expr) -> Origin:
        return _predicate([self.of(node.this)])

    def _all(self, node: exp.Expr) -> Origin:
        if not isinstance(node, exp.And | exp.Or):
            return _predicate(self._parts(node))
        # hundreds of conditions in a row stand in each other, so they are not gone through by recursion
        first, *others = (self.of(part) for part in node.flatten(unnest=False))
        return reduce(lambda made, origin: _predicate([made, origin]), others, first)

    def _case(self, node: exp.Expr) -> Origin:
        subject = self.of(node.this) if node.this else None
        conditions: list[Origin] = []
        values: list[Origin] = []
        for branch in node.args["ifs"]:
            condition = self.of(branch.this)
            if subject is not None:
                self._meet(node.this, subject, condition)
                self._meet(branch.this, condition, subject)
            conditions.append(condition)
            values.append(self.of(branch.args["true"]))
        if node.args.get("default"):
            values.append(self.of(node.args["default"]))
        return _chosen([*conditions, *([subject] if subject else [])], values)

    def _if(self, node: exp.Expr) -> Origin:
        values = [self.of(node.args[name]) for name in ("true", "false") if node.args.get(name)]
        return _chosen([self.of(node.this)], values)

    def _nvl2(self, node: exp.Expr) -> Origin:
        values = [self.of(node.args[name]) for name in ("true", "false") if node.args.get(name)]
        return _chosen([_predicate([self.of(node.this)])], values)

    def _named(self, node: exp.Anonymous) -> Origin:
        name = str(node.this).upper()
        if name in _NAMED_COMPARING:
            return self._compare(node)
        if name in _NAMED_CHOOSING:
            return self._choose(node)
        return together(self._parts(node)) if name in ("NVL", "ARRAY_CAT") else self._made(node)

    def _inside(self, node: exp.Expr) -> Origin:
        return self.of(node.this) if node.this else self._made(node)

    _rules: ClassVar[tuple[tuple[tuple[type[exp.Expr], ...], Rule], ...]] = (
        ((exp.Paren, exp.Alias, exp.Distinct), _inside),
        ((exp.Cast,), _same),
        ((exp.Coalesce,), _first),
        (_COUNTING, _count),
        ((exp.Window,), _window),
        (_COMPARING, _compare),
        (_CHOOSING, _choose),
        ((exp.Is,), _is),
        ((exp.And, exp.Or, exp.Not, exp.Exists), _all),
        ((exp.Case,), _case),
        ((exp.If,), _if),
        ((exp.Nvl2,), _nvl2),
    )


def _children(node: exp.Expr) -> Iterator[exp.Expr]:
    for part in node.iter_expressions():
        if not isinstance(part, exp.DataType | exp.Identifier | exp.Var | exp.Star):
            yield part


def _replaces(node: exp.Expr) -> bool:
    """Say whether a literal can become the whole value: what replaces all of it."""
    return isinstance(node, exp.RegexpReplace) or (
        isinstance(node, exp.Anonymous) and str(node.this).upper() == "REPLACE"
    )


def _predicate(origins: list[Origin]) -> Origin:
    """Return the origin of true or false: a column that may never be put out leaves a LOW trace."""
    made = together(origins)
    level = Level.LOW if made.level >= Level.VERY_HIGH else made.level
    return Origin(level, sources=made.sources)


def _chosen(conditions: list[Origin], values: list[Origin]) -> Origin:
    """Return the origin of a value that conditions choose; literals in conditions are none in the value."""
    made, asked = together(values), _predicate(conditions)
    return Origin(max(made.level, asked.level), made.literal, made.sources | asked.sources)


def restricted_name(origin: Origin) -> str:
    """Return the name of the strictest column in it."""
    strictest = sorted(
        origin.sources, key=lambda column: (-Level.__members__.get(column.threshold, 0), column.name)
    )
    return strictest[0].name if strictest else ""


def _meeting(node: exp.Expr, origin: Origin) -> str:
    return (
        f"{span(node)}Column '{restricted_name(origin)}' with aggregation threshold {origin.level.name} "
        "cannot be compared with literal or parameter values"
    )
