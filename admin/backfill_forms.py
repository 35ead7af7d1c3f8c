"""The form of a backfill: from what was typed to a wish as the API takes it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from admin.fields import Choices, Fields, Posted, typed, whole
from reportbuilder.backfills.packs import find_hindrances
from reportbuilder.backfills.planning import columns_of
from reportbuilder.backfills.segments import FROM_START, WEEKDAYS
from reportbuilder.backfills.wishes import BackfillWish
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

LABELS: Final = {
    "segment": "Cut into",
    "week_start": "Weeks begin on",
    SPAN: "Days to fetch",
    "lookback_days": "How many days back",
    "start": "First day",
    "end": "Last day",
    "reprocess": "If some of it was run before",
    "order": "Order",
    "concurrency": "Runs at once",
    "on_failure": "If a segment fails",
    "segments_per_run": "Segments in one run",
}
SEGMENTS: Final[Choices] = (
    ("daily", "Days"),
    ("weekly", "Weeks"),
    ("monthly", "Months"),
    ("quarterly", "Quarters"),
)
WEEKS: Final[Choices] = (
    *((day, day.capitalize()) for day in WEEKDAYS),
    (FROM_START, "The weekday of the first day"),
)
ORDERS: Final[Choices] = (("newest_first", "Newest first"), ("oldest_first", "Oldest first"))
ON_FAILURE: Final[Choices] = (
    ("continue", "Go on with the others"),
    ("stop", "Stop: run no more of them"),
)
REPROCESSED: Final[Choices] = (
    ("missing_and_failed", "Keep the rows that are here; run again what failed"),
    ("missing", "Run only what nobody has run yet; leave out what failed"),
    ("all", "Run everything again, also where rows are here"),
)
SPANS: Final[Choices] = ((BACK, "So many days back from today"), (DATES, "From one day to another"))


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
    return Fields(PREFIX, values, errors or {}, choices, LABELS)


def in_words(wish: BackfillWish) -> list[str]:
    """Return how a backfill runs, one sentence for each choice of its form."""
    most, packed = wish.concurrency, wish.segments_per_run
    at_once = f"At most {most}" if most else "As many"
    said = [
        f"{dict(ORDERS)[wish.order]}.",
        f"{at_once} {'run' if most == 1 else 'runs'} at once{'' if most else ' as the instance allows'}.",
        f"{LABELS['on_failure']}: {dict(ON_FAILURE)[wish.on_failure].lower()}.",
    ]
    return said if packed == 1 else [*said, f"Up to {packed} segments in one run."]


def _packs() -> Choices:
    counts = (2, 4, 7, 13, 31)
    several = ((str(count), f"Up to {count} in one run") for count in counts)
    return [("1", "One: each runs by itself"), *several]


def packable(template: QueryTemplate) -> bool:
    """Say whether segments of a template may share runs, as far as its columns and its SQL can tell."""
    try:
        return not find_hindrances(columns_of(template), template.sql_template, ())
    except Invalid:
        return False
