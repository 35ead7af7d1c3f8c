"""How commands show things: tables on standard output, remarks on standard error, nothing that acts."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import IO, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDE = 160  # columns, where no terminal says how many


def make_console(stream: IO[str]) -> Console:
    """Return a console that takes no text for markup, and is wide where there is no terminal."""
    columns = None if stream.isatty() else WIDE
    return Console(file=stream, width=columns, markup=False, highlight=False, emoji=False)


def show(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str | None = None,
    numbers: Sequence[bool] | None = None,
) -> None:
    """Print a table; columns of ``numbers``, by default those that hold nothing else, stand to the right."""
    kept = [list(row) for row in rows]
    right = numbers or [
        bool(kept) and all(_is_number(row[place]) for row in kept) for place in range(len(columns))
    ]
    grid = Table(title=title, title_justify="left", header_style="bold")
    for name, is_right in zip(columns, right, strict=True):
        grid.add_column(Text(plain(name)), justify="right" if is_right else "left", overflow="fold")
    for row in kept:
        grid.add_row(*(Text(plain(value)) for value in row))
    make_console(sys.stdout).print(grid)


def width() -> int:
    """Return how many characters fit on a line of standard output."""
    return make_console(sys.stdout).width


def fit(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> int:
    """Return how many of the columns, from the left, fit beside each other without breaking a cell."""
    room, edges = width() - 1, 3
    for place, name in enumerate(columns):
        room -= edges + max(len(name), *(len(plain(row[place])) for row in rows), 0)
        if room < 0:
            return max(1, place)
    return len(columns)


def show_pairs(pairs: Mapping[str, object]) -> None:
    """Print names and values, one a line."""
    longest = max(map(len, pairs), default=0)
    for name, value in pairs.items():
        print(f"{name:<{longest}}  {plain(value)}")  # noqa: T201 - a command's output


def show_json(value: object) -> None:
    """Print JSON."""
    print(json.dumps(value, indent=2, default=_as_json, ensure_ascii=False))  # noqa: T201 - a command's output


def plain(value: object) -> str:
    """Return a value as text in which nothing can act on a terminal.

    >>> plain("red \\x1b[31m"), plain(None), plain(True)
    ('red �[31m', '', 'yes')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") + "Z" if value.tzinfo else str(value)
    return "".join(letter if letter.isprintable() else "�" for letter in str(value))


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _as_json(value: object) -> Any:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
