"""DuckDB databases: the empty shape of AMC's tables, and the data that queries run over.

Data settle: who sets the variable ``as_of`` (TIMESTAMP, UTC) on a cursor, by ``SET VARIABLE as_of = …``, sees
only the conversions that had been reported by then. A variable belongs to its cursor alone, and the locked
configuration allows it; a cursor without it sees everything.
"""

import contextlib
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from reportbuilder.sandbox.options import Options
from reportbuilder.sandbox.storing import kept
from reportbuilder.sandbox.story import script
from reportbuilder.sandbox.tables import documented

# a query gets no file, no network and no setting; the lock comes last
_LOCKED = {
    "memory_limit": "4GB",
    "ieee_floating_point_ops": "false",
    "error_on_division_by_zero": "false",
    "enable_external_access": "false",
    "lock_configuration": "true",
}
_WHILE_MADE = {"memory_limit": "5GB"}


def shape() -> duckdb.DuckDBPyConnection:
    """Return a database with every documented table, empty, to find the types of results."""
    connection = duckdb.connect()
    for table in documented().values():
        columns = ", ".join(f'"{column.name}" {column.duckdb}' for column in table.columns)
        connection.execute(f'CREATE TABLE "{table.name}" ({columns})')
    _lock(connection)
    return connection


def _lock(connection: duckdb.DuckDBPyConnection) -> None:
    for name, value in _LOCKED.items():
        connection.execute(f"SET GLOBAL {name} = '{value}'")


class Warehouse:
    """One data set; made at the first question, kept as a file where a folder is given."""

    def __init__(self, options: Options, number: int, end: date) -> None:
        self._options, self._number, self._end = options, number, end
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._lock = threading.Lock()
        self._busy: set[duckdb.DuckDBPyConnection] = set()
        self._unwanted = threading.Event()

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return the open database, made if need be."""
        with self._lock:
            if self._connection is None:
                self._connection = self._open()
            return self._connection

    def interrupt(self) -> None:
        """Stop what is being computed, made or waited for, as far as that is so now."""
        self._unwanted.set()
        for connection in tuple(self._busy):
            connection.interrupt()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextlib.contextmanager
    def cursor(self, seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give a cursor whose query is stopped after so many seconds."""
        cursor = self.connection().cursor()
        timer = threading.Timer(seconds, cursor.interrupt)
        timer.daemon = True
        timer.start()
        try:
            with self._noted(cursor):
                yield cursor
        finally:
            timer.cancel()
            cursor.close()

    @contextlib.contextmanager
    def _noted(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Let ``interrupt`` reach this connection."""
        self._busy.add(connection)
        try:
            yield
        finally:
            self._busy.discard(connection)

    def _open(self) -> duckdb.DuckDBPyConnection:
        self._unwanted.clear()
        text = script(self._options, self._number, self._end)
        folder = self._options.data_dir
        if folder is None:
            connection = duckdb.connect()
            with self._noted(connection):
                connection.execute(text)
            _lock(connection)
            return connection

        def make(draft: Path) -> None:
            with duckdb.connect(str(draft), config=dict(_WHILE_MADE)) as maker, self._noted(maker):
                maker.execute(text)

        path = kept(folder, text, make, is_wanted=lambda: not self._unwanted.is_set())
        # given at once, not set later: sandboxes of one process share an open file, and its settings
        return duckdb.connect(str(path), read_only=True, config=dict(_LOCKED))
