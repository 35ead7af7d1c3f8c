"""Instances as JSON: those that the caller may use, and how full they are."""

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select

from reportbuilder.accounts import grants
from reportbuilder.accounts.permissions import Subject, may
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context
from reportbuilder.api.doors import BASE, Door
from reportbuilder.api.pauses import PauseSchema, shown
from reportbuilder.api.shapes import Instant, Page, list_of, order, page_of, sort_field
from reportbuilder.database import reading
from reportbuilder.executions import overview, quotas
from reportbuilder.executions.models import Pause
from reportbuilder.executions.pausing import open_pauses

door = Door("Instances", f"{BASE}/instances", "The AMC instances that you may use.")

SORTS = {"instance_name": AmcInstance.instance_name, "instance_id": AmcInstance.instance_id}


class InstanceSchema(Schema):
    """An AMC instance with its slots."""

    instance_id = fields.String(required=True, metadata={"description": "AMC's own id"})
    instance_name = fields.String(required=True)
    account_name = fields.String(required=True, attribute="account.account_name")
    region = fields.String(required=True)
    status = fields.String(required=True)
    slots_used = fields.Integer(
        required=True, metadata={"description": "Running now, other clients' included"}
    )
    slots_limit = fields.Integer(required=True)
    runs_today = fields.Integer(required=True, metadata={"description": "Of this day in UTC"})
    daily_runs = fields.Integer(required=True, metadata={"description": "The day's budget; 0: any number"})
    pause = fields.Nested(PauseSchema, required=True, allow_none=True)
    may_run = fields.Boolean(required=True)
    looked_at = Instant(required=True, allow_none=True)


class InstanceQuery(Page):
    """Which instances."""

    sort = sort_field(SORTS, "instance_name")


@door.route("")
@door.arguments(InstanceQuery, location="query")
@door.response(200, list_of(InstanceSchema))
@door.refuses()
def list_instances(query: dict[str, Any]) -> dict[str, Any]:
    """List the instances that you may use, with slots used and limit."""
    principal, chosen = context.principal(), context.settings()
    with reading() as session:
        statement = select(AmcInstance).where(grants.visible(principal, AmcInstance.id))
        page = page_of(session, statement, order(SORTS, query["sort"], AmcInstance.id), query)
        ids = [instance.id for instance in page["items"]]
        used, today = overview.slots_in_use(session, ids), quotas.runs_today(session, ids)
        pauses = open_pauses(session)
    for instance in page["items"]:
        instance.slots_used = used.get(instance.id, 0) + instance.foreign_running
        instance.slots_limit = chosen.instance_slots if instance.slots is None else instance.slots
        instance.runs_today = today.get(instance.id, 0)
        instance.daily_runs = quotas.daily_runs(instance, chosen.instance_daily_runs)
        instance.pause = _shown(pauses.of(instance.id), instance)
        instance.may_run = may(principal, "instance:run", Subject(instance_id=instance.id))
    return page


def _shown(pause: Pause | None, instance: AmcInstance) -> dict[str, Any] | None:
    return shown(pause, None if pause.is_whole else instance.instance_id) if pause else None
