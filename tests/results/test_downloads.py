import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportbuilder.errors import Invalid
from reportbuilder.results.columns import OutputColumn
from reportbuilder.results.conversion import convert
from reportbuilder.results.downloads import download, stream_csv
from reportbuilder.results.spreadsheets import write_xlsx

CSV = b"""\
name,id,clicks,spend,big,ctr,new,day,seen
=1+1,576460752303423488,3,1.5000,12345678901234567.25,0.1,true,2025-01-01,2025-01-01T10:00:00.120
"a ""b"", c",2,,,,NaN,false,1900-01-01,
http://x.example,007,10,0.1,1,1E300,,,1899-12-31T00:00:00.000
"""
FAITHFUL = """\
name,id,clicks,spend,big,ctr,new,day,seen
=1+1,576460752303423488,3,1.5000,12345678901234567.25,0.1,true,2025-01-01,2025-01-01T10:00:00.12
"a ""b"", c",2,,,,NaN,false,1900-01-01,
http://x.example,7,10,0.1000,1.00,1e+300,,,1899-12-31T00:00:00
"""
COLUMNS = [
    OutputColumn("name"),
    OutputColumn("id", "LONG"),
    OutputColumn("clicks", "LONG"),
    OutputColumn("spend", "DECIMAL", "METRIC", 10, 4),
    OutputColumn("big", "DECIMAL", "METRIC", 38, 2),
    OutputColumn("ctr", "DOUBLE"),
    OutputColumn("new", "BOOLEAN"),
    OutputColumn("day", "DATE"),
    OutputColumn("seen", "TIMESTAMP"),
]
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "rows.parquet"
    convert([[CSV]], COLUMNS, target)
    return target


def cells(data: bytes | Path) -> dict[str, tuple[str, str]]:
    """Return type and content of each cell of a workbook."""
    with zipfile.ZipFile(io.BytesIO(data) if isinstance(data, bytes) else data) as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    return {
        cell.get("r", ""): (cell.get("t", "n"), "".join(cell.itertext()))
        for cell in sheet.iter(f"{SHEET}c")
        if "".join(cell.itertext())
    }


def test_csv_is_faithful(path: Path) -> None:
    text = b"".join(stream_csv(path)).decode()
    assert text.endswith("\r\n")
    assert text.replace("\r\n", "\n") == FAITHFUL


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(*[st.text(st.characters(codec="utf-8"), max_size=6)] * 2), max_size=8))
def test_any_text_survives_the_csv(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    made = io.StringIO(newline="")
    writer = csv.writer(made, escapechar="\\", doublequote=False, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b"), *rows])
    target = tmp_path / "rows.parquet"
    convert([[made.getvalue().encode()]], [OutputColumn("a"), OutputColumn("b")], target)
    text = b"".join(stream_csv(target)).decode()
    assert list(csv.reader(io.StringIO(text, newline=""), strict=True)) == [["a", "b"], *map(list, rows)]


def test_xlsx_has_typed_cells_and_no_formulas(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "rows.xlsx"
    write_xlsx(path, target)
    found = cells(target)
    assert found["A1"] == ("inlineStr", "name")
    assert found["A2"] == ("inlineStr", "=1+1")
    assert found["A4"] == ("inlineStr", "http://x.example")
    assert found["B2"] == ("inlineStr", "576460752303423488")
    assert found["C2"] == ("n", "3")
    assert found["D2"] == ("n", "1.5000")
    assert found["E2"] == ("inlineStr", "12345678901234567.25")
    assert found["F3"] == ("inlineStr", "NaN")
    assert found["G2"] == ("b", "1")
    assert found["H2"] == ("n", "45658")  # days since 1899-12-30
    assert found["H3"] == ("inlineStr", "1900-01-01")
    assert found["I4"] == ("inlineStr", "1899-12-31T00:00:00")
    assert not {"C3", "D3", "G4", "H4", "I3"} & found.keys()
    with zipfile.ZipFile(target) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_what_excel_cannot_hold_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    def many() -> Iterator[bytes]:
        yield b"k\n"
        yield from (b"1\n" * 10_000 for _ in range(105))

    path = tmp_path / "rows.parquet"
    convert([many()], [OutputColumn("k", "LONG")], path)
    with pytest.raises(Invalid, match=r"1050000 rows do not fit Excel.*take csv or parquet"):
        download(path, "xlsx", tmp_path)
    convert([[b"k\n" + b"x" * 40_000 + b"\n"]], [OutputColumn("k")], path)
    with pytest.raises(Invalid, match="row 1 is longer than 32767"):
        write_xlsx(path, tmp_path / "rows.xlsx")
    assert [entry.name for entry in tmp_path.iterdir()] == ["rows.parquet"]


@pytest.mark.parametrize("extension", ["csv", "xlsx", "parquet"])
def test_each_format_streams_and_cleans_up(path: Path, tmp_path: Path, extension: str) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    sent = download(path, extension, scratch)
    data = b"".join(sent.chunks)
    assert data.startswith({"csv": b"name,", "xlsx": b"PK", "parquet": b"PAR1"}[extension])
    if extension == "parquet":
        assert data == path.read_bytes()
    assert not list(scratch.iterdir())


def test_a_format_that_is_not_offered_is_named(path: Path, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="'pdf' is not offered; use csv, xlsx, parquet"):
        download(path, "pdf", tmp_path)
