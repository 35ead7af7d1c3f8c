"""The real work behind an execution: compile at once, compute in a few threads, write result files."""

import itertools
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from reportbuilder.sandbox.compiling import Plan, compile_workflow, question
from reportbuilder.sandbox.csvtext import header, rows_sql
from reportbuilder.sandbox.dialect import RefusedError
from reportbuilder.sandbox.executions import Computation
from reportbuilder.sandbox.instants import Window
from reportbuilder.sandbox.options import Options
from reportbuilder.sandbox.warehouses import Warehouse, shape
from reportbuilder.sandbox.world import Instance, tables_of

MOST_FILES = 5
_BATCH = 10_000


@dataclass
class Job:
    """One execution's way through compiler and database."""

    owner: "Computing"
    instance: Instance
    body: dict[str, Any]
    window: Window
    rows_per_file: int
    computation: Computation
    plan: Plan | None = None

    def check(self) -> None:
        """Compile now.

        :raises RefusedError: for bad SQL.
        """
        if self.plan is None:
            self.plan = self.owner.compile(self.instance, self.body, self.window)

    def start(self) -> None:
        """Compile and compute in the background."""
        self.owner.enqueue(self)


class Computing:
    """The query threads of one sandbox, its data, and the folder of its result files."""

    def __init__(self, options: Options, now: Callable[[], datetime]) -> None:
        self._options, self._now = options, now
        self._shape = shape()
        self._end = options.end or now().date()
        self._warehouses: dict[int, Warehouse] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="reportbuilder-sandbox-"))
        self._compilers = ThreadPoolExecutor(1, "sandbox-compile")
        self._queries = ThreadPoolExecutor(options.query_threads, "sandbox-query")
        self._finished: dict[tuple[object, ...], Future[tuple[Path, ...]]] = {}
        self._plans: dict[object, Plan] = {}
        self._lock = threading.Lock()
        self._open = 0
        self._numbers = itertools.count()
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
        self._shape.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def prepare(self, instance: Instance, body: dict[str, Any], window: Window, rows_per_file: int) -> Job:
        """Return a job that has not begun."""
        return Job(self, instance, body, window, rows_per_file, Computation())

    def compile(self, instance: Instance, body: dict[str, Any], window: Window) -> Plan:
        """Return the plan of a request; the same question to the same tables is compiled once.

        Comments in the SQL make no difference.

        :raises RefusedError: for bad SQL.
        """
        tables = tables_of(instance)
        key = (question(body, window), frozenset(tables))
        plan = self._plans.get(key)
        if plan is None:
            plan = compile_workflow(body, window, self._now(), self._shape, tables)
            if not plan.depends_on_now:
                self._plans[key] = plan
        return plan

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
            job.computation.files = self._result(job)
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

    def _result(self, job: Job) -> tuple[Path, ...]:
        """Return the result's files; the same question to the same data is computed once."""
        assert job.plan is not None  # noqa: S101 - tells mypy what _check has made sure of
        key = (job.instance.data, job.plan.sql, header(job.plan), rows_sql(job.plan), job.rows_per_file)
        with self._lock:
            known = self._finished.get(key)
            mine: Future[tuple[Path, ...]] = Future()
            if known is None:
                self._finished[key] = mine
        if known is not None:
            return known.result()
        try:
            mine.set_result(self._write(job.plan, job.instance.data, job.rows_per_file))
        except Exception as error:
            mine.set_exception(error)
            self._finished.pop(key, None)  # the next one may have more luck
            raise
        return mine.result()

    def _write(self, plan: Plan, data: int, rows_per_file: int) -> tuple[Path, ...]:
        folder = self._folder / f"{next(self._numbers)}"
        folder.mkdir()
        paths: list[Path] = []
        with self._warehouse(data).cursor(self._options.query_seconds) as cursor:
            cursor.execute(rows_sql(plan))
            rows = cursor.fetchmany(_BATCH)
            while rows or not paths:
                path = folder / f"part-{len(paths):05}.csv"
                limit = rows_per_file if rows_per_file and len(paths) < MOST_FILES - 1 else None
                rows = _write_file(path, header(plan), rows, limit, cursor)
                paths.append(path)
        return tuple(paths)

    def _warehouse(self, number: int) -> Warehouse:
        with self._lock:
            if number not in self._warehouses:
                self._warehouses[number] = Warehouse(self._options, number, self._end)
            return self._warehouses[number]


def _without_output(body: dict[str, Any]) -> bool:
    bare = body.get("disableAggregationControls") and not body.get("requireSyntheticData")
    return bool(body.get("dryRun") or body.get("skipPublish") or bare)


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
