"""A whole result as a file: CSV, Excel or Parquet."""

import csv
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reportbuilder.errors import Invalid
from reportbuilder.results.reading import columns_of, plain_text, reading
from reportbuilder.results.spreadsheets import check_size, write_xlsx

__all__ = ["CONTENT_TYPES", "Download", "download", "stream_csv", "stream_file", "write_xlsx"]

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
_FETCH = 2000  # rows
_CHUNK = 1 << 18  # bytes


@dataclass(frozen=True)
class Download:
    """What a door sends: ``chunks`` may be read once, and close their file when they end or are closed."""

    content_type: str
    extension: str
    chunks: Iterator[bytes]


def download(path: Path, extension: str, scratch: Path) -> Download:
    """Return the result in the format ``csv``, ``xlsx`` or ``parquet``; nothing can be wrong with it later.

    :param scratch: a directory for the Excel file while it is made; it must exist.
    :raises Invalid: for another format, or more rows than Excel holds.
    """
    if extension not in CONTENT_TYPES:
        raise Invalid.field("format", f"{extension!r} is not offered; use {', '.join(CONTENT_TYPES)}")
    if extension == "xlsx":
        check_size(path)
    make: dict[str, Callable[[], Iterator[bytes]]] = {
        "csv": lambda: stream_csv(path),
        "xlsx": lambda: _stream_xlsx(path, scratch),
        "parquet": lambda: stream_file(path),
    }
    return Download(CONTENT_TYPES[extension], extension, make[extension]())


def stream_csv(path: Path) -> Iterator[bytes]:
    """Yield RFC 4180 in UTF-8 with a header: doubled quotes, CRLF, NULL as an empty field.

    Values are exactly those of the result, also those that begin with ``=`` or ``+``: who opens the file in a
    spreadsheet should take the Excel format, in which text is text and never a formula.
    """
    with reading(path) as connection:
        columns = columns_of(connection)
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer)
        writer.writerow([column.name for column in columns])
        chosen = ", ".join(map(plain_text, columns))
        connection.execute(f"SELECT {chosen} FROM result")  # noqa: S608 - quoted names
        while rows := connection.fetchmany(_FETCH):
            writer.writerows(rows)
            if buffer.tell() >= _CHUNK:
                yield _taken(buffer)
        yield _taken(buffer)


def stream_file(path: Path) -> Iterator[bytes]:
    """Yield the file as it is."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _stream_xlsx(path: Path, scratch: Path) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory(prefix=".xlsx-", dir=scratch) as folder:
        target = Path(folder) / "rows.xlsx"
        write_xlsx(path, target)
        yield from stream_file(target)
