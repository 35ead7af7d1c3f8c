"""Schedules that cancel what is going for the next run, beside others who are at the same instances."""

from threading import Thread

import pytest
from sqlalchemy import select

from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import for_thread, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.standing import lock
from tests.executions.desk import until_somebody_waits
from tests.schedules.diary import Diary


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_who_cancels_for_the_next_run_locks_instances_in_one_order_and_then_executions(diary: Diary) -> None:
    """Else it and a look, or two schedulers, wait for each other until the database shoots one of them."""
    lower, upper = sorted([diary.cast.first, diary.cast.second], key=lambda each: each.id)
    for instance in (upper, lower):
        diary.schedule(of=diary.report(instance=instance), policies={"overlap": "cancel"})
    diary.tick(60)
    diary.advance(60)
    tick = Thread(target=for_thread(diary.tick), daemon=True)
    with transaction() as session:
        lock(session, lower.instance_id)
        tick.start()
        until_somebody_waits(tick)
        assert tick.is_alive()
        free = select(ReportExecution.id).with_for_update(skip_locked=True)
        assert len(session.execute(free).all()) == 2
        free = select(AmcInstance.id).with_for_update(skip_locked=True).where(AmcInstance.id == upper.id)
        assert len(session.execute(free).all()) == 1
    tick.join(20)
    assert [each.state for each in diary.executions()] == ["cancelled"] * 2 + ["pending"] * 2
