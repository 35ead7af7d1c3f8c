"""Schedules that are due every minute, until they are told otherwise; and the books of their due times."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.chaos.books import Faults, Line
from bench.chaos.recovery import Wait
from reportbuilder import clock
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import defining, following
from reportbuilder.schedules.missed import SKIPPED
from reportbuilder.schedules.models import ReportSchedule, ScheduleFiring
from reportbuilder.schedules.spelling import read_recurrence

EVERY_MINUTE = {"type": "cron", "cron": "* * * * *"}
ONCE_A_YEAR = {"type": "cron", "cron": "0 0 1 7 *"}
POLICIES = (
    {"overlap": "queue", "missed": "all", "missed_limit": 100},
    {"overlap": "queue", "missed": "once"},
    {"overlap": "cancel", "missed": "all", "missed_limit": 100},
    {"overlap": "skip", "missed": "skip"},
)
_ENDED = frozenset({"completed", "failed", "cancelled"})


@dataclass(frozen=True)
class Span:
    """The time for which a schedule was due every minute: later than ``after``, up to ``until``."""

    schedule_id: UUID
    after: datetime
    until: datetime


def make(session: Session, reports: Sequence[ReportDefinition]) -> None:
    """Make a schedule of each report, with all kinds of policies in turn."""
    for report, policies in zip(reports, cycle(POLICIES), strict=False):
        data = {"recurrence": EVERY_MINUTE, "policies": policies}
        defining.create(session, report, data, terms=Terms(as_of=clock.now()))


def end() -> list[Span]:
    """Let all be due once a year from now on; return for how long they were due every minute."""
    with reading() as session:
        found = session.scalars(select(ReportSchedule)).all()
    spans = []
    for seen in found:
        with transaction() as session:
            schedule = following.lock(session, seen.id)
            report = session.get_one(ReportDefinition, schedule.report_id)
            terms = Terms(as_of=clock.now())
            defining.change(session, schedule, report, {"recurrence": ONCE_A_YEAR}, terms=terms)
            spans.append(Span(schedule.id, schedule.created_at, terms.as_of))
    return spans


@dataclass(frozen=True)
class Rows:
    """Our rows of schedules, as they are at the end."""

    schedules: Mapping[UUID, ReportSchedule]
    firings: Mapping[UUID, Sequence[ScheduleFiring]]
    executions: Mapping[UUID, Sequence[ReportExecution]]

    @classmethod
    def read(cls, session: Session) -> "Rows":
        """Read all, firings by schedule and executions by firing."""
        firings: defaultdict[UUID, list[ScheduleFiring]] = defaultdict(list)
        executions: defaultdict[UUID, list[ReportExecution]] = defaultdict(list)
        for firing in session.scalars(select(ScheduleFiring)):
            firings[firing.schedule_id].append(firing)
        for execution in session.scalars(
            select(ReportExecution).where(ReportExecution.firing_id.is_not(None))
        ):
            if execution.firing_id:
                executions[execution.firing_id].append(execution)
        return cls({row.id: row for row in session.scalars(select(ReportSchedule))}, firings, executions)


def hold(rows: Rows, spans: Sequence[Span], faults: Faults) -> Line:
    """Hold the minutes of each schedule against its firings, and these against their executions."""
    line = Line("due times of schedules")
    recurrence = read_recurrence({**EVERY_MINUTE, "timezone": "UTC"})
    for span in spans:
        firings = Counter(firing.due_at for firing in rows.firings.get(span.schedule_id, ()))
        due = set(recurrence.between(span.after, span.until))
        name = rows.schedules[span.schedule_id].schedule_id
        line.due += len(due)
        faults.lost += [f"{name} was due at {at} and has no verdict" for at in sorted(due - firings.keys())]
        faults.doubled += [f"{name} has {firings[at]} firings at {at}" for at in firings if firings[at] > 1]
        faults.doubled += [f"{name} was not due at {at}, and fired" for at in sorted(firings.keys() - due)]
        for firing in rows.firings.get(span.schedule_id, ()):
            _hold_one(name, firing, rows.executions.get(firing.id, ()), line, faults)
    return line


def _hold_one(
    name: str, firing: ScheduleFiring, runs: Sequence[ReportExecution], line: Line, faults: Faults
) -> None:
    named = ", ".join(f"{run.execution_id} {run.state}" for run in runs) or "no run"
    told = f"{name} at {firing.due_at:%H:%M} is {firing.state} ({firing.reason}): {named}"
    line.fired += bool(runs)
    line.otherwise[f"{firing.state}, {firing.reason}" if firing.state == "skipped" else firing.state] += 1
    if len(runs) > 1:
        faults.doubled.append(told)
    if firing.state == "skipped":
        faults.doubled += [told] * bool(runs)
        faults.lost += [told] * (firing.reason not in SKIPPED)
    elif firing.state not in _ENDED:
        faults.stuck.append(told)
    elif firing.state not in {run.state for run in runs}:
        faults.lost.append(told)


def longest_waits(rows: Rows) -> dict[str, Wait]:
    """Return the longest time from a due time to its verdict."""
    found = [
        Wait((firing.created_at - firing.due_at).total_seconds(), f"due at {firing.due_at:%H:%M}")
        for firings in rows.firings.values()
        for firing in firings
    ]
    return {"due time until its verdict": max(found)} if found else {}
