"""The rows that a preview shows: of the reader's last run if it is small, else recorded or declared ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any, Final

from sqlalchemy.orm import Session

from reportbuilder import logs
from reportbuilder.accounts.permissions import Principal
from reportbuilder.api import context
from reportbuilder.catalog import samples
from reportbuilder.catalog.abouts import About
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.errors import ReportBuilderError
from reportbuilder.executions import overview
from reportbuilder.results import queries

log = logs.get_logger(__name__)

MOST_BYTES: Final = 8 << 20  # of a result that is read for a preview
FORMATS: Final = {"integer": 0, "decimal": 2, "currency": 2}


@dataclass(frozen=True)
class Stored:
    """Where the rows of a run lie, and which run it was."""

    key: str
    sha256: str
    execution_id: str
    instance: str
    at: datetime | None


@dataclass(frozen=True)
class Cell:
    """A value as a person reads it."""

    text: str
    is_number: bool = False


@dataclass(frozen=True)
class Rows:
    """``titles`` of the columns and rows of cells; ``run`` is whose they are, None if they are made up."""

    titles: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    run: Stored | None = None


def find_stored(session: Session, principal: Principal, template: QueryTemplate) -> Stored | None:
    """Return the last run of a template on the reader's instances, if its file is small enough."""
    on = None if principal.sees_all else tuple(principal.grants)
    found = overview.latest_result(session, template.id, on, most_bytes=MOST_BYTES)
    if found is None:
        return None
    run, rows = found
    return Stored(rows.key, rows.sha256, run.execution_id, run.instance.instance_name, run.completed_at)


def read(template: QueryTemplate, about: About, stored: Stored | None) -> Rows | None:
    """Return the rows to be shown; None if there are none. Not in a transaction: it reads files."""
    if stored is not None and (found := _read_stored(about, stored)):
        return found
    if (recorded := samples.recorded(template.library_key)) is not None:
        return _rows(about, recorded.columns, recorded.rows)
    if (declared := about.sample) is not None:
        return _rows(about, [column.name for column in about.columns], [declared])
    return None


def _read_stored(about: About, stored: Stored) -> Rows | None:
    try:
        with context.store().local(stored.key, stored.sha256) as path:
            wanted = queries.parse(queries.schema(path), limit=samples.MOST_ROWS)
            with queries.read_rows(path, wanted) as page:
                rows = list(islice(page.rows, samples.MOST_ROWS))
                return _rows(about, [column.name for column in page.columns], rows, stored)
    except ReportBuilderError as error:
        # a preview is worth less than an error page; who opens the run itself is told
        log.warning("no rows for a preview", execution_id=stored.execution_id, reason=error.message)
        return None


def _rows(
    about: About, names: Sequence[str], rows: Sequence[Sequence[Any]], run: Stored | None = None
) -> Rows:
    said = {column.name: column for column in about.columns}
    formats = [said[name].format if name in said else "" for name in names]
    return Rows(
        titles=tuple(said[name].title if name in said else name for name in names),
        rows=tuple(
            tuple(cell_of(value, form) for value, form in zip(row, formats, strict=True)) for row in rows
        ),
        run=run,
    )


def cell_of(value: Any, form: str) -> Cell:
    """Return a value in a column's format; as it is, if it has none or does not fit.

    >>> cell_of("1234.567", "currency").text, cell_of(0.132, "percent").text, cell_of(None, "").text
    ('1,234.57', '13.2 %', '')
    >>> cell_of("12345678901234567890", "integer").text
    '12,345,678,901,234,567,890'
    """
    if value is None or value == "":
        return Cell("")
    number = _exact(value)
    if number is None:
        return Cell(str(value))
    if form == "percent":
        return Cell(f"{number * 100:,.1f} %", is_number=True)
    if form in FORMATS:
        return Cell(f"{number:,.{FORMATS[form]}f}", is_number=True)
    return Cell(str(value), is_number=not isinstance(value, str))


def _exact(value: Any) -> Decimal | None:
    """Return a number with all of its digits; None for anything else."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
