"""What people ask of a backfill: the fields of its request, read strictly."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from reportbuilder.backfills.segments import FROM_START, KINDS, WEEKDAYS
from reportbuilder.errors import Invalid
from reportbuilder.parameters.messages import shorten, show, suggest

MOST_DAYS: Final = 365  # back from the day of asking
MOST_IN_ONE_RUN: Final = 31  # segments that one packed run may hold
ORDERS: Final = ("newest_first", "oldest_first")
REPROCESS: Final[dict[str, str]] = {
    "missing": "what nobody has run yet, and not what has failed",
    "missing_and_failed": "what nobody has run yet, and what has failed",
    "all": "everything, also where rows are here already",
}
ON_FAILURE: Final = ("continue", "stop")
_DAY: Final = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class BackfillWish:
    """A request for a backfill: either ``lookback_days``, or ``start`` and perhaps ``end`` (its last day)."""

    segment: str
    lookback_days: int | None = None
    start: date | None = None
    end: date | None = None
    week_start: str = "monday"
    order: str = "newest_first"
    reprocess: str = "missing_and_failed"
    on_failure: str = "continue"
    concurrency: int | None = None  # None: the limit of the instance
    segments_per_run: int = 1  # more than one: packed

    def to_json(self) -> dict[str, Any]:
        """Return what `read_wish` reads back."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        if self.segment != "weekly":
            del given["week_start"]
        return {name: str(value) if isinstance(value, date) else value for name, value in given.items()}


def read_wish(data: Mapping[str, Any]) -> BackfillWish:
    """Read a request such as ``{"segment": "weekly", "lookback_days": 90, "order": "oldest_first"}``.

    What may be given: the fields of `BackfillWish`; ``segment`` must be. ``reprocess`` may also be
    ``failed``, which is short for ``missing_and_failed``. A field that is None was not given.

    :raises Invalid: with every field that is wrong, unknown, missing or contradicted by another.
    """
    given = {name: value for name, value in data.items() if value is not None}
    wrong, values = _read_each(given)
    for name, reason in _contradictions(given):
        wrong.setdefault(name, [reason])
    if wrong:
        raise Invalid("; ".join(f"{name}: {why[0]}" for name, why in wrong.items()), details=wrong)
    return BackfillWish(**values)


def _read_each(given: Mapping[str, Any]) -> tuple[dict[str, list[str]], dict[str, Any]]:
    wrong: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in _READERS:
            near = suggest(str(name), _READERS, f"there are {', '.join(_READERS)}")
            wrong[shorten(str(name))] = [f"is not known; {near}"]
            continue
        try:
            values[name] = _READERS[name](value)
        except ValueError as error:
            wrong[name] = [str(error)]
    return wrong, values


def _contradictions(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    dates = [name for name in ("start", "end") if name in given]
    if "segment" not in given:
        found.append(("segment", f"is missing; give one of {', '.join(KINDS)}"))
    if "lookback_days" in given and dates:
        found.append((dates[0], "contradicts lookback_days; give days back, or a start and an end"))
    elif dates == ["end"]:
        found.append(("start", "is missing; give the first day, or lookback_days instead of the end"))
    elif "lookback_days" not in given and not dates:
        found.append(("lookback_days", f"is missing; give 1 to {MOST_DAYS} days, or a start and an end"))
    if "week_start" in given and given.get("segment") in tuple(KINDS) and given["segment"] != "weekly":
        found.append(("week_start", f"means nothing to {given['segment']} segments; leave it out"))
    if given.get("week_start") == FROM_START and "lookback_days" in given:
        reason = (
            "days back start elsewhere each day, and no week would be found again; give start, or a weekday"
        )
        found.append(("week_start", reason))
    return found


def check_concurrency(value: object, limit: int) -> int:
    """Return how many runs of a backfill may be in flight at once.

    :param limit: of the instance.
    :raises Invalid: for anything but a whole number from 1 to the limit.
    """
    try:
        return _whole(limit)(value)
    except ValueError as error:
        raise Invalid.field("concurrency", f"{error}, as many as the instance runs at once") from None


def _whole(most: int | None) -> Callable[[object], int]:
    wanted = "a whole number from 1" + (f" to {most}" if most else "")

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 1 or (most and value > most):
            raise ValueError(f"{show(value)} is not {wanted}")
        return value

    return read


def _word(*allowed: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(f"{show(value)} is not one of {', '.join(allowed)}")
        return value

    return read


def _read_day(value: object) -> date:
    if type(value) is date:
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError(f"{show(value)} is not a day; write YYYY-MM-DD, segments are made of whole days")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{show(value)} is not in the calendar; correct the day") from None


def _read_reprocess(value: object) -> str:
    return "missing_and_failed" if value == "failed" else _word(*REPROCESS)(value)


_READERS: Final[dict[str, Callable[[object], Any]]] = {
    "segment": _word(*KINDS),
    "lookback_days": _whole(MOST_DAYS),
    "start": _read_day,
    "end": _read_day,
    "week_start": _word(*WEEKDAYS, FROM_START),
    "order": _word(*ORDERS),
    "reprocess": _read_reprocess,
    "on_failure": _word(*ON_FAILURE),
    "concurrency": _whole(None),
    "segments_per_run": _whole(MOST_IN_ONE_RUN),
}
