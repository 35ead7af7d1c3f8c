"""The last runs of a report as a small drawing, and the same in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from admin.instants import span
from reportbuilder.executions.latest import Run
from reportbuilder.executions.states import STATUS

_WIDTH: Final = 6  # of bars, in the units of the drawing
_HEIGHT: Final = 20
_STEP: Final = 10
_STUB: Final = 3


@dataclass(frozen=True)
class Trend:
    """A drawing of runs as bars: ``paths`` by status. ``text``: the same for those who do not see it."""

    paths: Mapping[str, str]
    width: int
    text: str


def drawn(runs: Sequence[Run]) -> Trend:
    """Draw runs, the oldest first: as high as they took long; those that failed are broken bars.

    >>> drawn([Run("completed", 60.0), Run("failed", None)]).paths
    {'completed': 'M0 20V0h6V20z', 'failed': 'M10 20v-5h6v5zM10 13v-5h6v5z'}
    """
    longest = max((run.seconds or 0 for run in runs), default=0) or 1
    paths: dict[str, str] = {}
    for place, run in enumerate(runs):
        left, status = place * _STEP, STATUS[run.state]
        paths[status] = paths.get(status, "") + _bar(left, status, (run.seconds or 0) / longest)
    return Trend(paths, max(1, len(runs)) * _STEP - (_STEP - _WIDTH), _in_words(runs))


def _bar(left: int, status: str, share: float) -> str:
    if status == "failed":
        return f"M{left} 20v-5h6v5zM{left} 13v-5h6v5z"
    high = max(_STUB, round(_HEIGHT * share)) if status == "completed" else _STUB
    return f"M{left} {_HEIGHT}V{_HEIGHT - high}h{_WIDTH}V{_HEIGHT}z"


def _in_words(runs: Sequence[Run]) -> str:
    counts = Counter(STATUS[run.state] for run in runs)
    words = ", ".join(f"{count} {status}" for status, count in counts.items())
    took = [run.seconds for run in runs if run.seconds is not None and run.state == "completed"]
    usual = f"; usually {span(round(median(took)))}" if took else ""
    return f"Last {len(runs)} runs: {words}{usual}" if len(runs) > 1 else f"Its only run: {words}{usual}"
