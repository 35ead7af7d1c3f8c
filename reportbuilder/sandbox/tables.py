"""AMC's documented tables: columns, types and aggregation thresholds, from the files in ``documented/``."""

import functools
import json
from dataclasses import dataclass
from importlib.resources import files

_DUCKDB = {
    "STRING": "VARCHAR",
    "LONG": "BIGINT",
    "INTEGER": "INTEGER",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP",
    "DOUBLE": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "DECIMAL": "DECIMAL(38,4)",
    "DECIMAL(38,2)": "DECIMAL(38,2)",
    "DECIMAL(38,4)": "DECIMAL(38,4)",
    "Array[LONG]": "BIGINT[]",
    "Array[INTEGER]": "INTEGER[]",
    "Array[STRING]": "VARCHAR[]",
}


@dataclass(frozen=True)
class TableColumn:
    """One documented column; ``threshold`` is its aggregation level, NONE to VERY_HIGH."""

    name: str
    type: str
    column_type: str
    threshold: str

    @property
    def duckdb(self) -> str:
        """The DuckDB type that holds it."""
        return _DUCKDB[self.type]


@dataclass(frozen=True)
class Table:
    """One documented table.

    ``time`` is the column by which an execution's window cuts it, None for a table of dimensions, which no
    window cuts. ``dataset`` names the data set that an instance must have for it, empty for what all have.
    ``look_back_months`` is how far its data reach back if that is not as far as all advertising data.
    """

    name: str
    description: str
    time: str | None
    columns: tuple[TableColumn, ...]
    dataset: str = ""
    look_back_months: int | None = None

    @functools.cached_property
    def by_name(self) -> dict[str, TableColumn]:
        """The columns by name."""
        return {column.name: column for column in self.columns}


@functools.cache
def documented() -> dict[str, Table]:
    """Return every table that this sandbox has, by name."""
    folder = files("reportbuilder.sandbox") / "documented"
    bodies = [json.loads(entry.read_text()) for entry in folder.iterdir() if entry.name.endswith(".json")]
    return {body["name"]: _table(body) for body in sorted(bodies, key=lambda body: str(body["name"]))}


def _table(body: dict[str, object]) -> Table:
    raw = body["columns"]
    columns = tuple(
        TableColumn(item["name"], item["type"], item["columnType"], item["threshold"])
        for item in (raw if isinstance(raw, list) else [])
    )
    time, months = body.get("time"), body.get("lookBackMonths")
    return Table(
        str(body["name"]),
        str(body["description"]),
        str(time) if time else None,
        columns,
        str(body.get("dataset", "")),
        months if isinstance(months, int) else None,
    )
