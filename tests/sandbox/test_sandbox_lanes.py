"""The clock's side of executions, by its properties: slots, order, and that looking changes nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.sandbox.endings import Ending
from reportbuilder.sandbox.executions import FINAL, Computation, Course, Execution
from reportbuilder.sandbox.instants import Window
from reportbuilder.sandbox.queueing import Queue

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=1), "UTC")
INSTANCES = ("amc1", "amc2", "amc3")
# for each run: its instance, seconds after the one before, seconds that it runs, and whether its SQL is good
RUNS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 60), st.booleans()),
    min_size=1,
    max_size=25,
)
Runs = list[tuple[int, int, int, bool]]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def execution(
    sequence: int,
    created: float,
    run_seconds: float,
    *,
    good: bool = True,
    instance: str = "amc1",
    **more: Any,
) -> Execution:
    computation = Computation(checked=at(created), finished=at(created), refused=None if good else "bad SQL")
    name, body = str(sequence), {"workflow": {"sqlQuery": "SELECT 1 AS x"}}
    course = Course(3, run_seconds, **more)
    return Execution(
        name, name, instance, body, WINDOW, at(created), course, computation, sequence, at(created)
    )


def simulated(runs: Runs, slots: int, looks: list[int], account_slots: int = 200) -> Queue:
    """Submit every run at its time and look in between; then wait until all is over."""
    queue, created = Queue(INSTANCES, slots, account_slots), 0
    events: list[tuple[int, Execution | None]] = [(look, None) for look in looks]
    for sequence, (instance, gap, seconds, good) in enumerate(runs):
        created += gap
        run = execution(sequence, created, seconds, good=good, instance=INSTANCES[instance], publishing=2)
        events.append((created, run))
    for when, submitted in sorted(events, key=lambda event: event[0]):
        queue.advance(at(when))
        if submitted is not None:
            queue.add(submitted)
    queue.advance(at(100_000))
    return queue


def every(queue: Queue) -> list[Execution]:
    return list(queue.newest_first(None))[::-1]


def told(queue: Queue) -> list[tuple[str, datetime | None, datetime | None]]:
    return [(one.status, one.started, one.ended) for one in every(queue)]


@given(RUNS, st.integers(1, 5), st.integers(1, 6), st.lists(st.integers(0, 400), max_size=10))
def test_looking_does_not_change_what_happens(
    runs: Runs, slots: int, account_slots: int, looks: list[int]
) -> None:
    looked = simulated(runs, slots, looks, account_slots)
    assert told(looked) == told(simulated(runs, slots, [], account_slots))


@given(RUNS, st.integers(1, 5), st.integers(1, 6))
def test_slots_order_and_length(runs: Runs, slots: int, account_slots: int) -> None:
    queue = simulated(runs, slots, [], account_slots)
    ran = [one for one in every(queue) if one.started is not None]
    assert [one.status in FINAL for one in every(queue)] == [True] * len(runs)
    assert [one.status == "SUCCEEDED" for one in every(queue)] == [good for *_, good in runs]
    for instance in INSTANCES:
        begins = [one.started for one in ran if one.started is not None and one.instance_id == instance]
        assert begins == sorted(begins)
    for one in ran:
        assert one.started is not None
        assert one.computed == one.started + timedelta(seconds=one.course.run)
        assert one.ended == one.computed + timedelta(seconds=2)
        assert one.started >= one.validated
        beside = [o for o in ran if o.started and o.ended and o.started <= one.started < o.ended]
        assert len(beside) <= account_slots
        assert sum(1 for o in beside if o.instance_id == one.instance_id) <= slots
        if one.started > one.validated:  # it had to wait, so a slot became free just then
            assert any(other.ended == one.started for other in ran)
    for lane in queue.lanes.values():
        assert lane.most_running <= slots
        assert lane.running == lane.pending == 0
        assert sum(lane.counts.values()) == len(lane)


def test_a_query_that_is_not_computed_keeps_running() -> None:
    queue, run = Queue(INSTANCES, 1, 1), execution(0, 0, 10)
    run.computation.finished = None
    queue.add(run)
    queue.advance(at(60))
    assert run.status == "RUNNING"
    run.computation.finished = at(70)
    queue.advance(at(80))
    assert (run.status, run.ended) == ("SUCCEEDED", at(70))


def test_a_query_that_is_never_computed_ends_at_its_limit() -> None:
    queue, run = Queue(INSTANCES, 1, 1), execution(0, 0, 10)
    run.computation.finished = None
    run.body["workflowExecutionTimeoutSeconds"] = 900
    queue.add(run)
    queue.advance(at(902))
    assert run.status == "RUNNING"
    queue.advance(at(5000))
    assert (run.status, run.ended) == ("FAILED", at(903))


def test_a_failure_is_told_and_frees_the_slot() -> None:
    queue = Queue(INSTANCES, 1, 1)
    failing, following = execution(0, 0, 10, ending=Ending(10, "FAILED", "no memory")), execution(1, 0, 1)
    queue.add(failing)
    queue.add(following)
    queue.advance(at(20))
    assert (failing.status, failing.reason, failing.ended) == ("FAILED", "no memory", at(13))
    assert (following.status, following.started) == ("SUCCEEDED", at(13))


@given(RUNS, st.integers(0, 10))
def test_only_the_oldest_that_have_ended_are_forgotten(runs: Runs, most: int) -> None:
    queue = simulated(runs, 2, [])
    before = every(queue)
    gone = queue.forget_beyond(most)
    assert gone == before[: max(0, len(runs) - most)]
    assert every(queue) == before[len(gone) :]
    assert sum(len(lane) for lane in queue.lanes.values()) == len(queue)
    for one in before:
        found = queue.lanes[one.instance_id].find(one.execution_id, at(100_000))
        assert (found is None) == (one in gone)


def test_what_runs_is_not_forgotten() -> None:
    queue = Queue(INSTANCES, 1, 1)
    queue.add(execution(0, 0, 1000))
    queue.add(execution(1, 0, 1, instance="amc2"))
    queue.advance(at(10))
    assert queue.forget_beyond(0) == []
