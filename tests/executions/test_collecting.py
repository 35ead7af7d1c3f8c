"""Two workers at the rows of one execution: the file that counts stays, all others go."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from reportbuilder import clock
from reportbuilder.amc.failures import AmcFailure, Rejected, Throttled, Transient, Unauthorized
from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import for_thread, reading, transaction
from reportbuilder.errors import Unavailable
from reportbuilder.executions import collecting, overview
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.ports import Ports
from reportbuilder.results.failures import BrokenResult, OutOfMemory
from reportbuilder.results.store import LocalStore
from reportbuilder.sandbox import Sandbox
from tests.executions.desk import Desk, Workers


def files(ports: Ports) -> list[str]:
    root = Path(urlsplit(ports.settings.results_url).path)
    return sorted(str(path.relative_to(root)) for path in root.glob("*/*.parquet"))


def let_the_lease_end(execution_id: str) -> None:
    with transaction() as session:
        overview.find(session, execution_id).lease_until = None


def take_over(ports: Ports, execution_id: str) -> ReportExecution:
    """Claim it as if the lease were over; in one go, since whoever has it keeps extending that."""
    with transaction() as session:
        overview.find(session, execution_id).lease_until = None
        session.flush()
        execution = collecting._claim(ports, session, execution_id)
    assert execution is not None
    return execution


class Meanwhile(LocalStore):
    """A store in which something else happens before the first file is put there."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.before: list[Callable[[], Any]] = []
        self.after: list[Callable[[], Any]] = []

    def put(self, path: Path, key: str) -> Any:
        while self.before:
            self.before.pop()()
        stored = super().put(path, key)
        while self.after:
            self.after.pop()()
        return stored


@pytest.fixture
def store(ports: Ports) -> Meanwhile:
    return Meanwhile(Path(urlsplit(ports.settings.results_url).path))


@pytest.fixture
def slow(ports: Ports, store: Meanwhile) -> Ports:
    """The ports of a worker that is slow on its way to the store."""
    return replace(ports, store=store)


@pytest.fixture
def collectable(desk: Desk, workers: Workers, box: Sandbox) -> str:
    execution_id = desk.request()
    workers.works["collect_execution"] = lambda _ports, _id: None
    workers.work_until(lambda: desk.state(execution_id) == "collecting")
    return execution_id


def prove_readable(ports: Ports, desk: Desk, execution_id: str) -> None:
    execution = desk.read(execution_id)
    with reading() as session:
        result = overview.result_of(session, execution)
    assert files(ports) == [result.key]
    with ports.store.local(result.key, result.sha256) as path:
        assert path.stat().st_size == result.size_bytes


def test_a_second_attempt_that_comes_late_spares_the_first_ones_file(
    collectable: str, desk: Desk, ports: Ports, slow: Ports, store: Meanwhile
) -> None:
    """The first worker's lease ran out, a second took over, and then the first was faster after all."""
    there, go_on = Event(), Event()
    other = Meanwhile(store.root)
    other.before += [lambda: go_on.wait(20), there.set]

    def second() -> None:
        execution = take_over(ports, collectable)
        collecting._attempt(replace(ports, store=other), execution)
        collecting._tidy(ports, execution)

    slower = Thread(target=for_thread(second), daemon=True)

    def start_second() -> None:
        slower.start()
        assert there.wait(20)

    store.before.append(start_second)
    collecting.collect(slow, collectable)
    assert (desk.state(collectable), desk.read(collectable).attempts) == ("completed", 2)
    go_on.set()
    slower.join(20)
    prove_readable(ports, desk, collectable)


@pytest.mark.parametrize("failure", [Transient("gone"), Rejected("no"), Throttled(retry_after=60)])
def test_a_worker_that_lost_its_claim_cannot_fail_or_put_off_the_others_work(
    collectable: str, desk: Desk, slow: Ports, store: Meanwhile, failure: AmcFailure
) -> None:
    def fail_late() -> None:
        take_over(slow, collectable)
        raise failure

    store.before.append(fail_late)
    collecting.collect(slow, collectable)
    taken_over = desk.read(collectable)
    assert (taken_over.state, taken_over.attempts) == ("collecting", 2)
    assert taken_over.lease_until is not None
    assert 0 < (taken_over.lease_until - clock.now()).total_seconds() <= slow.settings.collect_lease


def test_a_failed_collection_leaves_no_file(
    collectable: str, desk: Desk, ports: Ports, slow: Ports, store: Meanwhile
) -> None:
    """Stored, and then the rows cannot be recorded, until the attempts are used up."""

    def fail() -> None:
        raise BrokenResult("torn")

    collecting.collect(ports_that_die(ports, store), collectable)
    assert files(ports) == [f"{collectable}/1.parquet"]
    for _ in range(collecting.BROKEN_TRIES - 1):
        assert desk.state(collectable) == "collecting"
        let_the_lease_end(collectable)
        store.after.append(fail)
        collecting.collect(slow, collectable)
    assert (desk.state(collectable), desk.read(collectable).error_class) == ("failed", "result")
    assert files(ports) == []


def ports_that_die(ports: Ports, store: Meanwhile) -> Ports:
    """The ports of a worker that fails for a moment, after its file is stored."""
    doomed = Meanwhile(store.root)

    def fail() -> None:
        raise OSError

    doomed.after.append(fail)
    return replace(ports, store=doomed)


def test_a_cancel_while_rows_are_fetched_leaves_no_file(
    collectable: str, desk: Desk, ports: Ports, slow: Ports, store: Meanwhile
) -> None:
    store.before.append(lambda: desk.cancel(collectable))
    collecting.collect(slow, collectable)
    assert (desk.state(collectable), files(ports)) == ("cancelled", [])


def test_a_store_that_cannot_delete_does_not_undo_the_completion(
    collectable: str, desk: Desk, ports: Ports, slow: Ports, store: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(key: str) -> None:
        raise OSError(key)

    collecting.collect(ports_that_die(ports, store), collectable)
    let_the_lease_end(collectable)
    monkeypatch.setattr(store, "delete", refuse)
    collecting.collect(slow, collectable)
    execution = desk.read(collectable)
    assert (execution.state, execution.lease_until) == ("completed", None)
    with reading() as session:
        assert overview.events(session, execution)[-1].to_state == "completed"


def test_a_result_that_kills_its_workers_is_given_up(
    collectable: str, desk: Desk, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def die(point: str) -> None:
        if point == "converted":
            raise Died

    with monkeypatch.context() as patch:
        patch.setattr(collecting, "reached", die)
        for _ in range(ports.settings.collect_attempts):
            with pytest.raises(Died):
                collecting.collect(ports, collectable)
            let_the_lease_end(collectable)
    collecting.collect(ports, collectable)
    assert (desk.state(collectable), desk.read(collectable).error_class) == ("failed", "internal")


def test_a_collection_that_is_throttled_for_hours_is_patient_and_terse(
    collectable: str, desk: Desk, slow: Ports, store: Meanwhile
) -> None:
    def throttle() -> None:
        raise Throttled

    for _ in range(3):
        store.before.append(throttle)
        collecting.collect(slow, collectable)
        execution = desk.read(collectable)
        assert (execution.state, execution.attempts) == ("collecting", 0)
        assert execution.lease_until is not None
        assert (execution.lease_until - clock.now()).total_seconds() > collecting.THROTTLED_FOR / 2
        let_the_lease_end(collectable)
    with reading() as session:
        remarks = [event.reason for event in overview.events(session, execution) if not event.to_state]
    assert len(remarks) == 1


def test_what_amc_asks_for_holds_for_the_rows_as_well(
    collectable: str, desk: Desk, slow: Ports, store: Meanwhile
) -> None:
    """A Retry-After is obeyed by all calls for the instance, whoever was told it."""
    store.before.append(lambda: pytest.fail("AMC was called"))
    with transaction() as session:
        session.get_one(AmcInstance, desk.instance.id).throttled_until = until = clock.in_seconds(600)
    collecting.collect(slow, collectable)
    execution = desk.read(collectable)
    assert (execution.state, execution.attempts, execution.lease_until) == ("collecting", 0, until)


@pytest.mark.parametrize("is_local", [False, True])
def test_rows_that_amc_throttles_hold_all_calls_for_the_instance_back(
    *, collectable: str, desk: Desk, slow: Ports, store: Meanwhile, is_local: bool
) -> None:
    def throttle() -> None:
        raise Throttled(retry_after=600, local=is_local)

    store.before.append(throttle)
    collecting.collect(slow, collectable)
    with reading() as session:
        until = session.get_one(AmcInstance, desk.instance.id).throttled_until
    assert (until is None) is is_local


@pytest.mark.parametrize(
    "fault", [Transient("AMC does not answer"), Unauthorized("signed out"), Unavailable("the store is away")]
)
def test_an_outage_is_outwaited_and_costs_no_attempt(
    collectable: str, desk: Desk, ports: Ports, slow: Ports, store: Meanwhile, fault: Exception
) -> None:
    """A week-end without sign-in, without AMC's store or without ours loses no rows."""

    def strike() -> None:
        raise fault.with_traceback(None)  # else it gathers one at each throw

    pauses = []
    for hours in (0, 1, 60):
        with clock.frozen(datetime.now(UTC) + timedelta(hours=hours)):
            for _ in range(ports.settings.collect_attempts):
                store.before[:] = [strike]  # AMC itself may be too slow on a busy machine: an outage as well
                collecting.collect(slow, collectable)
                execution = desk.read(collectable)
                assert (execution.state, execution.attempts) == ("collecting", 0)
                assert execution.lease_until is not None
                pauses.append((execution.lease_until - clock.now()).total_seconds())
                let_the_lease_end(collectable)
    assert pauses[0] < 2 < pauses[8] < pauses[-1] < 1.2 * collecting.LONGEST_PAUSE
    store.before.clear()
    while desk.state(collectable) == "collecting":
        let_the_lease_end(collectable)
        collecting.collect(slow, collectable)
    assert desk.state(collectable) == "completed"
    prove_readable(ports, desk, collectable)


def test_an_outage_of_more_than_a_week_ends_it(
    collectable: str, desk: Desk, slow: Ports, store: Meanwhile
) -> None:
    def strike() -> None:
        raise Transient("AMC does not answer")

    store.before.append(strike)
    with clock.frozen(datetime.now(UTC) + timedelta(days=8)):
        collecting.collect(slow, collectable)
    execution = desk.read(collectable)
    assert (execution.state, execution.error_class) == ("failed", "transient")
    assert "for 7 days; run it again: AMC does not answer" in (execution.error_message or "")


def test_a_result_too_big_for_the_memory_is_given_up(
    collectable: str, desk: Desk, ports: Ports, slow: Ports, store: Meanwhile
) -> None:
    def strike() -> None:
        raise OutOfMemory("it does not fit")

    for _ in range(ports.settings.collect_attempts):
        store.before.append(strike)
        collecting.collect(slow, collectable)
        let_the_lease_end(collectable)
    execution = desk.read(collectable)
    assert (execution.state, execution.error_class) == ("failed", "transient")
