"""Lists of reports with what their latest runs and their schedules say, for the API and the console."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from reportbuilder.accounts.permissions import Principal
from reportbuilder.executions import latest
from reportbuilder.executions.models import ReportExecution
from reportbuilder.reports import favorites, searching
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import overview as schedules
from reportbuilder.schedules.models import ReportSchedule

_OTHER_ROOMS: Final = {**latest.SORTS, **schedules.SORTS}
SORTS: Final = {**searching.SORTS, **_OTHER_ROOMS}


@dataclass(frozen=True)
class Line:
    """A report with its latest run and its active schedule; ``is_favorite``: marked by who asks."""

    report: ReportDefinition
    latest: ReportExecution | None
    schedule: ReportSchedule | None
    is_favorite: bool

    @property
    def next_run_at(self) -> datetime | None:
        """When it runs next by itself, None if it does not."""
        return schedules.next_run_at(self.schedule, self.report) if self.schedule else None


def search(
    session: Session,
    principal: Principal,
    criteria: searching.Criteria,
    *,
    status: str | None = None,
    **part: Any,
) -> tuple[list[ReportDefinition], int]:
    """Return one page of the reports that a principal sees, and how many there are.

    :param status: of the latest run, or ``latest.NEVER``.
    :param part: ``sort`` (a key of SORTS, with ``-`` in front descending), ``page`` and ``limit``.
    """
    also = [] if status is None else [latest.has_status(status)]
    if also and part.get("sort", "").removeprefix("-") == "status":
        part["sort"] = "name"  # they all have the same
    return searching.search(session, principal, criteria, also=also, sorts=_OTHER_ROOMS, **part)


def lines(session: Session, principal: Principal, reports: Sequence[ReportDefinition]) -> list[Line]:
    """Return reports with what belongs to them, in three queries however many they are."""
    ids = [report.id for report in reports]
    marked = favorites.marked(session, principal.user_id, ids)
    runs = latest.latest_of(session, reports)
    active = schedules.active_of(session, ids)
    return [
        Line(report, runs.get(report.id), active.get(report.id), report.id in marked) for report in reports
    ]
