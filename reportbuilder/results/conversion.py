"""The CSV files of one result become one Parquet file, streamed, exact, and all or nothing."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import duckdb

from reportbuilder.results.columns import (
    MISFIT,
    TEXT,
    ColumnType,
    OutputColumn,
    ResultColumn,
    declared_type,
    literal,
    quoted,
    type_word,
)
from reportbuilder.results.failures import BrokenResult, OutOfMemory
from reportbuilder.results.matching import match, unique
from reportbuilder.results.measuring import choose
from reportbuilder.results.spooling import MAX_LINE, Spooled, repair, spool

WORK_PREFIX = ".convert-"
_GROUP_BYTES = 10 << 20  # of CSV in a row group; about what the writer holds of it, for each thread
_GROUP_ROWS = (2048, 122_880)  # the least and the most
_BUFFER = 8 << 20  # bytes the reader takes at once
_SMALL = 1 << 20  # bytes of a body that needs no DuckDB of its own
_SMALL_MEMORY = 256 << 20  # for all of them together
_LINE = 2 << 20  # bytes; what a line may have before the reader is given larger buffers


@dataclass(frozen=True)
class Converted:
    """What stands in the Parquet file; ``warnings`` name each column that got a type AMC did not declare."""

    rows: int
    bytes: int
    sha256: str
    columns: tuple[ResultColumn, ...]
    warnings: tuple[str, ...]
    repaired: int  # byte sequences that were not UTF-8, each now one U+FFFD


def convert(
    sources: Iterable[Iterable[bytes]],
    columns: Sequence[OutputColumn],
    target: Path,
    *,
    memory: int = 256 << 20,
    threads: int = 2,
) -> Converted:
    """Write the rows of all sources to ``target``, or leave nothing at all.

    Nothing is lost: a number too large for its type, or a value that does not fit it, gives the column a
    wider type or text, with a warning. An empty field is NULL; AMC prints the empty text in the same way.

    :param sources: one stream of chunks a file, each with its own header; plain or gzip.
    :param columns: AMC's ``outputColumns``; without them types are chosen by the values.
    :param target: a Parquet file; scratch files lie beside it meanwhile, under ``WORK_PREFIX``.
    :param memory: bytes that DuckDB may take; the process needs about 50 MB more.
    :raises BrokenResult: when the files are not one table with these columns.
    """
    work = Path(tempfile.mkdtemp(prefix=WORK_PREFIX, dir=target.parent))
    try:
        conversion = _Conversion(work, spool(sources, work / "body.csv"), columns, memory, threads)
        rows = conversion.run()
        parquet = work / "rows.parquet"
        size, digest = parquet.stat().st_size, _sha256(parquet)
        parquet.replace(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    found = tuple(
        ResultColumn(name, type_word(kind.sql), kind.sql, declared.data_type if declared else "")
        for name, kind, declared in zip(conversion.names, conversion.types, conversion.declared, strict=True)
    )
    return Converted(rows, size, digest, found, tuple(conversion.warnings), conversion.repaired)


class _Conversion:
    """One body of plain CSV on its way to Parquet; tried with the declared types first."""

    def __init__(
        self, work: Path, spooled: Spooled, columns: Sequence[OutputColumn], memory: int, threads: int
    ) -> None:
        self.work, self.spooled, self.memory, self.threads = work, spooled, memory, threads
        self.declared = match(spooled.header, columns)
        self.names = unique(
            [
                declared.name if declared else name
                for name, declared in zip(spooled.header, self.declared, strict=True)
            ]
        )
        self.warnings: list[str] = []
        self.types: list[ColumnType] = []
        self.repaired, self.is_utf8 = spooled.repaired, False
        self.line, self.group_bytes = _LINE, _GROUP_BYTES
        self.shares = (work / "body.csv").stat().st_size <= _SMALL

    def run(self) -> int:
        """Return the number of rows written."""
        declared = [declared_type(column) if column else None for column in self.declared]
        self.types = [kind or TEXT for kind in declared]
        to_measure = None in declared
        while True:
            try:
                if to_measure:
                    self._measure()
                return self._copy()
            except duckdb.OutOfMemoryException:
                self._use_less_memory()
            except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
                if isinstance(error, duckdb.InvalidInputException) and "CSV" in str(error):
                    self._read_otherwise(str(error))
                elif to_measure or not _is_misfit(error):
                    raise
                else:
                    to_measure = True

    def _use_less_memory(self) -> None:
        if self.threads == 1 and self.group_bytes < _GROUP_BYTES:
            raise OutOfMemory(
                f"the result does not convert within {self.memory >> 20} MB of memory; give it more"
            )
        self.threads, self.group_bytes, self.shares = 1, _GROUP_BYTES // 4, False

    def _read_otherwise(self, complaint: str) -> None:
        """Repair bytes that are not UTF-8, then allow longer lines, then give up."""
        if "unicode" in complaint and not self.is_utf8:
            self.repaired += repair(self.work / "body.csv")
            self.is_utf8 = True
        elif self.line < MAX_LINE:
            self.line = MAX_LINE
        else:
            raise BrokenResult(_explain(complaint)) from None

    def _measure(self) -> None:
        source = self._source()
        pairs = list(zip(self._columns(), self.declared, strict=True))
        with self._connect() as connection:
            chosen = choose(connection, source, pairs)
        self.types = [kind for kind, _ in chosen]
        self.warnings = [warning for _, warning in chosen if warning]

    def _copy(self) -> int:
        chosen = ", ".join(
            f"{kind.conversion(column)} AS {quoted(name)}"
            for column, kind, name in zip(self._columns(), self.types, self.names, strict=True)
        )
        rows = min(max(self.group_bytes // max(self.spooled.line_bytes, 1), _GROUP_ROWS[0]), _GROUP_ROWS[1])
        statement = (
            f"COPY (SELECT {chosen} FROM {self._source()}) TO {literal(self.work / 'rows.parquet')} "  # noqa: S608 - names quoted
            f"(FORMAT parquet, ROW_GROUP_SIZE {rows})"
        )
        with self._connect() as connection:
            return int(connection.execute(statement).fetchall()[0][0])

    def _columns(self) -> list[str]:
        return [f"c{position}" for position in range(len(self.names))]

    def _source(self) -> str:
        types = ", ".join(f"'{column}': 'VARCHAR'" for column in self._columns())
        return (
            f"read_csv({literal(self.work / 'body.csv')}, auto_detect = false, header = false, delim = ',', "
            f"""quote = '"', escape = '"', new_line = '\\n', strict_mode = true, columns = {{{types}}}, """
            f"max_line_size = {self.line}, buffer_size = {max(self.line, _BUFFER)})"
        )

    def _connect(self) -> duckdb.DuckDBPyConnection:
        """Open a DuckDB that sees the work directory; small bodies share one that sees its folder."""
        if self.shares:
            return _shared(self.work.parent).cursor()
        return _open(self.work, self.memory, self.threads, str(self.work / "spill"))


def _open(folder: Path, memory: int, threads: int, spill: str) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB that sees a folder and nothing else; without ``spill`` it keeps to its memory."""
    connection = duckdb.connect(
        config={
            "threads": threads,
            "memory_limit": f"{memory}B",
            "temp_directory": spill,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    connection.execute(f"SET allowed_directories = [{literal(folder)}]")
    connection.execute("SET enable_external_access = false; SET lock_configuration = true")
    return connection


@lru_cache(maxsize=4)
def _shared(folder: Path) -> duckdb.DuckDBPyConnection:
    """Return the DuckDB of this process for small bodies: to start one takes longer than they do."""
    return _open(folder, _SMALL_MEMORY, threads=1, spill="")


def _is_misfit(error: Exception) -> bool:
    return isinstance(error, duckdb.ConversionException) or MISFIT in str(error)


def _explain(error: str) -> str:
    """Turn DuckDB's complaint into one that shows no data."""
    line = re.search(r"Line: (\d+)", error)
    where = f"line {line.group(1)} after the header" if line else "a line"
    if counts := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", error):
        return (
            f"{where} has {counts.group(2)} fields, but the header {counts.group(1)}; fetch the result again"
        )
    return (
        f"{where} is not readable as CSV (a quote is open, or the line is too long); fetch the result again"
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
