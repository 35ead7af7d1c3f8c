"""The executions of one instance: found by id, time and workflow, counted by state, the oldest forgotten."""

import bisect
import heapq
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from reportbuilder.sandbox.executions import FINAL, Execution

LONG_AGO = datetime.min.replace(tzinfo=UTC)
_SHOWN = 20
_SLACK = 1024  # forgotten entries that a list may hold before it is cut


class Lane:
    """One instance's executions, oldest first. All methods are for use under the queue's lock."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.most_running = 0
        self.counts: Counter[str] = Counter()  # by state, since the start
        self.waiting: deque[Execution] = deque()
        self.unchecked: deque[Execution] = deque()
        self.active: dict[str, Execution] = {}
        self.ended: deque[Execution] = deque(maxlen=_SHOWN)
        self.free = [LONG_AGO] * slots
        self._all: list[Execution] = []
        self._times: list[datetime] = []
        self._gone = 0  # how many at the front of the lists are forgotten
        self._by_id: dict[str, Execution] = {}
        self._by_workflow: dict[str, list[Execution]] = {}

    def __len__(self) -> int:
        return len(self._all) - self._gone

    def __iter__(self) -> Iterator[Execution]:
        return (self._all[place] for place in range(self._gone, len(self._all)))

    @property
    def sequence(self) -> int:
        """The number that the next execution here gets."""
        return self._all[-1].sequence + 1 if self._all else 0

    @property
    def running(self) -> int:
        """How many hold a slot."""
        return len(self.active)

    @property
    def pending(self) -> int:
        """How many wait."""
        return self.counts["PENDING"]

    def add(self, execution: Execution) -> None:
        """Take a new execution in; its creation is not before that of any other."""
        self._all.append(execution)
        self._times.append(execution.created.replace(microsecond=0))
        self._by_id[execution.execution_id] = execution
        self._by_workflow.setdefault(execution.workflow_id, []).append(execution)
        self.waiting.append(execution)
        self.unchecked.append(execution)
        self.counts[execution.status] += 1

    def turn(self, execution: Execution, status: str) -> None:
        """Give an execution another state."""
        self.counts[execution.status] -= 1
        self.counts[status] += 1
        if execution.status in ("RUNNING", "PUBLISHING") and status in FINAL:
            del self.active[execution.execution_id]
        elif status == "RUNNING":
            self.active[execution.execution_id] = execution
            self.most_running = max(self.most_running, self.running)
        if status in FINAL:
            self.ended.append(execution)
        execution.status = status

    def find(self, execution_id: str, now: datetime) -> Execution | None:
        """Return the execution with this id if it can be seen already."""
        execution = self._by_id.get(execution_id)
        return execution if execution and execution.visible <= now else None

    def walk(
        self,
        first: datetime | None,
        last: datetime | None,
        workflow_id: str | None,
        after: int | None,
        *,
        ascending: bool,
    ) -> Iterator[Execution]:
        """Go through those created from ``first`` to ``last``, to the second, behind number ``after``."""
        if workflow_id is None:
            found: Sequence[Execution] = self._all
            low = self._gone if first is None else bisect.bisect_left(self._times, first, self._gone)
            high = len(found) if last is None else bisect.bisect_right(self._times, last, self._gone)
        else:
            found = self._by_workflow.get(workflow_id, [])
            low = 0 if first is None else bisect.bisect_left(found, first, key=_second)
            high = len(found) if last is None else bisect.bisect_right(found, last, key=_second)
        if after is not None and ascending:
            low = bisect.bisect_right(found, after, low, max(low, high), key=_sequence)
        elif after is not None:
            high = bisect.bisect_left(found, after, low, max(low, high), key=_sequence)
        places = range(low, high) if ascending else range(high - 1, low - 1, -1)
        return (found[place] for place in places)

    def newest_first(self, before: int | None) -> Iterator[Execution]:
        """Go through all from the newest on, or through those with a number below ``before``."""
        high = len(self._all)
        if before is not None:
            high = bisect.bisect_left(self._all, before, self._gone, key=_number)
        return (self._all[place] for place in range(high - 1, self._gone - 1, -1))

    def oldest(self) -> Execution | None:
        """Return the oldest that is remembered."""
        return self._all[self._gone] if len(self) else None

    def forget(self) -> None:
        """Forget the oldest."""
        execution = self._all[self._gone]
        del self._by_id[execution.execution_id]
        same = self._by_workflow[execution.workflow_id]
        same.remove(execution)  # at the front: all are in order of creation
        if not same:
            del self._by_workflow[execution.workflow_id]
        self._gone += 1
        if self._gone > _SLACK and self._gone * 2 > len(self._all):
            del self._all[: self._gone], self._times[: self._gone]
            self._gone = 0

    def next_begin(self) -> datetime | None:
        """Return when the first waiting run gets a slot here; None if nothing can start."""
        while self.waiting and self.waiting[0].status != "PENDING":
            self.waiting.popleft()
        if not self.waiting or not self.free:
            return None
        execution = self.waiting[0]
        checked = execution.computation.checked
        return max(execution.validated, checked, self.free[0]) if checked else None

    def take_slot(self) -> Execution:
        """Return the first waiting run, which holds a slot from now on."""
        heapq.heappop(self.free)
        return self.waiting.popleft()

    def leave_slot(self, at: datetime) -> None:
        """Let the next one have a slot."""
        heapq.heappush(self.free, at)


def _second(execution: Execution) -> datetime:
    return execution.created.replace(microsecond=0)


def _number(execution: Execution) -> int:
    return execution.number


def _sequence(execution: Execution) -> int:
    return execution.sequence
