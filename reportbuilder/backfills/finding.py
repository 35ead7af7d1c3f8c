"""What has been run before: over the windows of a backfill, and over what its runs would read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder.backfills.overlaps import PastRun, Reach, find_reach
from reportbuilder.backfills.presence import Known
from reportbuilder.backfills.segments import Segment
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.needs import tables_needed
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.refusals import is_overlap_refusal
from reportbuilder.parameters.finality import Finality, finality
from reportbuilder.parameters.windows import Window
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.results.models import ResultSet

MOST_PAST = 2000  # earlier runs on the instance that are looked at; the latest
AT_ONCE = 200  # queries held in memory
SAME, OTHER = "same", "other"


@dataclass(frozen=True, slots=True)
class Found:
    """A run that has been asked for, and its text id."""

    known: Known
    execution_id: str


def find_runs(session: Session, report: ReportDefinition, queries: Mapping[Window, str]) -> list[Found]:
    """Return the report's runs over exactly these windows, each with digest ``SAME`` if it sent this SQL.

    A completed run whose rows have been removed is not there any more.
    """
    if not queries:
        return []
    statement = (
        select(ReportExecution, ResultSet.id)
        .outerjoin(ResultSet, (ResultSet.execution_id == ReportExecution.id) & ResultSet.removed_at.is_(None))
        .where(
            ReportExecution.report_id == report.id,
            ReportExecution.time_window_start >= min(window.start for window in queries),
            ReportExecution.time_window_end <= max(window.end for window in queries),
        )
        .order_by(ReportExecution.created_at.desc())
        .execution_options(yield_per=AT_ONCE)
    )
    return [
        Found(_know(run, window, queries[window]), run.execution_id)
        for run, rows in session.execute(statement)
        if (window := window_of(run)) in queries and (rows is not None or run.state != "completed")
    ]


def window_of(run: ReportExecution) -> Window:
    """Return the window of an execution."""
    return Window(run.time_window_start, run.time_window_end, run.time_zone)


def _know(run: ReportExecution, window: Window, sql: str) -> Known:
    worth = run.finality or finality(window, run.created_at)
    return Known(
        str(run.report_id),
        SAME if run.sql_text == sql else OTHER,
        window,
        run.state,
        is_preliminary=worth == Finality.PRELIMINARY,
        is_refused=is_overlap_refusal(run.error_message),
    )


def find_done(found: Sequence[Found]) -> dict[Window, str]:
    """Return the text id of the latest run with the same SQL that has final rows, by its window."""
    done = [one for one in found if one.known.digest == SAME and one.known.standing == "done"]
    return {one.known.window: one.execution_id for one in reversed(done)}


def find_past(session: Session, instance_id: UUID, segments: Sequence[Segment]) -> list[PastRun]:
    """Return the latest runs on the instance, of all reports and people, that AMC let run near these days."""
    first, last = _edges(segments)
    rows = session.execute(
        select(
            ReportExecution.template_id,
            ReportExecution.time_window_start,
            ReportExecution.time_window_end,
            ReportExecution.time_zone,
        )
        .where(
            ReportExecution.instance_id == instance_id,
            ReportExecution.state == "completed",
            ReportExecution.packed_in_id.is_(None),
            ReportExecution.time_window_start < last,
            ReportExecution.time_window_end > first,
        )
        .order_by(ReportExecution.created_at.desc())
        .limit(MOST_PAST)
    ).all()
    read = _reads(session, {row.template_id for row in rows})
    return [
        PastRun(Window(row.time_window_start, row.time_window_end, row.time_zone), *read[row.template_id])
        for row in rows
    ]


def _edges(segments: Sequence[Segment]) -> tuple[datetime, datetime]:
    windows = [segment.window for segment in segments]
    return min(window.start for window in windows), max(window.end for window in windows)


def _reads(session: Session, ids: set[UUID]) -> dict[UUID, tuple[frozenset[str], Reach]]:
    """Return which tables each template reads, and how far beyond the window."""
    templates = session.scalars(select(QueryTemplate).where(QueryTemplate.id.in_(ids)))
    return {one.id: (tables_needed(one), reach_of(one.sql_template)) for one in templates}


def reach_of(sql: str) -> Reach:
    """Return how far a query or a template reads beyond its window; the word alone is looked for first."""
    return find_reach(sql) if "EXTEND_TIME_WINDOW" in sql.upper() else Reach()
