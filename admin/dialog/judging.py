"""A draft judged as a whole, as it would be started now: what happens, the SQL, what stands against it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from admin import backfill_forms, schedule_forms
from admin.dialog import meaning, steps
from admin.schedules import outlook_of
from reportbuilder.api import backfill_shapes, context, ordering
from reportbuilder.backfills.planning import draft_backfill
from reportbuilder.catalog.preparing import Prepared
from reportbuilder.errors import Conflict, Invalid, ReportBuilderError
from reportbuilder.reports import defining
from reportbuilder.reports.drafting import DETAILS, PARAMETERS, WHEN
from reportbuilder.reports.models import ReportDefinition, ReportDraft
from reportbuilder.schedules import defining as scheduling
from reportbuilder.schedules import overview as schedules


@dataclass(frozen=True)
class Problem:
    """What stands against a start: a reason with the way out, and the step where that is."""

    reason: str
    step: str


@dataclass(frozen=True)
class Judged:
    """What would happen. ``prepared``: the first run. ``first``: its days, or when it is due, in words.

    ``outlook`` or ``plan``: of a schedule or a backfill, in the words of the API.
    """

    report: ReportDefinition | None = None
    prepared: Prepared | None = None
    first: str = ""
    outlook: Mapping[str, Any] | None = None
    plan: Mapping[str, Any] | None = None
    problems: list[Problem] = field(default_factory=list)


def judge(session: Session, draft: ReportDraft) -> Judged:
    """Return what a start would do now; everything that stands against it is in ``problems``."""
    left = [key for key in steps.steps_of(draft)[:-1] if not steps.is_done(draft, key)]
    if left:
        missing = f"“{steps.text_of(draft, left[0])}” has not been filled in yet; do that first."
        return Judged(problems=[Problem(missing, left[0])])
    try:
        report = meaning.report_of(session, draft, is_named=not steps.is_single(draft))
    except Conflict as taken:
        return Judged(problems=[Problem(taken.message, WHEN)])
    except Invalid as error:
        return Judged(problems=problems_of(error))
    try:
        return _WHAT[steps.type_of(draft)](session, draft, report)
    except Invalid as error:
        return Judged(report, problems=problems_of(error, DETAILS))


def problems_of(error: ReportBuilderError, otherwise: str = PARAMETERS) -> list[Problem]:
    """Return why something was refused, each reason with the step to which it belongs.

    :param otherwise: the step of a field that says nothing of it.
    """
    if not error.details:
        return [Problem(error.message, "")]
    found = []
    for name, reasons in error.details.items():
        step, shown = _place(name, otherwise)
        found += [Problem(f"{shown}: {reason}" if shown else reason, step) for reason in reasons]
    return found


def _place(name: str, otherwise: str) -> tuple[str, str]:
    """Return the step of a field, and its name for people."""
    if name == "name":
        return WHEN, "Name"
    step = DETAILS if name.startswith("run.") else otherwise
    path = name.removeprefix("run.schedule.").removeprefix("run.backfill.")
    if step == DETAILS and path in _LABELS:
        return step, _LABELS[path]
    return step, path.rpartition(".")[2].replace("_", " ").capitalize()


_LABELS: Final = schedule_forms.LABELS | backfill_forms.LABELS


def _once(_session: Session, _draft: ReportDraft, report: ReportDefinition) -> Judged:
    return Judged(report, defining.prepare_run(report, ordering.terms()), "as it is sent now")


def _recurring(_session: Session, draft: ReportDraft, report: ReportDefinition) -> Judged:
    terms = ordering.terms()
    row = scheduling.draft(report, meaning.run_of(draft)["schedule"], terms=terms)
    found = schedules.outlook(row, report, after=terms.as_of, lag_days=terms.lag_days)
    shown = outlook_of(row, found)
    due, window = found.times[0]
    prepared = defining.prepare_run(report, replace(terms, as_of=due.due_at), window=window)
    first = f"of the first run, due {due.local:%Y-%m-%d %H:%M} in {row.timezone}"
    return Judged(report, prepared, first, outlook=shown)


def _backfill(session: Session, draft: ReportDraft, report: ReportDefinition) -> Judged:
    wish = meaning.run_of(draft)["backfill"]
    found = draft_backfill(session, report, wish, ordering.terms(), context.settings())
    first = found.chosen[0] if found.chosen else found.plan.segments[0]
    last = "" if first.days.days == 1 else f" to {first.days.end}"
    days = f"of the first segment, {first.days.start}{last}"
    return Judged(report, found.prepared[first.window], days, plan=backfill_shapes.planned(found))


_WHAT = {steps.ONCE: _once, steps.RECURRING: _recurring, steps.BACKFILL: _backfill}
