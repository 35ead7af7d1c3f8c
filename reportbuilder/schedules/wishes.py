"""What people say of a schedule, read strictly: every wrong field is told at once, by its path."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from reportbuilder.errors import Invalid
from reportbuilder.parameters.messages import show
from reportbuilder.parameters.windows import FIELD
from reportbuilder.schedules.jitter import read_jitter
from reportbuilder.schedules.policies import Policies, read_policies
from reportbuilder.schedules.recurrence import Recurrence
from reportbuilder.schedules.rolling import read_rolling_window
from reportbuilder.schedules.spelling import read_recurrence

FIELDS: Final = ("recurrence", "policies", "time_window", "parameters", "jitter_minutes", "is_settling")


@dataclass(frozen=True)
class Wishes:
    """By what wishes are read: the report's zone, its day, the lag, and the policies that were so far."""

    zone: str
    today: date
    lag_days: int
    policies: Policies


def read_wishes(data: Mapping[str, Any], by: Wishes) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return the given fields, and what is wrong with others by paths such as ``recurrence.weekdays``.

    The fields are a `Recurrence`, `Policies`, a rolling wish or None, values, a longest delay, a flag.
    """
    readers: dict[str, Callable[[Any], Any]] = {
        "recurrence": lambda value: _read_recurrence(value, by),
        "policies": lambda value: read_policies(_read_object("policies", value), usual=by.policies),
        "time_window": lambda value: _read_window(value, by),
        "parameters": lambda value: dict(_read_object("parameters", value) or {}),
        "jitter_minutes": read_jitter,
        "is_settling": _read_flag,
    }
    wrong: dict[str, list[str]] = {}
    found: dict[str, Any] = {}
    for name, value in data.items():
        if name not in readers:
            wrong[name] = [f"it cannot be given here; there are {', '.join(FIELDS)}"]
            continue
        try:
            found[name] = readers[name](value)
        except Invalid as error:
            wrong |= _below(name, error)
    return found, wrong


def _below(name: str, error: Invalid) -> dict[str, list[str]]:
    """Return the details of a reader under the path of the field that it read."""
    inner = error.details or {name: [error.message]}
    return {
        key if key == name or key.startswith(f"{name}.") else f"{name}.{key}": list(why)
        for key, why in inner.items()
    }


def _read_recurrence(value: Any, by: Wishes) -> Recurrence:
    if not isinstance(value, Mapping):
        raise Invalid.field("recurrence", f"{show(value)} is not an object; give type and what belongs to it")
    return read_recurrence(value, default_zone=by.zone, today=by.today)


def _read_object(name: str, value: Any) -> Mapping[str, Any] | None:
    if value is None or isinstance(value, Mapping):
        return value
    raise Invalid.field(name, f"{show(value)} is not an object; give name: value pairs")


def _read_window(value: Any, by: Wishes) -> dict[str, Any] | None:
    wish = _read_object(FIELD, value)
    if wish is None:
        return None
    read = read_rolling_window(wish, default_zone=by.zone, lag_days=by.lag_days)
    said = {name for name, given in wish.items() if given not in (None, "")}
    return {name: each for name, each in read.items() if name in said} or None


def _read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid.field("is_settling", f"{show(value)} is neither true nor false")
    return value
