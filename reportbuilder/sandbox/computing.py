"""The real work behind an execution: compile at once, compute in a few threads, write result files."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from reportbuilder.sandbox.compiling import Plan, compile_workflow, question
from reportbuilder.sandbox.csvtext import header, rows_sql
from reportbuilder.sandbox.dialect import RefusedError
from reportbuilder.sandbox.executions import Computation
from reportbuilder.sandbox.instants import Window, shown
from reportbuilder.sandbox.keeping import Files, Shelf
from reportbuilder.sandbox.options import Options
from reportbuilder.sandbox.synthetic import check_sources
from reportbuilder.sandbox.tables import Table, documented
from reportbuilder.sandbox.warehouses import Warehouse, shape
from reportbuilder.sandbox.world import Instance, tables_of

MOST_FILES = 5
SETTLED_AFTER = timedelta(days=45)  # from a window's end; no conversion of it is reported later
_BATCH = 10_000
_MOST_PLANS = 2_000


@dataclass
class Job:
    """One execution's way through compiler and database."""

    owner: "Computing"
    instance: Instance
    body: dict[str, Any]
    window: Window
    as_of: datetime
    rows_per_file: int
    computation: Computation
    plan: Plan | None = None

    def check(self) -> None:
        """Compile now.

        :raises RefusedError: for bad SQL.
        """
        if self.plan is None:
            check_sources(self.body, self.instance)
            self.plan, self.computation.reads = self.owner.compile(self.instance, self.body, self.window)

    def start(self) -> None:
        """Compile and compute in the background."""
        self.owner.enqueue(self)


class Computing:
    """The query threads of one sandbox, its data, and the folder of its result files."""

    def __init__(self, options: Options, now: Callable[[], datetime]) -> None:
        self._options, self._now = options, now
        self.end: date = options.end or now().date()
        self._warehouses: dict[int, Warehouse] = {}
        self._shelf = Shelf()
        self._compilers = ThreadPoolExecutor(1, "sandbox-compile")
        self._shape = self._compilers.submit(shape)  # not at once: a server should listen first
        self._queries = ThreadPoolExecutor(options.query_threads, "sandbox-query")
        self._plans: dict[object, tuple[Plan, frozenset[str]]] = {}
        self._lock = threading.Lock()
        self._open = 0
        self._queries.submit(self._warehouse(0).connection)

    def close(self) -> None:
        """Stop the threads and remove every file."""
        self._compilers.shutdown(cancel_futures=True)
        self._queries.shutdown(wait=False, cancel_futures=True)
        ending = threading.Thread(target=self._queries.shutdown)
        ending.start()
        while ending.is_alive():  # again and again: a query that only begins does not feel it
            for warehouse in self._warehouses.values():
                warehouse.interrupt()
            ending.join(0.05)
        for warehouse in self._warehouses.values():
            warehouse.close()
        if not self._shape.cancelled():
            self._shape.result().close()
        self._shelf.close()

    def prepare(
        self, instance: Instance, body: dict[str, Any], window: Window, as_of: datetime, rows_per_file: int
    ) -> Job:
        """Return a job that has not begun; it sees what was reported until ``as_of``."""
        return Job(self, instance, body, window, as_of, rows_per_file, Computation())

    @property
    def kept(self) -> int:
        """How many sets of result files there are."""
        return len(self._shelf)

    def release(self, computation: Computation) -> None:
        """Let the files of a result go, also those that come later."""
        with self._lock:
            if computation.released:
                return
            computation.released, question, computation.question = True, computation.question, None
            computation.files = ()
        if question is not None:
            self._shelf.release(question)

    def compile(
        self, instance: Instance, body: dict[str, Any], window: Window
    ) -> tuple[Plan, frozenset[str]]:
        """Return the plan of a request and the tables that it reads.

        The same question to the same tables is compiled once.

        Comments in the SQL make no difference.

        :raises RefusedError: for bad SQL.
        """
        tables = tables_of(instance)
        key = (question(body, window), frozenset(tables))
        known = self._plans.get(key)
        if known is None:
            plan = self._compiled(body, window, tables)
            known = plan, _tables_in(plan)
            if not plan.depends_on_now:
                self._plans[key] = known
            if len(self._plans) > _MOST_PLANS:
                self._plans.pop(next(iter(self._plans)), None)
        return known

    def _compiled(self, body: dict[str, Any], window: Window, tables: Mapping[str, Table]) -> Plan:
        try:
            return compile_workflow(body, window, self._now(), self._shape.result(), tables)
        except RecursionError:
            raise RefusedError("The query cannot be compiled: it is nested too deep.") from None

    def enqueue(self, job: Job) -> None:
        """Let the job go through both stages."""
        with self._lock:
            self._open += 1
        self._compilers.submit(self._check, job)

    def settle(self, seconds: float) -> None:
        """Wait until no job is open.

        :raises TimeoutError: if that takes longer than ``seconds``.
        """
        end = time.monotonic() + seconds
        while self._open:
            if time.monotonic() > end:
                raise TimeoutError(f"{self._open} queries are still being computed after {seconds} seconds")
            time.sleep(0.002)

    def _check(self, job: Job) -> None:
        computation = job.computation
        try:
            job.check()
        except RefusedError as error:
            computation.refused = str(error)
        except Exception as error:  # noqa: BLE001 - whatever breaks must end the run, not hang it
            computation.refused = f"The query cannot be compiled: {error}"
        if job.plan is not None:
            computation.columns = job.plan.columns
        computation.checked = self._now()
        if job.plan is None or _without_output(job.body):
            self._finish(job)
        else:
            self._queries.submit(self._compute, job)

    def _compute(self, job: Job) -> None:
        try:
            self._place(job, _question(job))
        except duckdb.InterruptException:
            job.computation.failed = "The query exceeded its time limit."
        except duckdb.Error as error:
            job.computation.failed = str(error).split("\n", maxsplit=1)[0]
        except Exception as error:  # noqa: BLE001 - whatever breaks must end the run, not hang it
            job.computation.failed = f"Internal error: {error}"
        self._finish(job)

    def _finish(self, job: Job) -> None:
        job.computation.finished = self._now()
        with self._lock:
            self._open -= 1

    def _place(self, job: Job, question: object) -> None:
        """Give a job the files that answer its question, unless nobody wants them any more."""
        files = self._shelf.take(question, partial(self._write, job))
        with self._lock:
            unwanted = job.computation.released or bool(job.body.get("skipPublish"))
            if not unwanted:
                job.computation.files, job.computation.question = files, question
        if unwanted:
            self._shelf.release(question)

    def _write(self, job: Job, folder: Path) -> Files:
        plan = job.plan
        assert plan is not None  # noqa: S101 - tells mypy what _check has made sure of
        paths: list[Path] = []
        with self._warehouse(job.instance.data).cursor(self._options.query_seconds) as cursor:
            cursor.execute(f"SET VARIABLE as_of = TIMESTAMP '{shown(job.as_of)[:-1]}'")
            cursor.execute(rows_sql(plan))
            rows = cursor.fetchmany(_BATCH)
            while rows or not paths:
                path = folder / f"part-{len(paths):05}.csv"
                limit = job.rows_per_file if job.rows_per_file and len(paths) < MOST_FILES - 1 else None
                rows = _write_file(path, header(plan), rows, limit, cursor)
                paths.append(path)
        return tuple(paths)

    def _warehouse(self, number: int) -> Warehouse:
        with self._lock:
            if number not in self._warehouses:
                self._warehouses[number] = Warehouse(self._options, number, self.end)
            return self._warehouses[number]


def _tables_in(plan: Plan) -> frozenset[str]:
    tables = sqlglot.parse_one(plan.sql, read="duckdb").find_all(exp.Table)
    return frozenset(documented()) & {table.name for table in tables}


def _question(job: Job) -> object:
    """Return what decides the rows: the same question to the same data is computed once."""
    assert job.plan is not None  # noqa: S101 - tells mypy what _check has made sure of
    unsettled = job.window.end > job.as_of - SETTLED_AFTER
    return (
        *(job.instance.data, job.plan.sql, header(job.plan), rows_sql(job.plan), job.rows_per_file),
        job.as_of if unsettled else None,
    )


def _without_output(body: dict[str, Any]) -> bool:
    """Say whether a run is not computed at all; one that only skips its publishing is."""
    bare = body.get("disableAggregationControls") and not body.get("requireSyntheticData")
    return bool(body.get("dryRun") or bare)


def _write_file(
    path: Path, first: str, rows: list[Any], limit: int | None, cursor: duckdb.DuckDBPyConnection
) -> list[Any]:
    """Write one file of at most ``limit`` rows; return the rows that are left for the next."""
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(first)
        while rows and (limit is None or written < limit):
            taken = rows if limit is None else rows[: limit - written]
            file.writelines(row[0] + "\n" for row in taken)
            written += len(taken)
            rows = rows[len(taken) :] or cursor.fetchmany(_BATCH)
    return rows
