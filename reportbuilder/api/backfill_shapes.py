"""How backfills look as JSON: what is asked, what is planned, how far one is."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields, validate

from reportbuilder.api.shapes import Body, Instant, Page, Text, one_of, sort_field
from reportbuilder.backfills import overview
from reportbuilder.backfills.forecasting import Forecast
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.backfills.planning import Draft
from reportbuilder.backfills.presence import STANDINGS
from reportbuilder.backfills.segments import FROM_START, KINDS, WEEKDAYS
from reportbuilder.backfills.states import SEGMENT_STATES, STATES, tally, tell
from reportbuilder.backfills.wishes import MOST_DAYS, MOST_IN_ONE_RUN, ON_FAILURE, ORDERS, REPROCESS

DAY = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$"


def _count(most: int, text: str) -> fields.Integer:
    return fields.Integer(
        strict=True, allow_none=True, validate=validate.Range(1, most), metadata={"description": text}
    )


def _word(choices: Any, text: str) -> fields.String:
    return fields.String(allow_none=True, validate=one_of(choices), metadata={"description": text})


def _day(text: str) -> fields.String:
    return fields.String(allow_none=True, validate=validate.Regexp(DAY), metadata={"description": text})


class BackfillBody(Body):
    """Which past of a report to fetch, in which segments: `lookback_days`, or `start` and perhaps `end`."""

    segment = fields.String(required=True, validate=one_of(KINDS))
    lookback_days = _count(MOST_DAYS, "Days back from today; what still settles is left out")
    start = _day("First day, in the report's zone")
    end = _day("Last day; it belongs to the backfill")
    week_start = _word((*WEEKDAYS, FROM_START), "Of weekly segments; monday if not given")
    order = _word(ORDERS, "newest_first if not given")
    reprocess = _word((*REPROCESS, "failed"), "missing_and_failed if not given; failed is short for that")
    on_failure = _word(ON_FAILURE, "continue if not given")
    concurrency = _count(1_000, "Runs at once, up to the instance's limit, which is also the default")
    segments_per_run = _count(MOST_IN_ONE_RUN, "More than 1 packs segments, where the template allows it")


class DryRun(Schema):
    """Whether only to tell what would be done."""

    dry_run = fields.String(
        load_default="0", validate=one_of(("0", "1")), metadata={"description": "1 starts nothing"}
    )


class SegmentWindow(Schema):
    """The local times of a half-open window, and their zone."""

    start = fields.String(required=True)
    end = fields.String(required=True)
    time_zone = fields.String(required=True)


class PlannedSegment(Schema):
    """One segment of a plan. ``cut``: where days of its calendar unit are missing."""

    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    time_window = fields.Nested(SegmentWindow, required=True)
    is_short = fields.Boolean(required=True)
    cut = fields.String(required=True, allow_none=True, validate=one_of(("start", "end", "both")))
    standing = fields.String(required=True, validate=one_of(STANDINGS))
    is_chosen = fields.Boolean(required=True, metadata={"description": "It is run by this backfill"})


class BackfillPlan(Schema):
    """What a backfill does: the exact windows, what is there already, and when it may be finished."""

    backfill_id = fields.String(required=True, allow_none=True, metadata={"description": "Null: a dry run"})
    total_segments = fields.Integer(required=True)
    to_run = fields.Integer(required=True, metadata={"description": "Segments that are run"})
    runs = fields.Integer(required=True, metadata={"description": "Runs at AMC; fewer if packed"})
    standings = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    remarks = fields.List(fields.String(), required=True)
    segments = fields.List(fields.Nested(PlannedSegment), required=True)
    expected_finish = Instant(required=True)
    earliest_finish = Instant(required=True)
    latest_finish = Instant(required=True)


def planned(draft: Draft, backfill_id: str | None = None) -> dict[str, Any]:
    """Return a draft in the words of BackfillPlan."""
    chosen = set(draft.chosen)
    return {
        "backfill_id": backfill_id,
        "total_segments": len(draft.plan.segments),
        "to_run": len(draft.chosen),
        "runs": draft.runs,
        "standings": draft.counts,
        "remarks": list(draft.remarks),
        "segments": [
            {
                "first_day": one.days.start,
                "last_day": one.days.end,
                "time_window": one.window.to_json(),
                "is_short": one.is_short,
                "cut": one.cut or None,
                "standing": standing,
                "is_chosen": one in chosen,
            }
            for one, standing in zip(draft.plan.segments, draft.standings, strict=True)
        ],
    } | finish(draft.forecast)


def finish(forecast: Forecast | None) -> dict[str, Any]:
    """Return when it may be finished."""
    return {
        "expected_finish": forecast and forecast.expected,
        "earliest_finish": forecast and forecast.earliest,
        "latest_finish": forecast and forecast.latest,
    }


class BackfillSchema(Schema):
    """A backfill."""

    backfill_id = fields.String(required=True)
    report_id = fields.String(required=True)
    report_name = fields.String(required=True)
    instance_id = fields.String(required=True)
    user = fields.String(required=True, metadata={"description": "E-mail address of who started it"})
    status = fields.String(required=True, validate=one_of(STATES))
    segment = fields.String(required=True, validate=one_of(KINDS))
    start_date = fields.Date(required=True)
    end_date = fields.Date(required=True, metadata={"description": "The last day; it belongs to it"})
    time_zone = fields.String(required=True)
    order = fields.String(required=True, validate=one_of(ORDERS))
    reprocess = fields.String(required=True, validate=one_of(REPROCESS))
    on_failure = fields.String(required=True, validate=one_of(ON_FAILURE))
    concurrency = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Null: as many as the instance runs at once"}
    )
    total_segments = fields.Integer(required=True)
    completed_segments = fields.Integer(required=True)
    progress_percentage = fields.Integer(required=True)
    paused_reason = fields.String(required=True, allow_none=True)
    created_at = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True)


class SegmentSchema(Schema):
    """How one segment stands."""

    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    start = Instant(required=True)
    end = Instant(required=True)
    state = fields.String(required=True, validate=one_of(SEGMENT_STATES))
    attempts = fields.Integer(required=True)
    execution_id = fields.String(required=True, allow_none=True)
    row_count = fields.Integer(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True, metadata={"description": "Why it has no rows"})


class BackfillDetail(BackfillSchema):
    """A backfill with its segments and what was frozen at its start."""

    words = fields.String(required=True, metadata={"description": "How it stands, in one sentence"})
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    remarks = fields.List(fields.String(), required=True)
    parameters = fields.Dict(required=True)
    template_version = fields.Integer(required=True)
    segments = fields.List(fields.Nested(SegmentSchema), required=True)
    expected_finish = Instant(required=True, allow_none=True)
    earliest_finish = Instant(required=True, allow_none=True)
    latest_finish = Instant(required=True, allow_none=True)


class BackfillQuery(Page):
    """Which backfills."""

    report_id = Text(most=64)
    instance_id = Text(most=64)
    status = fields.String(validate=one_of(STATES))
    sort = sort_field(overview.SORTS, "-created_at")


class BackfillPause(Body):
    """Why it is paused."""

    reason = Text(most=500, load_default=None, allow_none=True)


class BackfillRetry(Body):
    """Which of the segments that failed are asked for again."""

    first_days = fields.List(
        fields.Date(),
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, MOST_DAYS),
        metadata={"description": "Their first days; null: all of them"},
    )


class BackfillChange(Body):
    """What can be changed while it is open."""

    concurrency = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        validate=validate.Range(1, 1_000),
        metadata={"description": "Null: as many as the instance runs at once"},
    )


def shown(row: ReportDataCollection) -> dict[str, Any]:
    """Return a backfill in the words of BackfillSchema; its relations are loaded."""
    wish = row.configuration["wish"]
    same = ("status", "start_date", "end_date", "time_zone", "concurrency", "progress_percentage")
    more = ("paused_reason", "created_at", "ended_at")
    return {name: getattr(row, name) for name in (*same, *more)} | {
        "backfill_id": row.collection_id,
        "report_id": row.report.report_id if row.report else "",
        "report_name": row.report.name if row.report else "",
        "instance_id": row.instance.instance_id,
        "user": row.user.email,
        "segment": row.segment_type,
        "order": wish["order"],
        "reprocess": wish["reprocess"],
        "on_failure": wish["on_failure"],
        "total_segments": row.target_weeks,
        "completed_segments": row.weeks_completed,
    }


def whole(
    row: ReportDataCollection, segments: Sequence[ReportDataWeek], forecast: Forecast | None
) -> dict[str, Any]:
    """Return a backfill in the words of BackfillDetail."""
    count: Counter[str] = tally(segment.status for segment in segments)
    frozen = row.configuration
    return (
        shown(row)
        | {
            "words": tell(count),
            "counts": {state: count[state] for state in SEGMENT_STATES},
            "remarks": frozen["remarks"],
            "parameters": frozen["parameters"],
            "template_version": frozen["template_version"],
            "segments": [_segment(segment) for segment in segments],
        }
        | finish(forecast)
    )


def _segment(row: ReportDataWeek) -> dict[str, Any]:
    return {
        "first_day": row.week_start_date,
        "last_day": row.week_end_date,
        "start": row.window_start,
        "end": row.window_end,
        "state": row.status,
        "attempts": row.attempts,
        "execution_id": row.execution_id,
        "row_count": row.record_count,
        "reason": row.reason,
    }
