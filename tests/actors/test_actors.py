"""Wake-ups become messages, messages become work: over the stub and over the real Redis protocol."""

import threading
import time
from collections.abc import Callable, Iterator

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker
from flask import Flask

from actors.broker import InAppContext, make_broker
from actors.table import ACTORS, QUEUES
from actors.wakeups import over
from reportbuilder import wakeups
from reportbuilder.database import in_transaction, reading, transaction
from reportbuilder.wakeups import WakeUp


@pytest.fixture(params=["stub", "redis"])
def broker(request: pytest.FixtureRequest) -> Iterator[dramatiq.Broker]:
    if request.param == "stub":
        made: dramatiq.Broker = StubBroker(middleware=[])
    else:
        made = make_broker(request.getfixturevalue("redis_url"))
    yield made
    made.close()


@pytest.fixture
def heard(broker: dramatiq.Broker, database: Flask) -> Iterator[list[tuple[str, str, float]]]:
    """What arrives at actors of all names, with the time of arrival, on a running worker."""
    arrived: list[tuple[str, str, float]] = []

    def act(name: str, id: str) -> None:
        with reading() as session:
            session.connection()
        arrived.append((name, id, time.monotonic()))

    broker.add_middleware(InAppContext(database))
    for name, _, queue, _ in ACTORS:
        dramatiq.actor(broker=broker, actor_name=name, queue_name=queue)(partial_named(act, name))
    worker = dramatiq.Worker(broker, worker_threads=2, worker_timeout=20)
    worker.start()
    yield arrived
    worker.stop()


def partial_named(act: Callable[[str, str], None], name: str) -> Callable[[str], None]:
    def named(id: str) -> None:
        act(name, id)

    return named


@pytest.fixture
def carried(broker: dramatiq.Broker) -> Iterator[None]:
    before = wakeups.deliver_with(over(broker))
    yield
    wakeups.deliver_with(before)


def wait_for(arrived: list[tuple[str, str, float]], count: int) -> None:
    end = time.monotonic() + 10
    while len(arrived) < count and time.monotonic() < end:
        time.sleep(0.01)


def test_every_wake_up_reaches_its_actor(heard: list[tuple[str, str, float]], carried: None) -> None:
    for name in QUEUES:
        wakeups.send(WakeUp(name, f"id of {name}"))
    wait_for(heard, len(QUEUES))
    assert sorted((name, row) for name, row, _ in heard) == sorted((name, f"id of {name}") for name in QUEUES)


def test_a_delay_is_kept(heard: list[tuple[str, str, float]], carried: None) -> None:
    began = time.monotonic()
    wakeups.send(WakeUp("look_at_instance", "late", delay=0.5))
    wait_for(heard, 1)
    assert 0.45 <= heard[0][2] - began < 3


def test_a_wake_up_leaves_after_commit_and_never_on_rollback(
    heard: list[tuple[str, str, float]], carried: None
) -> None:
    with transaction() as session:
        wakeups.ask(session, "look_at_instance", "committed")
        time.sleep(0.1)
        assert heard == []
    with pytest.raises(RuntimeError, match="no"):
        ask_and_fail()
    wait_for(heard, 1)
    time.sleep(0.2)
    assert [row for _, row, _ in heard] == ["committed"]


def ask_and_fail() -> None:
    with transaction() as session:
        wakeups.ask(session, "look_at_instance", "rolled back")
        raise RuntimeError("no")


def test_a_savepoint_does_not_let_it_out(heard: list[tuple[str, str, float]], carried: None) -> None:
    with transaction() as session:
        with session.begin_nested():
            wakeups.ask(session, "look_at_instance", "inner")
        time.sleep(0.1)
        assert heard == []
    wait_for(heard, 1)
    assert [row for _, row, _ in heard] == ["inner"]


def test_a_dead_redis_costs_the_hint_and_not_the_work(database: Flask) -> None:
    before = wakeups.deliver_with(over(make_broker("redis://127.0.0.1:1/0")))
    began = time.monotonic()
    with transaction() as session:
        wakeups.ask(session, "look_at_instance", "lost")
    assert time.monotonic() - began < 5
    assert not in_transaction()
    wakeups.deliver_with(before)


def test_each_message_has_an_app_context_of_its_own(broker: dramatiq.Broker, database: Flask) -> None:
    seen: set[int] = set()
    together = threading.Barrier(2, timeout=5)

    def act(id: str) -> None:
        from flask import globals as flask_globals

        seen.add(id_of(flask_globals))
        together.wait()

    def id_of(flask_globals: object) -> int:
        return id(flask_globals._cv_app.get())  # type: ignore[attr-defined] # Flask's own variable

    broker.add_middleware(InAppContext(database))
    actor = dramatiq.actor(broker=broker, actor_name="probe", queue_name="probe")(act)
    worker = dramatiq.Worker(broker, worker_threads=2, worker_timeout=20)
    worker.start()
    actor.send("a")
    actor.send("b")
    end = time.monotonic() + 5
    while len(seen) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    worker.stop()
    assert len(seen) == 2


def test_a_way_that_swallows_everything_holds_nobody_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now, tried = [100.0], []

    def swallow(wake_up: WakeUp) -> None:
        tried.append(wake_up.id)
        now[0] += 2.0
        raise TimeoutError

    monkeypatch.setattr("reportbuilder.clock.monotonic", lambda: now[0])
    before = wakeups.deliver_with(swallow)
    try:
        for number in range(500):
            wakeups.send(WakeUp("look_at_instance", str(number)))
        assert (tried, now[0]) == (["0"], 102.0)
        now[0] += wakeups.SILENT_FOR
        wakeups.send(WakeUp("look_at_instance", "later"))
        assert tried == ["0", "later"]
    finally:
        wakeups.deliver_with(before)


def test_a_way_that_fails_at_once_is_tried_again_at_once() -> None:
    tried = []

    def refuse(wake_up: WakeUp) -> None:
        tried.append(wake_up.id)
        raise ConnectionRefusedError

    before = wakeups.deliver_with(refuse)
    try:
        for name in ("one", "two"):
            wakeups.send(WakeUp("look_at_instance", name))
    finally:
        wakeups.deliver_with(before)
    assert tried == ["one", "two"]
