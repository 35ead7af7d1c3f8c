"""Schedules over JSON: when a report runs by itself; preview, pause, resume, and what became of it."""

from typing import Any

from flask import Response
from marshmallow import fields
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts import permissions
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context, ordering, reports
from reportbuilder.api.doors import BASE, Door, Key, once
from reportbuilder.api.schedule_shapes import (
    FiringSchema,
    OutlookSchema,
    ScheduleBody,
    ScheduleChange,
    ScheduleSchema,
    foreseen,
    shown,
    told,
)
from reportbuilder.api.shapes import Body, Page, Text, Whole, list_of, one_of, pick, row_id
from reportbuilder.database import reading, transaction
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.reports.searching import subject_of
from reportbuilder.schedules import defining, following, overview
from reportbuilder.schedules.defining import LONGEST_REASON
from reportbuilder.schedules.models import FIRING_STATES, ReportSchedule
from reportbuilder.schedules.preview import MOST, USUAL

door = Door("Schedules", BASE, "When reports run by themselves, and what became of their due times.")


class ScheduleQuery(Page):
    """Which schedules."""

    instance_id = Text(most=64)
    report_id = Text(most=64)


class FiringQuery(Page):
    """Which due times."""

    state = fields.String(validate=one_of(FIRING_STATES))


class PreviewQuery(Body):
    """How far ahead."""

    n = Whole(1, MOST, load_default=USUAL, metadata={"description": "How many times"})


class SchedulePause(Body):
    """Why a schedule is paused."""

    reason = Text(most=LONGEST_REASON, required=True)


def visible(
    session: Session, schedule_id: str, permission: str = "report:view"
) -> tuple[ReportSchedule, ReportDefinition]:
    """Return a schedule and its report if the asker may do that; what is not only viewed is locked.

    :raises NotFound: if there is none that the asker may see.
    :raises NotPermitted: if it is visible and that is not allowed.
    """
    schedule, report = overview.find(session, context.principal(), schedule_id)
    permissions.ensure(context.principal(), permission, subject_of(report), "schedule")
    if permission != "report:view":
        following.lock(session, schedule.id)
    return schedule, report


@door.route("/schedules")
@door.arguments(ScheduleQuery, location="query")
@door.response(200, list_of(ScheduleSchema))
@door.refuses()
def list_schedules(query: dict[str, Any]) -> dict[str, Any]:
    """List the schedules of reports that you may see, those that run next first."""
    with reading() as session:
        rows, total = overview.search(
            session,
            context.principal(),
            instance_id=row_id(session, AmcInstance.id, AmcInstance.instance_id, query.get("instance_id")),
            report_id=row_id(
                session, ReportDefinition.id, ReportDefinition.report_id, query.get("report_id")
            ),
            **pick(query, "page", "limit"),
        )
        return {"items": [shown(*row) for row in rows], "total": total} | pick(query, "page", "limit")


@door.route("/reports/<ident:report_id>/schedules", methods=["POST"])
@door.arguments(Key, location="headers")
@door.arguments(ScheduleBody)
@door.response(201, ScheduleSchema)
@door.refuses(400, 403, 404, 409)
def create_schedule(headers: dict[str, str], body: dict[str, Any], report_id: str) -> Response:
    """Let a report run by itself, in its owner's name; a report has one schedule."""

    def allowed(session: Session) -> ReportDefinition:
        return reports.visible(session, report_id, "schedule:change")

    def work(session: Session, report: ReportDefinition) -> dict[str, Any]:
        by = context.principal().email
        return shown(defining.create(session, report, body, terms=ordering.terms(), by=by), report)

    return once(headers, allowed, work, ScheduleSchema(), 201)


@door.route("/reports/<ident:report_id>/schedules/preview", methods=["POST"])
@door.arguments(PreviewQuery, location="query")
@door.arguments(ScheduleBody)
@door.response(200, OutlookSchema)
@door.refuses(400, 403, 404)
def preview_new_schedule(query: dict[str, Any], body: dict[str, Any], report_id: str) -> dict[str, Any]:
    """Show what a schedule would do, before it is saved; everything that is wrong is told."""
    with transaction() as session:
        report = reports.visible(session, report_id, "schedule:change")
        terms = ordering.terms()
        schedule = defining.draft(report, body, terms=terms)
        found = overview.outlook(
            schedule, report, after=terms.as_of, lag_days=terms.lag_days, count=query["n"]
        )
        return foreseen(schedule, found)


@door.route("/schedules/<ident:schedule_id>")
@door.response(200, ScheduleSchema)
@door.refuses(404)
def get_schedule(schedule_id: str) -> dict[str, Any]:
    """Show one schedule."""
    with reading() as session:
        return shown(*visible(session, schedule_id))


@door.route("/schedules/<ident:schedule_id>", methods=["PATCH"])
@door.arguments(ScheduleChange, required=False)
@door.response(200, ScheduleSchema)
@door.refuses(400, 403, 404, 409)
def change_schedule(body: dict[str, Any], schedule_id: str) -> dict[str, Any]:
    """Change what is given; due times up to now keep to what was before."""
    with transaction() as session:
        schedule, report = visible(session, schedule_id, "schedule:change")
        by = context.principal().email
        return shown(defining.change(session, schedule, report, body, terms=ordering.terms(), by=by), report)


@door.route("/schedules/<ident:schedule_id>", methods=["DELETE"])
@door.response(204)
@door.refuses(403, 404)
def remove_schedule(schedule_id: str) -> Response:
    """End a schedule; its history stays, and what runs goes on."""
    with transaction() as session:
        defining.remove(session, *visible(session, schedule_id, "schedule:change"))
    return Response(status=204)


@door.route("/schedules/<ident:schedule_id>/pause", methods=["POST"])
@door.arguments(SchedulePause)
@door.response(200, ScheduleSchema)
@door.refuses(400, 403, 404, 409)
def pause_schedule(body: dict[str, Any], schedule_id: str) -> dict[str, Any]:
    """Skip the due times of a schedule until it is resumed; what runs goes on."""
    with transaction() as session:
        schedule, report = visible(session, schedule_id, "schedule:change")
        defining.pause(session, schedule, report, by=context.principal().email, reason=body["reason"])
        return shown(schedule, report)


@door.route("/schedules/<ident:schedule_id>/resume", methods=["POST"])
@door.response(200, ScheduleSchema)
@door.refuses(403, 404, 409)
def resume_schedule(schedule_id: str) -> dict[str, Any]:
    """Let a schedule go on with its next due time; failures until now count no more."""
    with transaction() as session:
        schedule, report = visible(session, schedule_id, "schedule:change")
        defining.resume(session, schedule, report)
        return shown(schedule, report)


@door.route("/schedules/<ident:schedule_id>/preview")
@door.arguments(PreviewQuery, location="query")
@door.response(200, OutlookSchema)
@door.refuses(404)
def preview_schedule(query: dict[str, Any], schedule_id: str) -> dict[str, Any]:
    """Show the next times of a schedule, with those that changes of clocks move or double."""
    with reading() as session:
        schedule, report = visible(session, schedule_id)
        lag = context.settings().settle_days
        found = overview.outlook(schedule, report, after=clock.now(), lag_days=lag, count=query["n"])
        return foreseen(schedule, found)


@door.route("/schedules/<ident:schedule_id>/firings")
@door.arguments(FiringQuery, location="query")
@door.response(200, list_of(FiringSchema))
@door.refuses(404)
def list_firings(query: dict[str, Any], schedule_id: str) -> dict[str, Any]:
    """Tell what became of each due time, the latest first; of what was not run, why."""
    with reading() as session:
        schedule, _ = visible(session, schedule_id)
        rows, total = overview.firings(session, schedule, **pick(query, "state", "page", "limit"))
        return {"items": [told(row) for row in rows], "total": total} | pick(query, "page", "limit")
