"""What a stored schedule means: its recurrence, its policies and its jitter, read from the row."""

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from reportbuilder.errors import Invalid
from reportbuilder.schedules.jitter import read_jitter
from reportbuilder.schedules.models import ReportSchedule
from reportbuilder.schedules.policies import Policies, read_policies
from reportbuilder.schedules.recurrence import Recurrence
from reportbuilder.schedules.spelling import read_recurrence


@dataclass(frozen=True, slots=True)
class Plan:
    """When a schedule is due, and what it does when something is not as planned."""

    recurrence: Recurrence
    policies: Policies
    jitter: timedelta


def plan_of(schedule: ReportSchedule) -> Plan:
    """Read a row; one from before there were recurrences has a cron line only.

    :raises Invalid: if it cannot be read, such as a zone that is no longer known.
    """
    older = {"type": "cron", "cron": schedule.cron_expression, "timezone": schedule.timezone}
    return _read(
        json.dumps(schedule.recurrence or older, sort_keys=True),
        json.dumps(schedule.policies, sort_keys=True),
        schedule.jitter_minutes,
    )


def policies_of(schedule: ReportSchedule) -> Policies:
    """Read the policies of a row, the usual ones where they cannot be read."""
    try:
        return _read_policies(json.dumps(schedule.policies, sort_keys=True))
    except Invalid:
        return Policies()


@lru_cache(maxsize=10_000)
def _read(recurrence: str, policies: str, jitter: int) -> Plan:
    found: dict[str, Any] = json.loads(recurrence)
    return Plan(read_recurrence(found), _read_policies(policies), read_jitter(jitter))


@lru_cache(maxsize=1_000)
def _read_policies(text: str) -> Policies:
    return read_policies(json.loads(text))
