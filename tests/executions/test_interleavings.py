"""What another worker, a look or a person does to an execution while AMC is answering one of us."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from sqlalchemy import select, update

from reportbuilder import clock
from reportbuilder.amc.client import AmcClient
from reportbuilder.amc.failures import AmcFailure, Throttled, Transient, UnknownOutcome
from reportbuilder.amc.models import AmcInstance
from reportbuilder.amc.wire import AmcExecution, OutputColumn
from reportbuilder.database import for_thread, reading, transaction
from reportbuilder.executions import lifecycle, looking, overview, submitting
from reportbuilder.executions.cancelling import send_cancel
from reportbuilder.executions.models import ReportExecution, SubmissionIntent
from reportbuilder.executions.moving import claim, move
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.standing import lock
from reportbuilder.executions.sweeping import sweep
from reportbuilder.executions.waking import CANCEL, SUBMIT_NEXT
from reportbuilder.sandbox import Sandbox
from tests.cast import Cast
from tests.executions.desk import Desk, Workers


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


@pytest.fixture
def meanwhile(ports: Ports, cast: Cast) -> Meanwhile:
    return Meanwhile(ports.connect(cast.account))


@pytest.fixture
def mine(ports: Ports, meanwhile: Meanwhile) -> Ports:
    return replace(ports, connect=lambda _account: meanwhile)  # type: ignore[arg-type, return-value] # it stands for a client


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


@pytest.mark.parametrize("failure", [Transient("no"), Throttled(retry_after=1), UnknownOutcome("silence")])
def test_a_worker_that_slept_through_its_lease_does_not_touch_the_next_submission(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, failure: AmcFailure
) -> None:
    """To put that one back would start it twice."""
    execution_id = desk.request()
    meanwhile.submitting = in_turn(lambda: submitted_anew(mine, execution_id), raising(failure))
    began = clock.now()
    submit(mine, desk)
    execution = desk.read(execution_id)
    assert (execution.state, intents(execution_id)) == ("submitting", ["absent", "open"])
    assert execution.lease_until is not None
    assert execution.lease_until >= began + timedelta(seconds=mine.settings.submit_lease)


def test_a_look_that_slept_through_its_lease_does_not_touch_the_next_submission(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    execution_id = desk.request()
    with transaction() as session:
        assert submitting._claim(mine, session, execution_id)
        overview.find(session, execution_id).lease_until = clock.now()
    leases: list[datetime | None] = []

    def other_workers() -> None:
        submitted_anew(mine, execution_id)
        leases.append(desk.read(execution_id).lease_until)

    meanwhile.listing = other_workers
    look_now(mine, desk)
    execution = desk.read(execution_id)
    assert (execution.state, intents(execution_id)) == ("submitting", ["absent", "open"])
    assert leases == [execution.lease_until]


def test_a_cancel_during_a_submission_that_fails_ends_it(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    execution_id = desk.request()
    meanwhile.submitting = in_turn(lambda: desk.cancel(execution_id), raising(Transient("no")))
    submit(mine, desk)
    assert desk.state(execution_id) == "cancelled"


def test_a_cancel_during_a_submission_is_sent_as_soon_as_amc_has_it(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox, workers: Workers
) -> None:
    execution_id = desk.request()
    meanwhile.submitted = in_turn(lambda: desk.cancel(execution_id), workers.queue.clear)
    submit(mine, desk)
    assert desk.state(execution_id) == "running"
    assert CANCEL in [wake_up.name for _, _, wake_up in workers.queue]


@pytest.mark.parametrize(
    ("seen", "by_now", "ends"),
    [
        ("submitting", "running", "running"),
        ("submitting", "pending", "cancelled"),
        ("running", "collecting", "cancelled"),
        ("pending", "submitting", "submitting"),
    ],
)
def test_a_cancel_holds_for_where_the_execution_is_by_now(
    desk: Desk, cast: Cast, seen: str, by_now: str, ends: str
) -> None:
    execution_id = desk.request()

    def put(session: Any, state: str) -> None:
        behind_its_back = update(ReportExecution).values(state=state)
        session.execute(behind_its_back.execution_options(synchronize_session=False))

    with transaction() as session:
        put(session, seen)
    with transaction() as session:
        execution = overview.find(session, execution_id)
        put(session, by_now)
        lifecycle.cancel(session, execution, by="ben@example.test")
    execution = desk.read(execution_id)
    assert (execution.state, execution.cancel_requested_at is not None) == (ends, True)


def test_a_cancel_during_a_look_that_sees_the_end_holds(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    execution_id = desk.request()
    submit(mine, desk)
    time.sleep(1)
    meanwhile.listed = lambda: desk.cancel(execution_id)
    look_now(mine, desk)
    execution = desk.read(execution_id)
    assert (execution.amc_status, execution.state) == ("SUCCEEDED", "cancelled")


def test_a_submission_and_a_look_lock_in_the_same_order(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    """Else each waits for the other, until the database shoots one of them."""
    execution_id = desk.request()
    locked, posted, errors = Event(), Event(), list[BaseException]()

    def like_a_look() -> None:
        try:
            with transaction() as session:
                lock(session, desk.instance.instance_id)
                locked.set()
                assert posted.wait(10)
                time.sleep(0.5)
                claim(session, overview.find(session, execution_id), guard=(), error_message="look")
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            errors.append(error)

    look = Thread(target=for_thread(like_a_look), daemon=True)
    meanwhile.submitted = in_turn(look.start, lambda: locked.wait(10), posted.set)
    submit(mine, desk)
    look.join(10)
    assert (errors, desk.state(execution_id)) == ([], "running")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_who_asks_for_an_execution_waits_for_no_look(desk: Desk, cast: Cast) -> None:
    began, done = time.monotonic(), list[float]()

    def ask() -> None:
        desk.request()
        done.append(time.monotonic() - began)

    asking = Thread(target=for_thread(ask), daemon=True)
    with transaction() as session:
        lock(session, desk.instance.instance_id)
        asking.start()
        asking.join(5)
        assert done


def test_workers_at_once_give_away_no_slot_twice(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    with transaction() as session:
        session.get_one(AmcInstance, desk.instance.id).slots = 3
    for _ in range(8):
        desk.request()
    together = Barrier(6)
    meanwhile.submitting = raising(UnknownOutcome("silence"))  # each keeps its slot, and AMC has none

    def work() -> None:
        together.wait(10)
        submit(mine, desk)

    threads = [Thread(target=for_thread(work), daemon=True) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    held = [execution for execution in desk.all() if execution.state == "submitting"]
    assert (len(held), sum(len(intents(one.execution_id)) for one in desk.all())) == (3, 3)


def test_a_submission_that_breaks_each_time_comes_to_an_end(
    desk: Desk, workers: Workers, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    workers.ports = replace(mine, settings=replace(mine.settings, submit_attempts=2))
    meanwhile.submitting = raising(KeyError("a fault of ours"))
    execution_id = desk.request()
    workers.work_until(desk.all_final, seconds=40)
    execution = desk.read(execution_id)
    assert (execution.state, execution.error_class) == ("failed", "transient")
    assert intents(execution_id) == ["absent", "absent"]


def test_hints_during_throttling_do_not_breed(desk: Desk, workers: Workers, mine: Ports) -> None:
    desk.request()
    workers.queue.clear()
    with transaction() as session:
        session.get_one(AmcInstance, desk.instance.id).throttled_until = clock.in_seconds(60)
    for _ in range(3):
        submit(mine, desk)
    time.sleep(3.1)
    sweep(mine.settings)
    assert workers.queue == []


def test_what_we_hold_back_ourselves_holds_the_instance_for_longer_each_time(
    desk: Desk, workers: Workers, mine: Ports, meanwhile: Meanwhile
) -> None:
    """A sign-in service that is away for an hour must not fill the tables with intents and events."""
    ids = [desk.request() for _ in range(4)]
    meanwhile.submitting = raising(Throttled(retry_after=0.01, local=True))
    workers.ports = mine
    end = time.monotonic() + 4
    while time.monotonic() < end:
        workers.step()
        time.sleep(0.02)
    assert 2 <= sum(len(intents(execution_id)) for execution_id in ids) <= 20
    assert [desk.read(execution_id).attempts for execution_id in ids] == [0] * 4
    assert SUBMIT_NEXT in [wake_up.name for _, _, wake_up in workers.queue]


def test_a_short_pause_of_ours_does_not_end_the_one_that_amc_has_asked_for(
    desk: Desk, mine: Ports, meanwhile: Meanwhile
) -> None:
    desk.request()
    asked_for = clock.in_seconds(600)

    def look_is_throttled() -> None:
        with transaction() as session:
            session.get_one(AmcInstance, desk.instance.id).throttled_until = asked_for

    meanwhile.submitting = in_turn(look_is_throttled, raising(Throttled(retry_after=0.01, local=True)))
    submit(mine, desk)
    assert instance_of(desk).throttled_until == asked_for


def run_many(desk: Desk, ports: Ports, box: Sandbox, count: int) -> list[str]:
    box.fault(run_seconds=60.0)
    ids = [desk.request() for _ in range(count)]
    for _ in ids:
        submit(ports, desk)
    assert {desk.state(execution_id) for execution_id in ids} == {"running"}
    return ids


def test_only_what_amc_denies_is_lost(desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox) -> None:
    """A list that leaves out more than one look asks for singly is no proof that the rest is gone."""
    ids = run_many(desk, mine, box, looking.SINGLE_LOOKS + 2)
    time.sleep(mine.settings.not_found_grace + 0.1)
    meanwhile.leaves_out = lambda _seen: True
    look_now(mine, desk)
    assert {desk.state(execution_id) for execution_id in ids} == {"running"}


@pytest.mark.parametrize("column", [None, OutputColumn("a\0b", "STRING")])
def test_one_execution_that_cannot_be_settled_does_not_hold_up_the_others(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox, column: Any, database_url: str
) -> None:
    if column and database_url.startswith("sqlite"):
        pytest.skip("SQLite stores any text")
    bad, good = desk.request(), desk.request()
    submit(mine, desk)
    submit(mine, desk)
    time.sleep(1)
    tag = desk.read(bad).tag
    meanwhile.changed = lambda seen: (
        replace(seen, output_columns=(column,)) if seen.workflow_id == tag else seen
    )
    look_now(mine, desk)
    execution = desk.read(bad)
    assert (execution.state, execution.error_class) == ("failed", "internal")
    assert desk.state(good) == "collecting"
    with reading() as session:
        assert overview.events(session, execution)[-1].to_state == "failed"


def test_what_is_accepted_during_a_look_is_not_foreign(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    run_many(desk, mine, box, 1)
    desk.request()
    meanwhile.listing = lambda: submit(mine, desk)
    look_now(mine, desk)
    assert (instance_of(desk).foreign_running, [one.state for one in desk.all()]) == (0, ["running"] * 2)


def test_what_is_accepted_during_a_look_is_looked_at_soon(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    first = desk.request()
    submit(mine, desk)
    time.sleep(1)
    box.fault(run_seconds=60.0)
    desk.request()
    meanwhile.listed = lambda: submit(mine, desk)
    look_now(mine, desk)
    assert desk.state(first) == "collecting"
    at = instance_of(desk).next_look_at
    assert at is not None
    assert at <= clock.in_seconds(mine.settings.look_max)


def test_the_list_reaches_back_to_others_runs(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    run_many(desk, mine, box, 1)
    look_now(mine, desk)
    assert meanwhile.since[-1] <= clock.now() - looking.FOREIGN_RUN


def test_a_lost_answer_is_looked_for_since_it_was_lost_and_not_since_it_was_asked_for(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    execution_id = desk.request()
    with transaction() as session:
        overview.find(session, execution_id).created_at = clock.now() - timedelta(days=2)
    meanwhile.submitted = raising(UnknownOutcome("silence"))
    submit(mine, desk)
    look_now(mine, desk)
    assert desk.state(execution_id) in {"running", "collecting"}
    assert meanwhile.since[-1] >= clock.now() - looking.SKEW - timedelta(seconds=10)


def test_an_instance_that_is_gone_for_good_does_not_keep_executions_for_ever(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    old, young = run_many(desk, mine, box, 2)
    with transaction() as session:
        overview.find(session, old).submitted_at = clock.now() - timedelta(days=8)
    meanwhile.listing = raising(Transient("gone"))
    look_now(mine, desk)
    execution = desk.read(old)
    assert (execution.state, execution.error_class) == ("failed", "lost")
    assert desk.state(young) == "running"


def test_a_move_from_a_state_that_is_no_longer_true_is_lost(desk: Desk, cast: Cast) -> None:
    execution_id = desk.request()
    stale = desk.read(execution_id)
    with transaction() as session:
        assert move(session, overview.find(session, execution_id), "submitting", "first")
    with transaction() as session:
        assert not move(session, stale, "cancelled", "second")
    assert desk.state(execution_id) == "submitting"


def test_a_cancel_that_amc_does_not_confirm_is_sent_again_and_remarked_once(
    desk: Desk, mine: Ports, box: Sandbox
) -> None:
    [execution_id] = run_many(desk, mine, box, 1)
    desk.cancel(execution_id)
    sent = box.state()["calls"].get("cancel", 0)
    for _ in range(3):
        send_cancel(replace(mine, settings=replace(mine.settings, cancel_again=0.0)), execution_id)
    assert box.state()["calls"]["cancel"] >= sent + 1
    execution = desk.read(execution_id)
    with reading() as session:
        remarks = [event.reason for event in overview.events(session, execution) if not event.to_state]
    assert len(remarks) == len(set(remarks))
    assert "AMC has been told to cancel it" in remarks
