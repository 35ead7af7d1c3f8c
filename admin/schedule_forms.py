"""The form of a schedule: from what was typed to a wish as the API takes it, and from a row to a form."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from admin.fields import Choices, Fields, Posted, typed, whole
from reportbuilder.parameters.dates import COMMON_LOOKBACKS
from reportbuilder.parameters.windows import LOOKBACK_DAYS
from reportbuilder.schedules.models import ReportSchedule
from reportbuilder.schedules.patterns import LAST, WEEKDAYS
from reportbuilder.schedules.plans import policies_of
from reportbuilder.schedules.policies import (
    MISSED_WORDS,
    MOST_MADE_UP,
    OVERLAP_WORDS,
    Missed,
    Policies,
)
from reportbuilder.schedules.spelling import FIELDS_OF

PREFIX: Final = "schedule"
OWN, BACK, PRESET = "own", "lookback", "preset"  # whose window: the report's, days back, a named period
KIND: Final = "time_window.kind"
USUAL_JITTER: Final = 0

RECURRENCE: Final = ("type", "time", "weekdays", "day", "anchor", "cron", "timezone", "start", "end")
POLICIES: Final = ("missed", "missed_limit", "overlap", "pause_after")
WINDOW: Final = ("kind", "lookback_days", "preset", "lag_days", "time_zone")
PATHS: Final = (
    *(f"recurrence.{name}" for name in RECURRENCE),
    *(f"policies.{name}" for name in POLICIES),
    *(f"time_window.{name}" for name in WINDOW),
    "jitter_minutes",
    "is_settling",
)

TYPES: Final[Choices] = (
    ("daily", "Every day"),
    ("business_days", "Monday to Friday"),
    ("weekly", "Every week"),
    ("biweekly", "Every second week"),
    ("monthly", "Every month"),
    ("first_business_day", "First working day of the month"),
    ("quarterly", "Every quarter"),
    ("cron", "By a cron line"),
)
LABELS: Final = {
    "recurrence": "When",
    "recurrence.type": "Repeats",
    "recurrence.time": "At",
    "recurrence.day": "On day",
    "recurrence.timezone": "Time zone",
    "recurrence.weekdays": "On these days",
    "recurrence.anchor": "Counted from the week of",
    "recurrence.cron": "Cron line",
    "recurrence.start": "First day",
    "recurrence.end": "Last day",
    "jitter_minutes": "Spread, in minutes",
    "time_window": "Which days each run asks for",
    "time_window.kind": "Window",
    "time_window.lookback_days": "How many days",
    "time_window.preset": "Period",
    "time_window.lag_days": "Latest days left out",
    "time_window.time_zone": "Time zone of the window",
    "is_settling": "Run earlier windows again until their figures are final",
    "policies": "When something goes wrong",
    "policies.missed": "Runs that were missed, since nothing was there to start them",
    "policies.missed_limit": "At most so many are made up",
    "policies.overlap": "A run is due while the one before still runs",
    "policies.pause_after": "Pause the schedule after so many failures in a row",
}
NOTHING: Final = "nothing"  # what an empty field says that must not be empty
DAYS: Final[Choices] = (*((str(day), str(day)) for day in range(1, 32)), (LAST, "last day"))
KINDS: Final[Choices] = (
    (OWN, "The report's own window"),
    (BACK, "A number of days"),
    (PRESET, "A named period"),
)
PRESETS: Final[Choices] = (
    ("last_full_day", "Last settled day"),
    ("last_full_week", "Last settled week (from Monday)"),
    ("last_full_month", "Last settled month"),
    ("last_full_quarter", "Last settled quarter"),
    *((f"last_{days}_days", f"Last {days} days") for days in COMMON_LOOKBACKS),
    ("mtd", "Month to date"),
    ("qtd", "Quarter to date"),
    ("ytd", "Year to date"),
)


def read(posted: Posted) -> dict[str, Any]:
    """Return what was typed into the form, by path; see `wish` for what it means."""
    found = typed(posted, PREFIX, PATHS, lists=("recurrence.weekdays",))
    return found | {"is_settling": found["is_settling"] == "1"}


def wish(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of the API's schedules that a form means: of its fields those that belong together.

    What cannot be read stays as it was typed, so that the rules refuse it by its path.
    """
    return {
        "recurrence": _recurrence(values),
        "policies": _read_policies(values),
        "time_window": _window(values),
        "jitter_minutes": whole(values["jitter_minutes"]) or USUAL_JITTER,
        "is_settling": values["is_settling"],
    }


def _recurrence(values: Mapping[str, Any]) -> dict[str, Any]:
    kind = values["recurrence.type"]
    names = ("timezone", "start", "end", *FIELDS_OF.get(kind, ()))
    given = {name: values[f"recurrence.{name}"] for name in names}
    return {"type": kind} | {name: value for name, value in given.items() if value != ""}


def _read_policies(values: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: values[f"policies.{name}"] for name in POLICIES}
    if given["missed"] != Missed.ALL and whole(given["missed_limit"]) not in _LIMITS:
        del given["missed_limit"]  # it is hidden, so what is wrong with it would be seen nowhere
    given["pause_after"] = given["pause_after"] or NOTHING
    return {name: whole(value) for name, value in given.items() if value != ""}


_LIMITS: Final = range(1, MOST_MADE_UP + 1)


def _window(values: Mapping[str, Any]) -> dict[str, Any] | None:
    names = _OF_KIND.get(values[KIND])
    if names is None:
        return None
    given = {name: values[f"time_window.{name}"] for name in names}
    if "lookback_days" in given:
        given["lookback_days"] = given["lookback_days"] or NOTHING  # else it would be the report's own
    return {name: value for name, value in given.items() if value != ""}


_OF_KIND: Final = {
    BACK: ("lookback_days", "lag_days", "time_zone"),
    PRESET: ("preset", "lag_days", "time_zone"),
}


def usual(zone: str) -> dict[str, Any]:
    """Return what a new form begins with: Mondays at three in a zone, and the usual policies."""
    return _of_recurrence({"type": "weekly", "timezone": zone}) | _of_policies(Policies()) | _of_window(None)


def values_of(schedule: ReportSchedule) -> dict[str, Any]:
    """Return the form that means what a schedule is."""
    older = {"type": "cron", "cron": schedule.cron_expression, "timezone": schedule.timezone}
    return (
        _of_recurrence(schedule.recurrence or older)
        | _of_policies(policies_of(schedule))
        | _of_window(schedule.time_window)
        | {"jitter_minutes": str(schedule.jitter_minutes), "is_settling": schedule.is_settling}
    )


def _of_recurrence(given: Mapping[str, Any]) -> dict[str, Any]:
    filled = {"time": "03:00", "weekdays": [WEEKDAYS[0]], "day": "1", **given}
    texts = {name: str(filled.get(name) or "") for name in RECURRENCE}
    return {f"recurrence.{name}": value for name, value in (texts | {"weekdays": filled["weekdays"]}).items()}


def _of_policies(policies: Policies) -> dict[str, Any]:
    return {f"policies.{name}": str(value) for name, value in policies.to_json().items()}


def _of_window(given: Mapping[str, Any] | None) -> dict[str, Any]:
    kind = OWN if given is None else PRESET if "preset" in given else BACK
    filled = {"lookback_days": LOOKBACK_DAYS, "preset": PRESETS[1][0], **(given or {}), "kind": kind}
    texts = {f"time_window.{name}": str(filled.get(name, "")) for name in WINDOW}
    return texts | {"jitter_minutes": str(USUAL_JITTER), "is_settling": False}


def fields(values: Mapping[str, Any], errors: Mapping[str, Sequence[str]] | None = None) -> Fields:
    """Return what ``time/_schedule_fields.html`` shows: values as typed, reasons by the API's paths."""
    return Fields(PREFIX, values, errors or {}, _choices(values), LABELS)


def _choices(values: Mapping[str, Any]) -> dict[str, Choices]:
    return {
        "types": TYPES,
        "weekdays": [(name, name[:3].capitalize()) for name in WEEKDAYS],
        "days": DAYS,
        "missed": _spoken(
            MISSED_WORDS | {Missed.ALL: "all runs that were missed are made up, up to a limit"}
        ),
        "overlap": _spoken(OVERLAP_WORDS),
        "kinds": KINDS,
        "presets": _with(PRESETS, str(values.get("time_window.preset", ""))),
    }


def _spoken(words: Mapping[Any, str]) -> Choices:
    return [(policy.value, said[:1].upper() + said[1:]) for policy, said in words.items()]


def _with(offered: Choices, value: str) -> Choices:
    """Return what is offered, and what is chosen if that is something else."""
    if not value or value in dict(offered):
        return offered
    return [*offered, (value, value.replace("_", " "))]
