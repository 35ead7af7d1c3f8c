"""Asking for many executions at once, in a few statements however many they are."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.orm import DeclarativeBase, Session

from reportbuilder import clock
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.crashpoints import reached
from reportbuilder.database import after_commit
from reportbuilder.executions.lifecycle import Order, row_of
from reportbuilder.executions.models import ExecutionEvent, ReportExecution
from reportbuilder.executions.states import INITIAL
from reportbuilder.executions.waking import ask_submit
from reportbuilder.reports.models import ReportDefinition


def request_all(session: Session, orders: Sequence[Order]) -> list[UUID]:
    """Write down that all of these shall run, as `lifecycle.request` does for one; return their row ids.

    Of several orders of one report the last becomes its latest execution. The workers are told once an
    instance.
    """
    if not orders:
        return []
    now = clock.now()
    rows = [row_of(order) | {"id": uuid4(), "created_at": now, "updated_at": now} for order in orders]
    through = session.connection()  # the session would look at each row once more
    through.execute(insert(_table(ReportExecution)), rows)
    through.execute(insert(_table(ExecutionEvent)), [_event(row) for row in rows])
    _count(session, orders, rows)
    after_commit(session, partial(reached, "requested"))
    for instance in {order.instance.id: order.instance for order in orders}.values():
        ask_submit(session, instance)
    return [row["id"] for row in rows]


def _event(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "created_at": row["created_at"],
        "execution_id": row["id"],
        "from_state": None,
        "to_state": INITIAL,
        "reason": f"asked for ({row['triggered_by']})",
    }


def _count(session: Session, orders: Sequence[Order], rows: Sequence[dict[str, Any]]) -> None:
    """Add to the counts, reports before templates and each kind in one order, as everybody locks them."""
    reports = Counter(order.report.id for order in orders if order.report)
    latest = {order.report.id: row for order, row in zip(orders, rows, strict=True) if order.report}
    templates = Counter(order.template.id for order in orders)
    if reports:
        _add(session, ReportDefinition, reports, latest)
    _add(session, QueryTemplate, templates)


def _add(
    session: Session,
    model: type[ReportDefinition | QueryTemplate],
    counts: Counter[UUID],
    latest: dict[UUID, dict[str, Any]] | None = None,
) -> None:
    table = _table(model)
    changes: dict[str, Any] = {
        "execution_count": table.c.execution_count + bindparam("more"),
        "updated_at": table.c.updated_at,
    }
    if latest is not None:
        changes["last_execution_id"] = bindparam("latest")
        changes["last_execution_at"] = bindparam("asked_at")
    session.connection().execute(
        update(table).where(table.c.id == bindparam("row_id")).values(changes),
        [
            {"row_id": row_id, "more": counts[row_id]} | (_named(latest[row_id]) if latest else {})
            for row_id in sorted(counts)
        ],
    )


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {"latest": row["id"], "asked_at": row["created_at"]}


def _table(model: type[DeclarativeBase]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - tells the type checker what a mapped class has
    return table
