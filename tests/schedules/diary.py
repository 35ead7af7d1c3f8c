"""Reports with schedules for tests, and what is found of their firings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog import publishing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.moving import move
from reportbuilder.executions.ports import Ports
from reportbuilder.notices import Notice
from reportbuilder.reports import defining as reports
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import defining, following
from reportbuilder.schedules.firing import fire_due
from reportbuilder.schedules.models import ReportSchedule, ScheduleFiring
from reportbuilder.settings import Settings
from tests.cast import Cast

MINUTELY = {"type": "cron", "cron": "* * * * *"}
NIGHTLY = {"type": "daily", "time": "02:00"}
PUBLICATION: dict[str, Any] = {
    "name": "Clicks",
    "category": "C",
    "sql_template": "SELECT campaign, SUM(clicks) AS n FROM dsp_clicks WHERE campaign LIKE {{filter}} "
    "GROUP BY campaign",
    "parameter_definitions": [
        {"parameter_name": "filter", "parameter_type": "campaign_filter", "default_value": "*"},
    ],
}


@dataclass
class Diary:
    """Makes reports with schedules, lets time pass, and reads what became of due times."""

    settings: Settings
    cast: Cast
    template: QueryTemplate
    advance: Callable[[float], None]
    ports: Ports
    made: int = 0

    def report(
        self, *, owner: User | None = None, instance: AmcInstance | None = None, **data: Any
    ) -> ReportDefinition:
        self.made += 1
        with transaction() as session:
            return reports.create(
                session,
                {"name": f"Clicks {self.made}", **data},
                owner=session.merge(owner or self.cast.ben),
                template=session.merge(self.template),
                instance=session.merge(instance or self.cast.first),
                terms=Terms(clock.now()),
            )

    def schedule(self, recurrence: Any = None, *, of: ReportDefinition | None = None, **data: Any) -> str:
        """Make a schedule, of a report of its own unless one is given; return its id."""
        report = of or self.report()
        with transaction() as session:
            here = session.get_one(ReportDefinition, report.id)
            data = {"recurrence": recurrence or MINUTELY, **data}
            return defining.create(session, here, data, terms=Terms(clock.now())).schedule_id

    def edit(self, schedule_id: str, act: Callable[..., Any], **options: Any) -> None:
        """Do something of `defining` with a schedule."""
        with transaction() as session:
            schedule = self._find(session, schedule_id)
            locked = following.lock(session, schedule.id)
            act(session, locked, session.get_one(ReportDefinition, locked.report_id), **options)

    def change(self, schedule_id: str, data: dict[str, Any]) -> None:
        with transaction() as session:
            locked = following.lock(session, self._find(session, schedule_id).id)
            report = session.get_one(ReportDefinition, locked.report_id)
            defining.change(session, locked, report, data, terms=Terms(clock.now()))

    def write(self, schedule_id: str, **columns: Any) -> None:
        """Write columns of a schedule past all rules, as a fault or an older version may have."""
        with transaction() as session:
            session.execute(
                update(ReportSchedule).where(ReportSchedule.schedule_id == schedule_id).values(**columns)
            )

    def _find(self, session: Any, schedule_id: str) -> ReportSchedule:
        found: ReportSchedule = session.scalars(
            select(ReportSchedule).where(ReportSchedule.schedule_id == schedule_id)
        ).one()
        return found

    def read(self, schedule_id: str) -> ReportSchedule:
        with reading() as session:
            return self._find(session, schedule_id)

    def tick(self, seconds: float = 0.0) -> None:
        """Let time pass, then the scheduler tick."""
        self.advance(seconds)
        fire_due(self.settings)

    def pass_(self, seconds: float, *, every: float = 60.0) -> None:
        """Let time pass while a scheduler ticks."""
        for _ in range(round(seconds / every)):
            self.tick(every)

    def firings(self, schedule_id: str) -> list[ScheduleFiring]:
        with reading() as session:
            return list(
                session.scalars(
                    select(ScheduleFiring)
                    .join(ReportSchedule, ReportSchedule.id == ScheduleFiring.schedule_id)
                    .where(ReportSchedule.schedule_id == schedule_id)
                    .order_by(ScheduleFiring.due_at)
                )
            )

    def story(self, schedule_id: str) -> list[tuple[str, str, str | None]]:
        """Return what became of each due time: its time of day, its state, its reason."""
        return [(f"{each.due_at:%H:%M}", each.state, each.reason) for each in self.firings(schedule_id)]

    def executions(self, schedule_id: str | None = None) -> list[ReportExecution]:
        with reading() as session:
            wanted = select(ReportExecution).order_by(ReportExecution.created_at)
            if schedule_id is not None:
                wanted = wanted.join(ReportSchedule, ReportSchedule.id == ReportExecution.schedule_id)
                wanted = wanted.where(ReportSchedule.schedule_id == schedule_id)
            return list(session.scalars(wanted))

    def end(self, execution: ReportExecution, state: str = "completed", *, follow: bool = True) -> None:
        """Let an execution end as workers would, and its firing be followed."""
        steps = {"completed": ("submitting", "running", "collecting", "completed")}.get(state, (state,))
        with transaction() as session:
            here = session.get_one(ReportExecution, execution.id)
            for step in steps:
                changes: dict[str, Any] = {"error_message": "AMC said no"} if step == "failed" else {}
                assert move(session, here, step, "a test", **changes)
        if follow and execution.firing_id:
            following.follow_firing(self.ports, str(execution.firing_id))

    def end_all(self, schedule_id: str, state: str = "completed") -> None:
        """Let everything of a schedule that is going end, and what it made room for, too."""
        while going := [each for each in self.executions(schedule_id) if each.state == "pending"]:
            for execution in going:
                self.end(execution, state)

    def notices(self) -> list[tuple[str, dict[str, Any]]]:
        with reading() as session:
            rows = session.scalars(select(Notice).order_by(Notice.created_at, Notice.key))
            return [(row.kind, row.about) for row in rows]

    def at(self, text: str) -> datetime:
        """Return a time of the day on which tests begin."""
        return datetime.fromisoformat(f"2026-03-04T{text}:00+00:00")


def make_template(cast: Cast) -> QueryTemplate:
    with transaction() as session:
        return publishing.publish(session, PUBLICATION, session.merge(cast.ben))
