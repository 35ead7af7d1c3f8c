"""What a notice tells, written down as facts: from the notice, the report, and the run if it is about one."""

from collections.abc import Mapping
from typing import Any

from reportbuilder import clock
from reportbuilder.executions.models import ReportExecution
from reportbuilder.notices import Notice
from reportbuilder.notifications.facts import Facts
from reportbuilder.notifications.kinds import TEST
from reportbuilder.parameters.windows import Window
from reportbuilder.reports.models import ReportDefinition

_TEXTS = ("execution_id", "schedule_id", "backfill_id", "due_at", "reason", "status")
_NUMBERS = {"failures": "failures in a row", "count": "due times missed"}


def facts_of(notice: Notice, report: ReportDefinition, execution: ReportExecution | None) -> Facts:
    """Return what is told of a notice; what ``about`` does not have is left out."""
    about = {name: str(notice.about[name]) for name in _TEXTS if notice.about.get(name) is not None}
    if "words" in notice.about:
        about.setdefault("reason", str(notice.about["words"]))
    told: dict[str, Any] = {
        "kind": notice.kind,
        "happened_at": notice.created_at.isoformat(),
        "report_id": report.report_id,
        "report_name": report.name,
        "instance_id": report.instance.instance_id,
        "instance_name": report.instance.instance_name,
        "counts": _counts(notice.about),
    }
    return Facts(**told | about | (_of_run(execution) if execution else {}))


def facts_of_test() -> Facts:
    """Return what a test message tells."""
    return Facts(TEST, clock.now().isoformat())


def _of_run(execution: ReportExecution) -> dict[str, Any]:
    window = Window(execution.time_window_start, execution.time_window_end, execution.time_zone)
    return {
        "happened_at": (execution.completed_at or execution.updated_at).isoformat(),
        "window_start": window.local_start,
        "window_end": window.local_end,
        "first_day": str(window.days.start),
        "last_day": str(window.days.end),
        "zone": window.zone,
        "rows": execution.row_count,
        "finality": execution.finality or "",
        "error_class": execution.error_class or "",
        "reason": (execution.error_message or "") if execution.state == "failed" else "",
    }


def _counts(about: Mapping[str, Any]) -> dict[str, int]:
    given = about.get("counts")
    found = dict(given) if isinstance(given, Mapping) else {}
    found |= {words: about[name] for name, words in _NUMBERS.items() if name in about}
    return {str(name): number for name, number in found.items() if isinstance(number, int)}
