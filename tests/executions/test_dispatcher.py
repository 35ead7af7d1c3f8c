"""The dispatcher as a machine: whatever people, AMC and time do, no limit is broken and nobody starves."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from reportbuilder import clock, models, wakeups
from reportbuilder.accounts.models import User
from reportbuilder.amc.failures import Rejected, Throttled, UnknownOutcome
from reportbuilder.amc.models import AmcAccount, AmcInstance
from reportbuilder.amc.wire import AmcStatus
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict
from reportbuilder.executions import lifecycle, looking, overview, pausing
from reportbuilder.executions.cancelling import send_cancel
from reportbuilder.executions.lifecycle import Order
from reportbuilder.executions.looking import look
from reportbuilder.executions.models import ExecutionEvent, ReportExecution
from reportbuilder.executions.moving import move
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.slots import AGEING, RANKS
from reportbuilder.executions.states import FINAL, IN_SLOT, is_final
from reportbuilder.executions.submitting import submit_next
from reportbuilder.executions.sweeping import sweep
from reportbuilder.parameters.windows import Window
from reportbuilder.settings import Settings
from reportbuilder.wakeups import WakeUp
from tests.executions.scripted import ScriptedAmc, scripted_ports

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
WINDOW = Window(NOON - timedelta(days=40), NOON - timedelta(days=33), "UTC")
SLOTS = {"one": 1, "two": 2, "four": 4}
ACCOUNT_SLOTS = 4
BUDGETS = {"two": 3}
USERS = ("ada", "ben", "cleo")
NAMES = st.sampled_from(sorted(SLOTS))
TRIGGERS = st.sampled_from(sorted(RANKS))
ENDS = st.sampled_from([AmcStatus.SUCCEEDED, AmcStatus.FAILED, AmcStatus.CANCELLED])
WORKS = {"submit_next_execution": submit_next, "look_at_instance": look, "cancel_execution": send_cancel}

Line = tuple[str, str, str]  # an instance, a user, a trigger


class Dispatcher(RuleBasedStateMachine):
    """Real use cases on SQLite, a frozen clock, and an AMC in memory."""

    settings: Settings  # of the database that all examples use, one after another

    def __init__(self) -> None:
        super().__init__()
        self.amc = ScriptedAmc()
        self.ports = scripted_ports(self.amc, self.settings)
        self.frozen = clock.frozen(NOON)
        self.advance = self.frozen.__enter__()
        self.before = wakeups.deliver_with(self.hear)
        self.heard: list[WakeUp] = []
        self.served: dict[Line, datetime] = {}
        self.passed: dict[tuple[Line, datetime], set[Line]] = defaultdict(set)
        self.accepted: Counter[tuple[str, str]] = Counter()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(looking, "fill", self.fill)  # so that what a look starts is judged as well
        self.cast()

    def hear(self, wake_up: WakeUp) -> None:
        self.heard.append(wake_up)

    def cast(self) -> None:
        with transaction() as session:
            account = AmcAccount(account_id="ENTITYNORTHWIND1", account_name="N", marketplace_id="A")
            template = QueryTemplate(template_id="tpl_0123456789ab", name="T", category="t", sql_template="x")
            users = [User(email=f"{name}@example.test", name=name) for name in USERS]
            session.add_all([account, template, *users])
            session.flush()
            for name, slots in SLOTS.items():
                session.add(
                    AmcInstance(
                        instance_id=name,
                        instance_name=name,
                        account_id=account.id,
                        slots=slots,
                        daily_runs=BUDGETS.get(name),
                    )
                )

    def teardown(self) -> None:
        try:
            self.run_to_the_end()
        finally:
            wakeups.deliver_with(self.before)
            self.frozen.__exit__(None, None, None)
            with transaction() as session:
                for table in reversed(models.metadata().sorted_tables):
                    session.execute(table.delete())

    # ------------------------------------------------------------ what is there

    def instance(self, session: Any, name: str) -> AmcInstance:
        found: AmcInstance = session.scalars(select(AmcInstance).where(AmcInstance.instance_id == name)).one()
        return found

    def rows(self, *states: str) -> list[tuple[str, str, ReportExecution]]:
        with reading() as session:
            found = (
                select(AmcInstance.instance_id, User.name, ReportExecution)
                .join(ReportExecution, ReportExecution.instance_id == AmcInstance.id)
                .join(User, User.id == ReportExecution.user_id)
                .where(ReportExecution.state.in_(states))
            )
            return [(name, user, row) for name, user, row in session.execute(found)]

    def due(self, name: str) -> list[tuple[Line, ReportExecution]]:
        now = clock.now()
        return [
            ((name, user, row.triggered_by), row)
            for on, user, row in self.rows("pending")
            if on == name and (row.not_before is None or row.not_before <= now)
        ]

    def is_held_back(self, name: str) -> bool:
        with reading() as session:
            instance = self.instance(session, name)
            throttled = instance.throttled_until is not None and instance.throttled_until > clock.now()
            return throttled or pausing.pause_of(session, instance.id) is not None

    # ------------------------------------------------------------ what happens

    @rule(
        name=NAMES, user=st.sampled_from(USERS), trigger=st.sampled_from(sorted(RANKS)), n=st.integers(1, 6)
    )
    def request(self, name: str, user: str, trigger: str, n: int) -> None:
        with transaction() as session:
            for _ in range(n):
                order = Order(
                    template=session.scalars(select(QueryTemplate)).one(),
                    instance=self.instance(session, name),
                    user=session.scalars(select(User).where(User.name == user)).one(),
                    sql="SELECT 1",
                    window=WINDOW,
                    values={},
                    triggered_by=trigger,
                )
                lifecycle.request(session, order)

    @rule(name=NAMES, times=st.integers(1, 5))
    def claim(self, name: str, times: int) -> None:
        for _ in range(times):
            self.claim_one(name)

    def fill(self, ports: Ports, name: str) -> None:
        assert ports is self.ports
        while self.claim_one(name):
            pass

    def claim_one(self, name: str) -> bool:
        before, held_back = self.due(name), self.is_held_back(name)
        holding = {row.execution_id: row for on, _, row in self.rows(*IN_SLOT) if on == name}
        lines = {line for line, row in self.due_holding(name)}
        intents = len(self.amc.runs)
        submit_next(self.ports, name)
        after = {row.execution_id for _, row in self.due(name)}
        gone = [(line, row) for line, row in before if row.execution_id not in after]
        assert len(gone) <= 1
        if not gone:
            return False
        [(line, started)] = gone
        assert not held_back
        others = [row for _, row in before if row.triggered_by != "backfill" and row is not started]
        backfills = sum(row.triggered_by == "backfill" for row in holding.values())
        room = max(1, self.ours(name) - 1)
        if started.triggered_by == "backfill" and others:
            assert backfills < room, "backfills leave a slot to the others"
        if len(self.amc.runs) > intents:
            self.judge(line, before, lines, is_reserved=bool(others) and backfills >= room)
            self.served[line] = clock.now()
            self.accepted[name, f"{clock.now():%Y-%m-%d}"] += 1
        return True

    def due_holding(self, name: str) -> list[tuple[Line, ReportExecution]]:
        found = [(on, user, row) for on, user, row in self.rows(*IN_SLOT) if on == name]
        return [((on, user, row.triggered_by), row) for on, user, row in found]

    def ours(self, name: str) -> int:
        with reading() as session:
            return SLOTS[name] - self.instance(session, name).foreign_running

    def judge(
        self,
        served: Line,
        before: list[tuple[Line, ReportExecution]],
        holding: set[Line],
        *,
        is_reserved: bool,
    ) -> None:
        """A line in need lets each other line pass once, however much is asked for."""
        heads: dict[Line, datetime] = {}
        for line, row in before:
            heads[line] = min(heads.get(line, row.created_at), row.created_at)
        for line, since in heads.items():
            if line == served or line in holding or (line[2] == "backfill" and is_reserved):
                continue
            began = max(since, self.served.get(line, since))
            if clock.now() >= began + (RANKS[line[2]] + 1) * AGEING:
                assert served not in self.passed[line, began], f"{line} is passed again by {served}"
                self.passed[line, began].add(served)

    @rule(
        data=st.data(), status=st.sampled_from([AmcStatus.SUCCEEDED, AmcStatus.FAILED, AmcStatus.CANCELLED])
    )
    @precondition(lambda self: self.amc.active())
    def end(self, data: st.DataObject, status: AmcStatus) -> None:
        run = data.draw(st.sampled_from(self.amc.active()))
        self.amc.end(run, status)
        self.look(self.amc.where[run])

    @rule(name=NAMES, rounds=st.integers(2, 6), seconds=st.sampled_from([60.0, 700.0]))
    def be_busy(self, name: str, rounds: int, seconds: float) -> None:
        """Whatever starts ends after a while, and the next one takes its slot."""
        for _ in range(rounds):
            for _ in range(SLOTS[name]):
                self.claim_one(name)
            self.no_limit_is_broken()
            self.advance(seconds)
            for run in self.amc.active(name)[:1]:
                self.amc.end(run, AmcStatus.SUCCEEDED)
            self.look(name)

    @rule(name=NAMES)
    def look(self, name: str) -> None:
        with transaction() as session:
            self.instance(session, name).next_look_at = clock.now()
        look(self.ports, name)
        self.collect()

    def collect(self) -> None:
        for _, _, row in self.rows("collecting"):
            with transaction() as session:
                assert move(session, session.merge(row), "completed", "its rows are here")

    @rule(
        failure=st.sampled_from([Throttled(retry_after=30), Rejected("no"), UnknownOutcome("silence")]),
        is_lost=st.booleans(),
    )
    def fail_next(self, failure: Any, is_lost: bool) -> None:
        self.amc.failures.append(failure)
        if isinstance(failure, UnknownOutcome):
            self.amc.lost.append(is_lost)

    @rule(name=NAMES | st.none())
    def pause_or_resume(self, name: str | None) -> None:
        with transaction() as session:
            instance = self.instance(session, name) if name else None
            try:
                pausing.pause(session, instance, "a machine wants it", "ada@example.test")
            except Conflict:
                pausing.resume(session, instance, "ada@example.test")

    @rule(data=st.data())
    @precondition(lambda self: self.rows("pending", *IN_SLOT))
    def cancel(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from([row.execution_id for _, _, row in self.rows("pending", *IN_SLOT)]))
        with transaction() as session:
            lifecycle.cancel(session, overview.find(session, name), "ben@example.test")
        send_cancel(self.ports, name)

    @rule(seconds=st.sampled_from([1.0, 20.0, 60.0, 300.0, 600.0, 1200.0, 4000.0, 30_000.0]))
    def wait(self, seconds: float) -> None:
        self.advance(seconds)

    # ------------------------------------------------------------ what always holds

    @invariant()
    def no_limit_is_broken(self) -> None:
        with reading() as session:
            rows = session.execute(
                select(AmcInstance.instance_id, ReportExecution.state, ReportExecution.submitted_at).join(
                    AmcInstance, AmcInstance.id == ReportExecution.instance_id
                )
            ).all()
        held = Counter(name for name, state, _ in rows if state in IN_SLOT)
        assert all(count <= SLOTS[name] for name, count in held.items())
        assert held.total() <= ACCOUNT_SLOTS
        days = Counter((name, f"{at:%Y-%m-%d}") for name, _, at in rows if at)
        assert all(count <= BUDGETS.get(name, count) for (name, _), count in days.items())

    @invariant()
    def amc_has_nothing_twice(self) -> None:
        tags = Counter(run.workflow_id for run in self.amc.runs.values())
        assert all(count == 1 for count in tags.values())

    def resume_all(self) -> None:
        with transaction() as session:
            found = pausing.open_pauses(session)
            names = {row.id: row for row in session.scalars(select(AmcInstance))}
            for instance in [None] * bool(found.everything) + [names[key] for key in found.by_instance]:
                pausing.resume(session, instance, "ada@example.test")

    def run_to_the_end(self) -> None:
        """Only sweeps lead: each request ends, in exactly one final state."""
        self.patch.undo()
        self.amc.failures.clear()
        self.resume_all()
        with transaction() as session:
            self.instance(session, "two").daily_runs = None  # days of waiting prove nothing more
        for _ in range(60):
            if not self.rows(*(IN_SLOT | {"pending", "collecting"})):
                break
            for run in self.amc.active():
                self.amc.end(run, AmcStatus.SUCCEEDED)
            self.advance(4 * 3600.0)
            self.heard.clear()
            sweep(self.settings)
            for wake_up in self.heard:  # grows while it is gone through: what is heard is followed
                if wake_up.name in WORKS and not wake_up.delay:
                    WORKS[wake_up.name](self.ports, wake_up.id)
            self.collect()
        with reading() as session:
            ends: dict[Any, list[str]] = {row: [] for row in session.scalars(select(ReportExecution.id))}
            for event in session.scalars(select(ExecutionEvent).where(ExecutionEvent.to_state.in_(FINAL))):
                ends[event.execution_id].append(str(event.to_state))
            states = {
                row.id: row.state
                for row in session.execute(select(ReportExecution.id, ReportExecution.state))
            }
        assert all(is_final(state) for state in states.values()), Counter(states.values())
        assert ends == {key: [state] for key, state in states.items()}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_limit_is_broken_and_nobody_starves(database: Flask, chosen: Settings) -> None:
    Dispatcher.settings = replace(chosen, account_slots=ACCOUNT_SLOTS)
    run_state_machine_as_test(
        Dispatcher,
        settings=hypothesis_settings(max_examples=8, stateful_step_count=20, deadline=None),
    )
