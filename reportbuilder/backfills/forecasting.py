"""When a backfill will be finished, from the slots as they are and from how long its template takes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.amc.models import AmcInstance
from reportbuilder.backfills.estimates import TYPICAL, Budget, Durations, Load, estimate_finish
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.older.files import read_object
from reportbuilder.executions import quotas
from reportbuilder.executions.experience import lengths_of
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.standing import standing
from reportbuilder.executions.states import IN_SLOT
from reportbuilder.settings import Settings

SAMPLES = 200


@dataclass(frozen=True, slots=True)
class Forecast:
    """When it may be finished: as likely before as after ``expected``, at 80 % between the other two."""

    expected: datetime
    earliest: datetime
    latest: datetime


def limit_of(instance: AmcInstance, default_slots: int) -> int:
    """Return how many executions an instance runs at once."""
    return instance.slots if instance.slots is not None else default_slots


def forecast(
    session: Session,
    template: QueryTemplate,
    instance: AmcInstance,
    *,
    waiting: int,
    concurrency: int | None,
    settings: Settings,
    collection_id: UUID | None = None,
) -> Forecast:
    """Foresee the end of a backfill that still has ``waiting`` runs to ask for."""
    load = _load(session, instance, waiting, concurrency, settings, collection_id)
    left = estimate_finish(load, durations_of(session, template, instance))
    now = clock.now()
    return Forecast(now + left.expected, now + left.earliest, now + left.latest)


def durations_of(session: Session, template: QueryTemplate, instance: AmcInstance) -> Durations:
    """Return how long the last 200 runs of a template took on an instance, from AMC's accept to our rows."""
    lengths = lengths_of(session, instance.id, template.id, latest=SAMPLES)
    return Durations(tuple(lengths), _typical(template))


def _typical(template: QueryTemplate) -> float:
    about = read_object(template.report_config).get("about")
    minutes = about.get("typical_minutes") if isinstance(about, dict) else None
    return 60.0 * minutes if isinstance(minutes, int | float) and minutes > 0 else TYPICAL


def _load(
    session: Session,
    instance: AmcInstance,
    waiting: int,
    concurrency: int | None,
    settings: Settings,
    collection_id: UUID | None,
) -> Load:
    stand = standing(session, instance, settings.instance_slots)
    own = _own(session, collection_id) if collection_id else []
    held = [since for state, since in own if state in IN_SLOT]
    now, others = clock.now(), sum(1 for one in stand.waiting if one.trigger != "backfill")
    return Load(
        waiting=waiting + sum(1 for state, _ in own if state == "pending"),
        slots=max(1, stand.limit),
        concurrency=concurrency or max(1, stand.limit),
        taken=max(0, len(stand.holding) + stand.foreign - len(held)),
        elapsed=tuple((now - (since or now)).total_seconds() for since in held),
        others_wait=others > 0,
        budget=_budget(session, instance, settings.instance_daily_runs, others, now),
    )


def _budget(
    session: Session, instance: AmcInstance, default: int, others: int, now: datetime
) -> Budget | None:
    """Return the instance's runs of the days; ``others`` that wait have theirs before the backfill."""
    left = quotas.runs_left(session, instance, default)
    if left is None:
        return None
    seconds = (quotas.midnight(now) - now).total_seconds()
    return Budget(max(0, left - others), quotas.daily_runs(instance, default), seconds)


def _own(session: Session, collection_id: UUID) -> list[tuple[str, datetime | None]]:
    rows = session.execute(
        select(ReportExecution.state, ReportExecution.submitted_at).where(
            ReportExecution.collection_id == collection_id,
            ReportExecution.state.in_({*IN_SLOT, "pending"}),
        )
    )
    return [(row[0], row[1]) for row in rows]
