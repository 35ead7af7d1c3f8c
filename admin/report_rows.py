"""What the table shows of a report, in words, and what its reader may do with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from admin import run_progress
from admin.run_trends import Trend, drawn
from reportbuilder.accounts.permissions import Principal, Subject, may
from reportbuilder.api import report_lists
from reportbuilder.api.report_lists import Line
from reportbuilder.errors import Invalid
from reportbuilder.executions import latest
from reportbuilder.executions.latest import NEVER
from reportbuilder.executions.pausing import Pauses, open_pauses
from reportbuilder.executions.states import ACTIVE, STATES
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules.plans import plan_of
from reportbuilder.schedules.wording import describe

BY_HAND: Final = "on demand"
STATE_WORDS: Final = {
    "pending": "Waiting",
    "submitting": "Starting",
    "running": "Running",
    "collecting": "Fetching rows",
    "completed": "Completed",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "cancelling": "Being stopped",
    NEVER: "Never run",
}
NEVER_RUN: Final = "Nobody has run it yet"
# what an action of the table takes; what is missing here everybody may do who sees the report
TAKES: Final[dict[str, str]] = {
    "run": "report:run",
    "edit": "report:change",
    "backfill": "backfill:start",
    "duplicate": "report:create",
    "pause": "schedule:change",
    "resume": "schedule:change",
    "delete": "report:delete",
}


@dataclass(frozen=True)
class ReportRow:
    """One report as the table shows it.

    ``meaning``: what the state means, or why it failed; ``original``: that in AMC's words. ``rests``: why its
    schedule does not run it, empty if it does. ``results``: the text id of the last completed run.
    ``may``: what the reader may do.
    """

    line: Line
    state: str
    meaning: str
    original: str
    frequency: str
    rests: str
    trend: Trend | None
    results: str | None
    may: frozenset[str]

    @property
    def report(self) -> ReportDefinition:
        """The report itself."""
        return self.line.report

    @property
    def is_moving(self) -> bool:
        """Say whether its latest run has not ended."""
        return self.state in ACTIVE

    @property
    def shown_state(self) -> str:
        """The state as it is shown: one of STATE_WORDS."""
        run = self.line.latest
        return "cancelling" if self.is_moving and run and run.cancel_requested_at else self.state


def rows(session: Session, principal: Principal, reports: Sequence[ReportDefinition]) -> list[ReportRow]:
    """Return reports as the table shows them, in as many queries for one as for many."""
    ids = [report.id for report in reports]
    runs, results = latest.trends(session, ids), latest.last_completed(session, ids)
    pauses = open_pauses(session)

    def row(line: Line) -> ReportRow:
        trend, result = runs.get(line.report.id), results.get(line.report.id)
        return ReportRow(
            line=line,
            state=line.latest.state if line.latest else NEVER,
            meaning=_meaning(line, pauses),
            original=(line.latest.error_message or "") if line.latest else "",
            frequency=frequency_words(line),
            rests=_rests(line),
            trend=drawn(trend) if trend else None,
            results=result,
            may=allowed(principal, line, result),
        )

    return [row(line) for line in report_lists.lines(session, principal, reports)]


def allowed(principal: Principal, line: Line, results: str | None) -> frozenset[str]:
    """Return what the reader may do with a report and what there is to do; favourites are everybody's."""
    is_own = line.report.owner_id == principal.user_id
    grant = "run" if principal.sees_all else principal.grants.get(line.report.instance_id, "")
    found = set(_permitted(principal.role, principal.scope, grant, is_own=is_own))
    if line.schedule is None:
        found -= {"pause", "resume"}
    else:
        found -= {"pause"} if line.schedule.is_paused else {"resume"}
    return frozenset(found | ({"results"} if results else set()))


@lru_cache(maxsize=1_000)
def _permitted(role: str, scope: str, grant: str, *, is_own: bool) -> frozenset[str]:
    """Return the actions that somebody may do with a report, their own or another's, on an instance."""
    me, other, there = UUID(int=1), UUID(int=2), UUID(int=3)
    principal = Principal(me, "", role, scope=scope, grants={there: grant} if grant else {})
    subject = Subject(instance_id=there, owner_id=me if is_own else other)
    copy = Subject(instance_id=there)  # a copy is its maker's
    return frozenset(
        action
        for action, takes in TAKES.items()
        if may(principal, takes, copy if action == "duplicate" else subject)
    )


def frequency_words(line: Line) -> str:
    """Return when a report runs by itself, in words: ``every Monday at 03:00, New York``."""
    if line.schedule is None:
        return BY_HAND
    try:
        return describe(plan_of(line.schedule).recurrence)
    except Invalid as error:
        return f"{line.schedule.schedule_type}; its schedule cannot be read: {error.message}"


def _rests(line: Line) -> str:
    schedule = line.schedule
    if schedule is None:
        return ""
    if schedule.is_paused:
        return f"Paused by {schedule.paused_by}: {schedule.paused_reason}"
    return "" if line.report.is_active else "The report is switched off, so its schedule rests"


def _meaning(line: Line, pauses: Pauses) -> str:
    run = line.latest
    if run is None:
        return NEVER_RUN
    hold = pauses.of(line.report.instance_id) if run.state == "pending" else None
    if hold is not None:
        return f"Held back by {hold.paused_by}: {hold.reason}"
    if run.cancel_requested_at and run.state in ACTIVE:
        return "Somebody has asked to stop it, and AMC has not confirmed that yet"
    return run_progress.meaning_of(run) or f"{STATES[run.state][:1].upper()}{STATES[run.state][1:]}"


def selectable(found: Sequence[ReportRow]) -> bool:
    """Say whether there is anything that the reader may do with several of these reports at once."""
    return any(row.may & {"run", "pause", "resume", "delete"} for row in found)
