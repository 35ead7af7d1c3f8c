"""One call as the client means it: its path with ids that AMC could know, and when to repeat it here."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import UUID

from reportbuilder.amc.failures import AmcFailure, Rejected, Throttled, Transient

REPEATS = 2  # of a GET
LONGEST_WAIT = 2.0  # seconds; whoever has to wait longer gives the thread back
LOOKS_SHARE, DOWNLOADS_SHARE = 0.8, 0.7  # of the pace: a free slot costs more than late news or late rows

INSTANCES = "/amc/instances"
INSTANCE = f"{INSTANCES}/{{instance_id}}"
REPORTING = "/amc/reporting/{instance_id}"
EXECUTIONS = f"{REPORTING}/workflowExecutions"
EXECUTION = f"{EXECUTIONS}/{{execution_id}}"

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,199}")


@dataclass(frozen=True)
class Call:
    """A call to AMC; ``of_account``: AMC wants to know the account; ``within``: seconds for all of it.

    ``share``: how much of a second's pace may be gone for it to leave; see ``amc/pacing.py``.
    """

    method: str
    template: str
    ids: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    of_account: bool = True
    within: float | None = None
    share: float = 1.0

    @property
    def repeatable(self) -> bool:
        """Say whether a second request does no harm; a POST starts a second execution."""
        return self.method != "POST"

    def path(self) -> str:
        """Return the path.

        :raises Rejected: if an id cannot be one of AMC's.
        """
        return self.template.format(
            **{name: quote(_checked(name, value)) for name, value in self.ids.items()}
        )


def pause_before_repeat(call: Call, failure: AmcFailure, repeats: int, time_left: float) -> float | None:
    """Return the seconds to wait before the call is repeated at once; None leaves it to the caller."""
    throttled = isinstance(failure, Throttled) and failure.retry_after is not None
    if call.method != "GET" or repeats >= REPEATS or not (throttled or isinstance(failure, Transient)):
        return None
    jitter = random.uniform(0.1, 0.4) * 2**repeats  # noqa: S311 - it spreads calls and guards no secret
    pause = (failure.retry_after or 0.0) + jitter
    return pause if pause <= LONGEST_WAIT and pause < time_left else None


def flag(value: bool) -> str:
    """Write a boolean as AMC's query strings have it."""
    return "true" if value else "false"


def _checked(name: str, value: str) -> str:
    if not _ID.fullmatch(value):
        raise Rejected(f"{value!r} cannot be an id at AMC ({name})")
    if name == "instance_id" and _is_uuid(value):
        raise Rejected(f"{value} is an id of ours; AMC knows its instances as amc…")
    return value


def _is_uuid(value: str) -> bool:
    try:
        return bool(UUID(value))
    except ValueError:
        return False
