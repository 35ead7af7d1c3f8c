"""What a reader wants to see of a result: columns, filters, order and page, all of it in the address."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from reportbuilder.api.strictjson import is_storable
from reportbuilder.errors import Invalid
from reportbuilder.results import queries
from reportbuilder.results.filters import Filter, Query
from reportbuilder.results.reading import Column

SIZE: Final = 50
PAGE_MOST: Final = 1_000_000
OPERATORS: Final = {
    "eq": "is",
    "ne": "is not",
    "contains": "contains",
    "starts": "begins with",
    "gt": "is greater than",
    "ge": "is at least",
    "lt": "is less than",
    "le": "is at most",
    "in": "is one of (parted by commas)",
    "null": "is NULL",
    "notnull": "is not NULL",
}
ALONE: Final = ("null", "notnull")  # operators that take no value


@dataclass(frozen=True)
class Draft:
    """A filter that is being added, as it was typed."""

    column: str = ""
    operator: str = ""
    value: str = ""

    @property
    def text(self) -> str:
        """The filter as the API writes it, nothing if there is none."""
        if not self.column or self.operator not in OPERATORS:
            return ""
        return f"{self.column}:{self.operator}" + ("" if self.operator in ALONE else f":{self.value}")


@dataclass(frozen=True)
class Wish:
    """What is wished; nothing is everything. ``filters`` and ``sort`` are in the words of the API."""

    columns: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    sort: str = ""
    page: int = 1
    draft: Draft = Draft()

    def query(self, **changes: Any) -> str:
        """Return the address that shows this, with some of it changed: of the first page, if not said.

        >>> Wish(filters=("clicks:gt:10",), page=3).query(sort="-spend")
        '?filter=clicks%3Agt%3A10&sort=-spend#rows'
        """
        new = replace(self, **{"page": 1, **changes})
        said = [("show", name) for name in new.columns] + [("filter", text) for text in new.filters]
        said += [("sort", new.sort)] * bool(new.sort) + [("page", str(new.page))] * (new.page > 1)
        return f"?{urlencode(said)}#rows"

    def page_url(self, number: int) -> str:
        """Return the address of another page of the same."""
        return self.query(page=number)

    def sort_url(self, sort: str) -> str:
        """Return the address of the same in another order."""
        return self.query(sort=sort)

    def without(self, text: str) -> str:
        """Return the address of the same without one of the filters."""
        return self.query(filters=tuple(each for each in self.filters if each != text))


def read_wish(args: MultiDict[str, str]) -> Wish:
    """Read an address; what no database could hold is as if it were not said."""
    page = args.get("page", "")
    number = int(page) if page.isascii() and page.isdigit() and len(page) <= len(str(PAGE_MOST)) else 1
    typed = [
        text if is_storable(text) else ""
        for text in (args.get(name, "") for name in ("column", "is", "value"))
    ]
    draft = Draft(*typed)
    return Wish(
        tuple(filter(is_storable, args.getlist("show"))),
        tuple(dict.fromkeys(text for text in args.getlist("filter") if text and is_storable(text))),
        args.get("sort", "") if is_storable(args.get("sort", "")) else "",
        max(1, min(number, PAGE_MOST)),
        draft,
    )


def accept(schema: Sequence[Column], wish: Wish) -> tuple[Wish, Query, str]:
    """Return the wish as far as it fits a result, the question that it makes, and what did not fit.

    A filter that is being added and fits stands among the others then; one that does not is left out and
    keeps what was typed.
    """
    added = replace(wish, filters=(*wish.filters, wish.draft.text)) if wish.draft.text else wish
    wrong = ""
    for attempt in (replace(added, draft=Draft()), wish, Wish(draft=wish.draft)):
        try:
            return attempt, _question(schema, attempt), wrong
        except Invalid as refusal:
            wrong = wrong or refusal.message
    raise LookupError("a wish for everything fits every result")


def _question(schema: Sequence[Column], wish: Wish) -> Query:
    return queries.parse(
        schema,
        columns=spelled(*wish.columns),
        filters=wish.filters,
        sort=_sort_text(wish.sort),
        offset=(wish.page - 1) * SIZE,
        limit=SIZE,
    )


def _sort_text(sort: str) -> str:
    """Return a sort of this page as the results read it, where a minus stands inside of the quotes."""
    return f'"-{sort[2:]}' if sort.startswith('-"') else sort


def spelled(*names: str) -> str:
    """Return names of columns as one text that the results read back.

    >>> spelled("campaign", "a,b")
    'campaign,"a,b"'
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue() if names else ""


def in_words(filter_: Filter) -> str:
    """Return a filter in words: ``clicks is greater than 10``."""
    words = OPERATORS[filter_.operator].partition(" (")[0]
    return " ".join([filter_.column.name, words, ", ".join(map(str, filter_.values))]).strip()
