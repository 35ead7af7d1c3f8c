"""DuckDB databases: the empty shape of AMC's tables, and the data that queries run over."""

import contextlib
import hashlib
import os
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from reportbuilder.sandbox.options import Options
from reportbuilder.sandbox.story import script
from reportbuilder.sandbox.tables import documented

# a query gets no file, no network and no setting
_LOCK = (
    "SET memory_limit = '4GB'",
    "SET GLOBAL ieee_floating_point_ops = false",
    "SET GLOBAL error_on_division_by_zero = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


def shape() -> duckdb.DuckDBPyConnection:
    """Return a database with every documented table, empty, to find the types of results."""
    connection = duckdb.connect()
    for table in documented().values():
        columns = ", ".join(f'"{column.name}" {column.duckdb}' for column in table.columns)
        connection.execute(f'CREATE TABLE "{table.name}" ({columns})')
    _lock(connection)
    return connection


def _lock(connection: duckdb.DuckDBPyConnection) -> None:
    """Lock a database, unless another sandbox of this process has opened and locked the same file."""
    if connection.execute("SELECT current_setting('lock_configuration')").fetchone() == (True,):
        return
    for statement in _LOCK:
        connection.execute(statement)


class Warehouse:
    """One data set; made at the first question, kept as a file where a folder is given."""

    def __init__(self, options: Options, number: int, end: date) -> None:
        self._options, self._number, self._end = options, number, end
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._lock = threading.Lock()
        self._busy: set[duckdb.DuckDBPyConnection] = set()

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return the open database, made if need be."""
        with self._lock:
            if self._connection is None:
                self._connection = self._open()
            return self._connection

    def interrupt(self) -> None:
        """Stop what is being computed or made, as far as it runs now."""
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
        text = script(self._options, self._number, self._end)
        if self._options.data_dir is None:
            connection = duckdb.connect()
            with self._noted(connection):
                connection.execute(text)
        else:
            connection = duckdb.connect(str(self._file(text, self._options.data_dir)), read_only=True)
        _lock(connection)
        return connection

    def _file(self, text: str, folder: Path) -> Path:
        """Return the database file of exactly this data set; a new one appears whole or not at all."""
        folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(f"{duckdb.__version__}\n{text}".encode()).hexdigest()[:16]
        path = folder / f"sandbox-{name}.duckdb"
        if not path.exists():
            draft = path.with_suffix(f".{os.getpid()}.{self._number}.tmp")
            with duckdb.connect(str(draft)) as connection, self._noted(connection):
                connection.execute(text)
            draft.replace(path)
        return path
