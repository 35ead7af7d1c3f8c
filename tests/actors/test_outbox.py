"""Sweeps while no worker is there: hints do not pile up for it, and none is missing once it comes."""

from collections.abc import Callable, Iterator

import pytest
from dramatiq.rate_limits.backends import StubBackend

from actors.outbox import RARELY
from actors.upkeep import ticks
from reportbuilder import heartbeats, notices, wakeups
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.pacing import Pace
from reportbuilder.backfills.models import ReportDataCollection
from reportbuilder.database import transaction
from reportbuilder.executions.waking import ADVANCE_BACKFILL, FOLLOW_FIRING, SUBMIT_NEXT
from reportbuilder.wakeups import WakeUp
from tests.schedules.conftest import diary
from tests.schedules.diary import Diary

__all__ = ["diary"]

ALL = {SUBMIT_NEXT, FOLLOW_FIRING, ADVANCE_BACKFILL, notices.TELL}
MISSING = heartbeats.ALIVE_FOR.total_seconds() + 1


@pytest.fixture
def heard() -> Iterator[list[str]]:
    names: list[str] = []

    def deliver(wake_up: WakeUp) -> None:
        names.append(wake_up.name)

    before = wakeups.deliver_with(deliver)
    yield names
    wakeups.deliver_with(before)


@pytest.fixture
def sweeps(diary: Diary) -> Iterator[Callable[[], None]]:
    """All ticks that send hints, as the scheduler has them, with something to find for each."""
    going, _ = diary.schedule(), diary.schedule()
    diary.tick(60)
    [ended] = diary.executions(going)
    diary.end(ended, follow=False)
    with transaction() as session:
        notices.give(session, "run_failed", "a", ended.report_id or ended.id, {})
        session.add(
            ReportDataCollection(
                instance_id=ended.instance_id,
                user_id=ended.user_id,
                report_id=ended.report_id,
                collection_type="backfill",
                status="cancelling",
            )
        )
    diary.advance(10)
    backend = StubBackend()  # type: ignore[no-untyped-call] # Dramatiq has not typed its backends
    connections = Connections(diary.settings, Pace(backend, 1000))
    table = ticks(diary.ports, connections)

    def sweep_all() -> None:
        for tick in table:
            if tick.name in {"sweep", "firings", "backfills", "notifications"}:
                tick.run()

    yield sweep_all
    connections.close()


def live() -> None:
    with transaction() as session:
        heartbeats.beat(session, "worker")


def test_hints_are_sent_again_as_long_as_a_worker_lives(
    sweeps: Callable[[], None], heard: list[str], diary: Diary
) -> None:
    for _ in range(3):
        live()
        heard.clear()
        sweeps()
        assert set(heard) == ALL
        diary.advance(5)


def test_without_a_worker_hints_do_not_pile_up_and_the_first_sweep_that_sees_one_sends_them(
    sweeps: Callable[[], None], heard: list[str], diary: Diary
) -> None:
    sweeps()
    assert set(heard) == ALL  # a worker may be about to start
    heard.clear()
    for _ in range(10):
        diary.advance(5)
        sweeps()
    assert heard == []
    live()
    sweeps()
    assert set(heard) == ALL
    diary.advance(MISSING)
    heard.clear()
    sweeps()
    assert heard == []


def test_a_worker_whose_signs_of_life_are_not_seen_is_hinted_at_rarely(
    sweeps: Callable[[], None], heard: list[str], diary: Diary
) -> None:
    """As one whose clock is wrong; what has lost its hint must be found all the same."""
    sweeps()
    heard.clear()
    diary.advance(RARELY.total_seconds())
    sweeps()
    assert set(heard) == ALL
    heard.clear()
    diary.advance(-3600)
    sweeps()
    assert set(heard) <= ALL
    assert heard
