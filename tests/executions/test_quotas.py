"""Limits beside the slots: an account's slots and a day's runs, exact, and nobody is forgotten by them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask

from reportbuilder import clock, wakeups
from reportbuilder.amc.failures import Rejected, Throttled
from reportbuilder.amc.models import AmcInstance
from reportbuilder.amc.wire import AmcStatus
from reportbuilder.database import for_thread, reading, transaction
from reportbuilder.errors import TooMany
from reportbuilder.executions import lifecycle, overview, pausing, queueing, quotas
from reportbuilder.executions.looking import look
from reportbuilder.executions.places import Place
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.slots import AGEING
from reportbuilder.executions.submitting import submit_next
from reportbuilder.executions.sweeping import sweep
from reportbuilder.settings import Settings
from reportbuilder.wakeups import WakeUp
from tests.cast import Cast
from tests.executions.desk import Desk, make_desk
from tests.executions.scripted import ScriptedAmc, scripted_ports


@pytest.fixture
def amc() -> ScriptedAmc:
    return ScriptedAmc()


@pytest.fixture
def quick(database: Flask, chosen: Settings, amc: ScriptedAmc) -> Ports:
    return scripted_ports(amc, replace(chosen, account_slots=3))


@pytest.fixture
def first(cast: Cast) -> Desk:
    return make_desk(cast.ben, cast.first)


@pytest.fixture
def second(cast: Cast, first: Desk) -> Desk:
    return Desk(cast.ada, cast.second, first.template)


@pytest.fixture
def heard() -> Iterator[list[str]]:
    names: list[str] = []

    def deliver(wake_up: WakeUp) -> None:
        if wake_up.name == "submit_next_execution":
            names.append(wake_up.id)

    before = wakeups.deliver_with(deliver)
    yield names
    wakeups.deliver_with(before)


def submit(ports: Ports, desk: Desk, times: int = 1) -> None:
    for _ in range(times):
        submit_next(ports, desk.instance.instance_id)


def change(desk: Desk, **values: Any) -> None:
    with transaction() as session:
        instance = session.get_one(AmcInstance, desk.instance.id)
        for name, value in values.items():
            setattr(instance, name, value)


def look_now(ports: Ports, desk: Desk) -> None:
    change(desk, next_look_at=clock.now())
    look(ports, desk.instance.instance_id)


def place(ports: Ports, execution_id: str) -> Place:
    with reading() as session:
        found = queueing.place(session, overview.find(session, execution_id), ports.settings)
    assert found is not None
    return found


def states(desk: Desk) -> list[str]:
    return [row.state for row in desk.all()]


def test_an_account_has_so_many_slots_over_all_its_instances(first: Desk, second: Desk, quick: Ports) -> None:
    for desk in (first, first, second, second):
        desk.request()
    submit(quick, first, 3)
    submit(quick, second, 3)
    assert sorted(states(first)) == ["pending"] + ["running"] * 3


def test_what_others_run_on_its_instances_counts(first: Desk, second: Desk, quick: Ports) -> None:
    change(second, foreign_running=2, looked_at=clock.now())
    first.request()
    first.request()
    submit(quick, first, 3)
    assert sorted(states(first)) == ["pending", "running"]


def test_many_who_claim_at_once_on_two_instances_give_away_no_slot_twice(
    first: Desk, second: Desk, quick: Ports, amc: ScriptedAmc
) -> None:
    for desk in (first, second) * 4:
        desk.request()
    together = Barrier(8, timeout=30)

    def one(desk: Desk) -> None:
        together.wait()
        submit(quick, desk)

    threads = [Thread(target=for_thread(partial(one, desk))) for desk in (first, second) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(amc.runs) == 3


def test_a_slot_of_a_full_account_goes_to_the_instance_that_has_fewer(
    first: Desk, second: Desk, quick: Ports, amc: ScriptedAmc, heard: list[str]
) -> None:
    for _ in range(5):
        first.request()
    submit(quick, first, 3)
    waiting = second.request()
    submit(quick, second)
    assert second.state(waiting) == "pending"
    amc.end(next(iter(amc.runs)), AmcStatus.SUCCEEDED)
    look_now(quick, first)
    heard.clear()
    submit(quick, first)
    assert heard == ["amcnorthwind02"]
    submit(quick, second)
    assert second.state(waiting) == "running"


def test_a_full_account_is_told_and_not_swept(
    first: Desk, second: Desk, quick: Ports, noon: Callable[[float], None], heard: list[str]
) -> None:
    for _ in range(3):
        first.request()
    submit(quick, first, 3)
    waiting = second.request()
    noon(10)
    heard.clear()
    sweep(quick.settings)
    assert heard == []
    held = place(quick, waiting).held_by
    assert held is not None
    assert (held.kind, held.reason) == ("account", "all 3 slots of the account are in use")


def test_a_day_has_so_many_runs_and_the_rest_waits_for_the_next(
    first: Desk, quick: Ports, noon: Callable[[float], None], amc: ScriptedAmc, heard: list[str]
) -> None:
    change(first, daily_runs=2)
    for _ in range(4):
        first.request(triggered_by="schedule")
    submit(quick, first, 4)
    assert sorted(states(first)) == ["pending"] * 2 + ["running"] * 2
    waits = place(quick, next(row.execution_id for row in first.all() if row.state == "pending"))
    assert waits.held_by is not None
    assert (waits.held_by.kind, waits.expected_start) == ("budget", quotas.midnight(clock.now()))
    for run in amc.active():
        amc.end(run, AmcStatus.SUCCEEDED)
    look_now(quick, first)
    noon(10)
    heard.clear()
    sweep(quick.settings)
    assert heard == []
    noon(12 * 3600)
    sweep(quick.settings)
    assert heard == ["amcnorthwind01"]
    submit(quick, first, 4)
    assert sorted(states(first)) == ["collecting"] * 2 + ["running"] * 2


def test_what_amc_never_took_costs_no_run_of_the_day(first: Desk, quick: Ports, amc: ScriptedAmc) -> None:
    change(first, daily_runs=1)
    amc.failures.append(Rejected("no"))
    first.request()
    first.request()
    submit(quick, first, 2)
    assert sorted(states(first)) == ["failed", "running"]


@pytest.mark.parametrize("own", [None, 2])
def test_people_are_told_when_a_day_is_used_up(
    first: Desk, quick: Ports, noon: Callable[[float], None], own: int | None
) -> None:
    change(first, daily_runs=own)
    settings = replace(quick.settings, instance_daily_runs=9 if own else 2)
    first.request(triggered_by="backfill")  # waits its turn, and takes nobody's
    first.request()
    with reading() as session:
        instance = session.get_one(AmcInstance, first.instance.id)
        quotas.ensure_runs_left(session, instance, settings)
    first.request(triggered_by="api")
    with reading() as session, pytest.raises(TooMany, match="may have 2 runs a day") as caught:
        quotas.ensure_runs_left(session, instance, settings)
    assert caught.value.retry_after == 12 * 3600


def test_nothing_is_submitted_on_what_is_paused(
    first: Desk, second: Desk, quick: Ports, noon: Callable[[float], None], heard: list[str]
) -> None:
    held, free = first.request(), second.request()
    with transaction() as session:
        pausing.pause(session, first.instance, "audit", "ada@example.test")
    noon(10)
    heard.clear()
    sweep(quick.settings)
    assert heard == ["amcnorthwind02"]
    submit(quick, first)
    submit(quick, second)
    assert (first.state(held), first.state(free)) == ("pending", "running")
    told = place(quick, held)
    assert told.held_by is not None
    assert (told.number, told.expected_start) == (1, None)
    assert told.held_by.reason == "the instance is paused by ada@example.test: audit"
    with transaction() as session:
        pausing.resume(session, first.instance, "ada@example.test")
    submit(quick, first)
    assert first.state(held) == "running"


def test_what_waits_for_its_next_attempt_says_so(
    first: Desk, quick: Ports, noon: Callable[[float], None], amc: ScriptedAmc
) -> None:
    amc.failures.append(Throttled(retry_after=60))
    waiting = first.request()
    submit(quick, first)
    told = place(quick, waiting)
    assert told.held_by is not None
    assert told.held_by.kind in {"retry", "throttle"}
    assert told.expected_start is not None
    assert told.expected_start >= clock.now() + timedelta(seconds=59)


def test_failure_05_a_run_of_six_hours_is_not_forgotten(
    first: Desk, quick: Ports, noon: Callable[[float], None], amc: ScriptedAmc
) -> None:
    execution_id = first.request()
    submit(quick, first)
    noon(6 * 3600)
    look_now(quick, first)
    assert first.state(execution_id) == "running"
    amc.end(next(iter(amc.runs)), AmcStatus.SUCCEEDED)
    look_now(quick, first)
    assert first.state(execution_id) == "collecting"


def test_a_persons_run_starts_at_the_next_free_slot_while_365_segments_wait(
    first: Desk, second: Desk, quick: Ports, noon: Callable[[float], None], amc: ScriptedAmc
) -> None:
    with transaction() as session:
        for _ in range(365):
            lifecycle.request(session, first.order(triggered_by="backfill"))
    change(first, slots=3)
    submit(quick, first, 4)
    noon(9 * 3600)  # each of them has waited for hours
    person = Desk(second.user, first.instance, first.template).request()
    amc.end(next(iter(amc.active())), AmcStatus.SUCCEEDED)
    look_now(quick, first)
    submit(quick, first)
    assert first.state(person) == "running"


@pytest.mark.parametrize("slots", [1, 3])
def test_two_users_share_evenly(
    first: Desk, second: Desk, quick: Ports, noon: Callable[[float], None], amc: ScriptedAmc, slots: int
) -> None:
    """Also if one has asked for everything long before the other."""
    other = Desk(second.user, first.instance, first.template)
    mine = [first.request() for _ in range(12)]
    noon(60)
    theirs = [other.request() for _ in range(6)]
    change(first, slots=slots)
    while first.state(theirs[-1]) == "pending":
        submit(quick, first, slots)
        begun = [sum(first.state(one) != "pending" for one in ids) for ids in (mine, theirs)]
        assert abs(begun[0] - begun[1]) <= slots
        noon(1)
        amc.end(next(iter(amc.active())), AmcStatus.SUCCEEDED)
        look_now(quick, first)


def test_a_backfill_is_passed_for_half_an_hour_and_then_once(
    first: Desk, second: Desk, quick: Ports, noon: Callable[[float], None], amc: ScriptedAmc
) -> None:
    """Another user asks for five-minute runs without end, on the only slot."""
    other, began = Desk(second.user, first.instance, first.template), clock.now()
    change(first, slots=1)
    segment = first.request(triggered_by="backfill")
    other.request()
    submit(quick, first)
    after = 0
    while first.state(segment) == "pending":
        other.request()
        noon(300)
        late = clock.now() >= began + 3 * AGEING
        amc.end(next(iter(amc.active())), AmcStatus.SUCCEEDED)
        look_now(quick, first)  # which gives the slot to whose turn it is
        after += late and first.state(segment) == "pending"
        assert after <= 1
    assert clock.now() >= began + 2 * AGEING  # it does not push forward either
