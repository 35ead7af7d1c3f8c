"""Stand-ins for the rooms that leave notices, and for the workers who follow the wake-ups."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import select

from actors.notifications import ACTORS
from reportbuilder import notices
from reportbuilder.accounts.models import User
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.executions.lifecycle import Order, request
from reportbuilder.executions.ports import Ports
from reportbuilder.notices import Notice
from reportbuilder.notifications import channels, choosing, sweeping
from reportbuilder.notifications.kinds import KINDS
from reportbuilder.notifications.models import Notification
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.results.store import store_of
from reportbuilder.settings import Settings
from reportbuilder.wakeups import WakeUp
from tests.api.conftest import WINDOW
from tests.cast import Cast

HOSTILE = "Spring\r\nBcc: eve@example.test\r\n\r\n<script>alert(1)</script> <!channel> \u202e\x00 {{x}} %s"
STORABLE = HOSTILE.replace("\x00", "")


def no_amc(_account: Any) -> Any:
    """Nothing here asks AMC."""
    raise AssertionError("AMC is asked")


@dataclass
class Desk:
    """Leaves notices, follows wake-ups, and reads what came of them."""

    app: Flask
    settings: Settings
    cast: Cast
    report: ReportDefinition
    hints: list[WakeUp] = field(default_factory=list)

    def hear(self, wake_up: WakeUp) -> None:
        self.hints.append(wake_up)

    def give(self, kind: str, report: ReportDefinition | None = None, /, **about: Any) -> None:
        with transaction() as session:
            notices.give(session, kind, f"{kind}:{uuid4()}", (report or self.report).id, about)

    def work(self, settings: Settings | None = None) -> None:
        """Sweep, and follow every hint, until there is none for now."""
        ports = Ports(settings or self.settings, no_amc, store_of(self.settings))
        works = {name: work for name, work, _, _ in ACTORS}
        sweeping.sweep()
        while self.hints:
            hint = self.hints.pop(0)
            if hint.name in works and not hint.delay:
                works[hint.name](ports, hint.id)

    def told(self) -> list[Notification]:
        with reading() as session:
            return list(session.scalars(select(Notification).order_by(Notification.created_at)))

    def only(self) -> Notification:
        (row,) = self.told()
        return row

    def unhandled(self) -> int:
        with reading() as session:
            return len(session.scalars(select(Notice).where(Notice.handled_at.is_(None))).all())

    def add_channel(self, user: User, kind: str, target: str) -> tuple[str, str | None]:
        with transaction() as session:
            values = {"kind": kind, "target": target, "name": "Mine"}
            row, signing = channels.add(session, user.id, values, self.settings)
            return row.channel_id, signing

    def choose(
        self,
        user: User,
        *wants: dict[str, Any],
        report: ReportDefinition | None = None,
        is_muted: bool = False,
    ) -> None:
        with transaction() as session:
            choosing.choose(session, user.id, {"wants": list(wants), "is_muted": is_muted}, report)

    def run(self, report: ReportDefinition | None = None, **changes: Any) -> str:
        """Write down an execution of the report; returns its id."""
        of = report or self.report
        with transaction() as session:
            made = request(
                session,
                Order(
                    template=session.get_one(QueryTemplate, of.template_id),
                    instance=session.merge(self.cast.first),
                    user=session.merge(self.cast.ben),
                    sql="SELECT 1",
                    window=WINDOW,
                    values={},
                    triggered_by="schedule",
                    report=session.get_one(ReportDefinition, of.id),
                ),
            )
            for name, value in changes.items():
                setattr(made, name, value)
            return made.execution_id


def make_report(
    cast: Cast, owner: User, name: str = "Spring", template: UUID | None = None
) -> ReportDefinition:
    """Save a report on the first instance."""
    with transaction() as session:
        if template is None:
            row = QueryTemplate(name="Reach", category="reach", sql_template="SELECT 1", is_public=True)
            row.template_id = f"tpl_{uuid4().hex[:12]}"
            session.add(row)
            session.flush()
            template = row.id
        report = ReportDefinition(
            name=name, template_id=template, instance_id=cast.first.id, owner_id=owner.id, parameters={}
        )
        session.add(report)
        session.flush()
        return report


def reach(desk: Desk, kind: str, target: str) -> str | None:
    channel_id, signing = desk.add_channel(desk.cast.ben, kind, target)
    desk.choose(desk.cast.ben, {"channel_id": channel_id, "kinds": list(KINDS)})
    return signing


def rename(desk: Desk, name: str) -> None:
    with transaction() as session:
        session.get_one(ReportDefinition, desk.report.id).name = name
