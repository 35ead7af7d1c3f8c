"""Whose turn it is: of those who wait on an instance, and of the instances of an account."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.amc.models import AmcInstance
from reportbuilder.executions import quotas, slots
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.pausing import open_pauses, pause_of
from reportbuilder.executions.slots import Contender, Turn
from reportbuilder.executions.standing import HEADS, Standing, is_held_back, standing, standings
from reportbuilder.executions.waking import ask_submit
from reportbuilder.settings import Settings

SCARCE = 10  # free slots of an account from which on its instances compete; one look seldom frees more


def choose(session: Session, instance: AmcInstance, settings: Settings) -> str | None:
    """Return the id of the execution that may start on an instance now, and have further ones asked for.

    The caller holds the locks of the account and of the instance. Those whose turn comes before it on other
    instances of an account that is nearly full are asked for in its place.
    """
    stand = standing(session, instance, settings.instance_slots, heads=HEADS)
    if not slots.free(stand.limit, len(stand.holding), stand.foreign):
        return None
    left = quotas.account_left(session, instance.account_id, settings.account_slots)
    if left == 0:
        return None
    turn = _turn(session, instance, settings, stand, left)
    rivals = _rivals(session, instance, settings) if left is not None and left <= SCARCE else []
    if rivals:
        ask_submit(session, rivals[0][1])
    if not turn or (left is not None and _is_late(stand, turn[0], rivals[:left], left)):
        return None
    if len(turn) > 1:
        ask_submit(session, instance)
    return turn[0].id


def _turn(
    session: Session, instance: AmcInstance, settings: Settings, stand: Standing, left: int | None
) -> list[Contender]:
    """Return the one or two who may start next, none while the instance is held back."""
    # whoever was throttled has asked for its end; to ask again at each hint would pile them up
    if not stand.waiting or is_held_back(instance) or pause_of(session, instance.id):
        return []
    runs = quotas.runs_left(session, instance, settings.instance_daily_runs)
    return _first(stand, min([HEADS, *(room for room in (left, runs) if room is not None)]))


def _first(stand: Standing, room: int) -> list[Contender]:
    return slots.startable(
        stand.waiting,
        stand.holding,
        limit=stand.limit,
        foreign=stand.foreign,
        now=clock.now(),
        served=stand.served,
        room=room,
    )


def _is_late(
    stand: Standing, first: Contender, rivals: Sequence[tuple[Turn, AmcInstance]], left: int
) -> bool:
    """Say whether as many as there are slots left come before it."""
    mine = Turn.of(first, stand.holding, clock.now(), stand.served)
    return sum(1 for turn, _ in rivals if turn < mine) >= left


def _rivals(session: Session, instance: AmcInstance, settings: Settings) -> list[tuple[Turn, AmcInstance]]:
    """Return the turns of the other instances of its account on which something may start, in order."""
    now = clock.now()
    waiting = select(ReportExecution.instance_id).where(
        ReportExecution.state == "pending",
        or_(ReportExecution.not_before.is_(None), ReportExecution.not_before <= now),
    )
    others = session.scalars(
        select(AmcInstance).where(
            AmcInstance.account_id == instance.account_id,
            AmcInstance.id != instance.id,
            AmcInstance.id.in_(waiting),
            or_(AmcInstance.throttled_until.is_(None), AmcInstance.throttled_until <= now),
        )
    ).all()
    pauses = open_pauses(session)
    going = [other for other in others if other.id not in pauses]
    able = quotas.with_runs_left(session, going, settings.instance_daily_runs)
    stands = standings(session, able, settings.instance_slots, heads=1)
    found = [
        (Turn.of(head, stands[other.id].holding, now, stands[other.id].served), other)
        for other in able
        for head in _first(stands[other.id], 1)
    ]
    return sorted(found, key=lambda rival: rival[0])
