"""A result as an Excel workbook with typed cells, written row by row."""

import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from reportbuilder.errors import Invalid
from reportbuilder.results.reading import columns_of, reading, spell

MAX_ROWS = 1_048_575  # below the header
MAX_TEXT = 32_767  # characters in a cell
_EXACT_DIGITS = 15  # of a number in a cell
_FIRST_DAY = date(1900, 3, 1)  # Excel counts a 29 February 1900, so earlier days are off by one
_FETCH = 1000
_WAY_OUT = "take csv or parquet instead"

_Write = Callable[[int, int, Any], None]


def check_size(path: Path) -> None:
    """See that the rows fit a worksheet.

    :raises Invalid: when they do not.
    """
    with reading(path) as connection:
        _count(connection)


def write_xlsx(path: Path, target: Path) -> None:
    """Write all rows to ``target``, or nothing.

    Text stays text: no formula, no link, no number is made of it. Numbers of more than 15 digits are text,
    since Excel would round them, and so are days before March 1900. NULL is a blank cell.

    :raises Invalid: when there are more rows, or a longer text, than Excel holds.
    """
    with reading(path) as connection:
        _count(connection)
        unfinished = target.with_name(f"{target.name}.part")
        try:
            _write_book(connection, unfinished)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)


def _count(connection: duckdb.DuckDBPyConnection) -> None:
    [(rows,)] = connection.execute("SELECT count(*) FROM result").fetchall()
    if rows > MAX_ROWS:
        raise Invalid.field("format", f"{rows} rows do not fit Excel, which holds {MAX_ROWS}; {_WAY_OUT}")


def _write_book(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    columns = columns_of(connection)
    book = xlsxwriter.Workbook(target, {"constant_memory": True, "tmpdir": str(target.parent)})
    try:
        sheet = book.add_worksheet("Rows")
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column.name, bold)
        _write_rows(connection, [_writer(book, sheet, column.type) for column in columns])
    finally:
        book.close()


def _write_rows(connection: duckdb.DuckDBPyConnection, writers: list[_Write]) -> None:
    number = 0
    connection.execute("SELECT * FROM result")
    while rows := connection.fetchmany(_FETCH):
        for row in rows:
            number += 1
            for place, value in enumerate(row):
                if value is not None:
                    writers[place](number, place, value)


def _writer(book: xlsxwriter.Workbook, sheet: Worksheet, kind: str) -> _Write:
    """Return what writes one value of that type to a row and a column."""

    def text(row: int, place: int, value: Any) -> None:
        shown = _plain(value)
        if len(shown) > MAX_TEXT:
            reason = f"a text in row {row} is longer than {MAX_TEXT} characters, the most of an Excel cell"
            raise Invalid.field("format", f"{reason}; {_WAY_OUT}")
        sheet.write_string(row, place, shown)

    def number(row: int, place: int, value: Any) -> None:
        if _is_exact(value):
            sheet.write_number(row, place, value)
        else:
            text(row, place, value)

    def truth(row: int, place: int, value: Any) -> None:
        sheet.write_boolean(row, place, value)

    pattern = book.add_format({"num_format": "yyyy-mm-dd" if kind == "date" else "yyyy-mm-dd hh:mm:ss.000"})

    def moment(row: int, place: int, value: Any) -> None:
        day = value.date() if isinstance(value, datetime) else value
        if day < _FIRST_DAY:
            text(row, place, value.isoformat())
        else:
            sheet.write_datetime(row, place, value, pattern)

    numbers = dict.fromkeys(("integer", "decimal", "double"), number)
    return {**numbers, "boolean": truth, "date": moment, "timestamp": moment}.get(kind, text)


def _is_exact(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return len(_plain(value).lstrip("-").replace(".", "").strip("0")) <= _EXACT_DIGITS


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return spell(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)
