"""The form of a backfill: from what was typed to a wish as the API takes it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from admin.fields import Choices, Fields, Posted, typed, whole
from reportbuilder.backfills.packs import find_hindrances
from reportbuilder.backfills.planning import columns_of
from reportbuilder.backfills.segments import FROM_START, KINDS, WEEKDAYS
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.errors import Invalid

PREFIX: Final = "backfill"
SPAN: Final = "span"
BACK, DATES = "back", "dates"
COUNTS: Final = ("lookback_days", "concurrency", "segments_per_run")
PATHS: Final = (
    "segment",
    SPAN,
    "lookback_days",
    "start",
    "end",
    "week_start",
    "order",
    "reprocess",
    "on_failure",
    "concurrency",
    "segments_per_run",
)
_OF_SPAN: Final = {BACK: ("lookback_days",), DATES: ("start", "end")}

SEGMENTS: Final[Choices] = tuple((kind, kind.capitalize()) for kind in KINDS)
WEEKS: Final[Choices] = (
    *((day, day.capitalize()) for day in WEEKDAYS),
    (FROM_START, "counted from the first day"),
)
ORDERS: Final[Choices] = (("newest_first", "Newest first"), ("oldest_first", "Oldest first"))
ON_FAILURE: Final[Choices] = (
    ("continue", "Go on with the others"),
    ("stop", "Stop; ask for nothing more"),
)
REPROCESSED: Final[Choices] = (
    ("missing", "What nobody has run yet"),
    ("missing_and_failed", "What nobody has run yet, and what has failed"),
    ("all", "Everything, also what is there already"),
)
SPANS: Final[Choices] = ((BACK, "Days back from today"), (DATES, "From day to day"))


def read(posted: Posted) -> dict[str, Any]:
    """Return what was typed into the form, by path; see `wish` for what it means."""
    return typed(posted, PREFIX, PATHS)


def wish(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of the API's backfills that a form means: of its fields those that belong together.

    What cannot be read stays as it was typed, so that the rules refuse it by its name.
    """
    left_out = {SPAN, *(name for span in _OF_SPAN if span != values[SPAN] for name in _OF_SPAN[span])}
    if values["segment"] != "weekly":
        left_out.add("week_start")
    given = {name: values[name] for name in PATHS if name not in left_out and values[name] != ""}
    return {name: whole(value) if name in COUNTS else value for name, value in given.items()}


def usual() -> dict[str, Any]:
    """Return what a new form begins with: half a year in weeks."""
    empty = dict.fromkeys(PATHS, "")
    return empty | {
        "segment": "weekly",
        SPAN: BACK,
        "lookback_days": "180",
        "week_start": WEEKDAYS[0],
        "order": "newest_first",
        "reprocess": "missing_and_failed",
        "on_failure": "continue",
        "segments_per_run": "1",
    }


def fields(
    values: Mapping[str, Any],
    errors: Mapping[str, Sequence[str]] | None = None,
    *,
    most_at_once: int,
    may_pack: bool,
) -> Fields:
    """Return what ``time/_backfill_fields.html`` shows: values as typed, reasons by the API's names.

    :param most_at_once: how many executions the instance runs at once.
    :param may_pack: whether the template allows several segments in one run, see `packable`.
    """
    choices: dict[str, Choices] = {
        "segments": SEGMENTS,
        "spans": SPANS,
        "weeks": WEEKS,
        "orders": ORDERS,
        "reprocess": REPROCESSED,
        "on_failure": ON_FAILURE,
        "concurrency": [
            ("", f"As many as allowed ({most_at_once})"),
            *((str(count), str(count)) for count in range(1, most_at_once + 1)),
        ],
        "segments_per_run": _packs() if may_pack else [],
    }
    return Fields(PREFIX, values, errors or {}, choices)


def _packs() -> Choices:
    counts = (2, 4, 7, 13, 31)
    return [("1", "Each by itself"), *((str(count), f"Up to {count} in one run") for count in counts)]


def packable(template: QueryTemplate) -> bool:
    """Say whether segments of a template may share runs, as far as its columns and its SQL can tell."""
    try:
        return not find_hindrances(columns_of(template), template.sql_template, ())
    except Invalid:
        return False
