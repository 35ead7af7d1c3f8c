"""The rows of a result as a page shows them, cell by cell; what cannot be shown is said and never thrown."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from admin.result_wishes import SIZE, Wish, accept, in_words, spelled
from reportbuilder.api import context
from reportbuilder.errors import Unavailable
from reportbuilder.results import queries
from reportbuilder.results.failures import DamagedResult
from reportbuilder.results.filters import Query
from reportbuilder.results.models import ResultSet
from reportbuilder.results.reading import Column, spell

CELL_MOST: Final = 200  # characters of a text that are shown at once
FULL_MOST: Final = 2000  # of what is shown of it on hover
NUMBERS: Final = ("integer", "decimal", "double")
SIGNS: Final = {"": ", from the least", "-": ", from the greatest"}
DIGITS: Final = 6  # of a double that are shown; all of them on hover


@dataclass(frozen=True)
class Cell:
    """``text`` None is NULL; ``full`` is what is exact or whole, where ``text`` is not."""

    text: str | None
    full: str = ""


@dataclass(frozen=True)
class Heading:
    """A shown column. ``key`` sorts by it; ``is_measure``: a number and no name; so thousands are parted."""

    name: str
    type: str
    key: str
    is_measure: bool

    @property
    def is_number(self) -> bool:
        """Whether its cells stand to the right."""
        return self.type in NUMBERS


@dataclass(frozen=True)
class Rows:
    """A part of a result. ``wrong``: what of the wish did not fit; ``lost``: why there are no rows at all."""

    wish: Wish
    stored: ResultSet
    schema: tuple[Column, ...] = ()
    headings: tuple[Heading, ...] = ()
    cells: tuple[tuple[Cell, ...], ...] = ()
    total: int = 0
    chips: tuple[tuple[str, str], ...] = ()
    wrong: str = ""
    lost: str = ""

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // SIZE))

    @property
    def first(self) -> int:
        """The number of the first shown row, from 1."""
        return (self.wish.page - 1) * SIZE + 1

    @property
    def orders(self) -> list[tuple[str, str]]:
        """The orders that rows may have, as the address says them and in words."""
        keys = [(spelled(column.name), column.name) for column in self.schema]
        return [(sign + key, name + words) for key, name in keys for sign, words in SIGNS.items()]

    @property
    def shown_names(self) -> list[str]:
        """The names of the shown columns."""
        return [heading.name for heading in self.headings]


def view_of(stored: ResultSet, wish: Wish, dimensions: Collection[str] = ()) -> Rows:
    """Open a stored result and return the part of it that is wished.

    :param dimensions: the columns with numbers that only name something, such as ids.
    """
    try:
        with context.store().local(stored.key, stored.sha256) as path:
            schema = queries.schema(path)
            accepted, question, wrong = accept(schema, wish)
            return _read(path, schema, question, Rows(accepted, stored, schema, wrong=wrong), dimensions)
    except (DamagedResult, Unavailable) as error:
        return Rows(wish, stored, lost=error.message)


def _read(
    path: Path, schema: Sequence[Column], question: Query, rows: Rows, dimensions: Collection[str]
) -> Rows:
    named = {name.casefold() for name in dimensions}
    headings = tuple(
        Heading(
            one.name, one.type, spelled(one.name), one.type in NUMBERS and one.name.casefold() not in named
        )
        for one in question.columns
    )
    with queries.read_rows(path, question) as page:
        cells = tuple(
            tuple(cell_of(value, heading) for value, heading in zip(row, headings, strict=True))
            for row in page.rows
        )
        chips = tuple(zip(rows.wish.filters, map(in_words, question.filters), strict=True))
        return Rows(rows.wish, rows.stored, tuple(schema), headings, cells, page.total, chips, rows.wrong)


def cell_of(value: Any, heading: Heading) -> Cell:
    """Return a value as a cell shows it.

    >>> cell_of("1234.5000", Heading("spend", "decimal", "spend", True)).text
    '1,234.5000'
    """
    if value is None:
        return Cell(None)
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    if isinstance(value, float):
        return _double(value)
    text = str(value)
    if heading.is_number:
        return Cell(grouped(text) if heading.is_measure else text)
    if heading.type == "timestamp":
        return Cell(text.replace("T", " "))
    return Cell(f"{text[:CELL_MOST]}…", text[:FULL_MOST]) if len(text) > CELL_MOST else Cell(text)


def grouped(digits: str) -> str:
    """Return a plain number with its thousands parted; every digit stays.

    >>> grouped("-1234567.50"), grouped("NaN")
    ('-1,234,567.50', 'NaN')
    """
    sign, number = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    whole, point, rest = number.partition(".")
    return f"{sign}{int(whole):,}{point}{rest}" if whole.isdigit() else digits


def _double(value: float) -> Cell:
    exact = spell(value)
    if not math.isfinite(value) or "e" in exact:
        return Cell(exact)
    plain = Decimal(exact)
    places = max(0, DIGITS - 1 - plain.adjusted()) if plain else 0
    rounded = f"{plain:.{places}f}" if places < len(exact.partition(".")[2]) else exact
    shortest = rounded.rstrip("0").rstrip(".") if "." in rounded else rounded
    return Cell(grouped(shortest), exact if Decimal(shortest) != plain else "")
