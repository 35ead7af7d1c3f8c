"""Reads a CSV of values that somebody brings, and replaces or adds to a list."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.errors import Invalid
from reportbuilder.valuelists import storing
from reportbuilder.valuelists.kinds import KINDS, Found, read_value

MOST = 100_000  # values
LARGEST = 8 * 1024 * 1024  # bytes
MOST_FAULTS = 20
FIELD = "file"
_HEADERS = frozenset({"value", "asin", "brand", "campaign", "campaign_name", "name", "advertiser"})


def upload(session: Session, instance_id: UUID, kind: str, content: bytes, *, replace: bool) -> int:
    """Take the values of a CSV into a list; return how many. ``replace`` takes back what was brought before.

    One value a line, a label behind it if wanted; a header line is known by its words. All or nothing.

    :raises Invalid: naming each line that is wrong, and why.
    """
    found = read_csv(kind, content)
    now = clock.now()
    count = storing.store_uploaded(session, instance_id, found, now)
    if replace:
        storing.forget_uploaded(session, instance_id, kind, before=now)
    return count


def read_file(path: Path) -> bytes:
    """Return the bytes of a file, no more than are allowed and one.

    :raises Invalid: if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise Invalid.field(FIELD, f"{path} cannot be read: {error.strerror}") from None


def read_csv(kind: str, content: bytes) -> list[Found]:
    """Read the values of a CSV, each once.

    :raises Invalid: naming each line that is wrong, and why.
    """
    if kind not in KINDS:
        raise Invalid.field("kind", f"{kind!r} is not one of {', '.join(KINDS)}")
    values: dict[str, Found] = {}
    faults: list[str] = []
    for number, cells in _lines(content):
        try:
            found = _read_cells(kind, cells)
        except ValueError as error:
            faults.append(f"line {number}: {error}")
            continue
        values[found.value] = found
        if len(values) > MOST:
            raise Invalid.field(FIELD, f"it has more than {MOST:,} values; bring those that matter")
    _refuse(faults)
    if not values:
        raise Invalid.field(FIELD, "it holds no value; give one a line")
    return list(values.values())


def _read_cells(kind: str, cells: list[str]) -> Found:
    label = cells[1].strip() if len(cells) > 1 else ""
    return Found(kind, read_value(kind, cells[0]), read_value("label", label) if label else None)


def _refuse(faults: list[str]) -> None:
    if faults:
        rest = len(faults) - MOST_FAULTS
        shown = [*faults[:MOST_FAULTS], *([f"and {rest} more lines"] if rest > 0 else [])]
        count = "1 line is" if len(faults) == 1 else f"{len(faults)} lines are"
        raise Invalid(f"{count} wrong, and nothing was taken: {shown[0]}", details={FIELD: shown})


def _lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of each line that holds something, without the header."""
    if len(content) > LARGEST:
        raise Invalid.field(FIELD, f"it has more than {LARGEST:,} bytes; bring less at once")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid.field(FIELD, f"byte {error.start} is not UTF-8; save it as CSV in UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    is_first = True
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not (is_first and _is_header(cells)):
                yield reader.line_num, cells
            is_first = False
    except csv.Error as error:
        raise Invalid.field(FIELD, f"line {reader.line_num}: it is no CSV ({error})") from None


def _delimiter(text: str) -> str:
    """Return what stands between the cells: a semicolon only if the header says so, or every line has one.

    A name may hold semicolons, too.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or ";" not in lines[0]:
        return ","
    if _is_header(lines[0].split(";")):
        return ";"
    if _is_header(lines[0].split(",")):
        return ","
    return ";" if all(";" in re.sub(r'"[^"]*"', "", line) for line in lines) else ","


def _is_header(cells: list[str]) -> bool:
    return bool(cells) and re.sub(r"[\s_]+", "_", cells[0].strip(' "').lower()) in _HEADERS
