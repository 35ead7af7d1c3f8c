"""The plan of a backfill: which days, which segments in which order, and what was left out."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from reportbuilder.backfills.segments import KINDS, Segment, cut_days
from reportbuilder.backfills.wishes import MOST_DAYS, BackfillWish
from reportbuilder.errors import Invalid
from reportbuilder.parameters.dates import DateRange, today_in
from reportbuilder.parameters.windows import LAG_DAYS

MOST_SEGMENTS: Final = MOST_DAYS


@dataclass(frozen=True, slots=True)
class Plan:
    """The segments in the order in which they start, the days they cover, and remarks for people."""

    days: DateRange
    segments: tuple[Segment, ...]
    remarks: tuple[str, ...]


def last_settled_day(today: date, lag_days: int = LAG_DAYS) -> date:
    """Return the last day that a backfill may touch: ``lag_days`` ago, and never today itself."""
    return today - timedelta(days=max(1, lag_days))


def wanted_days(wish: BackfillWish, *, today: date, lag_days: int = LAG_DAYS) -> DateRange:
    """Return the days that a wish means when asked on ``today``.

    Days back are counted from today, so 90 days and a lag of 14 give the 77 days from 90 to 14 days ago.
    An end (or today) within the lag is clipped to the last settled day.

    :raises Invalid: for a start more than 365 days ago or within the lag, an end before the start or in the
        future.
    """
    last = last_settled_day(today, lag_days)
    start, end = wish.start, wish.end or last
    if start is None:
        start = today - timedelta(days=wish.lookback_days or MOST_DAYS)
        if start > last:
            reason = (
                f"{wish.lookback_days} days back are all within the lag; give at least {(today - last).days}"
            )
            raise Invalid.field("lookback_days", reason)
    _refuse_outside(start, end, today, last)
    return DateRange(start, min(end, last))


def _refuse_outside(start: date, end: date, today: date, last: date) -> None:
    earliest = today - timedelta(days=MOST_DAYS)
    if start < earliest:
        raise Invalid.field("start", f"{start} is more than {MOST_DAYS} days ago; take {earliest} or later")
    if start > last:
        reason = f"{start} is among the days that still settle; the last settled one is {last}"
        raise Invalid.field("start", reason)
    if end < start:
        raise Invalid.field("end", f"{end} comes before the start {start}; swap them")
    if end > today:
        raise Invalid.field(
            "end", f"{end} lies in the future; today is {today}, and {last} the last settled day"
        )


def plan_backfill(
    wish: BackfillWish,
    *,
    as_of: datetime,
    zone: str,
    lag_days: int = LAG_DAYS,
    most_segments: int = MOST_SEGMENTS,
) -> Plan:
    """Return the segments of a wish, by the calendar of the report's zone at the instant ``as_of``.

    Asked again later, whole segments have the same windows; only short ones may differ.

    :raises Invalid: as `wanted_days`; also for more than ``most_segments`` segments, with what fits.
    """
    today = today_in(as_of, zone)
    days = wanted_days(wish, today=today, lag_days=lag_days)
    segments = cut_days(days, wish.segment, zone, wish.week_start)
    if not segments:
        raise Invalid.field("start", f"the clocks of {zone} skip these days; take a longer range")
    if len(segments) > most_segments:
        raise Invalid.field("segment", _too_many(segments, wish, zone, most_segments))
    remarks = tuple(_remark(wish, days, segments, today, lag_days))
    ordered = segments if wish.order == "oldest_first" else segments[::-1]
    return Plan(days, ordered, remarks)


def _too_many(segments: tuple[Segment, ...], wish: BackfillWish, zone: str, most: int) -> str:
    """Say what fits: longer segments over the same days, or the same segments over fewer days."""
    days = DateRange(segments[0].days.start, segments[-1].days.end)
    kinds = list(KINDS)
    ways = [
        f"{kind} segments ({len(longer)})"
        for kind in kinds[kinds.index(wish.segment) + 1 :]
        if len(longer := cut_days(days, kind, zone)) <= most
    ]
    if most > 0:
        ways.append(f"a start at {segments[-most].days.start} or later")
    said = f"{wish.segment} makes {len(segments)} segments of these days, and {max(0, most)} are allowed"
    return f"{said}; take {' or '.join(ways)}" if ways else f"{said}; come again when some are"


def _remark(
    wish: BackfillWish, days: DateRange, segments: tuple[Segment, ...], today: date, lag_days: int
) -> list[str]:
    said = []
    if (wish.end or today) > days.end:
        why = f"figures settle for {lag_days} days" if lag_days > 1 else "today is not over"
        said.append(f"The days after {days.end} are left out, since {why}.")
    said.extend(
        f"The segment from {one.days.start} to {one.days.end} is short: "
        f"it has {one.days.days} of {one.unit.days} days."
        for one in segments
        if one.is_short
    )
    return said
