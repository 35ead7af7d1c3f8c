"""Runs over the same data in overlapping windows, of which AMC refuses too many: who overlaps whom.

AMC rejects a run "because too many workflows have already been run against the same input data sources in
the same or overlapping time windows". It publishes no number, and nothing says that it ever forgets a run,
so a refusal holds for good for that window. Windows of one backfill are half-open and do not overlap, so by
themselves they never add up; what adds up is listed in `find_crowds`.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reportbuilder.backfills.segments import Segment
from reportbuilder.executions.refusals import ADVICE, is_overlap_refusal
from reportbuilder.parameters.tokens import STRINGS, Kinds, Layout
from reportbuilder.parameters.windows import Window

__all__ = [
    "ADVICE",
    "CROWDED",
    "PastRun",
    "Reach",
    "count_overlaps",
    "crowd_of",
    "do_overlap",
    "find_crowds",
    "find_reach",
    "is_overlap_refusal",
]

CROWDED: Final = 10  # runs over the same data from which people are warned; a guess, for AMC tells none
_DURATION: Final = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
# Seconds of each part of a duration, the longest that it may mean.
_UNITS: Final = (366 * 86_400, 31 * 86_400, 7 * 86_400, 86_400, 3600, 60, 1)
_ARGUMENTS: Final = 3  # table, before, after


@dataclass(frozen=True, slots=True)
class Reach:
    """How far beyond its window a query reads."""

    before: timedelta = timedelta(0)
    after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that AMC has let run on the instance, whoever asked: what it read, and where."""

    window: Window
    sources: frozenset[str]
    reach: Reach = Reach()


def do_overlap(one: Window, other: Window) -> bool:
    """Say whether two half-open windows share an instant; neighbours do not."""
    return one.start < other.end and other.start < one.end


def find_reach(sql: str) -> Reach:
    """Return the longest reach of the ``EXTEND_TIME_WINDOW`` calls in a query whose values are filled in.

    A duration that cannot be read counts as none.
    """
    layout = Layout(sql)
    calls = [
        _texts_after(layout, place)
        for place, token in enumerate(layout.tokens)
        if token.text.upper() == "EXTEND_TIME_WINDOW" and layout.kind(place + 1) is Kinds.L_PAREN
    ]
    whole = [texts for texts in calls if len(texts) == _ARGUMENTS]
    before = max((_read_duration(texts[1]) for texts in whole), default=timedelta(0))
    after = max((_read_duration(texts[2]) for texts in whole), default=timedelta(0))
    return Reach(before, after)


def _texts_after(layout: Layout, place: int) -> list[str]:
    inside = layout.tokens[place + 2 : layout.closer.get(place + 1)]
    return [token.text for token in inside if token.token_type in STRINGS]


def _read_duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text.strip())
    if not found:
        return timedelta(0)
    return timedelta(seconds=sum(int(n or 0) * unit for n, unit in zip(found.groups(), _UNITS, strict=True)))


def _read_span(window: Window, reach: Reach) -> tuple[datetime, datetime]:
    return window.start - reach.before, window.end + reach.after


def count_overlaps(
    window: Window, sources: Iterable[str], past: Iterable[PastRun], reach: Reach = Reach()
) -> int:
    """Return how many past runs read what a run would read, on the data source where they are the most."""
    start, end = _read_span(window, reach)
    count: dict[str, int] = dict.fromkeys(sources, 0)
    for run in past:
        its_start, its_end = _read_span(run.window, run.reach)
        if its_start < end and start < its_end:
            for source in run.sources & count.keys():
                count[source] += 1
    return max(count.values(), default=0)


def crowd_of(segments: Sequence[Segment], reach: Reach) -> int:
    """Return the most runs of one backfill that read what one of them reads, itself counted.

    One for a query that keeps to its window. A query that reads 28 days before it overlaps 28 neighbours on
    either side if its segments are days, and one on either side if they are months.
    """
    spans = [_read_span(segment.window, reach) for segment in segments]
    starts, ends = sorted(start for start, _ in spans), sorted(end for _, end in spans)
    # Who overlaps: those that start before its end, without those that end by its start.
    crowds = (bisect_left(starts, end) - bisect_right(ends, start) for start, end in spans)
    return max(crowds, default=0)


def find_crowds(
    segments: Sequence[Segment],
    sources: frozenset[str],
    past: Sequence[PastRun],
    reach: Reach = Reach(),
    *,
    crowded: int = CROWDED,
) -> list[str]:
    """Say what of a plan may provoke AMC's refusal, with the way out; nothing for a harmless one.

    :param past: runs on the same instance, of all reports and people, as far back as they are known.
    """
    said = []
    if (own := crowd_of(segments, reach)) >= crowded:
        said.append(
            f"Each run reads beyond its window ({reach.before.days} days before, {reach.after.days} after), "
            f"so {own} of these runs read the same data; AMC may refuse some. Take longer segments."
        )
    counts = [count_overlaps(segment.window, sources, past, reach) for segment in segments]
    full = [segment.days for segment, count in zip(segments, counts, strict=True) if count >= crowded]
    if full:
        first, last = min(days.start for days in full), max(days.end for days in full)
        said.append(
            f"{len(full)} segments between {first} and {last} read data that up to {max(counts)} earlier "
            "runs have read over the same days; AMC may refuse them. Leave out what is there already."
        )
    return said
