"""Backfills against random ends of their runs: every segment ends once, the end is honest, limits hold."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder.backfills import changing
from reportbuilder.backfills.advancing import advance, lock
from reportbuilder.backfills.models import ReportDataCollection
from reportbuilder.backfills.states import ENDED, OPEN, tally
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.moving import move
from reportbuilder.executions.states import ACTIVE, MOVES
from tests.backfills.reporters import SLOTS, Reporter

REFUSAL = "Too many workflows have already been run against the same input data sources"
ENDS = ("completed", "failed", "refused", "cancelled")
STEPS = ("end", "end", "end", "collect", "advance", "twice", "pause", "resume", "cancel", "narrow", "widen")
steps = st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 9), st.sampled_from((*ENDS, "completed", "completed"))),
    max_size=25,
)


def go_on(backfill: UUID) -> None:
    with transaction() as session:
        row = lock(session, backfill)
        if row is not None and row.status in OPEN:
            advance(session, row, SLOTS)


def carry(session: Session, execution: ReportExecution, end: str) -> None:
    """Let an execution go the way to its end that the table of states allows."""
    for state in ("submitting", "running", "collecting"):
        after = "failed" if end == "refused" else end
        if after in MOVES[execution.state] and (after != "cancelled" or execution.state != "submitting"):
            break
        if state in MOVES[execution.state]:
            move(session, execution, state, "x")
    message = {"failed": "no memory", "refused": REFUSAL}.get(end)
    move(session, execution, "failed" if end == "refused" else end, "x", error_message=message)


def let_end(backfill: UUID, place: int, end: str) -> None:
    with transaction() as session:
        active = session.scalars(
            select(ReportExecution)
            .where(ReportExecution.collection_id == backfill, ReportExecution.state.in_(ACTIVE))
            .order_by(ReportExecution.created_at, ReportExecution.id)
        ).all()
        if active:
            chosen = active[place % len(active)]
            if end == "collect" and chosen.state == "pending":
                move(session, chosen, "submitting", "x")
                move(session, chosen, "running", "x")
            if end == "collect" and chosen.state == "running":
                move(session, chosen, "collecting", "x")
            elif end != "collect":
                carry(session, chosen, end)


def change(backfill: UUID, verb: str) -> None:
    with transaction() as session:
        row = session.get_one(ReportDataCollection, backfill)
        try:
            if verb == "pause":
                changing.pause(session, row, None)
            elif verb == "resume":
                changing.resume(session, row)
            elif verb == "cancel":
                changing.cancel(session, row, "ben@example.test", SLOTS)
            else:
                changing.set_concurrency(session, row, 1 if verb == "narrow" else 4, SLOTS)
        except Conflict:
            session.rollback()


def in_slots(reporter: Reporter, backfill: UUID) -> int:
    return sum(one.state in {"pending", "submitting", "running"} for one in reporter.executions(backfill))


def check(reporter: Reporter, backfill: UUID) -> None:
    """See that the rows tell one truth."""
    segments = reporter.segments(backfill)
    executions = {one.execution_id: one for one in reporter.executions(backfill)}
    assert len(executions) == sum(one.attempts for one in segments)
    for segment in segments:
        if segment.status == "completed":
            assert executions[segment.execution_id or ""].state == "completed"
        if segment.status == "failed":
            assert segment.reason == "no memory"
        if segment.status == "refused":
            assert segment.reason == REFUSAL


def finish(reporter: Reporter, backfill: UUID) -> None:
    for _ in range(200):
        if reporter.has_ended(backfill):
            return
        if reporter.read(backfill).status == "paused":
            change(backfill, "resume")
        let_end(backfill, 0, "completed")
        go_on(backfill)
    raise AssertionError("it never ends")


@hypothesis_settings(max_examples=12)
@given(days=st.integers(1, 7), own=st.sampled_from((1, 2, 3)), stops=st.booleans(), taken=steps)
def test_every_walk_ends_honestly(
    *, reporter: Reporter, days: int, own: int, stops: bool, taken: list[tuple[str, int, str]]
) -> None:
    wish = {"concurrency": own, "on_failure": "stop" if stops else "continue", "reprocess": "all"}
    backfill = reporter.start(days, **wish)
    go_on(backfill)
    most = own
    for step, place, end in taken:
        if step in {"end", "collect"}:
            let_end(backfill, place, "collect" if step == "collect" else end)
        elif step in {"pause", "resume", "cancel", "narrow", "widen"}:
            change(backfill, step)
        before = in_slots(reporter, backfill)
        most = reporter.read(backfill).concurrency or SLOTS
        for _ in range(2 if step == "twice" else 1):
            go_on(backfill)
        assert in_slots(reporter, backfill) <= max(before, most)
        check(reporter, backfill)
    finish(reporter, backfill)
    prove(reporter, backfill)


def prove(reporter: Reporter, backfill: UUID) -> None:
    """See that all has ended, each once, and that the end says what came of it (failures 3 and 38)."""
    row, states = reporter.read(backfill), reporter.states(backfill)
    assert set(states) <= ENDED
    assert row.progress_percentage == 100
    assert row.weeks_completed == states["completed"]
    assert (row.status == "completed") == (set(states) <= {"completed", "present"})
    if row.status == "completed_with_failures":
        assert states["completed"]
    assert states == tally(one.status for one in reporter.segments(backfill))
    with reading() as session:
        left = session.scalars(
            select(ReportExecution).where(
                ReportExecution.collection_id == backfill, ReportExecution.state.in_(ACTIVE)
            )
        ).all()
    assert left == []
    completed = Counter(
        one.time_window_start for one in reporter.executions(backfill) if one.state == "completed"
    )
    assert all(count == 1 for count in completed.values()), "no segment is run twice to its end"
