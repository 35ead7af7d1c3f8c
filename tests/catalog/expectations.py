"""Small words for expected figures: the rows that a threshold leaves, and the values of a column."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.catalog.at_amc import Key, Row

Figures = dict[Key, dict[str, Any]]


def keep(figures: Mapping[Key, Mapping[str, Any]], least: Callable[[Mapping[str, Any]], bool]) -> Figures:
    """Return the rows that a template's own thresholds leave, to be added to."""
    return {key: dict(row) for key, row in figures.items() if least(row)}


def values_of(rows: Iterable[Row], column: str) -> set[str]:
    """Return the different values of a column."""
    return {row[column] for row in rows}
