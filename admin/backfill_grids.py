"""A backfill as a grid: one cell a segment, with its sign and its label, in rows by month or by year."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final

from reportbuilder.backfills.states import OPEN, SEGMENT_MOVES, SEGMENT_STATES

# A sign beside the colour, so that nobody has to tell colours apart.
SIGNS: Final[dict[str, str]] = {
    "waiting": "·",
    "running": "▸",
    "collecting": "↓",
    "completed": "✓",
    "failed": "✕",
    "refused": "⊘",
    "cancelled": "/",
    "skipped": "»",
    "present": "=",
}
_MONTHLY: Final = ("daily", "weekly")


@dataclass(frozen=True)
class Cell:
    """One segment in the grid. ``label``: all that is known of it, in one line."""

    first_day: date
    state: str
    sign: str
    label: str


@dataclass(frozen=True)
class Line:
    """The cells of one month, or of one year."""

    name: str
    cells: tuple[Cell, ...]


def lines_of(segments: Sequence[Mapping[str, Any]], kind: str) -> tuple[Line, ...]:
    """Return the grid of segments as the API shows them, the oldest first.

    :param kind: of the segments; days and weeks stand in lines by month, longer ones by year.
    """
    ordered = sorted(segments, key=lambda one: one["first_day"])
    form = "%b %Y" if kind in _MONTHLY else "%Y"
    parted = groupby(ordered, key=lambda one: one["first_day"].strftime(form))
    return tuple(Line(name, tuple(_cell(one) for one in those)) for name, those in parted)


def _cell(segment: Mapping[str, Any]) -> Cell:
    state = segment["state"]
    return Cell(segment["first_day"], state, SIGNS[state], ", ".join(_told(segment)))


def _told(segment: Mapping[str, Any]) -> Iterator[str]:
    yield f"{days_of(segment)}: {segment['state']}"
    if segment["attempts"] > 1:
        yield f"{segment['attempts']} attempts"
    if segment["row_count"] is not None:
        yield f"{segment['row_count']:,} rows"
    if segment["reason"]:
        yield str(segment["reason"])


def days_of(segment: Mapping[str, Any]) -> str:
    """Return the days of a segment, one or from the first to the last."""
    first, last = segment["first_day"], segment["last_day"]
    return f"{first}" if first == last else f"{first} to {last}"


def legend_of(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the states that there are, with sign, meaning and count, in the order of the states."""
    return [
        {"state": state, "sign": SIGNS[state], "meaning": meaning, "count": counts[state]}
        for state, meaning in SEGMENT_STATES.items()
        if counts.get(state)
    ]


def chosen_of(segments: Sequence[Mapping[str, Any]], first_day: str | None) -> dict[str, Any] | None:
    """Return the segment that begins on a day, with what its state means; None if there is none."""
    for segment in segments:
        if segment["first_day"].isoformat() == first_day:
            return {**segment, "days": days_of(segment), "meaning": SEGMENT_STATES[segment["state"]]}
    return None


def may_retry(backfill: Mapping[str, Any], segment: Mapping[str, Any] | None = None) -> bool:
    """Say whether what failed may be asked for again now: all of it, or one segment by itself."""
    if backfill["status"] not in {"completed_with_failures", "failed"}:
        return False
    if segment is None:
        return bool(backfill["counts"]["failed"] + backfill["counts"]["skipped"])
    is_alone = backfill["counts"]["failed"] + backfill["counts"]["skipped"] == 1
    return "waiting" in SEGMENT_MOVES[segment["state"]] and (backfill["on_failure"] != "stop" or is_alone)


def is_open(backfill: Mapping[str, Any]) -> bool:
    """Say whether something may still happen by itself."""
    return backfill["status"] in OPEN
