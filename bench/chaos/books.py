"""The books: what was asked for, what our rows say, and what AMC has seen, one held against the other."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.chaos.people import Wish
from reportbuilder.executions.models import ReportExecution, SubmissionIntent
from reportbuilder.executions.states import is_final
from reportbuilder.results.failures import DamagedResult
from reportbuilder.results.models import ResultSet
from reportbuilder.results.store import Store

Run = Mapping[str, Any]  # an execution as a local AMC tells of it
BY_AMC = frozenset({"FAILED", "REJECTED"})


@dataclass
class Faults:
    """What must not be; each line names one case."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.stuck)


@dataclass
class Line:
    """One way in which runs begin: how many were due, and what became of them."""

    name: str
    due: int = 0
    fired: int = 0
    otherwise: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Rows:
    """Our rows, as they are at the end."""

    executions: Sequence[ReportExecution]
    results: Mapping[UUID, ResultSet]
    intents: Counter[str]

    @classmethod
    def read(cls, session: Session) -> "Rows":
        """Read all."""
        results = {row.execution_id: row for row in session.scalars(select(ResultSet))}
        intents = Counter(session.scalars(select(SubmissionIntent.outcome)))
        return cls(session.scalars(select(ReportExecution)).all(), results, intents)


def hold_executions(rows: Rows, runs: Iterable[Run], store: Store, faults: Faults) -> None:
    """Hold each execution against AMC's record of its tag, and against the store."""
    by_tag: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_tag[run["workflowId"]].append(run)
    for execution in rows.executions:
        _hold(execution, by_tag.pop(execution.tag, []), rows.results, store, faults)
    faults.lost += [f"AMC has {tag}, of which we know nothing" for tag in by_tag]


def _hold(
    execution: ReportExecution,
    seen: Sequence[Run],
    results: Mapping[UUID, ResultSet],
    store: Store,
    faults: Faults,
) -> None:
    name, statuses = execution.execution_id, sorted({run["status"] for run in seen})
    told = (
        f"{name} ({execution.triggered_by}) is {execution.state}, at AMC {', '.join(statuses) or 'nothing'}"
    )
    if len(seen) > 1:
        faults.doubled.append(f"{told}: submitted {len(seen)} times")
    if not is_final(execution.state) or any(run["endTime"] is None for run in seen):
        faults.stuck.append(told)
    elif execution.state == "failed" and not BY_AMC & set(statuses):
        faults.lost.append(f"{told}: given up ({execution.error_class}): {execution.error_message}")
    elif execution.state == "completed" and not _has_rows(execution, results, store):
        faults.lost.append(f"{told}: its rows are not in the store")
    elif execution.state == "completed" and "SUCCEEDED" not in statuses and not execution.packed_in_id:
        faults.lost.append(f"{told}: completed without AMC")


def _has_rows(execution: ReportExecution, results: Mapping[UUID, ResultSet], store: Store) -> bool:
    result = results.get(execution.id)
    if result is None:
        return False
    try:
        with store.local(result.key, result.sha256):
            return True
    except DamagedResult:
        return False


def hold_wishes(rows: Rows, wishes: Sequence[Wish], faults: Faults) -> Line:
    """Hold each request over HTTP against the execution that its answers named."""
    line = Line("requests over HTTP", due=len(wishes))
    named = {name for wish in wishes for name in wish.ids}
    ours = {row.execution_id for row in rows.executions if row.triggered_by in {"api", "manual"}}
    for wish in wishes:
        if wish.answered is None:
            faults.stuck.append(f"request {wish.key} has had no answer")
        elif wish.refused:
            faults.lost.append(f"request {wish.key} was refused: {wish.refused}")
        elif not wish.ids & ours:
            faults.lost.append(f"request {wish.key} was answered with {wish.ids}, which is no row")
        if len(wish.ids) > 1:
            faults.doubled.append(f"request {wish.key} started {sorted(wish.ids)}")
        line.fired += bool(wish.ids & ours)
    faults.doubled += [f"{name} was started by no answered request" for name in sorted(ours - named)]
    return line
