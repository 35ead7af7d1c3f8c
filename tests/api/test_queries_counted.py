"""How many SQL statements a list takes: the same for one row as for many."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcAccount, AmcInstance
from reportbuilder.backfills.models import ReportDataCollection
from reportbuilder.backfills.wishes import BackfillWish
from reportbuilder.catalog import publishing
from reportbuilder.database import db, transaction
from reportbuilder.executions import lifecycle
from reportbuilder.executions.lifecycle import Order
from reportbuilder.notifications.models import Notification
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.models import ReportDefinition, ReportFavorite
from reportbuilder.schedules import defining as scheduling
from tests.api.conftest import WINDOW, Callers
from tests.api.test_templates_api import PUBLICATION

MANY = 50
PATHS = [
    "/templates?limit=100",
    "/reports?limit=100",
    "/schedules?limit=100",
    "/executions?limit=100",
    "/instances?limit=100",
    "/backfills?limit=100",
    "/notifications?limit=100",
    "/notifications?whose=all&limit=100",
]


def fill(callers: Callers, count: int) -> None:
    """Add so many templates, instances of accounts of their own, users, reports and executions."""
    with transaction() as session:
        for number in range(count):
            user = User(email=f"user{number}-{count}@example.test", name="User")
            account = AmcAccount(
                account_id=f"ENTITY{number}X{count}",
                account_name="Northwind Brands",
                marketplace_id="ATVPDKIKX0DER",
                sealed_refresh_token="sealed",
            )
            session.add_all([user, account])
            session.flush()
            on = AmcInstance(
                instance_id=f"amcnorthwind{number}x{count}", instance_name="N", account_id=account.id
            )
            template = publishing.publish(session, PUBLICATION, user)
            session.add(on)
            session.flush()
            report = ReportDefinition(
                name="Spring", template_id=template.id, instance_id=on.id, owner_id=user.id, parameters={}
            )
            report.template, report.instance, report.owner = template, on, user
            session.add(report)
            session.flush()
            wish = {"recurrence": {"type": "daily"}, "parameters": {"campaign": "x"}}
            scheduling.create(session, report, wish, terms=Terms(clock.now()))
            for whose in (user, callers.cast.ada):
                session.add(
                    Notification(
                        user_id=whose.id,
                        channel="email",
                        report_id=report.id,
                        kind="run_failed",
                        state="failed",
                        not_before=report.created_at,
                    )
                )
            session.add(ReportFavorite(user_id=callers.cast.ada.id, report_id=report.id))
            session.add(backfill_of(report))
            lifecycle.request(
                session, Order(template, on, user, "SELECT 1", WINDOW, {}, "manual", report=report)
            )


def backfill_of(report: ReportDefinition) -> ReportDataCollection:
    """Return a backfill of a report that has ended."""
    return ReportDataCollection(
        instance_id=report.instance_id,
        user_id=report.owner_id,
        collection_type="backfill",
        status="completed",
        target_weeks=1,
        start_date=date(2026, 1, 1),
        end_date=date(2026, 1, 1),
        configuration={"wish": BackfillWish("daily", lookback_days=20).to_json()},
        report_id=report.id,
        segment_type="daily",
        time_zone="UTC",
    )


@contextmanager
def counted(callers: Callers) -> Iterator[list[str]]:
    """Give the list in which the statements of the web application gather."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    with callers.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", PATHS)
def test_a_list_takes_as_many_statements_for_many_rows_as_for_one(callers: Callers, path: str) -> None:
    taken = []
    for count in (1, MANY):
        fill(callers, count)
        callers.ada.get(path)  # writes down that the token is in use
        with counted(callers) as seen:
            body = callers.ada.get(path).get_json()
        assert len(body["items"]) >= count
        taken.append(len(seen))
    assert taken[0] == taken[1] <= 12, (taken, seen)


def test_the_usual_order_of_executions_is_one_that_an_index_has(callers: Callers) -> None:
    fill(callers, 1)
    with counted(callers) as seen:
        callers.ada.get("/executions")
        callers.ada.get("/executions?sort=-row_count")
    ordered = [statement for statement in seen if "ORDER BY report_executions." in statement]
    assert ["NULLS LAST" in statement for statement in ordered] == [False, True]
