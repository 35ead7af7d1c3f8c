"""A DuckDB that can see one Parquet file and change nothing."""

import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from reportbuilder.results.columns import literal, quoted, type_word

_MEMORY = 128 << 20  # bytes
_SPILL = 4 << 30  # bytes that a large sort may put on the disk
PLACE = "\x1fplace"  # of a row in its file; no header can name a column so by chance


@dataclass(frozen=True)
class Column:
    """A column of a stored result; ``type`` is our word, ``sql`` DuckDB's."""

    name: str
    type: str
    sql: str

    @property
    def identifier(self) -> str:
        """The name for SQL."""
        return quoted(self.name)


@contextmanager
def reading(
    path: Path, *, memory: int = _MEMORY, beside: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection that has two views of the file: ``result``, and ``placed`` with ``PLACE`` too.

    It can open no other file, load no extension and change no setting. It has one thread, so that many can
    read at once, and gives rows in the file's order unless told otherwise.

    :param beside: a second file to hold the first against; its rows are the view ``other``.
    """
    with tempfile.TemporaryDirectory(prefix="reportbuilder-sort-", ignore_cleanup_errors=True) as spill:
        connection = duckdb.connect(
            config={
                "threads": 1,
                "memory_limit": f"{memory}B",
                "temp_directory": spill,
                "max_temp_directory_size": f"{_SPILL}B",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        try:
            file = literal(path)
            allowed = ", ".join([file, *([literal(beside)] if beside else [])])
            connection.execute(f"SET allowed_paths = [{allowed}]; SET enable_external_access = false")
            connection.execute(f"CREATE VIEW result AS SELECT * FROM read_parquet({file})")  # noqa: S608 - a literal
            connection.execute(f"CREATE VIEW placed AS {_placed(connection, file)}")
            if beside:
                connection.execute(f"CREATE VIEW other AS SELECT * FROM read_parquet({literal(beside)})")  # noqa: S608 - as above
            connection.execute("SET lock_configuration = true")
            yield connection
        finally:
            connection.close()


def columns_of(connection: duckdb.DuckDBPyConnection, view: str = "result") -> tuple[Column, ...]:
    """Return the columns of the result that a connection of ``reading`` sees, or of its ``other``."""
    return tuple(
        Column(name, type_word(sql), sql)
        for name, sql, *_ in connection.execute(f"DESCRIBE {view}").fetchall()
    )


def schema(path: Path) -> tuple[Column, ...]:
    """Return the columns of a stored result."""
    with reading(path) as connection:
        return columns_of(connection)


def _placed(connection: duckdb.DuckDBPyConnection, file: str) -> str:
    if any(column.name.casefold() == "file_row_number" for column in columns_of(connection)):
        return f'SELECT *, row_number() OVER () AS "{PLACE}" FROM result'  # noqa: S608 - a constant
    columns = f'* EXCLUDE (file_row_number), file_row_number AS "{PLACE}"'
    return f"SELECT {columns} FROM read_parquet({file}, file_row_number = true)"  # noqa: S608 - a literal


def plain_text(column: Column, of: str = "") -> str:
    """Return SQL for the value as exact text: decimals in full, dates and times by ISO 8601, NULL as NULL.

    :param of: SQL for the value, if it is not just the column's name.
    """
    name = of or column.identifier
    if column.type == "text":
        return name
    text = f"CAST({name} AS VARCHAR)"
    if column.type == "double":
        return f"CASE WHEN isnan({name}) THEN 'NaN' ELSE replace({text}, 'inf', 'Infinity') END"
    return f"replace({text}, ' ', 'T')" if column.type == "timestamp" else text


def spell(value: float) -> str:
    """Return a double as text, in the same words as ``plain_text``."""
    if math.isnan(value):
        return "NaN"
    return repr(value).replace("inf", "Infinity")
