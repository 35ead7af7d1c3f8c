"""What another worker, a look or a person does to an execution while AMC is answering one of us."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from sqlalchemy import update

from reportbuilder import clock
from reportbuilder.amc.failures import AmcFailure, Throttled, Transient, UnknownOutcome
from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import for_thread, transaction
from reportbuilder.executions import lifecycle, overview, submitting
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.moving import claim
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.standing import lock
from reportbuilder.executions.sweeping import sweep
from reportbuilder.executions.waking import CANCEL, LOOK, SUBMIT_NEXT
from reportbuilder.sandbox import Sandbox
from tests.cast import Cast
from tests.executions.desk import Desk, Workers
from tests.executions.meanwhile import (
    Meanwhile,
    in_turn,
    instance_of,
    intents,
    look_now,
    raising,
    submit,
    submitted_anew,
)


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


def test_a_sweep_during_a_submission_leaves_the_first_look_to_it(
    desk: Desk, workers: Workers, mine: Ports, meanwhile: Meanwhile
) -> None:
    """A look given by a sweep comes without a hint, and would let the one with a hint seem too late."""
    desk.request()
    meanwhile.submitting = lambda: sweep(mine.settings)
    submit(mine, desk)
    assert [hint.name for _, _, hint in workers.queue].count(LOOK) == 1
