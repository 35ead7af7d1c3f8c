"""The form of a schedule: from what was typed to a wish as the API takes it, and from a row to a form."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from admin.fields import Choices, Fields, Posted, typed, whole
from reportbuilder.parameters.dates import COMMON_LOOKBACKS, offered_zones
from reportbuilder.parameters.windows import LOOKBACK_DAYS
from reportbuilder.schedules.models import ReportSchedule
from reportbuilder.schedules.patterns import LAST, WEEKDAYS
from reportbuilder.schedules.plans import policies_of
from reportbuilder.schedules.policies import WORDS, Missed, Overlap, Policies
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
    policies = {name: values[f"policies.{name}"] for name in POLICIES}
    counts = {name: whole(policies[name]) for name in ("missed_limit", "pause_after")}
    return {
        "recurrence": _recurrence(values),
        "policies": {name: value for name, value in (policies | counts).items() if value not in ("", None)},
        "time_window": _window(values),
        "jitter_minutes": whole(values["jitter_minutes"]) or USUAL_JITTER,
        "is_settling": values["is_settling"],
    }


def _recurrence(values: Mapping[str, Any]) -> dict[str, Any]:
    kind = values["recurrence.type"]
    names = ("timezone", "start", "end", *FIELDS_OF.get(kind, ()))
    given = {name: values[f"recurrence.{name}"] for name in names}
    return {"type": kind} | {name: value for name, value in given.items() if value != ""}


def _window(values: Mapping[str, Any]) -> dict[str, Any] | None:
    names = _OF_KIND.get(values[KIND])
    if names is None:
        return None
    given = {name: values[f"time_window.{name}"] for name in names}
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
    return Fields(PREFIX, values, errors or {}, _choices(values))


def _choices(values: Mapping[str, Any]) -> dict[str, Choices]:
    return {
        "types": TYPES,
        "weekdays": [(name, name[:3].capitalize()) for name in WEEKDAYS],
        "days": DAYS,
        "zones": [(name, name.replace("_", " ")) for name in offered_zones()],
        "missed": _policies(Missed, {Missed.ALL: "all runs that were missed are made up, up to a limit"}),
        "overlap": _policies(Overlap, {}),
        "kinds": KINDS,
        "presets": _with(PRESETS, str(values.get("time_window.preset", ""))),
    }


def _policies(kind: type[Missed | Overlap], differently: Mapping[Any, str]) -> list[tuple[str, str]]:
    said = [(each.value, differently.get(each, WORDS[each])) for each in kind]
    return [(value, words[:1].upper() + words[1:]) for value, words in said]


def _with(offered: Choices, value: str) -> Choices:
    """Return what is offered, and what is chosen if that is something else."""
    if not value or value in dict(offered):
        return offered
    return [*offered, (value, value.replace("_", " "))]
