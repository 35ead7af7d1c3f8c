"""How long things stood still that could have gone on, and how long everything did after a blow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.chaos.books import Run
from bench.chaos.people import Wish
from bench.chaos.storm import Blow
from reportbuilder.executions.models import ExecutionEvent, ReportExecution

Step = tuple[datetime, str]  # when, and into which state


@dataclass(frozen=True, order=True)
class Wait:
    """``seconds`` of the processes' clock, which may be hurried."""

    seconds: float
    what: str


def steps_of(session: Session) -> dict[UUID, list[Step]]:
    """Return the moves of all executions, oldest first."""
    found: dict[UUID, list[Step]] = {}
    moves = select(ExecutionEvent.execution_id, ExecutionEvent.created_at, ExecutionEvent.to_state)
    for execution, at, state in session.execute(
        moves.where(ExecutionEvent.to_state.is_not(None)).order_by(ExecutionEvent.id)
    ):
        found.setdefault(execution, []).append((at, str(state)))
    return found


def lives(session: Session, names: Iterable[str]) -> str:
    """Return all events of some executions, for people who want to know why something took so long."""
    found = select(ReportExecution.execution_id, ExecutionEvent).join(
        ExecutionEvent, ExecutionEvent.execution_id == ReportExecution.id
    )
    wanted = found.where(ReportExecution.execution_id.in_(sorted(set(names))))
    return "\n".join(
        f"{name} {event.created_at:%H:%M:%S.%f} {event.to_state or 'remark'}: {event.reason}"
        for name, event in session.execute(wanted.order_by(ReportExecution.id, ExecutionEvent.id))
    )


def waits(
    executions: Iterable[ReportExecution],
    steps: Mapping[UUID, Sequence[Step]],
    runs: Iterable[Run],
    wishes: Iterable[Wish],
) -> dict[str, Wait]:
    """Return the longest wait of each kind; the waits for a slot and for AMC's own work are none.

    An intent until AMC's answer is known, AMC's end until we know of it, that until the rows are here, a
    request until it is answered.
    """
    ended = {
        run["workflowExecutionId"]: datetime.fromisoformat(run["endTime"] or run["createTime"])
        for run in runs
    }
    kinds: dict[str, list[Wait]] = {}
    for execution in executions:
        name = execution.execution_id
        for (at, state), (then, after) in zip(
            steps.get(execution.id, ()), steps.get(execution.id, ())[1:], strict=False
        ):
            since = ended.get(execution.amc_execution_id or "", at) if state == "running" else at
            if kind := _KINDS.get(state):
                kinds.setdefault(kind, []).append(
                    Wait((then - since).total_seconds(), f"{name} until {after}")
                )
    kinds["request until its answer"] = [
        Wait((wish.answered - wish.began).total_seconds(), f"{wish.key}, asked at {wish.began:%H:%M:%S}")
        for wish in wishes
        if wish.answered
    ]
    return {kind: max(found) for kind, found in kinds.items() if found}


_KINDS = {
    "submitting": "intent until AMC's answer is known",
    "running": "AMC's end until we know of it",
    "collecting": "known end until the rows are here",
}


def standstills(blows: Iterable[Blow], steps: Mapping[UUID, Sequence[Step]]) -> dict[str, tuple[int, float]]:
    """Return by kind of blow how many there were, and the longest time until anything moved again."""
    moments = sorted(at for moves in steps.values() for at, _ in moves)
    found: dict[str, tuple[int, float]] = {}
    for blow in blows:
        number, longest = found.get(blow.kind, (0, 0.0))
        after = next((at for at in moments if at > blow.at), blow.at)
        found[blow.kind] = number + 1, max(longest, (after - blow.at).total_seconds())
    return found
