"""From what a request says to an execution: the instance, the values, the window, and the order of both."""

from collections.abc import Mapping
from typing import Any

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts import permissions
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Subject
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context
from reportbuilder.api.executions import shown
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.preparing import Prepared, prepare
from reportbuilder.executions import lifecycle, overview, quotas
from reportbuilder.executions.lifecycle import Order
from reportbuilder.parameters.rendering import Limits
from reportbuilder.parameters.windows import parse_window
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.models import ReportDefinition


def terms() -> Terms:
    """Return by what this request is judged."""
    chosen = context.settings()
    limits = Limits(max_list_items=chosen.max_list_items, max_sql_bytes=chosen.max_sql_bytes)
    return Terms(as_of=clock.now(), limits=limits, lag_days=chosen.settle_days)


def instance(session: Session, instance_id: str, permission: str) -> AmcInstance:
    """Return an instance by AMC's id, if the asker may do that on it.

    :raises NotFound: if there is none that the asker may see.
    :raises NotPermitted: if it is visible and that is not allowed.
    """
    what = f"instance {instance_id}"
    found = session.scalar(select(AmcInstance).where(AmcInstance.instance_id == instance_id))
    if found is None:
        raise permissions.missing(what)
    permissions.ensure(context.principal(), permission, Subject(instance_id=found.id), what)
    return found


def prepared(template: QueryTemplate, body: Mapping[str, Any]) -> Prepared:
    """Return the SQL of a template for ``parameters`` and ``time_window`` of a body.

    :raises Invalid: with everything that is wrong with the window, or else with the values.
    """
    by = terms()
    window = parse_window(
        body.get("time_window"),
        as_of=by.as_of,
        default_zone=context.principal().time_zone,
        lag_days=by.lag_days,
    )
    return prepare(
        template,
        body.get("parameters", {}),
        window=window,
        as_of=by.as_of,
        limits=by.limits,
        lag_days=by.lag_days,
    )


def trigger() -> str:
    """Return what starts an execution in this request: a program with a token, or a person at the console."""
    return "api" if "Authorization" in request.headers else "manual"


def start(
    session: Session,
    template: QueryTemplate,
    on: AmcInstance,
    what: Prepared,
    report: ReportDefinition | None = None,
) -> dict[str, Any]:
    """Ask for an execution of prepared SQL, and return it as it is shown.

    :raises TooMany: if the instance's runs of this day are used up.
    """
    quotas.ensure_runs_left(session, on, context.settings())
    row = lifecycle.request(
        session,
        Order(
            template=template,
            instance=on,
            user=session.get_one(User, context.principal().user_id),
            sql=what.sql,
            window=what.window,
            values=what.values,
            triggered_by=trigger(),
            report=report,
            settle_days=context.settings().settle_days,
        ),
    )
    return shown(overview.find(session, row.execution_id))
