"""What is known of every value in an expression, from its columns up; names are looked up on the way."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Final, Protocol

from sqlglot import exp

from reportbuilder.catalog.lint.comparing import find_in_comparison
from reportbuilder.catalog.lint.facts import Fact, combine, highest, join_types, one_of
from reportbuilder.catalog.lint.findings import Fault
from reportbuilder.catalog.lint.looking import look_up
from reportbuilder.catalog.lint.money import clash, divide, multiply
from reportbuilder.catalog.lint.sources import Ctes, Frames, Result
from reportbuilder.catalog.lint.standins import StandIns

LONGEST_NUMBER: Final = 40


class Reads(Protocol):
    """What an expression needs of the reading around it."""

    standins: StandIns
    faults: list[Fault]

    def query(self, node: exp.Expr, ctes: Ctes, outer: Frames = ()) -> Result:
        """Read a query inside of an expression."""


Facts = dict[int, Fact]


def evaluate(
    reading: Reads, root: exp.Expr, frames: Frames, ctes: Ctes, filters: AbstractSet[int] = frozenset()
) -> Fact:
    """Return what is known of an expression; its faults go to the reading.

    ``filters``: those parts, by identity, that must all hold for a row to be kept.
    """
    facts: Facts = {}
    for node in reversed(list(_within(root))):
        if isinstance(node, exp.Query):
            result = reading.query(node, ctes, frames)
            facts[id(node)] = result.outputs[0].fact if result.outputs else Fact()
        elif isinstance(node, exp.Column):
            facts[id(node)] = _column(reading, node, frames)
        else:
            facts[id(node)] = _fact(reading, node, facts)
            definition = reading.standins.definition
            is_filter = id(node) in filters
            reading.faults += find_in_comparison(
                node, facts, definition, reading.standins, is_filter=is_filter
            )
    return facts[id(root)]


def _within(root: exp.Expr) -> Iterator[exp.Expr]:
    """Yield the parts of an expression, each before its own parts, without looking into queries."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, exp.Query | exp.Column):
            stack.extend(node.iter_expressions())


def _column(reading: Reads, node: exp.Column, frames: Frames) -> Fact:
    if isinstance(node.this, exp.Star):
        return Fact()
    if slot := reading.standins.slot(node):
        return Fact(is_fixed=True, slot=slot)
    return look_up(node, frames, reading.standins, reading.faults)


def _fact(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:
    for kinds, find in _KINDS:
        if isinstance(node, kinds):
            return find(reading, node, facts)
    return combine(_parts(node, facts))


def _parts(node: exp.Expr, facts: Facts) -> list[Fact]:
    return [facts[id(part)] for part in node.iter_expressions() if id(part) in facts]


def _of(node: exp.Expr | None, facts: Facts) -> Fact:
    return facts.get(id(node), Fact())


def _literal(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:  # noqa: ARG001 - one for all kinds
    slot = reading.standins.slot(node)
    if slot:
        return Fact(is_fixed=True, slot=slot)
    if node.args.get("is_string"):
        return Fact("STRING", is_fixed=True, day=str(node.this) if _is_day(str(node.this)) else "")
    return Fact("NUMBER", is_fixed=True, number=_number(str(node.this)))


def _is_day(text: str) -> bool:
    digits = text[:10].split("-")
    return [len(part) for part in digits] == [4, 2, 2] and "".join(digits).isdecimal()


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text) if len(text) <= LONGEST_NUMBER else None
    except InvalidOperation:
        return None
    return number if number is None or abs(number.adjusted()) <= LONGEST_NUMBER else None


def _same(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:  # noqa: ARG001 - one for all kinds
    inner = node.this if isinstance(node.this, exp.Expr) else None
    return _of(inner, facts)


def _negated(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:
    found = _same(reading, node, facts)
    return replace(found, number=-found.number if found.number is not None else None)


def _window(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:
    return replace(_same(reading, node, facts), is_rank=True, slot=None)


def _count(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:  # noqa: ARG001 - one for all kinds
    return Fact("LONG")


def _distinct(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:  # noqa: ARG001 - one for all kinds
    return one_of(_of(part, facts) for part in node.expressions)


def _truth(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:  # noqa: ARG001 - one for all kinds
    parts = _parts(node, facts)
    return Fact("BOOLEAN", is_fixed=all(part.is_fixed for part in parts))


def _case(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:
    branches = [branch.args.get("true") for branch in node.args.get("ifs") or ()]
    return _choose(
        reading, node, [_of(part, facts) for part in (*branches, node.args.get("default")) if part]
    )


def _if(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:
    branches = (node.args.get("true"), node.args.get("false"))
    return _choose(reading, node, [_of(part, facts) for part in branches if part])


def _first_of(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:
    parts = [node.this, *node.expressions] if isinstance(node.this, exp.Expr) else node.expressions
    return _choose(reading, node, [_of(part, facts) for part in parts])


def _choose(reading: Reads, node: exp.Expr, found: list[Fact]) -> Fact:
    _refuse_clash(reading, node, found)
    return one_of(found)


def _refuse_clash(reading: Reads, node: exp.Expr, found: list[Fact]) -> None:
    if units := clash(found):
        values = {"first": units[0].unit, "second": units[1].unit}
        reading.faults.append(Fault("mixed-money", node, values))


def _nullif(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:
    return _same(reading, node, facts)


def _sum_of_two(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:
    found = [_of(node.this, facts), _of(node.args.get("expression"), facts)]
    return _choose(reading, node, found)


def _product(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:  # noqa: ARG001 - one for all kinds
    left, right = _of(node.this, facts), _of(node.args.get("expression"), facts)
    type_ = join_types((left, right)) if isinstance(node, exp.Mul) else "DOUBLE"
    money = multiply(left, right) if isinstance(node, exp.Mul) else divide(left, right)
    number = _calculated(node, left, right)
    return replace(combine((left, right), type_=type_), money=money, number=number)


def _calculated(node: exp.Expr, left: Fact, right: Fact) -> Decimal | None:
    if left.number is None or right.number is None:
        return None
    if isinstance(node, exp.Mul):
        return left.number * right.number
    return left.number / right.number if right.number else None


_TYPES: Final = {
    exp.DType.DATE: "DATE",
    exp.DType.BOOLEAN: "BOOLEAN",
    **dict.fromkeys((exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ, exp.DType.DATETIME), "TIMESTAMP"),
    **dict.fromkeys((exp.DType.VARCHAR, exp.DType.CHAR, exp.DType.TEXT), "STRING"),
    **dict.fromkeys((exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT), "LONG"),
    **dict.fromkeys((exp.DType.FLOAT, exp.DType.DOUBLE), "DOUBLE"),
    exp.DType.DECIMAL: "DECIMAL(38,4)",
}


def _cast(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:
    to = node.args.get("to")
    type_ = _TYPES.get(to.this, "") if isinstance(to, exp.DataType) and isinstance(to.this, exp.DType) else ""
    return replace(_same(reading, node, facts), type=type_ or "OTHER")


def _null(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:  # noqa: ARG001 - one for all kinds
    return Fact()


def _typed(type_: str) -> "Find":
    def find(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:
        _use_private(reading, node, facts)
        return combine(_parts(node, facts), type_=type_)

    return find


def _call(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:
    """A function of which only the name is known."""
    name = str(node.this).upper() if isinstance(node, exp.Anonymous) else ""
    if name not in _PASSING:
        _use_private(reading, node, facts)
    parts = _parts(node, facts)
    if name in _KEEP_MONEY and parts:
        return replace(combine(parts, type_=parts[0].type), money=parts[0].money)
    return combine(parts, type_=_RESULTS.get(name, ""))


def _several(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:  # noqa: ARG001 - one for all kinds
    return combine(_parts(node, facts), type_="OTHER")


def _through(reading: Reads, node: exp.Expr, facts: Facts) -> Fact:
    """A function whose result is of the kind of its first argument, such as SUM and ROUND."""
    _use_private(reading, node, facts)
    first = _same(reading, node, facts)
    level, column = highest(_parts(node, facts))
    return replace(first, level=level, column=column, slot=None, number=None, day="")


def _use_private(reading: Reads, node: exp.Expr, facts: Facts) -> None:
    hidden = next((fact for fact in _parts(node, facts) if fact.is_hidden), None)
    if hidden:
        name = str(node.this) if isinstance(node, exp.Anonymous) else _sql_name(node)
        values = {"column": hidden.column, "level": hidden.level, "function": name.upper()}
        reading.faults.append(Fault("privacy-use", node, values))


def _sql_name(node: exp.Expr) -> str:
    names = type(node).sql_names() if isinstance(node, exp.Func) else []
    return str(names[0]) if names else node.key


Find = Callable[[Reads, exp.Expr, Facts], Fact]
_PASSING: Final = (
    "COLLECT", "NAMED_ROW", "NVL", "CONTAINED_IN", "CARDINALITY", "ARRAY_DISTINCT", "ARRAY_UNION",
    "ARRAY_CAT", "ARRAY_INTERSECT", "ARRAY_COMPLEMENT", "ARRAY_SORT", "EXPLODE", "FLATTEN",
)  # fmt: skip
_KEEP_MONEY: Final = ("PERCENTILE", "APPROX_PERCENTILE", "NVL", "TRUNC", "MEDIAN")
_RESULTS: Final = {"SECONDS_BETWEEN": "LONG", "CARDINALITY": "LONG", "HASH64": "LONG", "CHARINDEX": "LONG",
                   "LOCATE": "LONG", "INSTR": "LONG", "BUILT_IN_PARAMETER": "TIMESTAMP"}  # fmt: skip

# the first line that fits a part of the tree says how its fact is found
_KINDS: Final[tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], Find], ...]] = (
    (exp.Literal, _literal),
    ((exp.Alias, exp.Paren, exp.Filter, exp.WithinGroup, exp.IgnoreNulls), _same),
    (exp.Neg, _negated),
    (exp.Null, _null),
    (exp.Window, _window),
    ((exp.Count, exp.ApproxDistinct, exp.CountIf), _count),
    (exp.Distinct, _distinct),
    (exp.Case, _case),
    (exp.If, _if),
    ((exp.Cast, exp.TryCast), _cast),
    (exp.Nullif, _nullif),
    ((exp.Coalesce, exp.Greatest, exp.Least), _first_of),
    ((exp.Add, exp.Sub), _sum_of_two),
    ((exp.Mul, exp.Div), _product),
    ((exp.Predicate, exp.And, exp.Or, exp.Not, exp.Boolean), _truth),
    ((exp.CurrentDate,), _typed("DATE")),
    ((exp.CurrentTimestamp, exp.DateTrunc, exp.TimestampTrunc), _typed("TIMESTAMP")),
    ((exp.Extract, exp.Length), _typed("LONG")),
    ((exp.Lower, exp.Upper, exp.Trim, exp.Concat, exp.Substring, exp.Left, exp.Right, exp.Replace,
      exp.RegexpReplace), _typed("STRING")),
    ((exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Round, exp.Abs, exp.Median, exp.Ceil, exp.Floor), _through),
    ((exp.ArrayAgg, exp.Array, exp.Tuple), _several),
    ((exp.Anonymous, exp.Func), _call),
)  # fmt: skip
