"""A stand-in for AMC's client that keeps its runs in memory and fails on wish, without HTTP."""

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

from reportbuilder import clock
from reportbuilder.amc.client import AmcClient
from reportbuilder.amc.failures import AmcFailure, NotFoundAtAmc, UnknownOutcome
from reportbuilder.amc.wire import AmcExecution, AmcStatus
from reportbuilder.executions.ports import Ports
from reportbuilder.results.store import open_store
from reportbuilder.settings import Settings

ENDED = {AmcStatus.SUCCEEDED, AmcStatus.FAILED, AmcStatus.CANCELLED, AmcStatus.REJECTED}


@dataclass
class ScriptedAmc:
    """What AMC has; the next submissions raise ``failures``; ``lost``: whether AMC has it all the same."""

    runs: dict[str, AmcExecution] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)
    failures: deque[AmcFailure] = field(default_factory=deque)
    lost: deque[bool] = field(default_factory=deque)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def submit(self, instance_id: str, sql: str, tag: str, *_: Any, **__: Any) -> AmcExecution:
        failure = self.failures.popleft() if self.failures else None
        if failure is not None and not (isinstance(failure, UnknownOutcome) and self.lost.popleft()):
            raise failure
        name = f"run-{next(self.numbers)}"
        run = AmcExecution(
            name, AmcStatus.PENDING, "PENDING", created_at=clock.now(), workflow_id=tag, sql=sql
        )
        self.runs[name], self.where[name] = run, instance_id
        if failure is not None:
            raise failure
        return run

    def list_executions(self, instance_id: str, *_: Any, **__: Any) -> Iterator[AmcExecution]:
        return iter([run for name, run in self.runs.items() if self.where[name] == instance_id])

    def get(self, _instance_id: str, execution_id: str, **_: Any) -> AmcExecution:
        if execution_id not in self.runs:
            raise NotFoundAtAmc("unknown")
        return self.runs[execution_id]

    def cancel(self, _instance_id: str, execution_id: str) -> None:
        self.end(execution_id, AmcStatus.CANCELLED)

    def end(self, name: str, status: AmcStatus) -> None:
        """End a run, if it has not ended."""
        if self.runs[name].status not in ENDED:
            self.runs[name] = replace(self.runs[name], status=status, raw_status=status.value)

    def active(self, instance_id: str | None = None) -> list[str]:
        """Return the runs that have not ended."""
        return [
            name
            for name, run in self.runs.items()
            if run.status not in ENDED and instance_id in {None, self.where[name]}
        ]


def scripted_ports(amc: ScriptedAmc, settings: Settings) -> Ports:
    """Return ports to it."""
    return Ports(settings, lambda _account: cast("AmcClient", amc), open_store(settings.results_url))
