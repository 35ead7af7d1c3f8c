"""Which page of a list an address asks for."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from flask import request

from reportbuilder.api.shapes import PAGE_MAX

_DIGITS = 6
Row = TypeVar("Row")


def page_asked(name: str = "page") -> int:
    """Return the page that the address names, the first for anything that is no page."""
    text = request.args.get(name, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 1
    return min(max(1, number), PAGE_MAX)


def pages_of(total: int, size: int) -> int:
    """Return how many pages a list has; an empty one has one.

    >>> pages_of(0, 20), pages_of(20, 20), pages_of(21, 20)
    (1, 1, 2)
    """
    return max(1, -(-total // size))


def page_of_rows(
    search: Callable[[int], tuple[Sequence[Row], int]], size: int
) -> tuple[Sequence[Row], int, int]:
    """Return the rows of the page that is asked for, how many there are in all, and which page that is.

    It is the last one, if the one asked for lies behind it: there may be fewer than there were.

    :param search: returns the rows of a page, and how many there are in all.
    """
    page = page_asked()
    rows, total = search(page)
    if total and not rows:
        page = pages_of(total, size)
        rows, total = search(page)
    return rows, total, page
