"""Lists of runs: the history of a report, and all executions that the reader may see."""

from typing import Any, Final
from urllib.parse import urlencode

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.answers import live, wants_fragment
from admin.blueprint import HOME, pages
from admin.paging import page_asked, pages_of
from admin.report_frame import framed, in_frame
from admin.run_progress import shown
from admin.value_words import trigger_words
from reportbuilder.accounts import grants
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context, reports
from reportbuilder.api.executions import STATUSES
from reportbuilder.database import reading
from reportbuilder.executions import overview
from reportbuilder.executions.states import ACTIVE, TRIGGERS

SIZE: Final = 25
INSTANCES_MOST: Final = 500


@pages.get(f"{HOME}/reports/<ident:report_id>/runs")
def runs(report_id: str) -> ResponseReturnValue:
    """Show every run of a report."""
    with reading() as session:
        row = reports.visible(session, report_id)
        listed = _listed(session, overview.Criteria(report_id=row.id, **_asked()))
        if wants_fragment():
            return live(render_template("runs/_list.html", **listed), is_over=not listed["is_moving"])
        return in_frame("runs/of_report.html", framed(session, row), **listed)


@pages.get(f"{HOME}/runs")
def all_runs() -> ResponseReturnValue:
    """Show all executions on the instances that the reader may see."""
    principal = context.principal()
    with reading() as session:
        instances = _instances(session)
        chosen = next((one for one in instances if one.instance_id == request.args.get("instance")), None)
        seen = None if principal.sees_all else list(principal.grants)
        criteria = overview.Criteria(instances=seen, instance_id=chosen.id if chosen else None, **_asked())
        listed = _listed(session, criteria) | {"with_report": True}
        if wants_fragment():
            return live(render_template("runs/_list.html", **listed), is_over=not listed["is_moving"])
        offered = [(one.instance_id, one.instance_name) for one in instances]
        return render_template(
            "runs/all.html", instances=offered, instance=chosen.instance_id if chosen else "", **listed
        )


def _asked() -> dict[str, Any]:
    """Return the filters of the address; what it cannot mean is as if it were not said."""
    status, trigger = request.args.get("status"), request.args.get("trigger")
    return {
        "status": status if status in STATUSES else None,
        "triggered_by": trigger if trigger in TRIGGERS else None,
    }


def _listed(session: Session, criteria: overview.Criteria) -> dict[str, Any]:
    page = page_asked()
    rows, total = overview.search(session, criteria, page=page, limit=SIZE)
    return {
        "runs": [shown(row) for row in rows],
        "total": total,
        "page": page,
        "pages": pages_of(total, SIZE),
        "status": criteria.status or "",
        "trigger": criteria.triggered_by or "",
        "statuses": [(status, status.capitalize()) for status in STATUSES],
        "triggers": [(trigger, trigger_words(trigger).capitalize()) for trigger in TRIGGERS],
        "is_filtered": bool(criteria.status or criteria.triggered_by or criteria.instance_id),
        "is_moving": any(row.state in ACTIVE for row in rows),
        "page_url": _page_url,
        "with_report": False,
    }


def _page_url(number: int) -> str:
    said = {name: value for name, value in request.args.items() if value and name != "page"}
    return f"{request.path}?{urlencode(said | {'page': number})}"


def _instances(session: Session) -> list[AmcInstance]:
    wanted = select(AmcInstance).where(grants.visible(context.principal(), AmcInstance.id))
    return list(session.scalars(wanted.order_by(AmcInstance.instance_name).limit(INSTANCES_MOST)))
