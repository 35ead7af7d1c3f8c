"""The state of one sandbox: its executions, tokens, faults and counts, apart from HTTP."""

import contextlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from reportbuilder.sandbox import world
from reportbuilder.sandbox.answers import execution_body, fixed_body
from reportbuilder.sandbox.asking import Listing, advertiser_ids, certified, token_for
from reportbuilder.sandbox.computing import Computing, Job
from reportbuilder.sandbox.downloads import Signer
from reportbuilder.sandbox.executions import Execution
from reportbuilder.sandbox.instants import Window, faster, months_before, window_of
from reportbuilder.sandbox.lanes import Lane
from reportbuilder.sandbox.options import Faults, Options
from reportbuilder.sandbox.queueing import Queue
from reportbuilder.sandbox.signing_in import Tokens
from reportbuilder.sandbox.synthetic import check_instance
from reportbuilder.sandbox.telling import as_seen, has_older, older, repeated
from reportbuilder.sandbox.troubles import Troubles
from reportbuilder.sandbox.watching import overview, state_of


class UnknownExecutionError(Exception):
    """There is no execution with this id on this instance, or none that shows yet."""


class Box:
    """Everything that a sandbox remembers; safe to use from many threads.

    ``wall`` is real time, ``now`` the sandbox's own, which may run faster.
    """

    def __init__(self, options: Options, now: Callable[[], datetime] | None = None) -> None:
        self.options = options
        self.wall = now or (lambda: datetime.now(UTC))
        self.now = faster(self.wall, options.speed)
        self.began = self.wall()
        self.instances = world.instances(options.instances)
        self.tokens = Tokens()
        self.signer = Signer()
        self.troubles = Troubles(options.faults, options.seed)
        self.computing = Computing(options, self.now)
        self.queue = Queue(self.instances, options.slots, options.account_slots)
        self.calls: Counter[str] = Counter()

    def close(self) -> None:
        """Stop the query threads and remove the result files."""
        self.computing.close()

    @property
    def faults(self) -> Faults:
        """The faults at present."""
        return self.troubles.faults

    def fault(self, **changes: Any) -> None:
        """Change some faults, e.g. ``fault(throttle_next=3, throttle_style="date")``.

        :raises ValueError: naming the fault that does not exist or cannot be so.
        """
        self.troubles.change(changes)

    def count(self, kind: str) -> None:
        """Count a call of this kind."""
        with self.queue.lock:
            self.calls[kind] += 1

    def submit(self, instance_id: str, body: dict[str, Any]) -> Execution:
        """Accept an execution; its query starts at once, its states follow the clock.

        :raises RefusedError: for bad SQL, where faults want that told at once.
        :raises BadRequestError: for a window that cannot be.
        """
        instance, now = self.instances[instance_id], self.now()
        check_instance(body, instance)
        window = self._window(body, instance, now)
        as_of = certified(body, now, window.end)
        job = self.computing.prepare(instance, body, window, as_of, self.faults.rows_per_file)
        if self.faults.sync_refusal:
            job.check()
        with self._advanced() as lanes:
            execution = self._new(instance_id, job, lanes[instance_id].sequence)
            self.queue.add(execution)
            job.start()  # in the order of creation, in which the lane waits for them
        return execution

    def _window(self, body: dict[str, Any], instance: world.Instance, now: datetime) -> Window:
        """Return the window that is asked for, with all that cuts it."""
        window = window_of(body, now, self.options.days)
        earliest = months_before(now, self.options.look_back_months)
        known = (one["id"] for one in world.advertiser_bodies(instance.advertiser_types))
        return replace(window, earliest=earliest, advertisers=advertiser_ids(body, known))

    def _new(self, instance_id: str, job: Job, sequence: int) -> Execution:
        now, body = self.now(), job.body
        execution = Execution(
            str(uuid.uuid4()),
            str(body["workflow"].get("workflowId") or f"transient_{uuid.uuid4()}"),
            instance_id,
            body,
            job.window,
            now,
            self.troubles.course(),
            job.computation,
            sequence,
            now + timedelta(seconds=self.faults.list_lag),
        )
        execution.fixed = fixed_body(execution)
        return execution

    @contextlib.contextmanager
    def _advanced(self) -> Iterator[dict[str, Lane]]:
        """Give the lanes as they are now, under their lock; what is too old goes."""
        with self.queue.lock:
            now = self.now()
            self.queue.advance(now)
            self._tidy(now)
            yield self.queue.lanes

    def _tidy(self, now: datetime) -> None:
        life, done = timedelta(seconds=self.options.result_life), self.queue.done
        for execution in self.queue.forget_beyond(self.options.remember):
            self.computing.release(execution.computation)
        while done and (done[0].computation.released or self._is_over(done[0], life, now)):
            self.computing.release(done.popleft().computation)

    @staticmethod
    def _is_over(execution: Execution, life: timedelta, now: datetime) -> bool:
        return bool(life) and execution.ended is not None and execution.ended + life <= now

    def find(self, instance_id: str, execution_id: str) -> Execution:
        """Return a copy of an execution as it is now.

        :raises UnknownExecutionError: also for one that does not show yet.
        """
        with self._advanced():
            return as_seen(self._find(instance_id, execution_id))

    def told(self, instance_id: str, execution_id: str) -> Execution:
        """Return an execution as a get tells of it: as it is, or in an older state.

        :raises UnknownExecutionError: as ``find``.
        """
        with self._advanced():
            return self._told([self._find(instance_id, execution_id)])[0]

    def _told(self, executions: list[Execution]) -> list[Execution]:
        behind = any(map(has_older, executions))
        if behind and self.troubles.strikes("stale_next", self.faults.stale_rate):
            return [older(one) if has_older(one) else as_seen(one) for one in executions]
        return [as_seen(one) for one in executions]

    def _find(self, instance_id: str, execution_id: str) -> Execution:
        execution = self.queue.lanes[instance_id].find(execution_id, self.now())
        if execution is None:
            raise UnknownExecutionError(execution_id)
        return execution

    def cancel(self, instance_id: str, execution_id: str) -> bool:
        """Cancel an execution; false if it is past that."""
        with self._advanced():
            return self.queue.cancel(self._find(instance_id, execution_id), self.now())

    def page(self, instance_id: str, asked: Listing) -> tuple[list[Execution], str | None]:
        """Return one page of executions and the token of the next page."""
        with self._advanced() as lanes:
            now = self.now()
            walk = lanes[instance_id].walk(
                asked.first, asked.last, asked.workflow_id, asked.after, ascending=asked.ascending
            )
            kept = (
                one
                for one in walk
                if one.visible <= now and (asked.with_cancelled or one.status != "CANCELLED")
            )
            found = list(islice(kept, asked.limit + 1))
            shown, more = found[: asked.limit], len(found) > asked.limit
            return self._paged(self._told(shown), asked.limit, more=more)

    def _paged(self, page: list[Execution], limit: int, *, more: bool) -> tuple[list[Execution], str | None]:
        """Return the page and its token, with an execution twice where faults want that."""
        shown, distinct = page, page
        if len(page) > 1 and self.troubles.strikes("repeat_next", self.faults.repeat_rate):
            if self.faults.repeat_style != "pages":
                shown = repeated(page, limit)
                distinct = shown[1:]
                more = more or len(distinct) < len(page)
            if self.faults.repeat_style != "page" and len(distinct) > 1:
                return shown, token_for(distinct[-2].sequence)
        return shown, token_for(distinct[-1].sequence) if more else None

    def link(self, base_url: str, execution: Execution, name: str) -> str:
        """Return a signed link to a file of an execution's result."""
        path = f"/results/{execution.execution_id}/{name}"
        return self.signer.link(base_url, path, self.faults.url_life, self.now())

    def content(self, execution_id: str, name: str) -> Path | dict[str, Any] | None:
        """Return the file behind a good link, or the body of the metadata file; None if it is gone."""
        execution = self.queue.of_id(execution_id)
        if execution is None:
            return None
        if name == "metadata.json":
            return execution_body(execution, with_workflow=True)
        return next((path for path in execution.computation.files if path.name == name), None)

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until every accepted query has been computed.

        :raises TimeoutError: if that takes longer than ``seconds``.
        """
        self.computing.settle(seconds)

    def state(self, limit: int | None = None, before: int | None = None) -> dict[str, Any]:
        """Return what has happened: calls by kind, executions, and how many ran at once.

        ``limit`` gives so many of the newest executions, ``before`` those before a ``next`` told earlier.
        """
        with self._advanced():
            return state_of(self, limit, before)

    def overview(self) -> dict[str, Any]:
        """Return what the page shows."""
        with self._advanced():
            return overview(self)
