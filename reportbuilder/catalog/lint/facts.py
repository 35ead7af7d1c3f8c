"""What is known of a value in a query: its type, how private it is, its money, whether it is fixed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from reportbuilder.catalog.datasources import LEVELS, SourceColumn
from reportbuilder.parameters.placeholders import Placeholder

_LEVELS: Final = {level: place for place, level in enumerate(LEVELS)}
UNITS: Final = {"microcents": Decimal(100_000_000), "millicents": Decimal(100_000), "currency": Decimal(1)}
_UNIT_WORDS: Final = {scale: word for word, scale in UNITS.items()}
AMOUNT, RATE, RATIO = "amount", "rate", "ratio"
NUMBERS: Final = ("LONG", "INTEGER", "DOUBLE", "DECIMAL", "NUMBER")


@dataclass(frozen=True, slots=True)
class Money:
    """``scale`` parts make one unit of currency. A rate is an amount by something, a ratio one by another."""

    scale: Decimal
    shape: str = AMOUNT

    @property
    def unit(self) -> str:
        """The word for the scale."""
        return _UNIT_WORDS.get(self.scale) or f"{self.scale.normalize():f} to the unit of currency"


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one value.

    ``type``: AMC's word, or empty if unknown. ``column``: the documented column with the highest ``level``.
    ``is_fixed``: made of literals and parameters alone. ``number``: that of a literal. ``day``: a fixed one.
    """

    type: str = ""
    level: str = "NONE"
    column: str = ""
    money: Money | None = None
    is_fixed: bool = False
    is_rank: bool = False
    number: Decimal | None = None
    day: str = ""
    slot: Placeholder | None = None

    @property
    def is_number(self) -> bool:
        """Whether it is known to be a number."""
        return self.type.startswith(NUMBERS)

    @property
    def is_private(self) -> bool:
        """Whether it must never be compared with fixed values."""
        return self.level in ("HIGH", "VERY_HIGH")

    @property
    def is_hidden(self) -> bool:
        """Whether it must never be in the output."""
        return self.level in ("VERY_HIGH", "INTERNAL")


def of_column(table: str, column: SourceColumn) -> Fact:
    """Return the fact of a documented column."""
    money = Money(UNITS[column.money]) if column.money else None
    return Fact(column.type, column.threshold, f"{table}.{column.name}", money)


def highest(facts: Iterable[Fact]) -> tuple[str, str]:
    """Return the highest level among values, and the column that has it."""
    best = max(facts, key=lambda fact: _LEVELS[fact.level], default=None)
    return (best.level, best.column) if best else ("NONE", "")


def join_types(facts: Iterable[Fact]) -> str:
    """Return the type of what is one of several values; empty if they differ."""
    types = {fact.type for fact in facts if not fact.is_fixed and fact.type}
    return types.pop() if len(types) == 1 else ""


def combine(facts: Iterable[Fact], *, type_: str = "") -> Fact:
    """Return the fact of what is made of several values, say by a function."""
    found = list(facts)
    level, column = highest(found)
    fixed = bool(found) and all(fact.is_fixed for fact in found)
    return Fact(type_, level, column, is_fixed=fixed)


def one_of(facts: Iterable[Fact]) -> Fact:
    """Return the fact of what is one of several values: COALESCE, the branches of CASE, a UNION."""
    found = list(facts)
    money = next((fact.money for fact in found if fact.money), None)
    return replace(combine(found, type_=join_types(found)), money=money)
