"""Which page of a list an address asks for."""

from flask import request

from reportbuilder.api.shapes import PAGE_MAX

_DIGITS = 6


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
