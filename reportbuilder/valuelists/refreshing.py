"""Fetches an instance's values from AMC: asks by executions like any other, and takes their rows in."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import CursorResult, Select, exists, select, update
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, joinedload

from reportbuilder import clock, logs
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcAccount, AmcInstance
from reportbuilder.amc.sources import tables_of
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.needs import tables_needed
from reportbuilder.catalog.preparing import prepare
from reportbuilder.database import reading, transaction
from reportbuilder.errors import ReportBuilderError
from reportbuilder.executions import lifecycle, overview
from reportbuilder.executions.lifecycle import Order
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import FINAL
from reportbuilder.parameters.windows import Window
from reportbuilder.results import queries
from reportbuilder.results.store import Store
from reportbuilder.valuelists import storing
from reportbuilder.valuelists.kinds import SOURCES, read_rows
from reportbuilder.valuelists.models import FAILED, OPEN, TAKEN, ValueRefresh

log = logs.get_logger(__name__)

LOOK_BACK = timedelta(days=90)
KEPT_FOR = timedelta(days=400)  # AMC's own look-back, and a little
IN_USE = timedelta(days=14)
MOST_ROWS = 200_000
_AWAY = (OperationalError, InterfaceError, PoolTimeout)


def ask(session: Session, instance: AmcInstance, user: User, *, triggered_by: str) -> list[ReportExecution]:
    """Ask AMC for the values that this instance can tell of; what is being asked already is not asked twice.

    An instance whose tables are not known yet is asked for all. The caller holds the instance's row locked.
    """
    tables = tables_of(session, instance.id)
    going = set(session.scalars(_open(instance)))
    asked = []
    for template in session.scalars(_templates()):
        key = str(template.library_key)
        if key in going or (tables is not None and not tables_needed(template) <= tables):
            continue
        execution = lifecycle.request(session, _order(template, instance, user, triggered_by))
        session.add(ValueRefresh(instance_id=instance.id, source=key, execution_id=execution.id))
        asked.append(execution)
    session.flush()
    return asked


def locked(instance_id: str) -> Select[AmcInstance]:
    """Select an instance by AMC's id so that nobody else asks for its values at the same time."""
    return select(AmcInstance).where(AmcInstance.instance_id == instance_id).with_for_update(of=AmcInstance)


def ask_due(hours: float) -> int:
    """Ask for all instances that are in use and whose values are older than so many hours; return how many.

    In use: somebody has run something on it within two weeks. ``hours`` 0 asks for none.
    """
    if hours <= 0:
        return 0
    with reading() as session:
        due = session.scalars(_due(hours)).all()
    return sum(_ask_one(instance_id) for instance_id in due)


def _ask_one(instance_id: str) -> bool:
    try:
        with transaction() as session:
            instance = session.scalars(locked(instance_id)).one()
            user = _asker(session, instance)
            return user is not None and bool(ask(session, instance, user, triggered_by="schedule"))
    except IntegrityError:
        return False  # another scheduler was faster
    except _AWAY:
        raise
    except Exception as error:  # noqa: BLE001 - one instance that cannot be asked must not keep the others waiting
        log.warning("values not asked for", instance=instance_id, failure=type(error).__name__)
        return False


def _due(hours: float) -> Select[str]:
    now = clock.now()
    people = exists().where(
        ReportExecution.instance_id == AmcInstance.id,
        ReportExecution.created_at > now - IN_USE,
        ReportExecution.id.not_in(select(ValueRefresh.execution_id)),
    )
    fresh = exists().where(
        ValueRefresh.instance_id == AmcInstance.id, ValueRefresh.created_at > now - timedelta(hours=hours)
    )
    return (
        select(AmcInstance.instance_id)
        .join(AmcAccount)
        .where(AmcInstance.status == "active", AmcAccount.signed_out_reason.is_(None), people, ~fresh)
    )


def _asker(session: Session, instance: AmcInstance) -> User | None:
    """Return in whose name a refresh runs: the account's owner, else who ran something there last."""
    if instance.account.user_id is not None:
        return session.get(User, instance.account.user_id)
    return session.scalars(
        select(User)
        .join(ReportExecution, ReportExecution.user_id == User.id)
        .where(ReportExecution.instance_id == instance.id)
        .order_by(ReportExecution.created_at.desc())
        .limit(1)
    ).first()


def take_finished(store: Store) -> int:
    """Take in the rows of refreshes whose executions have ended; return how many. May run at any time."""
    with reading() as session:
        ended = session.scalars(
            select(ValueRefresh)
            .join(ValueRefresh.execution)
            .where(ValueRefresh.state == OPEN, ReportExecution.state.in_(FINAL))
            .options(joinedload(ValueRefresh.execution), joinedload(ValueRefresh.instance))
        ).all()
    return sum(_take(store, refresh) for refresh in ended)


def _take(store: Store, refresh: ValueRefresh) -> bool:
    try:
        rows = _rows(store, refresh)
        if rows is None:
            said = refresh.execution.error_message or refresh.execution.state
            return _end(refresh, FAILED, reason=f"{refresh.execution.execution_id}: {said}")
        return _store(refresh, rows)
    except _AWAY:
        raise  # the database is away: it is tried again when that is back
    except Exception as error:  # noqa: BLE001 - whatever it is, the refresh must end, and the others go on
        log.warning("values not taken", source=refresh.source, failure=type(error).__name__)
        why = error.message if isinstance(error, ReportBuilderError) else type(error).__name__
        return _end(refresh, FAILED, reason=f"its rows cannot be read: {why}")


def _rows(store: Store, refresh: ValueRefresh) -> Sequence[Mapping[str, Any]] | None:
    """Read the rows of a refresh; None if its execution did not end well."""
    if refresh.execution.state != "completed":
        return None
    with reading() as session:
        result = overview.result_of(session, refresh.execution)
    with store.local(result.key, result.sha256) as path:
        wanted = queries.parse(queries.schema(path), limit=MOST_ROWS)
        with queries.read_rows(path, wanted) as page:
            names = [column.name for column in page.columns]
            return [dict(zip(names, row, strict=True)) for row in page.rows]


def _store(refresh: ValueRefresh, rows: Sequence[Mapping[str, Any]]) -> bool:
    now = clock.now()
    with transaction() as session:
        storing.lock(session, refresh.instance_id)  # first, as who deletes the instance does
        if not _claim(session, refresh, TAKEN, row_count=len(rows)):
            return False
        count = storing.store_seen(
            session, refresh.instance_id, read_rows(SOURCES[refresh.source], rows), now
        )
        storing.forget_unseen(session, refresh.instance_id, now - KEPT_FOR)
    log.info("values taken", instance=refresh.instance.instance_id, source=refresh.source, values=count)
    return True


def _end(refresh: ValueRefresh, state: str, **changes: Any) -> bool:
    with transaction() as session:
        return _claim(session, refresh, state, **changes)


def _claim(session: Session, refresh: ValueRefresh, state: str, **changes: Any) -> bool:
    result = session.execute(
        update(ValueRefresh)
        .where(ValueRefresh.id == refresh.id, ValueRefresh.state == OPEN)
        .values(state=state, ended_at=clock.now(), **changes)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker what an UPDATE gives
    return result.rowcount == 1


def _open(instance: AmcInstance) -> Select[str]:
    return select(ValueRefresh.source).where(
        ValueRefresh.instance_id == instance.id, ValueRefresh.state == OPEN
    )


def _templates() -> Select[QueryTemplate]:
    return (
        select(QueryTemplate)
        .where(QueryTemplate.library_key.in_(SOURCES))
        .order_by(QueryTemplate.library_key)
    )


def _order(template: QueryTemplate, instance: AmcInstance, user: User, triggered_by: str) -> Order:
    now = clock.now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    prepared = prepare(template, {}, window=Window(today - LOOK_BACK, today, "UTC"), as_of=now)
    return Order(
        template=template,
        instance=instance,
        user=user,
        sql=prepared.sql,
        window=prepared.window,
        values=prepared.given,
        triggered_by=triggered_by,
    )
