"""Executions of one sandbox: who waits, who runs and who is done, told by the clock alone."""

import bisect
import heapq
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reportbuilder.sandbox.instants import Window

FINAL = frozenset({"SUCCEEDED", "FAILED", "REJECTED", "CANCELLED"})


@dataclass(frozen=True)
class Column:
    """One column of a result, in AMC's words."""

    name: str
    data_type: str
    column_type: str
    precision: int | None = None
    scale: int | None = None


@dataclass
class Computation:
    """What really happened to the query; written by the query threads, read by ``Lane``."""

    checked: datetime | None = None
    refused: str | None = None
    finished: datetime | None = None
    failed: str | None = None
    files: tuple[Path, ...] = ()
    columns: tuple[Column, ...] = ()


@dataclass
class Execution:
    """One run; the times are set when they become true."""

    execution_id: str
    workflow_id: str
    instance_id: str
    body: dict[str, Any]
    window: Window
    created: datetime
    validated: datetime
    run_seconds: float
    computation: Computation
    sequence: int
    visible: datetime
    fails: bool = False
    status: str = "PENDING"
    reason: str | None = None
    started: datetime | None = None
    fixed: dict[str, Any] | None = None  # what answers say of it that never changes
    ended: datetime | None = None

    @property
    def updated(self) -> datetime:
        """The last time at which the run changed."""
        return self.ended or self.started or self.created

    @property
    def sql(self) -> str:
        """The submitted SQL."""
        return str(self.body["workflow"]["sqlQuery"])


class Lane:
    """The executions of one instance. All methods are for use under ``lock``."""

    def __init__(self, slots: int) -> None:
        self.lock = threading.RLock()
        self.slots = slots
        self.most_running = 0
        self._all: list[Execution] = []
        self._times: list[datetime] = []
        self._waiting: deque[Execution] = deque()
        self._unchecked: deque[Execution] = deque()
        self._ends: list[tuple[datetime, int]] = []
        self._free = [datetime.min.replace(tzinfo=UTC)] * slots
        self._by_id: dict[str, Execution] = {}
        self._by_workflow: dict[str, list[Execution]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Execution]:
        return iter(self._all)

    def add(self, execution: Execution) -> None:
        """Take a new execution in; its creation is not before that of any other."""
        self._all.append(execution)
        self._times.append(execution.created.replace(microsecond=0))
        self._waiting.append(execution)
        self._unchecked.append(execution)
        self._by_id[execution.execution_id] = execution
        self._by_workflow.setdefault(execution.workflow_id, []).append(execution)

    def find(self, execution_id: str, now: datetime) -> Execution | None:
        """Return the execution with this id if it can be seen already."""
        execution = self._by_id.get(execution_id)
        return execution if execution and execution.visible <= now else None

    def between(self, first: datetime | None, last: datetime | None) -> list[Execution]:
        """Return those created from ``first`` to ``last``, to the second, oldest first."""
        low = 0 if first is None else bisect.bisect_left(self._times, first)
        high = len(self._all) if last is None else bisect.bisect_right(self._times, last)
        return self._all[low:high]

    def of_workflow(self, workflow_id: str) -> list[Execution]:
        """Return those with this workflow id, oldest first."""
        return self._by_workflow.get(workflow_id, [])

    def cancel(self, execution: Execution, now: datetime) -> bool:
        """Cancel a waiting or running execution; false if it has ended already."""
        if execution.status in FINAL:
            return False
        self._finish(execution, "CANCELLED", now)
        return True

    def advance(self, now: datetime) -> None:
        """Bring every execution to the state that it has at ``now``, event by event in order of time."""
        self._validate(now)
        late: list[tuple[datetime, int]] = []
        while True:
            begin, due = self._next_begin(), self._ends[0][0] if self._ends else None
            if due is not None and due <= now and (begin is None or due <= begin):
                entry = heapq.heappop(self._ends)
                if not self._end(entry, now):
                    late.append(entry)
            elif begin is not None and begin <= now:
                self._start(begin)
            else:
                break
        for entry in late:
            heapq.heappush(self._ends, entry)

    @property
    def running(self) -> int:
        """How many run."""
        return self.slots - len(self._free)

    @property
    def pending(self) -> int:
        """How many wait."""
        return sum(1 for execution in self._waiting if execution.status == "PENDING")

    def _validate(self, now: datetime) -> None:
        """Reject what does not compile and finish dry runs, as far as their validation is over."""
        while self._unchecked:
            execution = self._unchecked[0]
            checked = execution.computation.checked
            if checked is None or max(execution.validated, checked) > now:
                return
            self._unchecked.popleft()
            if execution.status != "PENDING":
                continue
            at = execution.validated = max(execution.validated, checked)
            if execution.computation.refused is not None:
                execution.reason = execution.computation.refused
                self._finish(execution, "REJECTED", at)
            elif execution.body.get("dryRun"):
                self._finish(execution, "SUCCEEDED", at)

    def _next_begin(self) -> datetime | None:
        """Return when the first waiting run gets a slot; None if nothing can start."""
        while self._waiting and self._waiting[0].status != "PENDING":
            self._waiting.popleft()
        if not self._waiting or not self._free:
            return None
        execution = self._waiting[0]
        checked = execution.computation.checked
        return max(execution.validated, checked, self._free[0]) if checked else None

    def _start(self, begin: datetime) -> None:
        execution = self._waiting.popleft()
        heapq.heappop(self._free)
        execution.status, execution.started = "RUNNING", begin
        heapq.heappush(self._ends, (begin + timedelta(seconds=execution.run_seconds), execution.sequence))
        self.most_running = max(self.most_running, self.running)

    def _end(self, entry: tuple[datetime, int], now: datetime) -> bool:
        """End a run that is due; false if its query has not been computed yet, so that it runs on."""
        due, execution = entry[0], self._all[entry[1]]
        if execution.status != "RUNNING":
            return True
        computation = execution.computation
        if computation.finished is None:
            return False
        at = max(due, min(computation.finished, now))
        if execution.fails or computation.failed is not None:
            execution.reason = computation.failed or "Internal error while running the query."
            self._finish(execution, "FAILED", at)
        else:
            self._finish(execution, "SUCCEEDED", at)
        return True

    def _finish(self, execution: Execution, status: str, at: datetime) -> None:
        if execution.status == "RUNNING":
            heapq.heappush(self._free, at)
        execution.status, execution.ended = status, at
