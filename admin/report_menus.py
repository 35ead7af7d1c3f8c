"""The menu of a report in the table: links to its pages, and buttons of the table's form."""

from typing import Any, Final

from flask import url_for

from admin.report_rows import ReportRow

FORM: Final = "bulk"  # the id of the form that the buttons belong to


def menu_of(row: ReportRow) -> list[dict[str, Any]]:
    """Return what the reader may do with a report, as ``kit.menu`` takes it."""
    report_id = row.report.report_id
    switches = [("pause", "Pause schedule", "pause"), ("resume", "Resume schedule", "play")]
    links = [
        ("edit", "Edit", "pencil", "admin.edit_report"),
        ("backfill", "Backfill", "history", "admin.start_backfill"),
    ]
    found: list[dict[str, Any]] = [_button(row, "run", "Run now", "play")] if "run" in row.may else []
    if row.results:
        href = url_for("admin.run", report_id=report_id, execution_id=row.results)
        found.append({"text": "View results", "icon": "table", "href": href})
    found += [_button(row, *switch) for switch in switches if switch[0] in row.may]
    found += [
        {"text": text, "icon": icon, "href": url_for(endpoint, report_id=report_id)}
        for action, text, icon, endpoint in links
        if action in row.may
    ]
    found += [_button(row, "duplicate", "Duplicate", "copy")] if "duplicate" in row.may else []
    return found + ([_button(row, "delete", "Delete", "trash", "danger")] if "delete" in row.may else [])


def _button(row: ReportRow, action: str, text: str, icon: str, kind: str = "") -> dict[str, Any]:
    value = f"{action} {row.report.report_id}"
    return {"text": text, "icon": icon, "kind": kind, "form": FORM, "name": "do", "value": value}
