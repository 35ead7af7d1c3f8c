"""How long runs have taken of late is told by the rows of that template on that instance."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from reportbuilder import clock
from reportbuilder.database import reading, transaction
from reportbuilder.executions import experience
from reportbuilder.executions.cadence import ENOUGH, Usual
from reportbuilder.executions.models import ReportExecution
from tests.executions.desk import Desk


def completed(desk: Desk, lengths: Sequence[float]) -> None:
    """Let runs have completed in the last hour."""
    begin = clock.now() - timedelta(hours=1)
    for seconds in lengths:
        name = desk.request()
        with transaction() as session:
            session.execute(
                update(ReportExecution)
                .where(ReportExecution.execution_id == name)
                .values(
                    state="completed", submitted_at=begin, completed_at=begin + timedelta(seconds=seconds)
                )
            )


def usual_of(name: str) -> Usual | None:
    with reading() as session:
        row = session.scalars(select(ReportExecution).where(ReportExecution.execution_id == name)).one()
        return experience.usual(session, row)


def test_the_last_runs_tell_what_is_usual(desk: Desk) -> None:
    completed(desk, [4.0] * experience.LATEST)
    completed(desk, [600.0] * (experience.LATEST - 2))
    assert usual_of(desk.request()) == Usual(4.0, 600.0)


def test_the_first_tell_a_little_and_are_asked_for_again_soon(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experience, "NEW_FOR", 0.0)
    name = desk.request()
    assert usual_of(name) is None
    completed(desk, [5.0] * (ENOUGH - 1))
    assert usual_of(name) == Usual(0.0, 5.0)
    completed(desk, [5.0])
    assert usual_of(name) == Usual(5.0, 5.0)


def test_what_was_split_out_of_a_pack_never_ran_and_tells_nothing(desk: Desk) -> None:
    completed(desk, [5.0] * ENOUGH)
    pack = desk.read(desk.request()).id
    parts = [desk.request() for _ in range(experience.LATEST)]
    with transaction() as session:
        session.execute(
            update(ReportExecution)
            .where(ReportExecution.execution_id.in_(parts))
            .values(state="completed", completed_at=clock.now(), packed_in_id=pack)
        )
    assert usual_of(desk.request()) == Usual(5.0, 5.0)


def test_what_is_known_is_kept_for_a_while(desk: Desk) -> None:
    completed(desk, [5.0] * ENOUGH)
    name = desk.request()
    assert usual_of(name) == Usual(5.0, 5.0)
    completed(desk, [1.0])
    assert usual_of(name) == Usual(5.0, 5.0)


def test_one_that_is_told_to_stop_is_looked_at_as_if_nothing_were_known(desk: Desk) -> None:
    completed(desk, [600.0] * ENOUGH)
    name = desk.request()
    with transaction() as session:
        session.execute(
            update(ReportExecution)
            .where(ReportExecution.execution_id == name)
            .values(cancel_requested_at=clock.now())
        )
    assert usual_of(name) is None
