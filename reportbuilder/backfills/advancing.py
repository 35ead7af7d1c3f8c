"""Lets a backfill go on: takes in what its runs came to, asks for the next ones, and ends it honestly."""

from functools import partial
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reportbuilder import clock, logs, notices, wakeups
from reportbuilder.amc.models import AmcInstance
from reportbuilder.backfills.asking import ask_next
from reportbuilder.backfills.following import Flight, count_segments, read_flights, take_in
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.backfills.packing import end_packing, find_trouble, is_unproven
from reportbuilder.backfills.states import ENDS, OPEN, Tally, give_up, may_move, percentage, settle, tell
from reportbuilder.crashpoints import reached
from reportbuilder.database import after_commit, transaction
from reportbuilder.executions.pausing import pause_of
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.waking import SPLIT_PACK

log = logs.get_logger(__name__)

GIVEN_UP = {
    "cancelled": "the backfill was cancelled before it was asked for",
    "skipped": "it was not asked for, since another segment failed and the backfill stops then",
}


def advance_backfill(ports: Ports, id: str) -> None:
    """Let a backfill (by the text of its row id) go on; may run any number of times, also at once."""
    with transaction() as session:
        backfill = lock(session, UUID(id))
        if backfill is not None and backfill.status in OPEN:
            advance(session, backfill, ports.settings.instance_slots)
            after_commit(session, partial(reached, "backfill_advanced"))


def lock(session: Session, id: UUID) -> ReportDataCollection | None:
    """Read a backfill and keep others from changing it until the end of this transaction."""
    return session.scalar(
        select(ReportDataCollection)
        .where(ReportDataCollection.id == id, ReportDataCollection.report_id.is_not(None))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def advance(session: Session, backfill: ReportDataCollection, default_slots: int) -> None:
    """Do the same in the caller's transaction, which has locked the backfill."""
    count, flights = count_segments(session, backfill), read_flights(session, backfill)
    take_in(session, flights, count)
    _have_packs_parted(session, backfill, flights, count)
    _give_up(session, backfill, count)
    if backfill.status == "running" and count["waiting"] and pause_of(session, backfill.instance_id) is None:
        instance = session.get_one(AmcInstance, backfill.instance_id)
        ask_next(session, backfill, instance, flights, count, default_slots)
    conclude(session, backfill, count)


def _have_packs_parted(
    session: Session, backfill: ReportDataCollection, flights: list[Flight], count: Tally
) -> None:
    """Have rows that came together parted; the first ones wait for their check."""
    here = sorted({flight.execution_id or "" for flight in flights if flight.is_split})
    if is_unproven(backfill):
        trouble = find_trouble(session, backfill)
        if trouble and any(flight.is_coming for flight in flights):
            return  # its rows would come when packing has ended, and nobody would check them then
        if trouble:
            end_packing(session, backfill, trouble, here[0] if here else None, count)
        if trouble is not None:
            return
    for execution_id in here:
        wakeups.ask(session, SPLIT_PACK, execution_id)


def _give_up(session: Session, backfill: ReportDataCollection, count: Tally) -> None:
    after = give_up(backfill.status, count, backfill.configuration["wish"].get("on_failure", "continue"))
    if after is None or not count["waiting"]:
        return
    session.execute(
        update(ReportDataWeek)
        .where(ReportDataWeek.collection_id == backfill.id, ReportDataWeek.status == "waiting")
        .values(status=after, reason=GIVEN_UP[after], updated_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    count[after] += count.pop("waiting")


def conclude(session: Session, backfill: ReportDataCollection, count: Tally) -> None:
    """Write down how far it is, and its end with a notice if all has ended."""
    backfill.weeks_completed = count["completed"]
    backfill.progress_percentage = percentage(count)
    after = settle(backfill.status, count)
    if after == backfill.status or not may_move(backfill.status, after):
        return
    backfill.status, backfill.ended_at = after, clock.now()
    if after in ENDS and backfill.report_id is not None:
        about = {"backfill_id": backfill.collection_id, "status": after, "words": tell(count)}
        key = f"backfill_ended:{backfill.collection_id}:{backfill.ended_at.isoformat()}"
        notices.give(session, "backfill_ended", key, backfill.report_id, about)
    log.info("backfill ended", backfill_id=backfill.collection_id, status=after, words=tell(count))
