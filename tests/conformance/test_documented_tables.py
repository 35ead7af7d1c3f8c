"""The sandbox's tables against a list that was made apart from them."""

from collections.abc import Callable
from datetime import UTC, datetime

import duckdb
import pytest

from reportbuilder.sandbox.compiling import compile_workflow
from reportbuilder.sandbox.instants import Window
from reportbuilder.sandbox.tables import documented
from reportbuilder.sandbox.warehouses import shape
from tests.conformance.facts import columns_by_table

JANUARY = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), "UTC")
# where the documentation writes a type or a level in more than one way, or says nothing
SPELLINGS = {
    "DECIMAL": "DECIMAL(38,4)",
    "DecimalDataType(precision=38, scale=2)": "DECIMAL(38,2)",
    "ARRAY": "Array[STRING]",
    "unknown": "MEDIUM",  # as the same column of the other brand store table
}


@pytest.fixture(scope="module")
def empty_tables() -> duckdb.DuckDBPyConnection:
    return shape()


def _shown(text: str) -> str:
    return SPELLINGS.get(text, text)


@pytest.mark.parametrize("name", columns_by_table())
def test_the_table_has_its_columns(name: str, conforming: Callable[[str], None]) -> None:
    wanted = {column.name: column for column in columns_by_table()[name]}
    there = documented()[name].by_name
    assert sorted(there) == sorted(wanted)
    for column in there.values():
        known = wanted[column.name]
        assert (_shown(column.type), _shown(column.threshold)) == (
            _shown(known.type),
            _shown(known.threshold),
        )
        assert column.column_type == (known.column_type or column.column_type)
        conforming(f"column:{name}.{column.name}")


@pytest.mark.parametrize("name", columns_by_table())
def test_every_column_can_be_counted(
    name: str, conforming: Callable[[str], None], empty_tables: duckdb.DuckDBPyConnection
) -> None:
    names = [column.name for column in columns_by_table()[name]]
    counts = ", ".join(f"COUNT({column}) AS {column}" for column in names)
    body = {"workflow": {"sqlQuery": f"SELECT {counts} FROM {name}"}}
    plan = compile_workflow(body, JANUARY, JANUARY.end, empty_tables, documented())
    assert [column.name for column in plan.columns] == names
    conforming(f"table:{name}")
