"""Backfills that are paused: by hand, with their instance, or by themselves."""

from collections import Counter

import pytest
from sqlalchemy import select, update

from reportbuilder import clock
from reportbuilder.accounts import grants
from reportbuilder.accounts.models import User
from reportbuilder.backfills import changing
from reportbuilder.backfills.models import ReportDataCollection
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import Pause, ReportExecution
from reportbuilder.notices import Notice
from reportbuilder.sandbox import Sandbox
from tests.backfills.reporters import Reporter, creep, foreseen, runs_of, set_slots, sweep_all
from tests.executions.desk import Workers


def test_pause_and_resume(reporter: Reporter, workers: Workers, box: Sandbox) -> None:
    box.fault(run_seconds=1.0)
    backfill = reporter.start(6, concurrency=2)
    creep(workers, lambda: runs_of(reporter, backfill)["running"] == 2)
    with transaction() as session:
        changing.pause(session, session.get_one(ReportDataCollection, backfill), "a holiday")
    workers.work_until(lambda: reporter.states(backfill)["completed"] == 2)
    assert reporter.states(backfill) == Counter(completed=2, waiting=4)
    sweep_all(workers)
    workers.step()
    assert (reporter.read(backfill).status, reporter.read(backfill).paused_reason) == ("paused", "a holiday")
    assert len(reporter.executions(backfill)) == 2
    with transaction() as session:
        changing.resume(session, session.get_one(ReportDataCollection, backfill))
    workers.work_until(lambda: reporter.has_ended(backfill))
    assert reporter.read(backfill).status == "completed"


def test_a_pause_takes_back_what_waits_for_a_slot(reporter: Reporter, workers: Workers, box: Sandbox) -> None:
    box.fault(run_seconds=0.2)
    set_slots(reporter, 1)
    backfill = reporter.start(4, concurrency=1)
    with transaction() as session:
        session.execute(update(ReportExecution).values(not_before=clock.in_seconds(3600)))
        changing.pause(session, session.get_one(ReportDataCollection, backfill), "a holiday")
    assert reporter.states(backfill) == Counter(waiting=4)
    assert [one.state for one in reporter.executions(backfill)] in ([], ["cancelled"])
    with transaction() as session:
        changing.resume(session, session.get_one(ReportDataCollection, backfill))
    workers.work_until(lambda: reporter.has_ended(backfill))
    assert reporter.states(backfill) == Counter(completed=4)


@pytest.mark.parametrize("what", ["deactivated", "grant withdrawn"])
def test_it_pauses_itself_when_its_starter_may_no_longer_run(
    reporter: Reporter, workers: Workers, box: Sandbox, what: str
) -> None:
    box.fault(run_seconds=0.1)
    backfill = reporter.start(4, concurrency=1)
    creep(workers, lambda: reporter.states(backfill)["completed"] == 1)
    user = reporter.user
    with transaction() as session:
        if what == "deactivated":
            session.get_one(User, user.id).is_active = False
        else:
            grants.withdraw(session, user.id, [reporter.instance.id])
    workers.work_until(lambda: reporter.read(backfill).status == "paused")
    reason = reporter.read(backfill).paused_reason or ""
    assert user.email in reason
    assert reporter.instance.instance_id in reason
    workers.work_until(lambda: not runs_of(reporter, backfill)["running"])
    assert reporter.states(backfill)["waiting"] >= 2
    with transaction() as session:
        session.get_one(User, user.id).is_active = True
        grants.grant(session, user.id, reporter.instance.id, "run")
        changing.resume(session, session.get_one(ReportDataCollection, backfill))
    workers.work_until(lambda: reporter.has_ended(backfill))
    assert reporter.states(backfill) == Counter(completed=4)


def test_that_it_has_paused_itself_is_told_once_each_time(
    reporter: Reporter, workers: Workers, box: Sandbox
) -> None:
    box.fault(run_seconds=0.1)
    backfill = reporter.start(4, concurrency=1)
    for times in (1, 2):
        _let_run(reporter, yes=False)
        workers.work_until(lambda: reporter.read(backfill).status == "paused")
        sweep_all(workers)
        workers.step()
        told = _pauses_told()
        assert len(told) == times
        row = reporter.read(backfill)
        assert told[-1].report_id == reporter.report_id
        assert told[-1].about == {"backfill_id": row.collection_id, "reason": row.paused_reason}
        _let_run(reporter, yes=True)
        with transaction() as session:
            changing.resume(session, session.get_one(ReportDataCollection, backfill))
    with transaction() as session:
        changing.pause(session, session.get_one(ReportDataCollection, backfill), "a holiday")
    assert len(_pauses_told()) == 2  # who pauses it by hand knows of it


def _let_run(reporter: Reporter, *, yes: bool) -> None:
    with transaction() as session:
        session.get_one(User, reporter.user.id).is_active = yes


def _pauses_told() -> list[Notice]:
    with reading() as session:
        found = select(Notice).where(Notice.kind == "backfill_paused").order_by(Notice.created_at)
        return list(session.scalars(found))


@pytest.mark.parametrize("whole", [True, False])
def test_a_pause_of_the_instance_or_of_everything_leaves_the_backfill_as_it_is(
    *, reporter: Reporter, workers: Workers, whole: bool
) -> None:
    with transaction() as session:
        held = Pause(
            instance_id=None if whole else reporter.instance.id, is_whole=whole, reason="x", paused_by="ada"
        )
        session.add(held)
    backfill = reporter.start(3)
    for _ in range(3):
        sweep_all(workers)
        workers.step()
    assert (reporter.read(backfill).status, reporter.executions(backfill)) == ("running", [])
    assert foreseen(reporter, backfill) is None
    with transaction() as session:
        session.get_one(Pause, held.id).ended_at = clock.now()
    assert foreseen(reporter, backfill)
    workers.queue.clear()
    workers.work_until(lambda: reporter.has_ended(backfill), sweeps=True, seconds=30)
