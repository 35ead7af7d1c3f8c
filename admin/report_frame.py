"""The frame that all pages of a report stand in: its head, what one may do with it, and its tabs."""

from dataclasses import dataclass
from typing import Any, Final

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from admin.blueprint import HOME
from admin.once import once_key
from reportbuilder.accounts import permissions
from reportbuilder.accounts.permissions import Subject
from reportbuilder.api import context, reports
from reportbuilder.reports import searching
from reportbuilder.reports.models import ReportDefinition

DO: Final = f"{HOME}/reports/do"  # where the table of reports does things with them
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
        "do_url": DO,
        "menu": menu_of(report),
    }


def menu_of(report: ReportDefinition) -> list[dict[str, Any]]:
    """Return what else one may do with a report, as ``kit.menu`` takes it."""
    may, base = allowed(report), f"{HOME}/reports/{report.report_id}"
    can_copy = permissions.may(context.principal(), "report:create", Subject(instance_id=report.instance_id))
    key = {"once": once_key()}
    copying = {"text": "Duplicate", "icon": "copy", "post": f"{base}/duplicate", "fields": key}
    offered = (
        (may["report:run"], {"text": "Run with other values", "icon": "play", "href": f"{base}/run"}),
        (may["report:change"], {"text": "Edit", "icon": "pencil", "href": f"{base}/edit"}),
        (can_copy, copying),
        (may["report:delete"], _deed(report, "delete", "Delete", "trash", "danger")),
    )
    return [item for is_offered, item in offered if is_offered]


def _deed(report: ReportDefinition, deed: str, text: str, icon: str, kind: str = "") -> dict[str, Any]:
    fields = {"do": f"{deed} {report.report_id}", "key": once_key()}
    return {"text": text, "icon": icon, "kind": kind, "post": DO, "fields": fields}


def in_frame(template: str, frame: dict[str, Any], here: str = "", **shown: Any) -> str:
    """Return a page of a report.

    :param frame: what ``framed`` has returned.
    :param here: the endpoint of the tab that it belongs to; by default the page's own.
    """
    endpoint = here or request.endpoint
    text = next((tab.text for tab in TABS if tab.endpoint == endpoint), "")
    return render_template(template, here=text, **frame, **shown)
