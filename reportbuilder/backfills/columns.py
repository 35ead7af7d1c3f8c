"""What a template says of its output columns, and what that means for rows of several segments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reportbuilder.errors import Invalid
from reportbuilder.parameters.messages import show

GRAINS: Final[dict[str, str]] = {"day": "daily", "week": "weekly", "month": "monthly", "quarter": "quarterly"}
# How one figure for several segments comes of the figures of each; None: it does not.
COMBINING: Final[dict[str, str | None]] = {
    "sum": "added",
    "count": "added",
    "min": "the least",
    "max": "the greatest",
    "constant": "any of them, since all are the same",
    "ratio": "taken again from the combined parts",
    "distinct": None,  # a person who comes in two segments would count twice
    "average": None,
    "median": None,
    "running": None,  # made of other rows too: running totals, shares, ranks
    "unknown": None,
}
OVER_ROWS: Final = frozenset({"running", "unknown"})


@dataclass(frozen=True, slots=True)
class Column:
    """One output column. ``aggregate`` is a word of ``COMBINING``, None for what rows are grouped by.

    ``grain``: its values are the first days of such periods, and rows are grouped by it; ``clock``: by whose
    clock, ``utc``, ``local`` (the advertiser's), or the name of the parameter that decides. ``parts``: the
    columns that a ratio is made of.
    """

    name: str
    aggregate: str | None = None
    grain: str | None = None
    clock: str = "utc"
    parts: tuple[str, ...] = ()


def read_columns(rows: Sequence[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Read ``report_config.about.columns`` of a template.

    Beside ``name``, ``format``, ``additive`` and ``ratio`` a column may say ``aggregate``, ``date`` (its
    grain) and ``clock``. Without ``aggregate`` a ratio is one, what has a format is a sum, and what is not
    additive is unknown.

    :raises Invalid: for a word that is none of ours, naming ``columns.<n>.<field>``.
    """
    return tuple(_read(place, row) for place, row in enumerate(rows))


def _read(place: int, row: Mapping[str, Any]) -> Column:
    aggregate, grain = row.get("aggregate") or _guess(row), row.get("date")
    for field, value, known in (("aggregate", aggregate, COMBINING), ("date", grain, GRAINS)):
        if value is not None and (not isinstance(value, str) or value not in known):
            reason = f"{show(value)} is not one of {', '.join(known)}"
            raise Invalid.field(f"columns.{place}.{field}", reason)
    parts = tuple(str(name) for name in row.get("ratio") or ())
    clock = str(row.get("clock") or "utc")
    return Column(str(row["name"]), None if grain else aggregate, grain, clock, parts)


def _guess(row: Mapping[str, Any]) -> str | None:
    if row.get("additive") is False:
        return "unknown"
    if row.get("ratio"):
        return "ratio"
    return "sum" if row.get("format") else None


def may_combine(column: Column, columns: Sequence[Column]) -> bool:
    """Say whether one figure for several segments can be made of the figures of each.

    Sums by day can be added up to weeks. Distinct counts cannot, nor averages and medians: they have to be
    asked of AMC for the longer window. A ratio can if its parts can.
    """
    if column.aggregate is None or COMBINING[column.aggregate] is None:
        return False
    if column.aggregate != "ratio":
        return True
    by_name = {one.name: one for one in columns}
    parts = [by_name.get(name) for name in column.parts]
    return bool(parts) and all(
        part and part.aggregate != "ratio" and may_combine(part, columns) for part in parts
    )
