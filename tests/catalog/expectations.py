"""What proofs of templates share: rows that a threshold leaves, values of a column, windows long past."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

import pytest

from reportbuilder.parameters.windows import Window
from tests.catalog.at_amc import QUARTER, WEEK, Key, Row

Figures = dict[Key, dict[str, Any]]

# for templates that look for purchases after the window too, all of which has to be settled
JANUARY = Window.of_days(date(2026, 1, 1), date(2026, 1, 31))
each_past_window = pytest.mark.parametrize(
    "window", [WEEK, JANUARY, QUARTER], ids=["week", "month", "quarter"]
)


def keep(figures: Mapping[Key, Mapping[str, Any]], least: Callable[[Mapping[str, Any]], bool]) -> Figures:
    """Return the rows that a template's own thresholds leave, to be added to."""
    return {key: dict(row) for key, row in figures.items() if least(row)}


def values_of(rows: Iterable[Row], column: str) -> set[str]:
    """Return the different values of a column."""
    return {row[column] for row in rows}
