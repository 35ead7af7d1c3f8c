"""Stand-ins for the people who ask for executions, and for the workers who follow the wake-ups."""

import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

from sqlalchemy import select, text

from actors.table import ACTORS
from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.backfills.sweeping import sweep_backfills
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import db, reading, transaction
from reportbuilder.executions import lifecycle, overview
from reportbuilder.executions.lifecycle import Order
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.states import is_final
from reportbuilder.executions.sweeping import sweep
from reportbuilder.parameters.windows import Window
from reportbuilder.wakeups import WakeUp

SQL = "SELECT campaign, SUM(impressions) AS impressions FROM dsp_impressions GROUP BY campaign"


class Workers:
    """Follows wake-ups in this thread, each when its time comes."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self.works = {name: work for name, work, _, _ in ACTORS}
        self.queue: list[tuple[datetime, int, WakeUp]] = []
        self.numbers = itertools.count()
        self.lost = False
        self.followed: list[WakeUp] = []

    def deliver(self, wake_up: WakeUp) -> None:
        if not self.lost:
            at = datetime.now(UTC) + timedelta(seconds=wake_up.delay)
            heapq.heappush(self.queue, (at, next(self.numbers), wake_up))

    def step(self) -> None:
        while self.queue and self.queue[0][0] <= datetime.now(UTC):
            wake_up = heapq.heappop(self.queue)[2]
            self.followed.append(wake_up)
            if wake_up.name in self.works:
                self.works[wake_up.name](self.ports, wake_up.id)

    def work_until(self, reached: Callable[[], bool], *, seconds: float = 20, sweeps: bool = False) -> None:
        end = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < end, f"not reached; waiting wake-ups: {self.queue}"
            self.step()
            if sweeps:
                sweep(self.ports.settings)
                sweep_backfills(self.ports.settings)
            time.sleep(0.02)


@dataclass
class Desk:
    """Asks for executions and reads them."""

    user: User
    instance: AmcInstance
    template: QueryTemplate

    def order(self, sql: str = SQL, **changes: Any) -> Order:
        end = clock.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=2)
        order = Order(
            template=self.template,
            instance=self.instance,
            user=self.user,
            sql=sql,
            window=Window(end - timedelta(days=30), end, "UTC"),
            values={},
            triggered_by="manual",
        )
        return replace(order, **changes)

    def request(self, sql: str = SQL, **changes: Any) -> str:
        with transaction() as session:
            return lifecycle.request(session, self.order(sql, **changes)).execution_id

    def cancel(self, execution_id: str) -> None:
        with transaction() as session:
            lifecycle.cancel(session, overview.find(session, execution_id), by="ben@example.test")

    def read(self, execution_id: str) -> ReportExecution:
        with reading() as session:
            return session.scalars(
                select(ReportExecution).where(ReportExecution.execution_id == execution_id)
            ).one()

    def all(self) -> list[ReportExecution]:
        with reading() as session:
            return list(session.scalars(select(ReportExecution).order_by(ReportExecution.created_at)))

    def state(self, execution_id: str) -> str:
        return self.read(execution_id).state

    def all_final(self) -> bool:
        return all(is_final(execution.state) for execution in self.all())


def until_somebody_waits(thread: Thread) -> None:
    """Wait until a transaction of PostgreSQL waits for a lock, or the thread that should is done."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    end = time.monotonic() + 20
    with db.engine.connect() as connection:
        while thread.is_alive() and not connection.scalar(waiting):
            assert time.monotonic() < end
            time.sleep(0.02)
            connection.rollback()  # each transaction sees the activity as it was at its first glance


def make_desk(user: User, instance: AmcInstance) -> Desk:
    """Open a desk with a template of its own."""
    with transaction() as session:
        template = QueryTemplate(
            template_id="tpl_0123456789ab", name="Impressions", category="test", sql_template=SQL
        )
        session.add(template)
    return Desk(user, instance, template)


def found_desk() -> Desk:
    """Open the desk that another process has made."""
    with reading() as session:
        return Desk(
            session.scalars(select(User).where(User.name == "Ben")).one(),
            session.scalars(select(AmcInstance).order_by(AmcInstance.instance_id)).first() or AmcInstance(),
            session.scalars(select(QueryTemplate)).one(),
        )
