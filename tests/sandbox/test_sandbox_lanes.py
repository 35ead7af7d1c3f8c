"""The clock's side of executions, by its properties: slots, order, and that looking changes nothing."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.sandbox.executions import FINAL, Computation, Execution, Lane
from reportbuilder.sandbox.instants import Window

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=1), "UTC")
# for each run: seconds after the one before, seconds that it runs, and whether its SQL is good
RUNS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 60), st.booleans()), min_size=1, max_size=25)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def execution(sequence: int, created: float, run_seconds: float, good: bool) -> Execution:
    computation = Computation(checked=at(created), finished=at(created), refused=None if good else "bad SQL")
    name, body = str(sequence), {"workflow": {"sqlQuery": "SELECT 1 AS x"}}
    return Execution(
        name,
        name,
        "amc",
        body,
        WINDOW,
        at(created),
        at(created + 3),
        run_seconds,
        computation,
        sequence,
        at(created),
    )


def simulated(runs: list[tuple[int, int, bool]], slots: int, looks: list[int]) -> Lane:
    """Submit every run at its time and look in between; then wait until all is over."""
    lane, created = Lane(slots), 0
    events: list[tuple[int, Execution | None]] = [(look, None) for look in looks]
    for sequence, (gap, seconds, good) in enumerate(runs):
        created += gap
        events.append((created, execution(sequence, created, seconds, good)))
    for when, submitted in sorted(events, key=lambda event: event[0]):
        lane.advance(at(when))
        if submitted is not None:
            lane.add(submitted)
    lane.advance(at(100_000))
    return lane


def told(lane: Lane) -> list[tuple[str, datetime | None, datetime | None]]:
    return [(one.status, one.started, one.ended) for one in lane]


@given(RUNS, st.integers(1, 5), st.lists(st.integers(0, 400), max_size=10))
def test_looking_does_not_change_what_happens(
    runs: list[tuple[int, int, bool]], slots: int, looks: list[int]
) -> None:
    assert told(simulated(runs, slots, looks)) == told(simulated(runs, slots, []))


@given(RUNS, st.integers(1, 5))
def test_slots_order_and_length(runs: list[tuple[int, int, bool]], slots: int) -> None:
    lane = simulated(runs, slots, [])
    ran = [one for one in lane if one.started is not None]
    assert [one.status in FINAL for one in lane] == [True] * len(runs)
    assert [one.status == "SUCCEEDED" for one in lane] == [good for _, _, good in runs]
    begins = [one.started for one in ran if one.started is not None]
    assert begins == sorted(begins)
    for one in ran:
        assert one.started is not None
        assert one.ended == one.started + timedelta(seconds=one.run_seconds)
        assert one.started >= one.validated
        beside = [o for o in ran if o.started and o.ended and o.started <= one.started < o.ended]
        assert len(beside) <= slots
        if one.started > one.validated:  # it had to wait, so a slot became free just then
            assert any(other.ended == one.started for other in ran)
    assert lane.most_running <= slots
    assert lane.running == lane.pending == 0


def test_a_query_that_is_not_computed_keeps_running() -> None:
    lane, run = Lane(1), execution(0, 0, 10, True)
    run.computation.finished = None
    lane.add(run)
    lane.advance(at(60))
    assert run.status == "RUNNING"
    run.computation.finished = at(70)
    lane.advance(at(80))
    assert (run.status, run.ended) == ("SUCCEEDED", at(70))
