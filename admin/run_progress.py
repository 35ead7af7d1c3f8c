"""How a run gets on: its state in words, its place in the queue, and how long it takes beside the usual."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from admin.sql_words import count_lines
from admin.value_words import trigger_words
from reportbuilder import clock
from reportbuilder.accounts import permissions
from reportbuilder.accounts.permissions import Subject
from reportbuilder.api import context
from reportbuilder.api import executions as api
from reportbuilder.executions import overview, queueing
from reportbuilder.executions.advice import Advice, advise
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.places import Place
from reportbuilder.executions.refusals import is_overlap_refusal
from reportbuilder.executions.states import ACTIVE, RETRIED, STATUS
from reportbuilder.parameters.windows import Window

TENS: Final = 10
SAYING: Final = {
    "pending": "Waits for a free slot",
    "submitting": "Is being handed to AMC",
    "running": "AMC computes it",
    "collecting": "AMC has finished; the rows are being fetched",
    "completed": "The rows are here",
    "failed": "Failed",
    "cancelled": "Cancelled",
}


@dataclass(frozen=True)
class Progress:
    """A run on its way. ``elapsed`` and ``typical`` in seconds, None where nothing can be said."""

    row: ReportExecution
    words: str
    elapsed: float | None
    typical: float | None
    place: Place | None
    may_cancel: bool

    @property
    def is_late(self) -> bool:
        """Whether it has taken longer than is usual."""
        return bool(self.elapsed and self.typical and self.elapsed > self.typical)


def progress_of(
    session: Session, row: ReportExecution, typical: timedelta | None, *, with_place: bool = True
) -> Progress:
    """Return how a run gets on.

    :param with_place: find its place in the queue, too, which takes some queries.
    """
    place = queueing.place(session, row, context.settings()) if with_place else None
    return Progress(
        row,
        words_of(row),
        _elapsed(row),
        typical.total_seconds() if typical else None,
        place,
        row.state in ACTIVE and may(row, "execution:cancel"),
    )


def words_of(row: ReportExecution) -> str:
    """Return the state of a run in words, with a cancel that is on its way."""
    if row.cancel_requested_at and row.state in ACTIVE:
        return "Is being cancelled; AMC has yet to confirm it"
    if row.state == "pending" and row.not_before and row.not_before > clock.now():
        return "Waits for its next attempt"
    return SAYING[row.state]


def may(row: ReportExecution, permission: str) -> bool:
    """Say whether the reader may do that with a run."""
    subject = Subject(instance_id=row.instance_id, owner_id=row.user_id)
    return permissions.may(context.principal(), permission, subject)


def may_retry(row: ReportExecution) -> bool:
    """Say whether the reader may run again what has failed or was cancelled."""
    over = row.state in RETRIED and row.collection_id is None
    if row.report is not None and row.report.deleted_at is not None:
        return False
    return over and not is_overlap_refusal(row.error_message) and may(row, "execution:retry")


def meaning_of(row: ReportExecution) -> str:
    """Return what a failure means, in plain words; nothing for a run that has not failed."""
    if row.error_class is None:
        return row.error_message or ""
    return advise(row.error_class, row.error_message or "").meaning


def advice_of(row: ReportExecution) -> Advice | None:
    """Return what to tell of a failed run; a place only if its SQL has it. None if it has not failed."""
    if row.error_class is None:
        return None
    advice = api.advice_of(row)
    is_there = advice.spot is not None and advice.spot.line <= count_lines(row.sql_text)
    return advice if is_there else replace(advice, spot=None)


def _elapsed(row: ReportExecution) -> float | None:
    """Return the seconds since AMC has it, up to its end."""
    if row.submitted_at is None or row.state == "pending":
        return None
    if row.completed_at:
        return max(0.0, (row.completed_at - row.submitted_at).total_seconds())
    return coarse((clock.now() - row.submitted_at).total_seconds())


def coarse(seconds: float) -> float:
    """Return seconds rounded down, the more the longer: a page that polls shall not change each second.

    >>> coarse(7.4), coarse(129), coarse(3700)
    (7.0, 120.0, 3660.0)
    """
    step = 1 if seconds < TENS else TENS if seconds < TENS * 60 else 60
    return max(0.0, float(seconds // step * step))


def took(row: ReportExecution) -> float | None:
    """Return how many seconds an ended run has taken from AMC's accept to our rows."""
    return _elapsed(row) if row.completed_at else None


def active_of_report(session: Session, report_id: UUID, most: int) -> tuple[list[ReportExecution], int]:
    """Return what of a report has not ended, what was asked for first before the rest, and how much it is."""
    wanted = overview.Criteria(report_id=report_id, is_active=True)
    return overview.search(session, wanted, sort="created_at", limit=most)


def shown(run: ReportExecution) -> dict[str, Any]:
    """Return a run as lists show it."""
    return {
        "row": run,
        "status": STATUS[run.state],
        "trigger": trigger_words(run.triggered_by),
        "took": took(run),
        "window": window_of(run),
        "meaning": meaning_of(run),
    }


def window_of(run: ReportExecution) -> Window:
    """Return the window that a run is about."""
    return Window(run.time_window_start, run.time_window_end, run.time_zone)
