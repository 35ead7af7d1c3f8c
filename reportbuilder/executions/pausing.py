"""Pauses: holding back what waits on an instance, or on all of them, until somebody lets go."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reportbuilder import clock, logs
from reportbuilder.amc.models import AmcAccount, AmcInstance
from reportbuilder.errors import Conflict, Invalid
from reportbuilder.executions.models import Pause, ReportExecution
from reportbuilder.executions.waking import ask_submit

log = logs.get_logger(__name__)

REASON_MAX = 500  # characters


@dataclass(frozen=True)
class Pauses:
    """All open pauses: that of ``everything``, and those of instances by their row ids."""

    everything: Pause | None
    by_instance: Mapping[UUID, Pause]

    def of(self, instance_id: UUID) -> Pause | None:
        """Return what holds an instance back; the pause of everything before its own."""
        return self.everything or self.by_instance.get(instance_id)

    def __contains__(self, instance_id: object) -> bool:
        """Say whether an instance is held back."""
        return self.everything is not None or instance_id in self.by_instance


def open_pauses(session: Session) -> Pauses:
    """Return all open pauses, in one query."""
    found = session.scalars(select(Pause).where(Pause.ended_at.is_(None))).all()
    return Pauses(
        next((pause for pause in found if pause.is_whole), None),
        {pause.instance_id: pause for pause in found if pause.instance_id is not None},
    )


def pause_of(session: Session, instance_id: UUID) -> Pause | None:
    """Return the open pause that holds an instance (by row id) back, None if nothing does.

    The pause of everything is told before the instance's own.
    """
    found = select(Pause).where(
        Pause.ended_at.is_(None), or_(Pause.is_whole.is_(True), Pause.instance_id == instance_id)
    )
    return session.scalars(found.order_by(Pause.is_whole.desc()).limit(1)).first()


def pause(session: Session, instance: AmcInstance | None, reason: str, by: str) -> Pause:
    """Hold back an instance, or everything for None: from the commit on nothing new is submitted there.

    What runs at AMC goes on. ``by`` is the e-mail address of who wants it.

    :raises Invalid: without a reason. :raises Conflict: if it is paused already; the message says by whom.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_MAX:
        raise Invalid.field("reason", f"say in 1 to {REASON_MAX} characters why, so that others know")
    _wait_for_claims(session, instance)
    made = Pause(
        instance_id=instance.id if instance else None,
        is_whole=instance is None,
        reason=reason,
        paused_by=by,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        raise _conflict(session, instance) from None
    log.info("paused", instance=instance.instance_id if instance else "everything", by=by, reason=reason)
    return made


def resume(session: Session, instance: AmcInstance | None, by: str) -> Pause:
    """Let an instance, or everything for None, go on; what is paused below or above it stays so.

    :raises Conflict: if it is not paused.
    """
    found = session.scalars(select(Pause).where(*_is_open(instance))).one_or_none()
    if found is None or not _end(session, found, by):
        raise Conflict(f"{_name(instance)} is not paused, so there is nothing to resume")
    log.info("resumed", instance=instance.instance_id if instance else "everything", by=by)
    for waiting in _held_back(session, instance):
        ask_submit(session, waiting)
    return found


def _wait_for_claims(session: Session, instance: AmcInstance | None) -> None:
    """Lock what whoever claims an execution locks, so that no claim is committed after the pause."""
    if instance is None:
        every = select(AmcAccount.id).order_by(AmcAccount.id)
        session.execute(every.with_for_update(key_share=True)).all()
    else:
        one = select(AmcInstance.id).where(AmcInstance.id == instance.id)
        session.execute(one.with_for_update(key_share=True)).all()


def _is_open(instance: AmcInstance | None) -> tuple[ColumnElement[bool], ...]:
    which = Pause.is_whole.is_(True) if instance is None else Pause.instance_id == instance.id
    return (Pause.ended_at.is_(None), which)


def _end(session: Session, open_pause: Pause, by: str) -> bool:
    now = clock.now()
    result = session.execute(
        update(Pause)
        .where(Pause.id == open_pause.id, Pause.ended_at.is_(None))
        .values(ended_at=now, ended_by=by, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker what an UPDATE gives
    session.refresh(open_pause)
    return result.rowcount == 1


def _held_back(session: Session, instance: AmcInstance | None) -> list[AmcInstance]:
    """Return the instances on which something waits that this pause has held back."""
    waiting = select(ReportExecution.instance_id).where(ReportExecution.state == "pending")
    found = select(AmcInstance).where(AmcInstance.id.in_(waiting)).order_by(AmcInstance.instance_id)
    if instance is not None:
        found = found.where(AmcInstance.id == instance.id)
    still = open_pauses(session)
    return [one for one in session.scalars(found) if one.id not in still]


def _conflict(session: Session, instance: AmcInstance | None) -> Conflict:
    there = session.scalars(select(Pause).where(*_is_open(instance))).one_or_none()
    told = f" by {there.paused_by}: {there.reason}" if there else ""
    return Conflict(f"{_name(instance)} is paused already{told}; resume it before you pause it anew")


def _name(instance: AmcInstance | None) -> str:
    return instance.instance_id if instance else "Everything"
