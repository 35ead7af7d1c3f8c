"""Two results side by side: rows that belong together by their key columns, and how their measures differ."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext
from pathlib import Path
from typing import Any, Final

import duckdb

from reportbuilder.errors import Conflict, Invalid
from reportbuilder.results.columns import MAX_DIGITS
from reportbuilder.results.reading import Column, columns_of, plain_text, reading

MOST_ROWS: Final = 200_000  # of either side
MOST_SHOWN: Final = 200
NUMBERS: Final = ("integer", "decimal", "double")
TENTH, FINE, MOST_PERCENT = Decimal("0.1"), Decimal("0.0001"), 10**12
SIDES: Final = {
    "changed": "rows that differ",
    "all": "all rows",
    "only_a": "rows of the first alone",
    "only_b": "rows of the second alone",
}
_WANTED: Final = {
    "changed": "side <> 'both' OR differs",
    "all": "true",
    "only_a": "side = 'a'",
    "only_b": "side = 'b'",
}


@dataclass(frozen=True)
class Plan:
    """How two results are compared. Columns of both sides come in pairs, as each side has them.

    ``keys``: by what rows are told apart. ``only_a`` and ``only_b``: columns of one side alone. ``choices``:
    the names of all that may be keys. ``left_out``: of those that are neither keys nor numbers.
    """

    keys: tuple[tuple[Column, Column], ...]
    measures: tuple[tuple[Column, Column], ...]
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def key_names(self) -> list[str]:
        """The names of the keys, as the first side has them."""
        return [one.name for one, _ in self.keys]


@dataclass(frozen=True)
class Cell:
    """A measure on both sides as exact text; ``change`` is the second less the first, None if one is NULL."""

    a: str | None
    b: str | None
    change: Decimal | None = None
    percent: Decimal | None = None


@dataclass(frozen=True)
class Pair:
    """A row of both sides, or of one: ``side`` is ``both``, ``a`` or ``b``."""

    side: str
    key: tuple[str | None, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Comparison:
    """``repeated`` counts keys that stand in more than one row of a side, which nobody can tell apart.

    ``total``: how many rows the wished kind has; ``rows`` are those from the offset on.
    """

    plan: Plan
    rows_a: int
    rows_b: int
    matched: int
    differing: int
    only_a: int
    only_b: int
    repeated: int
    total: int
    rows: tuple[Pair, ...]


def compare(
    a: Path,
    b: Path,
    *,
    keys: Collection[str] = (),
    dimensions: Collection[str] = (),
    which: str = "changed",
    offset: int = 0,
    limit: int = 50,
) -> Comparison:
    """Compare two stored results; what differs most comes first.

    :param keys: columns that tell rows apart, if others than all that hold no numbers.
    :param dimensions: columns with numbers that are no measures, such as the id of a campaign.
    :param which: one of SIDES.
    :raises Invalid: for a key that not both have, or another kind of rows.
    :raises Conflict: if a side has more rows than can be compared, or both have no column in common.
    """
    if which not in SIDES:
        raise Invalid.field("which", f"{which!r} is not one of {', '.join(SIDES)}")
    with reading(a, beside=b) as connection:
        rows = [_count(connection, view) for view in ("result", "other")]
        if max(rows) > MOST_ROWS:
            raise Conflict(
                f"The results have {rows[0]:,} and {rows[1]:,} rows; up to {MOST_ROWS:,} can be compared "
                "here. Download both, or compare runs over shorter windows"
            )
        plan = plan_of(columns_of(connection), columns_of(connection, "other"), keys, dimensions)
        connection.execute(f"CREATE TEMP TABLE pairs AS {_pairing(plan)}")
        counts = connection.execute(_COUNTING).fetchall()[0]
        total = _count(connection, f"pairs WHERE NOT repeated AND ({_WANTED[which]})")
        shown = connection.execute(_showing(plan, which), [min(limit, MOST_SHOWN), offset]).fetchall()
    matched, differing, only_a, only_b, repeated = counts
    pairs = tuple(_pair(plan, row) for row in shown)
    return Comparison(plan, rows[0], rows[1], matched, differing, only_a, only_b, repeated, total, pairs)


def plan_of(
    a: Sequence[Column], b: Sequence[Column], keys: Collection[str] = (), dimensions: Collection[str] = ()
) -> Plan:
    """Return how two results are compared; names are the same whatever their case.

    :raises Invalid: for a key that not both have. :raises Conflict: if they have no column in common.
    """
    others = {column.name.casefold(): column for column in b}
    common = [(one, others[one.name.casefold()]) for one in a if one.name.casefold() in others]
    if not common:
        raise Conflict("The two results have no column in common; there is nothing to compare row by row")
    names = {one.name.casefold() for one, _ in common}
    if unknown := [key for key in keys if key.casefold() not in names]:
        raise Invalid.field("key", f"{unknown[0]!r} is not a column of both results")
    wished = {name.casefold() for name in keys or _usual(common, dimensions)}
    others_of_both = [pair for pair in common if pair[0].name.casefold() not in wished]
    measures = [pair for pair in others_of_both if {pair[0].type, pair[1].type} <= set(NUMBERS)]
    return Plan(
        tuple(pair for pair in common if pair[0].name.casefold() in wished),
        tuple(measures),
        tuple(one.name for one in a if one.name.casefold() not in names),
        tuple(one.name for one in b if one.name.casefold() not in names),
        tuple(one.name for one, _ in common),
        tuple(pair[0].name for pair in others_of_both if pair not in measures),
    )


def _usual(common: Sequence[tuple[Column, Column]], dimensions: Collection[str]) -> list[str]:
    known = {name.casefold() for name in dimensions}
    return [
        one.name
        for one, other in common
        if one.type not in NUMBERS or other.type not in NUMBERS or one.name.casefold() in known
    ]


def _count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0])  # noqa: S608 - names of ours


def _pairing(plan: Plan) -> str:
    """Return the SELECT of both sides, joined by their keys; one row for each key of either side."""
    keys = [f"k{place}" for place in range(len(plan.keys))]
    measures = [f"m{place}" for place in range(len(plan.measures))]
    on = " AND ".join(f"a.{key} IS NOT DISTINCT FROM b.{key}" for key in keys) or "true"
    shown = [f"CASE WHEN a.n IS NULL THEN b.{key} ELSE a.{key} END AS {key}" for key in keys]
    shown += [f"a.{name} AS {name}a, b.{name} AS {name}b" for name in measures]
    differ = " OR ".join(_differs(place, pair) for place, pair in enumerate(plan.measures)) or "false"
    return (
        f"WITH a AS ({_side(plan, 0)}), b AS ({_side(plan, 1)}) "  # noqa: S608 - names quoted, the rest is ours
        "SELECT CASE WHEN b.n IS NULL THEN 'a' WHEN a.n IS NULL THEN 'b' ELSE 'both' END AS side, "
        "coalesce(a.n, 1) > 1 OR coalesce(b.n, 1) > 1 AS repeated, "
        f"a.n IS NOT NULL AND b.n IS NOT NULL AND ({differ}) AS differs, "
        f"{_distance(plan)} AS distance, {', '.join([*shown, 'a.place AS at_a', 'b.place AS at_b'])} "
        f"FROM a FULL JOIN b ON {on}"
    )


def _side(plan: Plan, side: int) -> str:
    keys = [f"CAST({plain_text(pair[side])} AS VARCHAR) AS k{at}" for at, pair in enumerate(plan.keys)]
    firsts = [f"first({pair[side].identifier}) AS m{at}" for at, pair in enumerate(plan.measures)]
    chosen = ", ".join([*keys, *firsts, "count(*) AS n", "min(line) AS place"])
    places = ", ".join(str(at + 1) for at in range(len(keys)))
    grouping = f"GROUP BY {places}" if keys else "HAVING count(*) > 0"
    view = ("result", "other")[side]
    numbered = f"SELECT *, row_number() OVER () AS line FROM {view}"  # noqa: S608 - one of two words
    return f"SELECT {chosen} FROM ({numbered}) {grouping}"  # noqa: S608 - as above


def _differs(place: int, pair: tuple[Column, Column]) -> str:
    if pair[0].sql == pair[1].sql:
        return f"a.m{place} IS DISTINCT FROM b.m{place}"
    return f"CAST(a.m{place} AS DOUBLE) IS DISTINCT FROM CAST(b.m{place} AS DOUBLE)"


def _distance(plan: Plan) -> str:
    """Return SQL for how far two rows are apart: the greatest relative change of a measure."""
    parts = []
    for place in range(len(plan.measures)):
        one, other = f"CAST(a.m{place} AS DOUBLE)", f"CAST(b.m{place} AS DOUBLE)"
        greater = f"greatest(abs({one}), abs({other}))"
        parts.append(f"coalesce(abs({other} - {one}) / nullif({greater}, 0), 0)")
    return f"greatest({', '.join([*parts, '0.0'])})"


_COUNTING = """
SELECT count(*) FILTER (side = 'both' AND NOT repeated), count(*) FILTER (differs AND NOT repeated),
count(*) FILTER (side = 'a' AND NOT repeated), count(*) FILTER (side = 'b' AND NOT repeated),
count(*) FILTER (repeated) FROM pairs
"""


def _showing(plan: Plan, which: str) -> str:
    measures = [
        f"{plain_text(pair[side], f'm{place}{letter}')} AS t{place}{letter}"
        for place, pair in enumerate(plan.measures)
        for side, letter in enumerate("ab")
    ]
    chosen = ", ".join(["side", *(f"k{place}" for place in range(len(plan.keys))), *measures])
    order = "distance DESC, coalesce(at_a, at_b), side"
    return (
        f"SELECT {chosen} FROM pairs WHERE NOT repeated AND ({_WANTED[which]}) "  # noqa: S608 - names of ours
        f"ORDER BY {order} LIMIT ? OFFSET ?"
    )


def _pair(plan: Plan, row: Sequence[Any]) -> Pair:
    side, *values = row
    key, texts = values[: len(plan.keys)], values[len(plan.keys) :]
    cells = tuple(cell_of(texts[at], texts[at + 1]) for at in range(0, len(texts), 2))
    return Pair(side, tuple(key), cells)


def cell_of(a: str | None, b: str | None) -> Cell:
    """Return a measure on both sides with its change, exact, and in percent of the first.

    >>> cell_of("10", "12.5")
    Cell(a='10', b='12.5', change=Decimal('2.5'), percent=Decimal('25.0'))
    """
    one, other = _number(a), _number(b)
    if one is None or other is None:
        return Cell(a, b)
    with localcontext(prec=2 * MAX_DIGITS):
        change = other - one
        share = change / abs(one) * 100 if one else None
        if share is None or abs(share) >= MOST_PERCENT:
            return Cell(a, b, change)
        return Cell(a, b, change, share.quantize(FINE if abs(share) < TENTH else TENTH))


def _number(text: str | None) -> Decimal | None:
    try:
        value = Decimal(text) if text is not None else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() else None
