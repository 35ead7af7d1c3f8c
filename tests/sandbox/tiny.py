"""A tiny AMC instance: the real shape of its tables, a few rows, and the answers that the compiler gives."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import duckdb

from reportbuilder.sandbox.compiling import Plan, compile_workflow
from reportbuilder.sandbox.dialect import RefusedError
from reportbuilder.sandbox.instants import Window
from reportbuilder.sandbox.tables import documented

Row = Mapping[str, object]
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
JANUARY = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), "UTC")
NOW = datetime(2026, 3, 4, tzinfo=UTC)


class Tiny:
    """Holds the rows given by table; what a row does not say is NULL, its time is noon of a January day."""

    def __init__(self, shape: duckdb.DuckDBPyConnection, rows: Mapping[str, Iterable[Row]]) -> None:
        self.shape = shape
        self.database = duckdb.connect()
        for name, table in documented().items():
            columns = ", ".join(f'"{column.name}" {column.duckdb}' for column in table.columns)
            self.database.execute(f'CREATE TABLE "{name}" ({columns})')
        for name, some in rows.items():
            self.fill(name, some)

    def fill(self, name: str, rows: Iterable[Row]) -> None:
        """Add rows that all say the same columns."""
        time = documented()[name].time
        full = [dict(row) | ({time: NOON.replace(tzinfo=None)} if time else {}) for row in rows]
        if full:
            names = ", ".join(f'"{column}"' for column in full[0])
            cells = ", ".join(f"({', '.join(literal(value) for value in row.values())})" for row in full)
            self.database.execute(f'INSERT INTO "{name}" ({names}) VALUES {cells}')

    def plan(self, sql: str, body: Mapping[str, Any] | None = None, **workflow: Any) -> Plan:
        """Compile a query; ``body`` are fields of the request, ``workflow`` those of its workflow."""
        request = {"workflow": {"sqlQuery": sql, **workflow}, **(body or {})}
        return compile_workflow(request, JANUARY, NOW, self.shape, documented())

    def rows(self, sql: str, body: Mapping[str, Any] | None = None, **workflow: Any) -> list[tuple[Any, ...]]:
        """Return the result, sorted."""
        found = self.database.execute(self.plan(sql, body, **workflow).sql).fetchall()
        return sorted(found, key=lambda row: [(cell is None, str(cell)) for cell in row])

    def refusal(self, sql: str, **workflow: Any) -> str:
        """Return why a query is refused, an empty text if it is not."""
        try:
            self.plan(sql, **workflow)
        except RefusedError as error:
            return str(error)
        return ""

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def literal(value: object) -> str:
    """Return a value in SQL."""
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


def spread(total: int, users: int, column: str, prefix: str, **cells: object) -> list[Row]:
    """Return one row for each of so many users, whose ``column`` sums up to ``total``."""
    amounts = [1] * (users - 1) + [total - users + 1]
    return [{"user_id": f"{prefix}{n}", column: amount, **cells} for n, amount in enumerate(amounts)]
