"""Pauses as JSON: what is held back, by whom and why; hold back, let go."""

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder.accounts import permissions
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context, ordering
from reportbuilder.api.doors import BASE, Door
from reportbuilder.api.shapes import Body, Instant, Text
from reportbuilder.database import reading, transaction
from reportbuilder.executions import pausing
from reportbuilder.executions.models import Pause

door = Door("Pauses", f"{BASE}/pauses", "Instances on which, for the time being, nothing new is submitted.")

WHICH = {"description": "AMC's own id of the instance; null for everything"}


class PauseSchema(Schema):
    """Who holds back what."""

    instance_id = fields.String(required=True, allow_none=True, metadata=WHICH)
    reason = fields.String(required=True)
    paused_by = fields.String(required=True, metadata={"description": "E-mail address"})
    paused_at = Instant(required=True)
    ended_by = fields.String(required=True, allow_none=True)
    ended_at = Instant(required=True, allow_none=True)


class PauseList(Schema):
    """All open pauses that you may see."""

    items = fields.List(fields.Nested(PauseSchema), required=True)
    total = fields.Integer(required=True)


class ResumeBody(Body):
    """What to let go."""

    instance_id = Text(most=64, required=True, allow_none=True, metadata=WHICH)


class PauseBody(ResumeBody):
    """What to hold back, and why."""

    reason = Text(most=pausing.REASON_MAX, required=True, metadata={"description": "Others will read it"})


@door.route("")
@door.response(200, PauseList)
@door.refuses()
def list_pauses() -> dict[str, Any]:
    """List what is paused now; that of everything first."""
    principal = context.principal()
    with reading() as session:
        found = pausing.open_pauses(session)
        rows = session.scalars(
            select(AmcInstance).where(AmcInstance.id.in_(found.by_instance)).order_by(AmcInstance.instance_id)
        ).all()
    items = [shown(found.everything, None)] if found.everything else []
    items += [
        shown(found.by_instance[row.id], row.instance_id)
        for row in rows
        if principal.sees_all or row.id in principal.grants
    ]
    return {"items": items, "total": len(items)}


@door.route("", methods=["POST"])
@door.arguments(PauseBody)
@door.response(201, PauseSchema)
@door.refuses(400, 403, 404, 409, 422)
def pause(body: dict[str, Any]) -> dict[str, Any]:
    """Submit nothing more on an instance, or on any. What runs goes on, schedules skip their times."""
    with transaction() as session:
        on = which(session, body["instance_id"])
        made = pausing.pause(session, on, body["reason"], context.principal().email)
    return shown(made, body["instance_id"])


@door.route("/resume", methods=["POST"])
@door.arguments(ResumeBody)
@door.response(200, PauseSchema)
@door.refuses(400, 403, 404, 409, 422)
def resume(body: dict[str, Any]) -> dict[str, Any]:
    """Let an instance, or everything, go on; what is paused by itself stays so."""
    with transaction() as session:
        on = which(session, body["instance_id"])
        ended = pausing.resume(session, on, context.principal().email)
    return shown(ended, body["instance_id"])


def shown(row: Pause, instance_id: str | None) -> dict[str, Any]:
    """Return a pause in the words of PauseSchema."""
    names = ("reason", "paused_by", "ended_by", "ended_at")
    return {name: getattr(row, name) for name in names} | {
        "instance_id": instance_id,
        "paused_at": row.created_at,
    }


def which(session: Session, instance_id: str | None) -> AmcInstance | None:
    """Return the instance that the asker may pause, None for everything.

    :raises NotFound: if there is none that the asker may see. :raises NotPermitted: if it is not allowed.
    """
    if instance_id is None:
        permissions.ensure(context.principal(), "everything:pause")
        return None
    return ordering.instance(session, instance_id, "instance:pause")
