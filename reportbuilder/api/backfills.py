"""Backfills over the API: start or rehearse one, see how far it is, pause, resume, cancel, retry."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from reportbuilder.accounts import permissions
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Subject
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context, limits, ordering
from reportbuilder.api.backfill_shapes import (
    BackfillBody,
    BackfillChange,
    BackfillDetail,
    BackfillPause,
    BackfillPlan,
    BackfillQuery,
    BackfillRetry,
    BackfillSchema,
    DryRun,
    planned,
    shown,
    whole,
)
from reportbuilder.api.doors import BASE, Door, Key, once
from reportbuilder.api.shapes import list_of, pick, row_id
from reportbuilder.backfills import changing, overview
from reportbuilder.backfills.models import ReportDataCollection
from reportbuilder.backfills.planning import draft_backfill
from reportbuilder.backfills.starting import left_today, refuse_second, refuse_too_many, start_backfill
from reportbuilder.database import reading, transaction
from reportbuilder.errors import NotFound
from reportbuilder.reports import searching
from reportbuilder.reports.models import ReportDefinition

door = Door("Backfills", f"{BASE}/backfills", "The past of reports, fetched in segments.")
starting = Door("Backfills of reports", f"{BASE}/reports", "Starting a backfill of a report.")


def visible(session: Session, backfill_id: str, permission: str = "report:view") -> ReportDataCollection:
    """Return a backfill if the asker may do that with it.

    :raises NotFound: if there is none, or none that the asker may see.
    :raises NotPermitted: if it is visible and that is not allowed.
    """
    what = f"backfill {backfill_id}"
    try:
        row = overview.find(session, backfill_id)
    except NotFound:
        raise permissions.missing(what) from None
    subject = Subject(instance_id=row.instance_id, owner_id=row.user_id)
    permissions.ensure(context.principal(), permission, subject, what)
    return row


@starting.route("/<ident:report_id>/backfill", methods=["POST"])
@starting.arguments(Key, location="headers")
@starting.arguments(DryRun, location="query")
@starting.arguments(BackfillBody)
@starting.response(202, BackfillPlan)
@starting.alt_response(200, schema=BackfillPlan, description="What would be done; nothing is started")
@starting.refuses(400, 403, 404, 409, 429)
def start_report_backfill(
    headers: dict[str, str], query: dict[str, str], body: dict[str, Any], report_id: str
) -> Response | tuple[dict[str, Any], int]:
    """Fetch the past of a report in segments; `dry_run=1` tells what would be done and starts nothing."""
    if query["dry_run"] == "1":
        return _rehearse(report_id, body)

    def allowed(session: Session) -> ReportDefinition:
        return _report(session, report_id, locked=True)

    def work(session: Session, row: ReportDefinition) -> dict[str, Any]:
        return start(session, row, body)

    return once(headers, allowed, work, BackfillPlan(), 202)


def start(session: Session, report: ReportDefinition, body: Mapping[str, Any]) -> dict[str, Any]:
    """Start a backfill of a locked report, within the day's limit of its instance; return its plan.

    What is refused counts nothing.
    """
    settings = context.settings()
    refuse_second(session, report)
    draft = draft_backfill(session, report, body, ordering.terms(), settings.instance_slots)
    most = settings.backfills_per_day
    left, seconds = left_today(session, report.instance, most)
    limits.tell_own(most, left, seconds)
    refuse_too_many(report.instance, left, seconds, most)
    user = session.get_one(User, context.principal().user_id)
    row = start_backfill(session, report, draft, user)
    limits.tell_own(most, left - 1, seconds)
    return planned(draft, row.collection_id)


def _rehearse(report_id: str, body: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    with reading() as session:
        row = _report(session, report_id, locked=False)
        slots = context.settings().instance_slots
        return planned(draft_backfill(session, row, body, ordering.terms(), slots)), 200


def _report(session: Session, report_id: str, *, locked: bool) -> ReportDefinition:
    row = searching.find(session, context.principal(), report_id, locked=locked)
    permissions.ensure(context.principal(), "backfill:start", searching.subject_of(row), "report")
    return row


@door.route("")
@door.arguments(BackfillQuery, location="query")
@door.response(200, list_of(BackfillSchema))
@door.refuses()
def list_backfills(query: dict[str, Any]) -> dict[str, Any]:
    """List the backfills on the instances that you may see, newest first."""
    principal = context.principal()
    with reading() as session:
        criteria = overview.Criteria(
            instances=None if principal.sees_all else list(principal.grants),
            instance_id=row_id(session, AmcInstance.id, AmcInstance.instance_id, query.get("instance_id")),
            report_id=row_id(
                session, ReportDefinition.id, ReportDefinition.report_id, query.get("report_id")
            ),
            status=query.get("status"),
        )
        rows, total = overview.search(session, criteria, **pick(query, "sort", "page", "limit"))
    return {"items": [shown(row) for row in rows], "total": total} | pick(query, "page", "limit")


@door.route("/<ident:backfill_id>")
@door.response(200, BackfillDetail)
@door.refuses(404)
def get_backfill(backfill_id: str) -> dict[str, Any]:
    """Show one backfill with each of its segments and its expected finish."""
    with reading() as session:
        row = visible(session, backfill_id)
        segments = overview.segments_of(session, row)
        return whole(
            row, segments, overview.foresee(session, row, segments, context.settings().instance_slots)
        )


@door.route("/<ident:backfill_id>", methods=["PATCH"])
@door.arguments(BackfillChange)
@door.response(200, BackfillSchema)
@door.refuses(400, 403, 404, 409)
def change_backfill(body: dict[str, Any], backfill_id: str) -> dict[str, Any]:
    """Let more or fewer of its runs be in flight from now on."""
    slots = context.settings().instance_slots
    return _do(
        backfill_id,
        lambda session, row: changing.set_concurrency(session, row, body["concurrency"], slots),
    )


@door.route("/<ident:backfill_id>/pause", methods=["POST"])
@door.arguments(BackfillPause, required=False)
@door.response(200, BackfillSchema)
@door.refuses(400, 403, 404, 409)
def pause_backfill(body: dict[str, Any], backfill_id: str) -> dict[str, Any]:
    """Ask for nothing more until it is resumed; what is in flight goes on."""
    return _do(backfill_id, lambda session, row: changing.pause(session, row, body.get("reason")))


@door.route("/<ident:backfill_id>/resume", methods=["POST"])
@door.response(200, BackfillSchema)
@door.refuses(403, 404, 409)
def resume_backfill(backfill_id: str) -> dict[str, Any]:
    """Let a paused one go on."""
    return _do(backfill_id, changing.resume)


@door.route("/<ident:backfill_id>/cancel", methods=["POST"])
@door.response(202, BackfillSchema)
@door.refuses(403, 404, 409)
def cancel_backfill(backfill_id: str) -> dict[str, Any]:
    """Give up what waits and stop what is in flight; it ends when AMC has confirmed that."""
    by, slots = context.principal().email, context.settings().instance_slots
    return _do(backfill_id, lambda session, row: changing.cancel(session, row, by, slots))


@door.route("/<ident:backfill_id>/retry-failed", methods=["POST"])
@door.arguments(BackfillRetry, required=False)
@door.response(202, BackfillSchema)
@door.refuses(400, 403, 404, 409)
def retry_backfill(body: dict[str, Any], backfill_id: str) -> dict[str, Any]:
    """Ask again for the segments that failed, and for those that were not asked for because of that."""
    return _do(backfill_id, lambda session, row: changing.retry_failed(session, row, body["first_days"]))


def _do(backfill_id: str, what: Callable[[Session, ReportDataCollection], object]) -> dict[str, Any]:
    with transaction() as session:
        row = visible(session, backfill_id, "backfill:change")
        what(session, row)
        session.flush()
        return shown(overview.find(session, backfill_id))
