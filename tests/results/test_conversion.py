import gzip
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportbuilder import clock
from reportbuilder.results.columns import OutputColumn
from reportbuilder.results.conversion import Converted, convert
from reportbuilder.results.failures import BrokenResult
from reportbuilder.results.scratch import sweep_scratch

AB = [OutputColumn("a"), OutputColumn("b", "LONG")]


def pieces(data: bytes, size: int = 7) -> Iterator[bytes]:
    yield from (data[at : at + size] for at in range(0, len(data), size))


def stored(path: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()


def run(
    tmp_path: Path, *files: bytes, columns: list[OutputColumn] | None = None
) -> tuple[Converted, list[tuple[Any, ...]]]:
    target = tmp_path / "rows.parquet"
    done = convert([pieces(data) for data in files], AB if columns is None else columns, target)
    assert [entry.name for entry in tmp_path.iterdir()] == ["rows.parquet"], "scratch files are left"
    assert done.bytes == target.stat().st_size
    return done, stored(target)


def one(tmp_path: Path, kind: OutputColumn | None, *values: str) -> tuple[str, list[Any], tuple[str, ...]]:
    data = "\n".join(["x", *values]).encode() + b"\n"
    done, rows = run(tmp_path, data, columns=[kind] if kind else [])
    return done.columns[0].sql, [row[0] for row in rows], done.warnings


# --- round trip

texts = st.text(st.characters(codec="utf-8"), max_size=8).map(lambda text: text or None) | st.none()
rows_of_all_types = st.lists(
    st.tuples(
        texts,
        st.text(st.sampled_from('",\\\n\r ab'), min_size=1, max_size=5) | st.none(),
        st.integers(-(2**63), 2**63 - 1) | st.none(),
        st.decimals(-(10**20), 10**20, places=17, allow_nan=False).map(lambda d: d.quantize(Decimal("1e-4")))
        | st.none(),
        st.floats(allow_nan=False) | st.none(),
        st.dates(min_value=date(1, 1, 1)) | st.none(),
        st.datetimes().map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)) | st.none(),
        st.booleans() | st.none(),
    ),
    max_size=12,
)
ALL_TYPES = [
    OutputColumn("Text"),
    OutputColumn("Odd_Text", "STRING"),
    OutputColumn("long", "LONG"),
    OutputColumn("dec", "DECIMAL", "METRIC", 38, 4),
    OutputColumn("dbl", "DOUBLE"),
    OutputColumn("day", "DATE"),
    OutputColumn("at", "TIMESTAMP"),
    OutputColumn("flag", "BOOLEAN"),
]


def printed(value: Any, mark: str) -> str:
    """Print a value as AMC does."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds") + mark
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=rows_of_all_types,
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "Z"]),
    files=st.integers(1, 3),
)
def test_what_goes_in_comes_out(
    tmp_path: Path, rows: list[tuple[Any, ...]], end: str, mark: str, files: int
) -> None:
    header = ",".join(column.name.lower() for column in ALL_TYPES)
    parts = [rows[number::files] for number in range(files)]
    made = [
        end.join([header, *(",".join(printed(value, mark) for value in row) for row in part)])
        for part in parts
    ]
    done, found = run(tmp_path, *(text.encode() for text in made), columns=ALL_TYPES)
    assert found == [row for part in parts for row in part]
    assert (done.rows, done.warnings, done.repaired) == (len(rows), (), 0)
    assert [column.name for column in done.columns] == [column.name for column in ALL_TYPES]
    assert [column.type for column in done.columns] == [
        "text",
        "text",
        "integer",
        "decimal",
        "double",
        "date",
        "timestamp",
        "boolean",
    ]


def test_the_same_result_has_the_same_checksum(tmp_path: Path) -> None:
    data = b"a,b\n" + b"".join(b"name %d,%d\n" % (number % 7, number) for number in range(300_000))
    first, _ = run(tmp_path, data)
    second, rows = run(tmp_path, data)
    assert first == second
    assert rows == [(f"name {number % 7}", number) for number in range(300_000)]


# --- files


def test_an_empty_result_keeps_its_columns(tmp_path: Path) -> None:
    done, rows = run(tmp_path, b"A,b")
    assert (done.rows, rows) == (0, [])
    assert [(column.name, column.sql) for column in done.columns] == [("a", "VARCHAR"), ("b", "BIGINT")]


def test_all_files_are_read_plain_or_packed_with_mark_or_without(tmp_path: Path) -> None:
    packed = gzip.compress(b"\xef\xbb\xbfA,B\r\n") + gzip.compress(b'"x\r\ny",2\r\n')
    done, rows = run(tmp_path, b"\xef\xbb\xbfa,b\nw,1", packed, b"a,b\n", b"a,b\nz,\n")
    assert rows == [("w", 1), ("x\r\ny", 2), ("z", None)]
    assert done.rows == 3


@pytest.mark.parametrize("cut", [1, 9, 20])
def test_a_gzip_that_is_cut_off_is_broken(tmp_path: Path, cut: int) -> None:
    packed = gzip.compress(b"a,b\nx,1\ny,2\n")
    with pytest.raises(BrokenResult):
        run(tmp_path, packed[:-cut])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([], "no file"),
        ([b""], "not even a header"),
        ([b"\nx,1\n"], "empty line"),
        ([b"a,b\nx,1\ny\n"], "line 2 after the header has 1 fields, but the header 2"),
        ([b"a,b\nx,1\ny,2,3\n"], "line 2 after the header has 3 fields, but the header 2"),
        ([b"a,c\nx,1\n"], "AMC announced a, b"),
        ([b"a\nx\n"], "AMC announced a, b"),
        ([b"a,b\nx,1\n", b"b,a\n1,x\n"], "file 2 has the columns b, a"),
        ([b'a,b\n"x,1\ny,2\n'], "cut off"),
        ([b'a,b\n"x"y,1\n'], "quote"),
    ],
)
def test_what_is_not_one_table_is_refused_and_leaves_nothing(
    tmp_path: Path, files: list[bytes], reason: str
) -> None:
    with pytest.raises(BrokenResult, match=reason):
        run(tmp_path, *files)
    assert not list(tmp_path.iterdir())


def test_a_torn_stream_leaves_nothing_behind(tmp_path: Path) -> None:
    def torn() -> Iterator[bytes]:
        yield b"a,b\n" + b"x,1\n" * 600_000
        raise ConnectionResetError("the other side hung up")

    with pytest.raises(ConnectionResetError):
        convert([torn()], AB, tmp_path / "rows.parquet")
    assert not list(tmp_path.iterdir())


def test_an_earlier_target_stays_when_the_next_conversion_fails(tmp_path: Path) -> None:
    run(tmp_path, b"a,b\nx,1\n")
    with pytest.raises(BrokenResult):
        run(tmp_path, b"a,b\nx\n")
    assert stored(tmp_path / "rows.parquet") == [("x", 1)]


def test_bad_bytes_are_replaced_and_counted(tmp_path: Path) -> None:
    done, rows = run(tmp_path, b"a,b\nS\xfcd,1\n\xe2\x82,2\n\xe2\x82\xac,3\n")
    assert rows == [("S\ufffdd", 1), ("\ufffd", 2), ("€", 3)]
    assert done.repaired == 2
    _, rows = run(tmp_path, b'a\xff,b\n"\\"\xff",1\n', b"a\xff,b\n\xff\\,5\xfe\n", columns=[])
    assert rows == [('"\ufffd', "1"), ("\ufffd\\", "5\ufffd")]


def test_a_very_long_field_is_kept(tmp_path: Path) -> None:
    value = "long \n" * 900_000
    _, rows = run(tmp_path, f'a,b\nx,1\n"{value}",2\n'.encode())
    assert rows == [("x", 1), (value, 2)]


def test_many_wide_columns_do_not_need_more_memory(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(100)]
    line = (",".join("v" * 60 for _ in names) + "\n").encode()
    target = tmp_path / "rows.parquet"
    header = (",".join(names) + "\n").encode()
    source = iter([header, *([line * 100] * 200)])
    done = convert([source], [OutputColumn(name) for name in names], target, memory=160 << 20)
    assert done.rows == 20_000


def test_null_rows_of_a_single_column_are_rows(tmp_path: Path) -> None:
    assert one(tmp_path, OutputColumn("x", "LONG"), "1", "", '""', "")[1] == [1, None, None, None]


def test_names_that_are_equal_or_empty_are_told_apart(tmp_path: Path) -> None:
    done, rows = run(tmp_path, b"a,A,,a_2\n1,2,3,4\n", columns=[])
    assert [column.name for column in done.columns] == ["a", "A_2", "column_3", "a_2_2"]
    assert rows == [(1, 2, 3, 4)]


def test_columns_are_found_by_name_not_by_place(tmp_path: Path) -> None:
    done, rows = run(tmp_path, b"B,a\n5,x\n")
    assert [column.name for column in done.columns] == ["b", "a"]
    assert rows == [(5, "x")]


# --- types

LONG = OutputColumn("x", "LONG")
DEC = OutputColumn("x", "DECIMAL", "METRIC", 10, 2)


@pytest.mark.parametrize(
    ("column", "values", "sql", "found"),
    [
        (LONG, ["1", "9223372036854775808"], "DECIMAL(38,0)", [Decimal(1), Decimal(9223372036854775808)]),
        (LONG, ["1", "1.5"], "VARCHAR", ["1", "1.5"]),
        (LONG, ["1", "15E-1"], "VARCHAR", ["1", "15E-1"]),
        (LONG, ["1", "n/a"], "VARCHAR", ["1", "n/a"]),
        (LONG, ["1" * 39], "VARCHAR", ["1" * 39]),
        (DEC, ["1.00", "1.239"], "DECIMAL(4,3)", [Decimal("1.000"), Decimal("1.239")]),
        (DEC, ["1", "1E-9"], "VARCHAR", ["1", "1E-9"]),
        (DEC, ["123456789012.5"], "DECIMAL(13,1)", [Decimal("123456789012.5")]),
        (DEC, ["NaN"], "VARCHAR", ["NaN"]),
        (
            OutputColumn("x", "DECIMAL"),
            ["1.5", "-20", "0.125"],
            "DECIMAL(5,3)",
            [Decimal("1.5"), Decimal(-20), Decimal("0.125")],
        ),
        (OutputColumn("x", "DOUBLE"), ["1", "1E400"], "VARCHAR", ["1", "1E400"]),
        (OutputColumn("x", "BOOLEAN"), ["true", "maybe"], "VARCHAR", ["true", "maybe"]),
        (
            OutputColumn("x", "DATE"),
            ["2025-01-01", "2025-01-01T10:00:00.000"],
            "VARCHAR",
            ["2025-01-01", "2025-01-01T10:00:00.000"],
        ),
        (OutputColumn("x", "DATE"), ["2025-02-30"], "VARCHAR", ["2025-02-30"]),
        (
            OutputColumn("x", "TIMESTAMP"),
            ["2025-01-01T10:00:00.000+02:00"],
            "VARCHAR",
            ["2025-01-01T10:00:00.000+02:00"],
        ),
        (OutputColumn("x", "TIMESTAMP"), ["2025-01-01 10:00:00 CET"], "VARCHAR", ["2025-01-01 10:00:00 CET"]),
    ],
)
def test_a_value_that_does_not_fit_is_kept_with_a_warning(
    tmp_path: Path, column: OutputColumn, values: list[str], sql: str, found: list[Any]
) -> None:
    kind, rows, warnings = one(tmp_path, column, *values)
    assert (kind, rows) == (sql, found)
    assert bool(warnings) == (column.precision is not None or column.data_type != "DECIMAL")
    assert all(warning.startswith("x: ") and "stored as" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("column", "values", "found"),
    [
        (
            OutputColumn("x", "DECIMAL", "", 38, 18),
            ["0E-18", "1E-7", "1.5E+3"],
            [Decimal(0), Decimal("1E-7"), Decimal(1500)],
        ),
        (
            OutputColumn("x", "DECIMAL", "", 38, 0),
            ["9" * 38, "-" + "9" * 38],
            [Decimal("9" * 38), Decimal("-" + "9" * 38)],
        ),
        (OutputColumn("x", "BOOLEAN"), ["TRUE", "False", "", "1"], [True, False, None, True]),
        (
            OutputColumn("x", "TIMESTAMP"),
            ["2025-01-01T10:00:00.120Z", "2025-01-01 10:00:00"],
            [datetime.fromisoformat("2025-01-01T10:00:00.120"), datetime.fromisoformat("2025-01-01T10:00")],
        ),
        (OutputColumn("x", "DOUBLE"), ["1.0E10", "-Infinity", "5e-324"], [1e10, -math.inf, 5e-324]),
        (OutputColumn("x", "CALENDAR_INTERVAL"), ["P1D"], ["P1D"]),
        (
            OutputColumn.from_amc({"name": "x", "dataType": {"type": "ARRAY", "elementDataType": "LONG"}}),
            ["[1]"],
            ["[1]"],
        ),
    ],
)
def test_values_as_amc_prints_them_fit(
    tmp_path: Path, column: OutputColumn, values: list[str], found: list[Any]
) -> None:
    _, rows, warnings = one(tmp_path, column, *values)
    assert rows == found
    assert not warnings


@pytest.mark.parametrize(
    ("values", "sql"),
    [
        (["1", "-5", ""], "BIGINT"),
        (["007", "1"], "VARCHAR"),
        (["1", "2.50"], "DECIMAL(3,2)"),
        (["12345678901234567890"], "DECIMAL(20,0)"),
        (["1.5E-7", "2"], "DOUBLE"),
        (["TRUE", "false"], "BOOLEAN"),
        (["2025-01-01"], "DATE"),
        (["2025-01-01T00:00:00.000Z"], "TIMESTAMP"),
        (["2025-01-01", "soon"], "VARCHAR"),
        (["", ""], "VARCHAR"),
    ],
)
def test_types_are_chosen_by_the_values_when_amc_declares_none(
    tmp_path: Path, values: list[str], sql: str
) -> None:
    kind, _, warnings = one(tmp_path, None, *values)
    assert kind == sql
    assert not warnings


# --- scratch


def test_leftovers_are_swept_but_not_what_is_at_work(tmp_path: Path) -> None:
    left = tmp_path / ".convert-left"
    left.mkdir()
    (left / "body.csv").write_text("x")
    with clock.frozen(datetime.now(UTC) + timedelta(minutes=59)):
        assert sweep_scratch(tmp_path, timedelta(hours=1)) == 0
    with clock.frozen(datetime.now(UTC) + timedelta(minutes=61)):
        (tmp_path / "fresh").write_text("y")
        assert sweep_scratch(tmp_path, timedelta(hours=1)) == 2
    assert not list(tmp_path.iterdir())
    assert sweep_scratch(tmp_path / "none", timedelta(hours=1)) == 0
