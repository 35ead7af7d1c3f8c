"""What others do while AMC is answering one of us, and a glance at what became of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from reportbuilder import clock
from reportbuilder.amc.client import AmcClient
from reportbuilder.amc.models import AmcInstance
from reportbuilder.amc.wire import AmcExecution
from reportbuilder.database import reading, transaction
from reportbuilder.executions import looking, overview, submitting
from reportbuilder.executions.models import ReportExecution, SubmissionIntent
from reportbuilder.executions.ports import Ports
from tests.executions.desk import Desk


def nothing() -> None:
    pass


@dataclass
class Meanwhile:
    """A client of AMC during whose calls something else happens."""

    client: AmcClient
    submitting: Callable[[], Any] = nothing
    submitted: Callable[[], Any] = nothing
    listing: Callable[[], Any] = nothing
    listed: Callable[[], Any] = nothing
    leaves_out: Callable[[AmcExecution], bool] = lambda _seen: False
    changed: Callable[[AmcExecution], AmcExecution] = lambda seen: seen
    since: list[datetime] = field(default_factory=list)

    def submit(self, *args: Any, **options: Any) -> AmcExecution:
        self.submitting()
        accepted = self.client.submit(*args, **options)
        self.submitted()
        return accepted

    def list_executions(self, instance_id: str, since: datetime, **options: Any) -> Iterator[AmcExecution]:
        self.since.append(since)
        self.listing()
        found = list(self.client.list_executions(instance_id, since, **options))
        self.listed()
        return iter([self.changed(seen) for seen in found if not self.leaves_out(seen)])

    def cancel(self, instance_id: str, execution_id: str) -> None:
        self.client.cancel(instance_id, execution_id)

    def get(self, *args: Any, **options: Any) -> AmcExecution:
        return self.client.get(*args, **options)


def raising(failure: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise failure

    return fail


def in_turn(*works: Callable[[], Any]) -> Callable[[], None]:
    def do() -> None:
        for work in works:
            work()

    return do


def intents(execution_id: str) -> list[str]:
    with reading() as session:
        found = select(SubmissionIntent.outcome).join(ReportExecution)
        found = found.where(ReportExecution.execution_id == execution_id)
        return list(session.scalars(found.order_by(SubmissionIntent.number)))


def instance_of(desk: Desk) -> AmcInstance:
    with reading() as session:
        return session.get_one(AmcInstance, desk.instance.id)


def look_now(ports: Ports, desk: Desk) -> None:
    with transaction() as session:
        session.get_one(AmcInstance, desk.instance.id).next_look_at = clock.now()
    looking.look(ports, desk.instance.instance_id)


def submit(ports: Ports, desk: Desk) -> None:
    submitting.submit_next(ports, desk.instance.instance_id)


def submitted_anew(ports: Ports, execution_id: str) -> None:
    """What a look and another worker do when a lease is over and AMC has nothing."""
    with transaction() as session:
        execution = overview.find(session, execution_id)
        submitting.try_again(session, execution.instance, execution, "absent", 0.0, outcome="absent")
    with transaction() as session:
        assert submitting._claim(ports, session, execution_id)
