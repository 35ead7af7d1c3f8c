"""Parting a result by days: every row in one part or counted, in order, with its exact values."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from reportbuilder.results.parting import first_rows, have_same_rows, part_rows

FIRST = date(2026, 3, 1)
SPANS = [(FIRST, FIRST), (FIRST + timedelta(days=1), FIRST + timedelta(days=2))]
days = st.lists(st.integers(-1, 4), max_size=12)


def write(path: Path, kind: str, values: list[Any]) -> Path:
    """Write rows of a day, a number in their order, and figures that are easily bent."""
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE rows (day {kind}, n BIGINT, d DECIMAL(38,4), t VARCHAR)")
        if values:
            exact = Decimal(10) ** 30
            rows = [
                (value, 2**62 + number, exact + Decimal(number) / 10_000, f"'{number}\"")
                for number, value in enumerate(values)
            ]
            places = ", ".join(["(?, ?, ?, ?)"] * len(rows))
            connection.execute(f"INSERT INTO rows VALUES {places}", [cell for row in rows for cell in row])
        connection.execute(f"COPY rows TO '{path}' (FORMAT parquet)")
    return path


KINDS: dict[str, Callable[[int], Any]] = {
    "DATE": lambda n: FIRST + timedelta(days=n),
    "TIMESTAMP": lambda n: datetime(2026, 3, 1, 23, 59) + timedelta(days=n),  # noqa: DTZ001 - as AMC prints it
    "VARCHAR": lambda n: (FIRST + timedelta(days=n)).isoformat(),
}


@pytest.mark.parametrize("kind", KINDS)
@hypothesis_settings(max_examples=10)
@given(chosen=days)
def test_every_row_is_in_its_part_or_counted(tmp_path: Path, kind: str, chosen: list[int]) -> None:
    values = [KINDS[kind](n) for n in chosen]
    source = write(tmp_path / "source.parquet", kind, values)
    parted = part_rows(source, "DAY", SPANS, tmp_path)
    assert (parted.hidden, parted.outside) == (0, sum(n not in {0, 1, 2} for n in chosen))
    assert [part.rows for part in parted.parts] == [chosen.count(0), chosen.count(1) + chosen.count(2)]
    whole = first_rows(source, 100)
    for part, wanted in zip(parted.parts, ({0}, {1, 2}), strict=True):
        rows = first_rows(part.path, 100)
        assert rows == [row for row, n in zip(whole, chosen, strict=True) if n in wanted]
        assert part.size == part.path.stat().st_size


@pytest.mark.parametrize("value", [None, "", "soon", "2026-3-1", "2026-13-45"])
def test_a_day_that_cannot_be_read_makes_no_parts(tmp_path: Path, value: str | None) -> None:
    source = write(tmp_path / "source.parquet", "VARCHAR", ["2026-03-01", value])
    parted = part_rows(source, "day", SPANS, tmp_path)
    assert (parted.parts, parted.hidden) == ((), 1)


def test_the_same_rows_are_the_same_in_any_order_and_number(tmp_path: Path) -> None:
    values = [FIRST, FIRST, FIRST + timedelta(days=1)]
    one = write(tmp_path / "one.parquet", "DATE", values)
    part = part_rows(one, "day", [(FIRST, FIRST + timedelta(days=1))], tmp_path).parts[0]
    assert have_same_rows(one, part.path)
    turned = tmp_path / "turned.parquet"
    duckdb.execute(f"COPY (FROM '{one}' ORDER BY n DESC) TO '{turned}' (FORMAT parquet)")
    assert have_same_rows(one, turned)
    fewer = tmp_path / "fewer.parquet"
    duckdb.execute(f"COPY (FROM '{one}' LIMIT 2) TO '{fewer}' (FORMAT parquet)")
    assert not have_same_rows(one, fewer)
    assert not have_same_rows(fewer, one)
    doubled = tmp_path / "doubled.parquet"
    duckdb.execute(f"COPY (FROM '{fewer}' UNION ALL FROM '{fewer}') TO '{doubled}' (FORMAT parquet)")
    assert not have_same_rows(fewer, doubled)
    other = write(tmp_path / "other.parquet", "TIMESTAMP", values)
    assert not have_same_rows(one, other), "another type is another result"
