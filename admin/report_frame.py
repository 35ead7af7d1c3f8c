"""The frame that all pages of a report stand in: its head, what one may do with it, and its tabs."""

from dataclasses import dataclass
from typing import Any, Final

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from reportbuilder.accounts import permissions
from reportbuilder.api import context, reports
from reportbuilder.reports import searching
from reportbuilder.reports.models import ReportDefinition

ACTIONS: Final = (
    "report:run",
    "report:change",
    "report:delete",
    "schedule:change",
    "backfill:start",
    "backfill:change",
)


@dataclass(frozen=True)
class Tab:
    """A page of a report: ``endpoint`` takes its ``report_id`` and nothing else."""

    text: str
    endpoint: str


# in the order in which they are shown
TABS: Final = (
    Tab("Summary", "admin.report"),
    Tab("Runs", "admin.runs"),
    Tab("Schedule", "admin.schedule"),
    Tab("Backfill", "admin.backfill"),
    Tab("Settings", "admin.report_settings"),
)


def tabs_of(report_id: str) -> list[tuple[str, str]]:
    """Return the tabs of a report as ``kit.tabs`` takes them: text and address."""
    return [(tab.text, url_for(tab.endpoint, report_id=report_id)) for tab in TABS]


def allowed(report: ReportDefinition) -> dict[str, bool]:
    """Return what the reader may do with a report, by the permission's name."""
    subject = searching.subject_of(report)
    return {action: permissions.may(context.principal(), action, subject) for action in ACTIONS}


def framed(session: Session, report: ReportDefinition) -> dict[str, Any]:
    """Return what ``report/frame.html`` shows: the report in the words of the API, tabs, and what one may."""
    return {
        "report": reports.shown(session, [report])[0],
        "tabs": tabs_of(report.report_id),
        "may": allowed(report),
    }


def in_frame(template: str, frame: dict[str, Any], here: str = "", **shown: Any) -> str:
    """Return a page of a report.

    :param frame: what ``framed`` has returned.
    :param here: the endpoint of the tab that it belongs to; by default the page's own.
    """
    endpoint = here or request.endpoint
    text = next((tab.text for tab in TABS if tab.endpoint == endpoint), "")
    return render_template(template, here=text, **frame, **shown)
