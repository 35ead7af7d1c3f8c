"""Choosing a type by looking at every value, for columns whose declared type is missing or does not fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from reportbuilder.results.columns import (
    DATE,
    HUGE,
    MAX_DIGITS,
    TEXT,
    TIMESTAMP,
    WHOLE,
    ColumnType,
    OutputColumn,
    declared_type,
    exact,
)

_DIGITS = "-?(0|[1-9][0-9]*)(\\.[0-9]+)?"
_PRINTED_WHOLE = ColumnType("BIGINT", "TRY_CAST({c} AS BIGINT)::VARCHAR = {c}")
_PRINTED_TRUTH = ColumnType("BOOLEAN", "lower({c}) IN ('true', 'false')")
_PRINTED_DOUBLE = ColumnType(
    "DOUBLE", f"strlen({{c}}) <= 24 AND regexp_full_match({{c}}, '{_DIGITS}([eE][+-]?[0-9]+)?')"
)


@dataclass(frozen=True)
class _Measure:
    values: int  # that are not null
    undigital: int  # values that are not plain digits with at most one point between them
    before_point: int  # most digits there
    after_point: int
    misfits: tuple[int, ...]  # for each candidate


def choose(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    columns: Sequence[tuple[str, OutputColumn | None]],
) -> list[tuple[ColumnType, str]]:
    """Return for each column the narrowest type that holds every value, and a warning or nothing.

    A column that AMC declared keeps the declared type, or becomes a wider number, or text. One without a
    declaration becomes whole, decimal, double, boolean, date or timestamp only if every value is written just
    as that type prints it (so ``007`` stays text), else text.

    :param source: SQL after FROM with all columns as text.
    :param columns: pairs of quoted column and declaration.
    """
    measures = _measure(connection, source, columns)
    return [_pick(declared, measure) for (_, declared), measure in zip(columns, measures, strict=True)]


def _candidates(declared: OutputColumn | None) -> list[ColumnType]:
    if declared is None:
        return [_PRINTED_WHOLE, _PRINTED_DOUBLE, _PRINTED_TRUTH, DATE, TIMESTAMP]
    kind = declared_type(declared)
    if kind == WHOLE:
        return [WHOLE, HUGE]
    return [] if kind is None else [kind]


def _measure(
    connection: duckdb.DuckDBPyConnection, source: str, columns: Sequence[tuple[str, OutputColumn | None]]
) -> Iterator[_Measure]:
    figures: list[str] = []
    for column, declared in columns:
        figures += [
            f"count({column})",
            f"count(*) FILTER (NOT regexp_full_match({column}, '{_DIGITS}'))",
            f"coalesce(max(strlen(regexp_extract({column}, '^-?0*([0-9]*)', 1))), 0)",
            f"coalesce(max(strlen(regexp_extract({column}, '\\.([0-9]*)$', 1))), 0)",
            *(
                f"count({column}) - count(*) FILTER ({kind.condition(column)}"
                f" AND TRY_CAST({column} AS {kind.sql}) IS NOT NULL)"
                for kind in _candidates(declared)
            ),
        ]
    row = iter(connection.execute(f"SELECT {', '.join(figures)} FROM {source}").fetchall()[0])  # noqa: S608 - our names
    for _, declared in columns:
        values, undigital, before, after = (next(row) for _ in range(4))
        yield _Measure(values, undigital, before, after, tuple(next(row) for _ in _candidates(declared)))


def _pick(declared: OutputColumn | None, measure: _Measure) -> tuple[ColumnType, str]:
    fitting = [
        kind for kind, misfits in zip(_candidates(declared), measure.misfits, strict=True) if not misfits
    ]
    if declared is None:
        kinds = [kind for kind in fitting if kind == _PRINTED_WHOLE] + _decimals(measure) + fitting
        return (kinds[0] if kinds and measure.values else TEXT), ""
    if not measure.misfits:  # a decimal of unknown width
        kind = next(iter(_decimals(measure)), TEXT)
        return kind, "" if kind != TEXT else _warning(declared, measure.undigital, kind)
    if fitting and fitting[0] == _candidates(declared)[0]:
        return fitting[0], ""
    wider = fitting + (_decimals(measure) if declared.data_type == "DECIMAL" else [])
    kind = next(iter(wider), TEXT)
    return kind, _warning(declared, measure.misfits[0], kind)


def _decimals(measure: _Measure) -> list[ColumnType]:
    digits = max(measure.before_point + measure.after_point, 1)
    return [] if measure.undigital or digits > MAX_DIGITS else [exact(digits, measure.after_point)]


def _warning(declared: OutputColumn, misfits: int, kind: ColumnType) -> str:
    stored = "text" if kind == TEXT else kind.sql
    width = f"({declared.precision},{declared.scale})" if declared.precision is not None else ""
    many = "1 value does" if misfits == 1 else f"{misfits} values do"
    return f"{declared.name}: {many} not fit {declared.data_type}{width}; the column is stored as {stored}"
