"""What is wrong with a comparison: private columns, values that cannot fit, money, days of the window."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sqlglot import exp

from reportbuilder.catalog.lint.facts import AMOUNT, UNITS, Fact
from reportbuilder.catalog.lint.findings import Fault
from reportbuilder.catalog.lint.fitting import judge_fit
from reportbuilder.catalog.lint.money import clash
from reportbuilder.catalog.lint.standins import StandIns
from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.kinds import SqlForm
from reportbuilder.parameters.naming import window_part
from reportbuilder.parameters.placeholders import Placeholder

_ORDERED: Final = (exp.GT, exp.GTE, exp.LT, exp.LTE)
_EQUAL: Final = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ)
_PATTERNS: Final = (exp.Like, exp.ILike, exp.SimilarTo, exp.RegexpLike)
_FUNCTIONS: Final = ("CONTAINED_IN",)
_DAYS: Final = ("DATE", "TIMESTAMP")
Define = Callable[[Placeholder], Definition | None]


def find_in_comparison(
    node: exp.Expr, facts: Mapping[int, Fact], define: Define, standins: StandIns, *, is_filter: bool
) -> Iterator[Fault]:
    """Yield what is wrong with a part of the tree if it compares values."""
    sides = list(_sides(node, facts))
    for _, side, other in sides:
        if other.is_private and side.is_fixed:
            yield Fault("privacy-compare", node, {"column": other.column, "level": other.level})
            break
    for part, side, other in sides:
        if side.slot and not side.type and not isinstance(node, _PATTERNS):
            yield from judge_fit(part, side.slot, define(side.slot), other, declared=standins.declared)
        if side.slot and other.money and other.money.shape == AMOUNT:
            yield from _judge_limit(part, side.slot, define(side.slot), other)
    if not isinstance(node, _PATTERNS):
        yield from _judge_money(node, sides)
    yield from _judge_days(node, sides, define, standins, is_filter=is_filter)


def _sides(node: exp.Expr, facts: Mapping[int, Fact]) -> Iterator[tuple[exp.Expr, Fact, Fact]]:
    """Yield each value that is compared, with what it is compared to, from both ends."""
    pairs: list[tuple[exp.Expr, exp.Expr]] = []
    if isinstance(node, (*_ORDERED, *_EQUAL, *_PATTERNS)):
        pairs = [(node.this, node.args["expression"])]
    elif isinstance(node, exp.Between):
        pairs = [(node.this, node.args["low"]), (node.this, node.args["high"])]
    elif isinstance(node, exp.In):
        query = node.args.get("query")
        pairs = [(node.this, part) for part in (*node.expressions, *([query] if query else ()))]
    elif isinstance(node, exp.Case) and node.this is not None:
        pairs = [(node.this, branch.this) for branch in node.args.get("ifs") or ()]
    elif isinstance(node, exp.Anonymous) and str(node.this).upper() in _FUNCTIONS and node.expressions:
        pairs = [(node.expressions[0], part) for part in node.expressions[1:]]
    for left, right in pairs:
        one, other = facts.get(id(left), Fact()), facts.get(id(right), Fact())
        yield right, other, one
        if not isinstance(node, _PATTERNS):
            yield left, one, other


def _judge_money(node: exp.Expr, sides: list[tuple[exp.Expr, Fact, Fact]]) -> Iterator[Fault]:
    for _, side, other in sides:
        if units := clash((side, other)):
            yield Fault("mixed-money", node, {"first": units[0].unit, "second": units[1].unit})
            return


def _judge_limit(
    part: exp.Expr, slot: Placeholder, definition: Definition | None, other: Fact
) -> Iterator[Fault]:
    money = other.money
    if money and money.scale in (UNITS["microcents"], UNITS["millicents"]):
        name = definition.name if definition else slot.name
        yield Fault("money-limit", part, {"unit": money.unit, "name": name, "divisor": f"{money.scale:f}"})


def _judge_days(
    node: exp.Expr,
    sides: list[tuple[exp.Expr, Fact, Fact]],
    define: Define,
    standins: StandIns,
    *,
    is_filter: bool,
) -> Iterator[Fault]:
    for part, side, other in sides:
        if other.type not in _DAYS or not other.column:
            continue
        column = other.column
        if side.day and not side.slot:
            yield Fault("fixed-date", part, {"column": column})
        elif side.slot and is_filter and isinstance(node, (*_ORDERED, exp.Between)):
            definition = define(side.slot)
            is_day = definition is not None and definition.form in (SqlForm.DAY, SqlForm.RANGE)
            if is_day and not window_part(side.slot.name, standins.declared or {}):
                yield Fault("own-window", part, {"name": side.slot.name, "column": column})
