"""What a sandbox tells of itself: to programs as JSON, to people as a page."""

from __future__ import annotations

from dataclasses import Field, asdict, fields
from itertools import islice
from typing import TYPE_CHECKING, Any, get_args

from reportbuilder.sandbox.executions import FINAL
from reportbuilder.sandbox.instants import shown
from reportbuilder.sandbox.options import Faults
from reportbuilder.sandbox.tables import documented

if TYPE_CHECKING:
    from datetime import datetime

    from reportbuilder.sandbox.box import Box
    from reportbuilder.sandbox.executions import Execution
    from reportbuilder.sandbox.lanes import Lane

_MOST_INSTANCES, _MOST_RUNS, _MOST_NAMES = 20, 5, 8
_LONGEST_SQL = 160


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
    """Return what the page shows; for use under the queue's lock."""
    now, lanes = box.now(), box.queue.lanes
    used = sorted((name for name in lanes if len(lanes[name])), key=lambda name: -lanes[name].running)
    told = asdict(box.faults)
    faults = [_fault(item, told[item.name]) for item in fields(Faults)]
    return {
        "now": shown(now),
        "uptime": _span((box.wall() - box.began).total_seconds()),
        "options": box.options,
        "control": box.options.control,
        "running": sum(lane.running for lane in lanes.values()),
        "pending": sum(lane.pending for lane in lanes.values()),
        "remembered": len(box.queue),
        "instances": [_instance(name, lanes[name], now) for name in used[:_MOST_INSTANCES]],
        "hidden": len(used[_MOST_INSTANCES:]),
        "idle": _named(sorted(set(lanes) - set(used))),
        "faults": faults,
        "in_force": [fault for fault in faults if fault["changed"]],
        "calls": sorted(box.calls.items()),
        "data": _data(box),
    }


def _fault(item: Field[Any], value: object) -> dict[str, Any]:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return {
        "name": item.name,
        "value": text,
        "help": item.metadata["help"],
        "choices": get_args(item.type),
        "changed": value != item.default,
    }


def _data(box: Box) -> list[tuple[str, object]]:
    options = box.options
    return [
        ("People", f"{options.users:,}"),
        ("Days", options.days),
        ("Until", f"the day before {box.computing.end}"),
        ("Seed", options.seed),
        ("Tables", len(documented())),
        ("Instances", len(box.instances)),
        ("Runs at once", f"{options.slots} on an instance, {options.account_slots} in all"),
        ("Results kept", box.computing.kept),
    ]


def _instance(name: str, lane: Lane, now: datetime) -> dict[str, Any]:
    waiting = islice((one for one in lane.waiting if one.status == "PENDING"), _MOST_RUNS)
    ended = list(lane.ended)[: -_MOST_RUNS - 1 : -1]
    active = sorted(lane.active.values(), key=lambda one: one.started or now)
    return {
        "id": name,
        "slots": lane.slots,
        "pending": lane.pending,
        "counts": sorted((word, n) for word, n in (+lane.counts).items() if word in FINAL),
        "running": [_run(one, one.started, now) for one in active],
        "next": [_run(one, one.created, now) for one in waiting],
        "ended": [_run(one, one.started, one.ended) for one in ended],
    }


def _run(execution: Execution, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    sql = " ".join(execution.sql.split())
    window = execution.window
    return {
        "name": execution.workflow_id,
        "sql": sql if len(sql) <= _LONGEST_SQL else sql[: _LONGEST_SQL - 1] + "…",
        "status": execution.status,
        "reason": execution.reason,
        "window": f"{window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M}",
        "elapsed": _span((until - since).total_seconds()) if since and until else "not at all",
    }


def _span(seconds: float) -> str:
    """Return a length of time for people.

    >>> _span(93784)
    '1 d 2 h 3 min'
    """
    minutes, rest = divmod(max(0, round(seconds)), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if not days and not hours:
        return f"{minutes} min {rest} s"
    return f"{days} d {hours} h {minutes} min" if days else f"{hours} h {minutes} min"


def _named(names: list[str]) -> str:
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} more instances"


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
