"""Packs: several segments in one run of AMC, and when their rows are those that single runs would give."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, time
from typing import Any, Final

from reportbuilder.backfills.columns import GRAINS, OVER_ROWS, Column
from reportbuilder.backfills.groups import find_undated
from reportbuilder.backfills.segments import Segment, unit_of
from reportbuilder.parameters.dates import DateRange
from reportbuilder.parameters.naming import uses_window
from reportbuilder.parameters.tokens import Kinds, tokenize
from reportbuilder.parameters.windows import Window

HIDDEN: Final = "its date is null"


@dataclass(frozen=True, slots=True)
class Pack:
    """Segments that follow upon each other, the oldest first, to be run as one."""

    segments: tuple[Segment, ...]

    @property
    def window(self) -> Window:
        """The window of the one run."""
        first, last = self.segments[0].window, self.segments[-1].window
        return Window(first.start, last.end, first.zone)

    @property
    def probe(self) -> Segment:
        """The segment to run alone as a check: one in the middle, which has neighbours on both sides."""
        return self.segments[len(self.segments) // 2]


def pack_segments(segments: Sequence[Segment], most: int) -> tuple[Pack, ...]:
    """Put neighbours together, at most so many in one pack; the packs keep the order of the segments.

    :param segments: oldest or newest first; where one was left out a new pack begins.
    """
    packs: list[list[Segment]] = []
    for segment in segments:
        if packs and len(packs[-1]) < most and _are_neighbours(packs[-1][-1], segment):
            packs[-1].append(segment)
        else:
            packs.append([segment])
    return tuple(Pack(tuple(sorted(pack, key=lambda one: one.window.start))) for pack in packs)


def _are_neighbours(one: Segment, other: Segment) -> bool:
    return one.window.end == other.window.start or other.window.end == one.window.start


def find_date_column(columns: Sequence[Column]) -> Column | None:
    """Return the column that says which segment a row belongs to; None without one, or with several."""
    dated = [column for column in columns if column.grain]
    return dated[0] if len(dated) == 1 else None


def find_hindrances(
    columns: Sequence[Column], sql: str, segments: Sequence[Segment], values: Mapping[str, Any] | None = None
) -> list[str]:
    """Say why a template may not be packed into these segments; an empty list: it may.

    The law: if every row is made only of events of its own day (or week…), and no such period lies in two
    segments, the rows of one run over several segments are those of the single runs together. Then sums,
    distinct counts and medians *of a row* are right, as each row has the same events either way. What is
    made over several rows or over the window as a whole is not. The rules here look at the columns and at
    the SQL; by whose clock the advertiser's days are they cannot see, nor what a parameter does to a name. So
    the first pack is checked against a single run (`Pack.probe`, `differences.find_differences`).

    :param sql: of the template. ``values`` of its parameters decide by whose clock its days are.
    """
    column = find_date_column(columns)
    if column is None:
        count = sum(1 for one in columns if one.grain)
        said = f"{count} columns have" if count else "no column has"
        return [
            f"{said} a date that rows are grouped by; exactly one must say date = day, week, month or quarter"
        ]
    return [
        *_hindrances_of_days(column, segments, values or {}),
        *(
            f"{one.name} is made of other rows or not described; its aggregate must be told"
            for one in columns
            if one.aggregate in OVER_ROWS
        ),
        *_hindrances_of_sql(sql),
        *find_undated(sql, column.name),
    ]


def _hindrances_of_days(
    column: Column, segments: Sequence[Segment], values: Mapping[str, Any]
) -> Iterator[str]:
    grain = column.grain or ""
    if not all(_nests(grain, segment) for segment in segments):
        yield f"{column.name} is by {grain}, and such a {grain} may lie in two segments; take longer segments"
    is_utc = str(values.get(column.clock, "utc") if column.clock != "local" else "local").endswith("utc")
    edges = [at for one in segments for at in (one.window.start, one.window.end)]
    if is_utc and any(at.astimezone(UTC).time() != time.min for at in edges):
        zone = segments[0].window.zone
        yield f"{column.name} is by the clock of UTC, and the segments are by the clock of {zone}"


def _nests(grain: str, segment: Segment) -> bool:
    kind, unit = GRAINS[grain], segment.unit
    return unit_of(unit.start, kind).start == unit.start and unit_of(unit.end, kind).end == unit.end


def _hindrances_of_sql(sql: str) -> Iterator[str]:
    tokens = tokenize(sql)
    if any(token.token_type is Kinds.OVER for token in tokens):
        yield "the query has OVER, so a row may be made of others"
    if any(token.text.upper() == "EXTEND_TIME_WINDOW" for token in tokens):
        yield "the query reads beyond its window (EXTEND_TIME_WINDOW), so its reach depends on the window"
    if uses_window(sql):
        yield "the query looks at the ends of its window, which are others in a packed run"


@dataclass(frozen=True, slots=True)
class Stray:
    """A row that belongs to no segment of the pack, and why."""

    row: Mapping[str, Any]
    reason: str


@dataclass(frozen=True, slots=True)
class Split:
    """The rows of each segment of a pack, in its order, and those of none."""

    parts: tuple[tuple[Mapping[str, Any], ...], ...]
    strays: tuple[Stray, ...]


def spans_of(pack: Pack, grain: str) -> tuple[DateRange, ...]:
    """Return for each segment the first and the last value that its rows may have in the date column.

    The week of a short segment may begin before the segment does.
    """
    return tuple(
        DateRange(unit_of(segment.days.start, GRAINS[grain]).start, segment.days.end)
        for segment in pack.segments
    )


def split_rows(rows: Sequence[Mapping[str, Any]], column: Column, pack: Pack) -> Split:
    """Assign the rows of a packed run to its segments by their date.

    AMC's windows are nominal: single rows may lie outside, and where it hides a date it is null. Both are
    strays. Single runs have them too, but not the same ones; a null hides the segment, so that a pack with
    such a row is no proof of anything and its segments should run alone.
    """
    spans = spans_of(pack, column.grain or "day")
    parts: list[list[Mapping[str, Any]]] = [[] for _ in spans]
    strays = []
    for row in rows:
        place = find_place(row.get(column.name), spans)
        if isinstance(place, int):
            parts[place].append(row)
        else:
            strays.append(Stray(row, place))
    return Split(tuple(map(tuple, parts)), tuple(strays))


def find_place(value: object, spans: Sequence[DateRange]) -> int | str:
    """Return the place of the span that a date is in, or why it is in none.

    :param value: a date, a date-time, or text that begins with ``YYYY-MM-DD``.
    """
    if value is None:
        return HIDDEN
    day = _day_of(value)
    if day is None:
        return f"{value!r:.40} is no date"
    place = bisect_right(spans, day, key=lambda span: span.start) - 1
    if place < 0 or day > spans[place].end:
        return f"{day} lies in none of the segments"
    return place


def _day_of(value: object) -> date | None:
    if isinstance(value, date):
        return date(value.year, value.month, value.day)
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
