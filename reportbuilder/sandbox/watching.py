"""What a sandbox tells of itself: to programs as JSON, to people as a page."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from reportbuilder.sandbox.instants import shown

if TYPE_CHECKING:
    from reportbuilder.sandbox.box import Box
    from reportbuilder.sandbox.executions import Execution


def state_of(box: Box, limit: int | None, before: int | None) -> dict[str, Any]:
    """Return the state as JSON; for use under the queue's lock.

    Without ``limit`` every execution is there, by instance and oldest first; with it the newest come first.
    """
    lanes = {name: lane for name, lane in box.queue.lanes.items() if len(lane)}
    state: dict[str, Any] = {
        "now": shown(box.now(), milliseconds=True),
        "faults": asdict(box.faults),
        "calls": dict(box.calls),
        "max_running": {name: lane.most_running for name, lane in lanes.items()},
        "running": {name: lane.running for name, lane in lanes.items()},
        "pending": {name: lane.pending for name, lane in lanes.items()},
        "statuses": {name: +lane.counts for name, lane in lanes.items()},
        "remembered": len(box.queue),
    }
    if limit is None:
        return state | {"executions": [_seen(one) for lane in lanes.values() for one in lane]}
    newest = list(islice(box.queue.newest_first(before), limit + 1))
    state["executions"] = [_seen(one) for one in newest[:limit]]
    if len(newest) > limit:
        state["next"] = newest[limit - 1].number
    return state


def overview(box: Box) -> dict[str, Any]:
    """Return what the page shows."""
    return {}


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
