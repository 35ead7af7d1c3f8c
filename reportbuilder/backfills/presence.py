"""What is already there of a backfill: which segments were run before, and which are worth running."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from reportbuilder.backfills.segments import Segment
from reportbuilder.executions.states import STATES
from reportbuilder.parameters.windows import Window

# In the order in which one beats the other when a window was run several times.
STANDINGS: Final[dict[str, str]] = {
    "running": "a run over this window has not ended; it is never started beside itself",
    "done": "its rows are here and final",
    "refused": "AMC has refused this window for good, for too many runs over it or over its neighbours",
    "failed": "it was run, and failed",
    "missing": "nobody has run it to its end with these inputs, or only while its figures still settled",
}
CHOSEN: Final[dict[str, frozenset[str]]] = {
    "missing": frozenset({"missing"}),
    "missing_and_failed": frozenset({"missing", "failed"}),
    "all": frozenset({"missing", "failed", "refused", "done"}),
}
_ENDED: Final = {"completed": "done", "failed": "failed", "cancelled": "missing"}


@dataclass(frozen=True, slots=True)
class Known:
    """A run that exists, whoever started it. ``state`` is that of an execution.

    ``digest`` is of what went in besides the window: the template's version and the values. A completed one
    is only worth naming while its rows are kept. ``is_preliminary``: run before its window had settled.
    ``is_refused``: failed with AMC's refusal for overlapping windows.
    """

    report: str
    digest: str
    window: Window
    state: str
    is_preliminary: bool = False
    is_refused: bool = False

    @property
    def standing(self) -> str:
        """What this run alone means for its window."""
        if self.state not in STATES:
            raise ValueError(f"{self.state!r} is no state of an execution")
        standing = _ENDED.get(self.state, "running")
        if standing == "done" and self.is_preliminary:
            return "missing"
        return "refused" if standing == "failed" and self.is_refused else standing


def find_standings(
    segments: Sequence[Segment], known: Iterable[Known], *, report: str, digest: str
) -> tuple[str, ...]:
    """Return for each segment one of ``STANDINGS``, from the runs of this report with these inputs.

    Only a run over exactly the same window counts (same instants, same zone): the clipped week of last time
    is not the whole week of today.
    """
    best: dict[Window, str] = {}
    ranks = list(STANDINGS)
    for one in known:
        if (one.report, one.digest) == (report, digest):
            before = best.get(one.window, "missing")
            best[one.window] = min(before, one.standing, key=ranks.index)
    return tuple(best.get(segment.window, "missing") for segment in segments)


def choose_segments(
    segments: Sequence[Segment], standings: Sequence[str], reprocess: str
) -> tuple[Segment, ...]:
    """Return the segments to run, in their order.

    :param reprocess: ``missing``, ``missing_and_failed`` or ``all``. None of them starts what is running;
        only ``all`` asks again for what AMC has refused for good.
    """
    wanted = CHOSEN[reprocess]
    return tuple(segment for segment, standing in zip(segments, standings, strict=True) if standing in wanted)


def count_standings(standings: Iterable[str]) -> dict[str, int]:
    """Return how many segments stand how; every standing is there, be it with 0."""
    count = Counter(standings)
    return {standing: count[standing] for standing in STANDINGS}
