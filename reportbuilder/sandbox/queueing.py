"""Who waits, who runs and who is done on all instances of the account, told by the clock alone."""

import heapq
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from reportbuilder.sandbox.executions import FINAL, Execution
from reportbuilder.sandbox.lanes import LONG_AGO, Lane
from reportbuilder.sandbox.overlaps import Overlaps

_Due = tuple[datetime, int, Execution]


class Queue:
    """The lanes of all instances. All methods are for use under ``lock``."""

    def __init__(self, names: Iterable[str], slots: int, account_slots: int) -> None:
        self.lock = threading.RLock()
        self.lanes = {name: Lane(slots) for name in names}
        self._overlaps = {name: Overlaps() for name in self.lanes}
        self._free = [LONG_AGO] * account_slots
        self._ends: list[_Due] = []
        self._numbers = 0
        self.done: deque[Execution] = deque()  # what has ended and still keeps its files
        self._open: dict[str, Lane] = {}  # the lanes in which somebody waits
        self._by_id: dict[str, Execution] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def of_id(self, execution_id: str) -> Execution | None:
        """Return the execution with this id on any instance."""
        return self._by_id.get(execution_id)

    def newest_first(self, before: int | None) -> Iterator[Execution]:
        """Go through all executions, or through those with a number below ``before``."""
        found = (lane.newest_first(before) for lane in self.lanes.values() if len(lane))
        return heapq.merge(*found, key=lambda one: -one.number)

    def add(self, execution: Execution) -> None:
        """Take a new execution in; its creation is not before that of any other."""
        self._count += 1
        execution.number = self._count
        self._by_id[execution.execution_id] = execution
        self.lanes[execution.instance_id].add(execution)
        self._open[execution.instance_id] = self.lanes[execution.instance_id]

    def cancel(self, execution: Execution, now: datetime) -> bool:
        """Cancel a waiting or running execution; false if it is past that."""
        if execution.status not in ("PENDING", "RUNNING"):
            return False
        self._finish(execution, "CANCELLED", now)
        return True

    def advance(self, now: datetime) -> None:
        """Bring every execution to the state that it has at ``now``, event by event in order of time."""
        for waiting in self._open.values():
            self._validate(waiting, now)
        late: list[_Due] = []
        while True:
            begin, lane = self._next_begin()
            due = self._ends[0][0] if self._ends else None
            if due is not None and due <= now and (begin is None or due <= begin):
                entry = heapq.heappop(self._ends)
                if not self._end(entry[2], due, now):
                    late.append(entry)
            elif begin is not None and begin <= now and lane is not None:
                self._start(lane, begin)
            else:
                break
        for entry in late:
            heapq.heappush(self._ends, entry)

    def _validate(self, lane: Lane, now: datetime) -> None:
        """Reject what does not compile and finish dry runs, as far as their validation is over."""
        while lane.unchecked:
            execution = lane.unchecked[0]
            checked = execution.computation.checked
            if checked is None or max(execution.validated, checked) > now:
                return
            lane.unchecked.popleft()
            if execution.status != "PENDING":
                continue
            at = execution.validated = max(execution.validated, checked)
            refused = execution.computation.refused or self._overlapping(execution)
            if refused is not None:
                execution.reason = refused
                self._finish(execution, "REJECTED", at)
            elif execution.body.get("dryRun"):
                self._finish(execution, "SUCCEEDED", at)

    def _overlapping(self, execution: Execution) -> str | None:
        """Return why too many have read the same already; what may run counts from then on."""
        if execution.body.get("dryRun"):
            return None
        seen, reads = self._overlaps[execution.instance_id], execution.computation.reads
        limit = execution.course.overlap_limit
        if limit and seen.most(reads, execution.window) >= limit:
            return (
                f'Execution "{execution.execution_id}" of workflow "{execution.workflow_id}" could not '
                "be run because too many workflows have already been run against the same input data "
                "sources in the same or overlapping time windows."
            )
        seen.add(reads, execution.window)
        return None

    def _next_begin(self) -> tuple[datetime | None, Lane | None]:
        """Return when and where the next run gets a slot; None if nothing can start."""
        first: datetime | None = None
        found: Lane | None = None
        if not self._free:
            return None, None
        for name, lane in tuple(self._open.items()):
            begin = lane.next_begin()
            if begin is not None and (first is None or begin < first):
                first, found = begin, lane
            if not lane.waiting and not lane.unchecked:
                del self._open[name]
        return (None, None) if first is None else (max(first, self._free[0]), found)

    def _start(self, lane: Lane, begin: datetime) -> None:
        execution = lane.take_slot()
        heapq.heappop(self._free)
        execution.started = begin
        lane.turn(execution, "RUNNING")
        self._due(execution, begin + timedelta(seconds=min(execution.course.run, execution.timeout)))

    def _due(self, execution: Execution, at: datetime) -> None:
        self._numbers += 1
        heapq.heappush(self._ends, (at, self._numbers, execution))

    def _end(self, execution: Execution, due: datetime, now: datetime) -> bool:
        """End a run that is due; false if its query has not been computed yet, so that it runs on."""
        if execution.status == "PUBLISHING":
            self._finish(execution, "SUCCEEDED", due)
            return True
        if execution.status != "RUNNING" or execution.started is None:
            return True
        latest = execution.started + timedelta(seconds=execution.timeout)
        finished = execution.computation.finished
        if finished is None and now < latest:
            return False
        at = max(due, min(finished or now, now))
        if finished is None or at > latest or execution.course.run > execution.timeout:
            execution.reason = f"The query ran longer than its limit of {execution.timeout} seconds."
            self._finish(execution, "FAILED", latest)
        else:
            self._computed(execution, at)
        return True

    def _computed(self, execution: Execution, at: datetime) -> None:
        """Let a run that has been computed end, well or not, or publish first."""
        ending = execution.course.ending
        if execution.computation.failed is not None:
            execution.reason = execution.computation.failed
            self._finish(execution, "FAILED", at)
        elif ending is not None and ending.status != "SUCCEEDED":
            execution.reason = ending.reason
            self._finish(execution, ending.status, at)
        elif execution.course.publishing:
            execution.computed = at
            self.lanes[execution.instance_id].turn(execution, "PUBLISHING")
            self._due(execution, at + timedelta(seconds=execution.course.publishing))
        else:
            self._finish(execution, "SUCCEEDED", at)

    def _finish(self, execution: Execution, status: str, at: datetime) -> None:
        lane = self.lanes[execution.instance_id]
        if execution.status in ("RUNNING", "PUBLISHING"):
            lane.leave_slot(at)
            heapq.heappush(self._free, at)
        execution.ended = at
        lane.turn(execution, status)
        self.done.append(execution)

    def forget_beyond(self, most: int) -> list[Execution]:
        """Forget the oldest that have ended, until so many are left; return them."""
        gone: list[Execution] = []
        excess = len(self) - most
        while excess > len(gone):
            oldest = (lane.oldest() for lane in self.lanes.values())
            ended = [one for one in oldest if one is not None and one.status in FINAL]
            if not ended:
                break
            gone.append(min(ended, key=lambda one: one.number))
            self.lanes[gone[-1].instance_id].forget()
            del self._by_id[gone[-1].execution_id]
        return gone
