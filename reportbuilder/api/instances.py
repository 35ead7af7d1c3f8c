"""Instances as JSON: those that the caller may use, and how full they are."""

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder.accounts import grants
from reportbuilder.accounts.permissions import Subject, may
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context, pauses
from reportbuilder.api.doors import BASE, Door
from reportbuilder.api.pauses import PauseSchema
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
    account_name = fields.String(required=True)
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
    principal = context.principal()
    with reading() as session:
        statement = select(AmcInstance).where(grants.visible(principal, AmcInstance.id))
        page = page_of(session, statement, order(SORTS, query["sort"], AmcInstance.id), query)
        return page | {"items": shown(session, page["items"])}


def shown(session: Session, rows: Sequence[AmcInstance]) -> list[dict[str, Any]]:
    """Return instances in the words of InstanceSchema, in as many statements for many as for one.

    Beside these: ``foreign`` of the slots used are other clients', ``waiting`` wait for one, and nothing is
    sent to AMC until ``throttled_until`` if that lies ahead.
    """
    ids = [row.id for row in rows]
    by_instance = (
        overview.slots_in_use(session, ids),
        quotas.runs_today(session, ids),
        overview.count_in(session, ids, ["pending"]),
    )
    held = open_pauses(session)
    return [_shown(row, held.of(row.id), *(found.get(row.id, 0) for found in by_instance)) for row in rows]


def _shown(row: AmcInstance, held: Pause | None, used: int, today: int, waiting: int) -> dict[str, Any]:
    chosen = context.settings()
    same = ("instance_id", "instance_name", "region", "status", "looked_at", "throttled_until")
    return {name: getattr(row, name) for name in same} | {
        "account_name": row.account.account_name,
        "slots_used": used + row.foreign_running,
        "slots_limit": chosen.instance_slots if row.slots is None else row.slots,
        "foreign": row.foreign_running,
        "waiting": waiting,
        "runs_today": today,
        "daily_runs": quotas.daily_runs(row, chosen.instance_daily_runs),
        "pause": pauses.shown(held, None if held.is_whole else row.instance_id) if held else None,
        "may_run": may(context.principal(), "instance:run", Subject(instance_id=row.id)),
    }
