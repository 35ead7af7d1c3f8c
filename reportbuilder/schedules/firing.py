"""The tick of schedules: due times get their verdicts, and what may start becomes executions, in batches."""

from typing import Final
from uuid import UUID

from sqlalchemy.exc import OperationalError

from reportbuilder import logs
from reportbuilder.crashpoints import reached
from reportbuilder.database import transaction
from reportbuilder.schedules.judging import claim_due, judge_claimed, set_aside, write
from reportbuilder.schedules.starting import claim_ready, fail, start_claimed
from reportbuilder.settings import Settings

log = logs.get_logger(__name__)

BATCH: Final = 500  # schedules, or firings, in one transaction
ROUNDS: Final = 1_000  # batches in one tick, so that it ends whatever happens


def fire_due(settings: Settings) -> int:
    """Fire all that is due; return how many firings came of it. Any number of processes may do so at once.

    Each schedule is looked at once a tick, so that one with a long past holds nobody up.
    """
    firings, last = 0, None
    for _ in range(ROUNDS):
        last, made = _judge_next(last)
        firings += made
        start_ready(settings)
        if last is None:
            break
    return firings


def start_ready(settings: Settings, schedule: UUID | None = None) -> None:
    """Start all firings whose time has come, or those of one schedule."""
    for _ in range(ROUNDS):
        if not _start_next(settings, schedule):
            break


def _judge_next(after: UUID | None) -> tuple[UUID | None, int]:
    claimed: list[UUID] = []
    try:
        with transaction() as session:
            rows = claim_due(session, after=after, limit=BATCH)
            claimed = [schedule.id for schedule, *_ in rows]
            done = judge_claimed(session, rows)
    except OperationalError:
        raise  # the database is away; the next tick goes on
    except Exception:
        log.exception("judging broke, one by one")
        return _judge_each(claimed)
    if done.firings:
        reached("judged")
    return done.last, done.firings


def _judge_each(ids: list[UUID]) -> tuple[UUID | None, int]:
    """Judge schedules apart, so that the one that breaks a transaction is found and set aside."""
    made = 0
    for row_id in ids:
        try:
            with transaction() as session:
                made += judge_claimed(session, claim_due(session, only=row_id, limit=1)).firings
        except OperationalError:
            raise
        except Exception as error:
            log.exception("judging broke", schedule=str(row_id))
            _set_aside(row_id, error)
    return (ids[-1] if ids else None), made


def _set_aside(id: UUID, error: Exception) -> None:
    try:
        with transaction() as session:
            for schedule, *_ in claim_due(session, only=id, limit=1):
                write(session, [(schedule, set_aside(session, schedule, error))])
    except OperationalError:
        raise
    except Exception:  # the others' turn must come all the same
        log.exception("schedule cannot be set aside", schedule=str(id))


def _start_next(settings: Settings, schedule: UUID | None) -> int:
    claimed: list[UUID] = []
    try:
        with transaction() as session:
            ready = claim_ready(session, limit=BATCH, schedule=schedule)
            claimed = [each.firing.id for each in ready]
            start_claimed(session, settings, ready)
    except OperationalError:
        raise
    except Exception:
        log.exception("starting broke, one by one")
        return sum([_start_one(settings, row_id) for row_id in claimed])
    return len(claimed)


def _start_one(settings: Settings, id: UUID) -> bool:
    """Start one firing, or end it as failed; say whether either has worked."""
    try:
        with transaction() as session:
            start_claimed(session, settings, claim_ready(session, limit=1, firing=id))
    except OperationalError:
        raise
    except Exception as error:
        log.exception("starting broke", firing=str(id))
        return _fail_one(id, f"it could not be asked for, a fault of ours ({type(error).__name__})")
    return True


def _fail_one(id: UUID, reason: str) -> bool:
    try:
        with transaction() as session:
            for ready in claim_ready(session, limit=1, firing=id):
                fail(session, ready, reason)
    except OperationalError:
        raise
    except Exception:
        log.exception("firing cannot be ended", firing=str(id))
        return False
    return True
