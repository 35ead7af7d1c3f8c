"""The rows of a result: the first ones as a table, all of them as CSV."""

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import click

from reportbuilder.cli.showing import fit, plain, show, width
from reportbuilder.errors import Invalid
from reportbuilder.results.downloads import stream_csv
from reportbuilder.results.models import ResultSet
from reportbuilder.results.queries import Query, read_rows, schema
from reportbuilder.results.store import store_of
from reportbuilder.settings import Settings

FIRST = 10
CELL_MIN = 16  # characters that a text is shown with at least
CELLS = 5  # so many of the longest texts fit beside each other
STANDARD_OUTPUT = Path("-")

F = TypeVar("F", bound=Callable[..., Any])


def options(command: F) -> F:
    """Give a command the options ``--csv`` and ``--rows``."""
    csv = click.option(
        "--csv",
        type=click.Path(dir_okay=False, path_type=Path, allow_dash=True),
        metavar="FILE|-",
        help="Write all rows as CSV to a file, or to standard output, instead of printing the first.",
    )
    count = click.option(
        "--rows", "count", type=click.IntRange(1), default=FIRST, show_default=True, help="So many to print."
    )
    return csv(count(command))


def deliver(chosen: Settings, result: ResultSet, csv: Path | None, count: int) -> None:
    """Print the first rows, or write all as CSV where ``csv`` says."""
    store = store_of(chosen)
    with store.local(result.key, result.sha256) as path:
        if csv is None:
            _print(path, count)
        elif csv == STANDARD_OUTPUT:
            _write(path, sys.stdout.buffer.write)
            sys.stdout.buffer.flush()
        else:
            _write_file(path, csv)
            click.echo(f"{result.row_count} rows: {csv}", err=True)
    for warning in result.warnings:
        click.echo(f"note: {warning}", err=True)


def _print(path: Path, count: int) -> None:
    with read_rows(path, Query(columns=schema(path), limit=count)) as page:
        widest = max(CELL_MIN, width() // CELLS)
        rows = [[_short(value, widest) for value in row] for row in page.rows]
        names = [column.name for column in page.columns]
        numbers = [column.type in {"integer", "decimal", "double"} for column in page.columns]
    title = f"{len(rows)} of {page.total} rows" if len(rows) < page.total else f"{page.total} rows"
    fitting = fit(names, rows)
    show(names[:fitting], [row[:fitting] for row in rows], title=title, numbers=numbers[:fitting])
    if names[fitting:]:
        click.echo(f"not shown here, for want of room: {', '.join(map(plain, names[fitting:]))}")


def _short(value: object, widest: int) -> object:
    """Return a value as the table shows it; the CSV has it whole."""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = plain(value)
    return text if len(text) <= widest else f"{text[: widest - 1]}…"


def _write(path: Path, write: Callable[[bytes], object]) -> None:
    for chunk in stream_csv(path):
        write(chunk)


def _write_file(path: Path, target: Path) -> None:
    # beside the target first, so that a name never stands for half of the rows
    draft = target.with_name(f".{target.name}.part")
    try:
        with draft.open("wb") as file:
            _write(path, file.write)
        draft.replace(target)
    except OSError as error:
        reason = f"cannot write {target}: {error.strerror}; take another file, the rows are kept"
        raise Invalid.field("--csv", reason) from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
