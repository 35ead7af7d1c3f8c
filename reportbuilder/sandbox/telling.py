"""What answers tell of executions where lists repeat themselves and states come out of order."""

import copy

from reportbuilder.sandbox.executions import FINAL, Execution


def as_seen(execution: Execution) -> Execution:
    """Return a copy that stays as the execution is now; its state counts as told."""
    execution.told = execution.status
    return copy.copy(execution)


def has_older(execution: Execution) -> bool:
    """Say whether there is a state before one that has been told already."""
    return execution.told == execution.status != "PENDING"


def older(execution: Execution) -> Execution:
    """Return a copy in the state before: what has ended was running, and what runs was waiting."""
    seen = copy.copy(execution)
    seen.ended = seen.computed = seen.reason = None
    seen.status = "RUNNING" if execution.status in FINAL | {"PUBLISHING"} and execution.started else "PENDING"
    if seen.status == "PENDING":
        seen.started = None
    return seen


def repeated(page: list[Execution], limit: int) -> list[Execution]:
    """Return a page that shows its first execution twice, not longer than ``limit``."""
    return [*page[:1], *page][:limit]
