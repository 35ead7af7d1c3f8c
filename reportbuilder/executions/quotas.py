"""Limits beside the slots of an instance: how many at once on an account, how many a day on an instance."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.amc.models import AmcAccount, AmcInstance
from reportbuilder.errors import TooMany
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import IN_SLOT
from reportbuilder.settings import Settings

FOREIGN_COUNTS_FOR = timedelta(minutes=2)  # after that what others ran at the last look is no news
_PEOPLE = ("manual", "api")


def lock_account(session: Session, instance_id: str, *, shared: bool = False) -> None:
    """Keep others from giving away slots of an instance's account until the end of this transaction.

    ``shared``: keep only those out who pause everything. Whoever locks an instance as well does it after
    this; nobody locks two accounts but in order of their ids.
    """
    session.execute(
        select(AmcAccount.id)
        .join(AmcInstance, AmcInstance.account_id == AmcAccount.id)
        .where(AmcInstance.instance_id == instance_id)
        .with_for_update(of=AmcAccount, read=shared, key_share=not shared)
    ).all()


def foreign_on(instance: AmcInstance) -> int:
    """Return how many that are not ours run on an instance, as far as the last look is news."""
    fresh = instance.looked_at is not None and clock.now() - instance.looked_at < FOREIGN_COUNTS_FOR
    return instance.foreign_running if fresh else 0


def held_by_accounts(session: Session, account_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return how many run at once on all instances of each account, others' included."""
    wanted = list(account_ids)
    ours = (
        select(AmcInstance.account_id, func.count())
        .join(ReportExecution, ReportExecution.instance_id == AmcInstance.id)
        .where(AmcInstance.account_id.in_(wanted), ReportExecution.state.in_(IN_SLOT))
        .group_by(AmcInstance.account_id)
    )
    others = (
        select(AmcInstance.account_id, func.sum(AmcInstance.foreign_running))
        .where(
            AmcInstance.account_id.in_(wanted),
            AmcInstance.foreign_running > 0,
            AmcInstance.looked_at > clock.now() - FOREIGN_COUNTS_FOR,
        )
        .group_by(AmcInstance.account_id)
    )
    found = dict.fromkeys(wanted, 0)
    for account_id, count in [*session.execute(ours), *session.execute(others)]:
        found[account_id] += int(count)
    return found


def account_left(session: Session, account_id: UUID, account_slots: int) -> int | None:
    """Return how many more may run at once on an account; None for any number."""
    if not account_slots:
        return None
    ours, others = _held(account_id)
    counted = select(func.coalesce(ours.scalar_subquery(), 0) + func.coalesce(others.scalar_subquery(), 0))
    return max(0, account_slots - int(session.scalar(counted) or 0))


def _held(account_id: UUID) -> tuple[Select[Any], Select[Any]]:
    """Select how many of ours run on an account, and how many of others'."""
    mine = AmcInstance.account_id == account_id
    ours = (
        select(func.count())
        .select_from(ReportExecution)
        .join(AmcInstance, AmcInstance.id == ReportExecution.instance_id)
        .where(mine, ReportExecution.state.in_(IN_SLOT))
    )
    others = select(func.sum(AmcInstance.foreign_running)).where(
        mine, AmcInstance.looked_at > clock.now() - FOREIGN_COUNTS_FOR
    )
    return ours, others


def daily_runs(instance: AmcInstance, default: int) -> int:
    """Return how many runs an instance may have a day, 0 for any number."""
    return default if instance.daily_runs is None else instance.daily_runs


def runs_left(session: Session, instance: AmcInstance, default: int) -> int | None:
    """Return how many runs may still be submitted today (UTC) on an instance; None for any number.

    What AMC has accepted today counts, whatever became of it, and what is just being submitted.
    """
    budget = daily_runs(instance, default)
    if not budget:
        return None
    return max(0, budget - runs_today(session, [instance.id]).get(instance.id, 0))


def with_runs_left(session: Session, instances: Sequence[AmcInstance], default: int) -> list[AmcInstance]:
    """Return those of several instances on which runs may still be submitted today, in one query."""
    budgets = {one.id: daily_runs(one, default) for one in instances}
    today = runs_today(session, [row_id for row_id, budget in budgets.items() if budget])
    return [one for one in instances if not budgets[one.id] or today.get(one.id, 0) < budgets[one.id]]


def runs_today(session: Session, instance_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return how many runs of this UTC day each instance has had; one that has had none is left out."""
    wanted = list(instance_ids)
    if not wanted:
        return {}
    accepted = (
        select(ReportExecution.instance_id, func.count())
        .where(
            ReportExecution.instance_id.in_(wanted),
            ReportExecution.submitted_at >= midnight(clock.now()) - timedelta(days=1),
            ReportExecution.packed_in_id.is_(None),
        )
        .group_by(ReportExecution.instance_id)
    )
    on_the_way = (
        select(ReportExecution.instance_id, func.count())
        .where(ReportExecution.instance_id.in_(wanted), ReportExecution.state == "submitting")
        .group_by(ReportExecution.instance_id)
    )
    found: dict[UUID, int] = {}
    for instance_id, count in [*session.execute(accepted), *session.execute(on_the_way)]:
        found[instance_id] = found.get(instance_id, 0) + count
    return found


def midnight(now: datetime) -> datetime:
    """Return the next midnight UTC.

    >>> from datetime import UTC
    >>> midnight(datetime(2026, 3, 4, 12, tzinfo=UTC)).isoformat()
    '2026-03-05T00:00:00+00:00'
    """
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def ensure_runs_left(session: Session, instance: AmcInstance, settings: Settings) -> None:
    """Do nothing if a run that a person or a program asks for now can be submitted today.

    What people have asked for and what waits counts as well; schedules and backfills wait for the next day.

    :raises TooMany: with the seconds until the next day (UTC) begins.
    """
    left = runs_left(session, instance, settings.instance_daily_runs)
    if left is None:
        return
    waiting = select(func.count()).where(
        ReportExecution.instance_id == instance.id,
        ReportExecution.state == "pending",
        ReportExecution.triggered_by.in_(_PEOPLE),
    )
    if left <= (session.scalar(waiting) or 0):
        now = clock.now()
        budget, again = daily_runs(instance, settings.instance_daily_runs), midnight(now)
        raise TooMany(
            f"{instance.instance_id} may have {budget} runs a day (UTC), and they are used up; ask again "
            f"after {again:%Y-%m-%d %H:%M} UTC, or have the instance's budget raised",
            retry_after=(again - now).total_seconds(),
        )
