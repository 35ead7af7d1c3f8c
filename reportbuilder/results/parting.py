"""A stored result is parted by the days in a column; each part is a Parquet file of the same types."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from reportbuilder.results.columns import literal, quoted
from reportbuilder.results.store import checksum

_MEMORY = 256 << 20  # bytes


@dataclass(frozen=True)
class Part:
    """One of the files: its rows, bytes and SHA-256."""

    path: Path
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True)
class Parted:
    """What came of it. ``hidden``: rows without a readable day; ``outside``: rows of days in no span."""

    parts: tuple[Part, ...]
    hidden: int
    outside: int


Span = tuple[date, date]  # the first and the last day, both in it


def part_rows(source: Path, column: str, spans: Sequence[Span], folder: Path) -> Parted:
    """Write for each span the rows whose day in ``column`` lies in it, in their order.

    A day is a date, the date of a time, or text that begins with ``YYYY-MM-DD``. One thread and little
    memory: a part is streamed from file to file. The parts are made only if no day is hidden.
    """
    with _between(source, folder) as connection:
        day = _day(column)
        inside = " OR ".join(_within(day, span) for span in spans)
        counting = (
            f"SELECT count(*) FILTER ({day} IS NULL), count(*) FILTER (NOT ({inside})) "  # noqa: S608 - names quoted, dates
            f"FROM {_read(source)}"
        )
        [(hidden, outside)] = connection.execute(counting).fetchall()
        if hidden:
            return Parted((), hidden, outside)
        parts = [
            _write(connection, source, _within(day, span), folder / f"{place}.parquet")
            for place, span in enumerate(spans)
        ]
    return Parted(tuple(parts), hidden, outside)


def _write(connection: duckdb.DuckDBPyConnection, source: Path, condition: str, target: Path) -> Part:
    chosen = f"SELECT * FROM {_read(source)} WHERE {condition}"  # noqa: S608 - as above
    statement = f"COPY ({chosen}) TO {literal(target)} (FORMAT parquet)"
    rows = int(connection.execute(statement).fetchall()[0][0])
    return Part(target, rows, target.stat().st_size, checksum(target))


def _read(source: Path) -> str:
    return f"read_parquet({literal(source)})"


def _day(column: str) -> str:
    text = f"CAST({quoted(column)} AS VARCHAR)"
    is_day = f"regexp_matches({text}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')"
    return f"CASE WHEN {is_day} THEN TRY_CAST(left({text}, 10) AS DATE) END"


def _within(day: str, span: Span) -> str:
    return f"({day} BETWEEN DATE '{span[0].isoformat()}' AND DATE '{span[1].isoformat()}')"


def have_same_rows(one: Path, other: Path) -> bool:
    """Say whether two results have the same columns and the same rows, each as often, in whatever order."""
    with _between(one, one.parent, other) as connection:
        if _columns(connection, one) != _columns(connection, other):
            return False
        return not any(
            connection.execute(
                f"SELECT 1 FROM (FROM {_read(a)} EXCEPT ALL FROM {_read(b)}) LIMIT 1"  # noqa: S608 - literals
            ).fetchall()
            for a, b in ((one, other), (other, one))
        )


def _columns(connection: duckdb.DuckDBPyConnection, file: Path) -> list[tuple[str, str]]:
    described = connection.execute(f"DESCRIBE SELECT * FROM {_read(file)}").fetchall()  # noqa: S608 - a literal
    return [(row[0], row[1]) for row in described]


def first_rows(path: Path, most: int) -> list[dict[str, Any]]:
    """Return at most so many rows, as Python has their values, in the file's order."""
    with _between(path, path.parent) as connection:
        found = connection.execute(f"SELECT * FROM {_read(path)} LIMIT {int(most)}")  # noqa: S608 - a literal and a number
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@contextmanager
def _between(source: Path, folder: Path, *more: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB that sees these files and the folder, and nothing else."""
    connection = duckdb.connect(
        config={
            "threads": 1,
            "memory_limit": f"{_MEMORY}B",
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    try:
        files = ", ".join(literal(path) for path in (source, *more))
        connection.execute(f"SET allowed_paths = [{files}]")
        connection.execute(f"SET allowed_directories = [{literal(folder)}]")
        connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        yield connection
    finally:
        connection.close()
