"""How units of money go through a calculation."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from reportbuilder.catalog.lint.facts import AMOUNT, RATE, RATIO, Fact, Money

_MICRO, _MILLI = Decimal(100_000_000), Decimal(100_000)


def multiply(left: Fact, right: Fact) -> Money | None:
    """Return the money of a product: only powers of ten change its unit."""
    if left.money and right.money:
        return None
    money, factor = (left.money, right) if left.money else (right.money, left)
    if money is None:
        return None
    return replace(money, scale=money.scale * _power_of_ten(factor.number))


def divide(left: Fact, right: Fact) -> Money | None:
    """Return the money of a quotient: of money by money it is a ratio, by anything else a rate."""
    if left.money is None:
        return None
    if right.money:
        same = right.money.shape == left.money.shape
        return Money(left.money.scale / right.money.scale, RATIO) if same else None
    if right.is_fixed:
        return replace(left.money, scale=left.money.scale / _power_of_ten(right.number))
    return None if left.money.shape == RATIO else Money(left.money.scale, RATE)


def _power_of_ten(number: Decimal | None) -> Decimal:
    if number is None or number <= 0:
        return Decimal(1)
    digits = number.normalize().as_tuple()
    return number if digits.digits == (1,) else Decimal(1)


def clash(facts: Sequence[Fact]) -> tuple[Money, Money] | None:
    """Return two units that must not meet in a sum, a comparison or one column; None if all is well."""
    found = [fact.money for fact in facts if fact.money and fact.money.shape == AMOUNT]
    other = next((money for money in found if money.scale != found[0].scale), None)
    return (found[0], other) if other else None


def judge_output(money: Money) -> tuple[str, str] | None:
    """Return unit and way out for money that leaves the query; None if people can read it.

    Odd scales are left alone unless they show the divisor of the other unit.
    """
    if money.shape == RATIO:
        scale = max(money.scale, 1 / money.scale)
        if scale in (_MICRO, _MILLI, _MICRO / _MILLI, _MICRO * 100, _MILLI * 100):
            return (
                "a quotient of two units",
                "divide the cost by 100000000 (microcents) or 100000 (millicents)",
            )
        return None
    if money.scale in (_MICRO, _MILLI):
        return money.unit, f"divide by {money.scale:f}"
    if money.shape == AMOUNT and money.scale == _MICRO / _MILLI:
        return "microcents divided by 100000", "divide by 100000000"
    if money.scale == _MILLI / _MICRO:
        return "millicents divided by 100000000", "divide by 100000"
    return None
