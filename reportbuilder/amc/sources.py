"""Which tables each instance has: asked of AMC now and then, so that a picker can tell what runs where."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from reportbuilder import clock, logs
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.failures import AmcFailure
from reportbuilder.amc.models import AmcAccount, AmcInstance, InstanceSource
from reportbuilder.database import reading, transaction

log = logs.get_logger(__name__)

GOOD_FOR = timedelta(hours=24)
AGAIN_IN = timedelta(minutes=15)  # after a failure
AT_ONCE = 20  # instances a round, so that a round is short


def tables_of(session: Session, instance_id: UUID) -> frozenset[str] | None:
    """Return the tables of an instance in lower case; None while AMC has not told yet."""
    known = select(AmcInstance.id).where(
        AmcInstance.id == instance_id, AmcInstance.sources_read_at.is_not(None)
    )
    if session.scalar(known) is None:
        return None
    names = select(InstanceSource.data_source_id).where(InstanceSource.instance_id == instance_id)
    return frozenset(session.scalars(names))


def read_due(connections: Connections) -> int:
    """Ask AMC for the tables of instances whose turn it is; return how many were told of.

    May run at any time.
    """
    with reading() as session:
        due = session.scalars(
            select(AmcInstance)
            .join(AmcAccount)
            .where(
                AmcInstance.status == "active",
                AmcAccount.sealed_refresh_token.is_not(None),
                AmcAccount.signed_out_reason.is_(None),
                or_(AmcInstance.sources_due_at.is_(None), AmcInstance.sources_due_at <= clock.now()),
            )
            .order_by(AmcInstance.sources_due_at)
            .limit(AT_ONCE)
        ).all()
    return sum(_read(connections, instance) for instance in due)


def _read(connections: Connections, instance: AmcInstance) -> bool:
    if not _claim(instance):
        return False
    try:
        listed = connections.client(instance.account).data_sources(instance.instance_id)
        names = {source.data_source_id.lower() for source in listed}
    except AmcFailure as failure:
        log.warning("tables not read", instance=instance.instance_id, reason=failure.message)
        return False
    with transaction() as session:
        _store(session, instance.id, names, clock.now())
    log.info("tables read", instance=instance.instance_id, tables=len(names))
    return True


def _claim(instance: AmcInstance) -> bool:
    """Take the turn of an instance: the next is a little later, whatever comes of this one."""
    mine = (
        update(AmcInstance)
        .where(
            AmcInstance.id == instance.id,
            AmcInstance.sources_due_at.is_not_distinct_from(instance.sources_due_at),
        )
        .values(sources_due_at=clock.now() + AGAIN_IN)
        .returning(AmcInstance.id)
        .execution_options(synchronize_session=False)
    )
    with transaction() as session:
        return session.scalar(mine) is not None


def _store(session: Session, instance_id: UUID, names: set[str], now: datetime) -> None:
    # the row is locked first, so that two who were told at once do not mix their tables
    instance = session.get(AmcInstance, instance_id, with_for_update={"of": AmcInstance})
    if instance is None:
        return
    instance.sources_read_at, instance.sources_due_at = now, now + GOOD_FOR
    session.execute(delete(InstanceSource).where(InstanceSource.instance_id == instance_id))
    session.add_all(InstanceSource(instance_id=instance_id, data_source_id=name) for name in sorted(names))
