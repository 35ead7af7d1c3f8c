"""The home page: the instances one may use, and what ran last."""

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.blueprint import HOME, pages
from reportbuilder.accounts import grants
from reportbuilder.accounts.permissions import Principal
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context
from reportbuilder.database import reading
from reportbuilder.executions import overview

LATEST = 10
INSTANCES_SHOWN = 50


@pages.get(HOME)
def home() -> ResponseReturnValue:
    """Show the instances one may use, and what ran last."""
    principal = context.principal()
    with reading() as session:
        return render_template(
            "home.html", instances=_instances(session, principal), executions=_latest(session, principal)
        )


def _instances(session: Session, principal: Principal) -> list[dict[str, object]]:
    statement = select(AmcInstance).where(grants.visible(principal, AmcInstance.id))
    found = list(session.scalars(statement.order_by(AmcInstance.instance_name).limit(INSTANCES_SHOWN)))
    used = overview.slots_in_use(session, [instance.id for instance in found])
    default = context.settings().instance_slots
    return [
        {
            "row": instance,
            "used": used.get(instance.id, 0) + instance.foreign_running,
            "limit": default if instance.slots is None else instance.slots,
            "access": "run" if principal.sees_all else principal.grants.get(instance.id, "view"),
        }
        for instance in found
    ]


def _latest(session: Session, principal: Principal) -> list[object]:
    seen = None if principal.sees_all else list(principal.grants)
    rows, _ = overview.search(session, overview.Criteria(instances=seen), limit=LATEST)
    return list(rows)
