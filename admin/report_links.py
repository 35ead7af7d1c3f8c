"""Where the pages of a report are, also those that are still to be made."""

from typing import Final

from flask import current_app, url_for

PATHS: Final = {
    "admin.report": "/report-builder/reports/{report_id}",
    "admin.edit_report": "/report-builder/reports/{report_id}/edit",
    "admin.start_backfill": "/report-builder/reports/{report_id}/backfill",
    "admin.run": "/report-builder/reports/{report_id}/runs/{execution_id}",
    "admin.new_report": "/report-builder/reports/new",
}


def to(endpoint: str, **ids: str) -> str:
    """Return the address of a page."""
    if endpoint in current_app.view_functions:
        return url_for(endpoint, _anchor=None, _method=None, _scheme=None, _external=None, **ids)
    return PATHS[endpoint].format(**ids)
