"""The state of one sandbox: its executions, tokens, faults and counts, apart from HTTP."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reportbuilder.sandbox import world
from reportbuilder.sandbox.answers import execution_body
from reportbuilder.sandbox.asking import Listing, token_for
from reportbuilder.sandbox.computing import Computing, Job
from reportbuilder.sandbox.downloads import Signer
from reportbuilder.sandbox.executions import Execution, Lane
from reportbuilder.sandbox.instants import shown, window_of
from reportbuilder.sandbox.options import Faults, Options
from reportbuilder.sandbox.signing_in import Tokens
from reportbuilder.sandbox.troubles import Troubles


class UnknownExecutionError(Exception):
    """There is no execution with this id on this instance, or none that shows yet."""


class Box:
    """Everything that a sandbox remembers; safe to use from many threads."""

    def __init__(self, options: Options, now: Callable[[], datetime] | None = None) -> None:
        self.options = options
        self.now = now or (lambda: datetime.now(UTC))
        self.instances = world.instances(options.instances)
        self.tokens = Tokens()
        self.signer = Signer()
        self.troubles = Troubles(options.faults, options.seed)
        self._computing = Computing(options, self.now)
        self._lanes = {name: Lane(options.slots) for name in self.instances}
        self._homes: dict[str, Execution] = {}
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Stop the query threads and remove the result files."""
        self._computing.close()

    @property
    def faults(self) -> Faults:
        """The faults at present."""
        return self.troubles.faults

    def fault(self, **changes: Any) -> None:
        """Change some faults, e.g. ``fault(throttle_next=3, throttle_style="date")``."""
        self.troubles.faults = self.faults.changed(changes)

    def count(self, kind: str) -> None:
        """Count a call of this kind."""
        with self._lock:
            self._calls[kind] += 1

    def submit(self, instance_id: str, body: dict[str, Any]) -> Execution:
        """Accept an execution; its query starts at once, its states follow the clock.

        :raises RefusedError: for bad SQL, where faults want that told at once.
        :raises BadRequestError: for a window that cannot be.
        """
        window = window_of(body, self.now(), self.options.days)
        job = self._computing.prepare(self.instances[instance_id], body, window, self.faults.rows_per_file)
        if self.faults.sync_refusal:
            job.check()
        lane = self._lanes[instance_id]
        with lane.lock:
            execution = self._new(instance_id, job, len(lane))
            lane.add(execution)
            self._homes[execution.execution_id] = execution
        job.start()
        return execution

    def _new(self, instance_id: str, job: Job, sequence: int) -> Execution:
        now, faults, body = self.now(), self.faults, job.body
        execution_id = str(uuid.uuid4())
        return Execution(
            execution_id,
            str(body["workflow"].get("workflowId") or f"transient_{uuid.uuid4()}"),
            instance_id,
            body,
            job.window,
            now,
            now + timedelta(seconds=faults.validation_seconds * faults.time_factor),
            self.troubles.run_seconds(),
            job.computation,
            sequence,
            now + timedelta(seconds=faults.list_lag),
            self.troubles.strikes("failure_next", faults.failure_rate),
        )

    def find(self, instance_id: str, execution_id: str) -> Execution:
        """Return an execution as it is now.

        :raises UnknownExecutionError: also for one that does not show yet.
        """
        lane, now = self._lanes[instance_id], self.now()
        with lane.lock:
            lane.advance(now)
            execution = lane.find(execution_id, now)
        if execution is None:
            raise UnknownExecutionError(execution_id)
        return execution

    def cancel(self, instance_id: str, execution_id: str) -> bool:
        """Cancel an execution; false if it has ended already."""
        execution = self.find(instance_id, execution_id)
        lane = self._lanes[instance_id]
        with lane.lock:
            return lane.cancel(execution, self.now())

    def page(self, instance_id: str, asked: Listing) -> tuple[list[Execution], str | None]:
        """Return one page of executions and the token of the next page."""
        lane, now = self._lanes[instance_id], self.now()
        with lane.lock:
            lane.advance(now)
            if asked.workflow_id is None:
                found = lane.between(asked.first, asked.last)
            else:
                found = lane.of_workflow(asked.workflow_id)
            kept = self._kept(found, asked, now)
        shown_now = kept[: asked.limit]
        more = len(kept) > asked.limit
        return shown_now, token_for(shown_now[-1].sequence) if more else None

    def _kept(self, found: list[Execution], asked: Listing, now: datetime) -> list[Execution]:
        """Return what the page after ``asked.after`` may show, one more than its limit."""
        kept: list[Execution] = []
        for execution in found if asked.ascending else reversed(found):
            if asked.after is not None and (
                execution.sequence <= asked.after if asked.ascending else execution.sequence >= asked.after
            ):
                continue
            created = execution.created.replace(microsecond=0)
            if (asked.first and created < asked.first) or (asked.last and created > asked.last):
                continue
            hidden = execution.status == "CANCELLED" and not asked.with_cancelled
            if execution.visible <= now and not hidden:
                kept.append(execution)
            if len(kept) > asked.limit:
                break
        return kept

    def link(self, base_url: str, execution: Execution, name: str) -> str:
        """Return a signed link to a file of an execution's result."""
        path = f"/results/{execution.execution_id}/{name}"
        return self.signer.link(base_url, path, self.faults.url_life, self.now())

    def content(self, execution_id: str, name: str) -> Path | dict[str, Any]:
        """Return the file behind a good link, or the body of the metadata file."""
        execution = self._homes[execution_id]
        if name == "metadata.json":
            return execution_body(execution, with_workflow=True)
        return next(path for path in execution.computation.files if path.name == name)

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until every accepted query has been computed.

        :raises TimeoutError: if that takes longer than ``seconds``.
        """
        self._computing.settle(seconds)

    def state(self) -> dict[str, Any]:
        """Return what has happened: calls by kind, executions, and how many ran at once."""
        now = self.now()
        executions = []
        for lane in self._lanes.values():
            with lane.lock:
                lane.advance(now)
                executions += [_seen(execution) for execution in lane]
        lanes = {name: lane for name, lane in self._lanes.items() if len(lane)}
        return {
            "faults": asdict(self.faults),
            "calls": dict(self._calls),
            "max_running": {name: lane.most_running for name, lane in lanes.items()},
            "running": {name: lane.running for name, lane in lanes.items()},
            "pending": {name: lane.pending for name, lane in lanes.items()},
            "executions": executions,
        }


def _seen(execution: Execution) -> dict[str, Any]:
    return {
        "workflowExecutionId": execution.execution_id,
        "workflowId": execution.workflow_id,
        "instanceId": execution.instance_id,
        "status": execution.status,
        "statusReason": execution.reason,
        "createTime": shown(execution.created, milliseconds=True),
        "startTime": shown(execution.started, milliseconds=True) if execution.started else None,
        "endTime": shown(execution.ended, milliseconds=True) if execution.ended else None,
        "sqlQuery": execution.sql,
    }
