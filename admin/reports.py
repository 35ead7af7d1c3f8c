"""The table of reports: the page, its rows while they move, and what is done from it."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin import answers, report_actions, report_drawing, report_rows, report_wishes
from admin.blueprint import HOME, pages
from admin.dialog.duplicating import duplicate_report
from admin.report_actions import Outcome
from admin.report_wishes import Wish
from reportbuilder.accounts import grants
from reportbuilder.accounts.permissions import Principal, Subject, may
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context, report_lists
from reportbuilder.api.shapes import NO_ROW
from reportbuilder.database import reading
from reportbuilder.reports import searching
from reportbuilder.reports.models import ReportDefinition

DASHBOARDS: Final = "admin.dashboards"  # the tab beside this one, once there is such a page
REGION: Final = "reports"  # the id of what filters and actions change
MOST_INSTANCES: Final = 500  # to choose from


@pages.get(HOME)
def home() -> ResponseReturnValue:
    """Show the reports that one may see, those that the address asks for."""
    wish = report_wishes.read(request.args)
    if request.headers.get("HX-Target") != REGION:
        return render_template("reports/table.html", **_shown(wish))
    answer = make_response(render_template("reports/_found.html", **_shown(wish)))
    answer.headers["HX-Push-Url"] = url_for("admin.home") + wish.query(page=wish.page)
    answer.headers["Vary"] = "HX-Target"
    return answer


@pages.get(f"{HOME}/reports/rows")
def report_rows_now() -> ResponseReturnValue:
    """Show some reports as they are now, in the order in which they are asked for, until all have ended."""
    asked = request.args.get("of", "").split(".")[: report_wishes.SIZES[-1]]
    principal = context.principal()
    with reading() as session:
        found = report_rows.rows(session, principal, searching.those(session, principal, asked))
    tag = report_drawing.digest(found)
    if request.if_none_match.contains(tag):
        return Response(status=304)
    answer = answers.live(report_drawing.drawn(found), is_over=not any(row.is_moving for row in found))
    answer.set_etag(tag)
    return answer


@pages.post(f"{HOME}/reports/do")
def do_with_reports() -> ResponseReturnValue:
    """Do something with one report, or with those that are ticked, and tell what came of each."""
    name, *one = request.form.get("do", "").split() or [""]
    ids = (one or request.form.getlist("report"))[: report_wishes.SIZES[-1]]
    if not ids:
        return _answer("Tick the reports first that you mean.", "warning", {})
    if name == "duplicate":
        return duplicate_report(ids[0])
    outcomes = report_actions.act(
        name, ids, key=request.form.get("key", ""), reason=request.form.get("reason", "")
    )
    text, kind = report_actions.told(name, outcomes)
    is_plain = name in {"mark", "unmark"} and kind == "success"  # the star says it
    return _answer("" if is_plain else text, kind, _way_on(name, outcomes))


def _way_on(name: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the button that a message takes: Undo after deleting."""
    done = [each.report_id for each in outcomes if not each.refusal and not each.already]
    if name != "delete" or not done:
        return {}
    fields = {"do": " ".join(["restore", *done]), "back": request.form.get("back", "")}
    return {"label": "Undo", "post": url_for("admin.do_with_reports"), "fields": fields}


def _answer(text: str, kind: str, action: dict[str, Any]) -> ResponseReturnValue:
    """Lead back to the table and tell; a script of ours gets the table anew, and the text as a toast."""
    wish = report_wishes.read(dict(parse_qsl(request.form.get("back", "").removeprefix("?"))))
    if request.headers.get("HX-Target") == REGION:
        html = render_template("reports/_found.html", **_shown(wish))
        return answers.with_toast(html, text, kind, **action) if text else html
    target = url_for("admin.home") + wish.query(page=wish.page)
    return answers.done(target, text, kind, **action) if text else redirect(target, 303)


def _shown(wish: Wish) -> dict[str, Any]:
    principal = context.principal()
    with reading() as session:
        instances = _instances(session, principal)
        criteria = _criteria(wish, instances)
        found, total = _search(session, wish, criteria)
        if total and not found:  # a page behind the last one: there are fewer than there were
            wish = replace(wish, page=-(-total // wish.size))
            found, total = _search(session, wish, criteria)
        shown = report_rows.rows(session, principal, found)
        owners = searching.owners(session, principal)
    return {
        "wish": wish,
        "rows_html": report_drawing.drawn(shown),
        "total": total,
        "pages": -(-total // wish.size) or 1,
        "selectable": report_rows.selectable(shown),
        "is_moving": any(row.is_moving for row in shown),
        "instances": instances,
        "owners": owners,
        "key": secrets.token_urlsafe(12),
        "live_url": f"{HOME}/reports/rows?of={'.'.join(row.report.report_id for row in shown)}",
        "may_create": any(
            may(principal, "report:create", Subject(instance_id=instance.id)) for instance in instances
        ),
        "dashboards": _dashboards(),
        "cleared": Wish(sort=wish.sort, size=wish.size).query(),
        "choices": report_wishes,
    }


def _dashboards() -> list[tuple[str, str]]:
    is_there = DASHBOARDS in current_app.view_functions
    return [("Dashboards", url_for(DASHBOARDS))] if is_there else []


def _search(session: Session, wish: Wish, criteria: searching.Criteria) -> tuple[list[ReportDefinition], int]:
    part = {"sort": wish.sort, "page": wish.page, "limit": wish.size}
    status = wish.status or None
    return report_lists.search(session, context.principal(), criteria, status=status, **part)


def _criteria(wish: Wish, instances: Sequence[AmcInstance]) -> searching.Criteria:
    ids = {instance.instance_id: instance.id for instance in instances}
    return searching.Criteria(
        instance_id=ids.get(wish.instance, NO_ROW) if wish.instance else None,
        owner_id=wish.owner_id,
        frequency=wish.frequency or None,
        favorite=True if wish.favorites else None,
        search=wish.q or None,
    )


def _instances(session: Session, principal: Principal) -> list[AmcInstance]:
    statement = select(AmcInstance).where(grants.visible(principal, AmcInstance.id))
    return list(session.scalars(statement.order_by(AmcInstance.instance_name).limit(MOST_INSTANCES)))
