"""What the doors show of executions: one with all that belongs to it, lists, events."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from reportbuilder.accounts.permissions import Principal, Subject, ensure, missing
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.errors import Conflict, Gone, NotFound
from reportbuilder.executions.experience import lengths_of
from reportbuilder.executions.models import ExecutionEvent, ReportExecution, SubmissionIntent
from reportbuilder.executions.states import ACTIVE, IN_SLOT, RETRIED, phases_of
from reportbuilder.paging import read_page
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.results.models import ResultSet

TYPICAL_OF = 20  # how many past runs the typical duration is taken from
TYPICAL_OF_ALL = 1000  # how many are looked at for those of many templates
SORTS: dict[str, Any] = {
    "created_at": ReportExecution.created_at,
    "started_at": ReportExecution.started_at,
    "completed_at": ReportExecution.completed_at,
    "status": ReportExecution.state,
    "row_count": ReportExecution.row_count,
}


@dataclass(frozen=True)
class Criteria:
    """Which executions; None is no condition. ``instances``: the ids of those that the reader may see.

    ``is_active``: only those that have not ended.
    """

    instances: Sequence[UUID] | None = None
    instance_id: UUID | None = None
    report_id: UUID | None = None
    status: str | None = None
    triggered_by: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    is_active: bool = False


def find(session: Session, execution_id: str) -> ReportExecution:
    """Return one execution with its instance, template, report and user.

    :raises NotFound: if there is none of that id.
    """
    execution = session.scalars(
        select(ReportExecution).where(ReportExecution.execution_id == execution_id).options(*_whole())
    ).one_or_none()
    if execution is None:
        raise NotFound(f"there is no execution {execution_id}")
    return execution


def find_allowed(
    session: Session, principal: Principal, execution_id: str, permission: str = "execution:view"
) -> ReportExecution:
    """Return one execution, as `find` does, if somebody may do that with it.

    :raises NotFound: if there is none, or none that they may see.
    :raises NotPermitted: if it is visible and that is not allowed.
    """
    what = f"execution {execution_id}"
    try:
        row = find(session, execution_id)
    except NotFound:
        raise missing(what) from None
    ensure(principal, permission, Subject(instance_id=row.instance_id, owner_id=row.user_id), what)
    return row


def search(
    session: Session, criteria: Criteria, *, sort: str = "-created_at", page: int = 1, limit: int = 20
) -> tuple[list[ReportExecution], int]:
    """Return one page of executions and how many there are.

    Their SQL, their reports' values and all of their templates but the names are left out: they may be long,
    and are read when they are asked for, one by one.

    ``sort`` is a key of SORTS, ``-`` descending; those without a value come last either way.
    """
    wanted, tie = select(ReportExecution).where(*_conditions(criteria)), ReportExecution.id
    return read_page(session, wanted, SORTS, sort, tie=tie, page=page, limit=limit, options=_light())


def _whole() -> tuple[ORMOption, ...]:
    return (
        joinedload(ReportExecution.instance),
        joinedload(ReportExecution.template),
        joinedload(ReportExecution.report),
        joinedload(ReportExecution.user),
    )


def _light() -> tuple[ORMOption, ...]:
    report = joinedload(ReportExecution.report)
    return (
        defer(ReportExecution.sql_text),
        joinedload(ReportExecution.instance).lazyload(AmcInstance.account),
        joinedload(ReportExecution.template)
        .load_only(QueryTemplate.template_id, QueryTemplate.name)
        .lazyload(QueryTemplate.parameters),
        report.load_only(ReportDefinition.report_id, ReportDefinition.name, ReportDefinition.deleted_at),
        report.lazyload(ReportDefinition.template),
        report.lazyload(ReportDefinition.instance),
        report.lazyload(ReportDefinition.owner),
        joinedload(ReportExecution.user),
    )


def _conditions(criteria: Criteria) -> list[Any]:
    found: list[Any] = []
    if criteria.instances is not None:
        found.append(ReportExecution.instance_id.in_(criteria.instances))
    if criteria.instance_id is not None:
        found.append(ReportExecution.instance_id == criteria.instance_id)
    if criteria.report_id is not None:
        found.append(ReportExecution.report_id == criteria.report_id)
    if criteria.status is not None:
        found.append(ReportExecution.state.in_(phases_of(criteria.status)))
    if criteria.triggered_by is not None:
        found.append(ReportExecution.triggered_by == criteria.triggered_by)
    if criteria.is_active:
        found.append(ReportExecution.state.in_(ACTIVE))
    if criteria.start is not None:
        found.append(ReportExecution.created_at >= criteria.start)
    if criteria.end is not None:
        found.append(ReportExecution.created_at < criteria.end)
    return found


def events(session: Session, execution: ReportExecution) -> list[ExecutionEvent]:
    """Return what happened to an execution, oldest first."""
    found = select(ExecutionEvent).where(ExecutionEvent.execution_id == execution.id)
    return list(session.scalars(found.order_by(ExecutionEvent.id)))


def attempts(session: Session, execution: ReportExecution) -> list[SubmissionIntent]:
    """Return how often an execution was handed to AMC and what came of it, the first attempt first."""
    found = select(SubmissionIntent).where(SubmissionIntent.execution_id == execution.id)
    return list(session.scalars(found.order_by(SubmissionIntent.number)))


@dataclass(frozen=True)
class Kin:
    """The text ids of what an execution is a retry of, and of what has retried it, the first one first."""

    retry_of: str | None
    retried_by: tuple[str, ...]


def kin(session: Session, execution: ReportExecution) -> Kin:
    """Return which executions ran the same for the same reason before and after this one."""
    names = select(ReportExecution.execution_id)
    first = names.where(ReportExecution.id == execution.retry_of_id)
    before = session.scalar(first) if execution.retry_of_id else None
    if execution.state not in RETRIED:
        return Kin(before, ())
    report_id = execution.report_id
    # a retry is of the same report and younger, which an index knows; whose retry it is none does
    of_same = (
        ReportExecution.report_id.is_(None) if report_id is None else ReportExecution.report_id == report_id
    )
    younger = names.where(of_same, ReportExecution.created_at >= execution.created_at)
    after = younger.where(ReportExecution.retry_of_id == execution.id).order_by(ReportExecution.created_at)
    return Kin(before, tuple(session.scalars(after)))


def typical_duration(session: Session, template_id: UUID, instance_id: UUID) -> timedelta | None:
    """Return the median time from AMC's accept to our rows of the last runs, None if there were none."""
    lengths = lengths_of(session, instance_id, template_id, latest=TYPICAL_OF)
    return timedelta(seconds=median(lengths)) if lengths else None


def typical_durations(
    session: Session, template_ids: Collection[UUID], instances: Collection[UUID] | None
) -> dict[UUID, timedelta]:
    """Return the median time from AMC's accept to our rows by template, of what ran of late.

    :param instances: the ids of those that count; None: all.
    """
    conditions = [ReportExecution.state == "completed", ReportExecution.template_id.in_(template_ids)]
    if instances is not None:
        conditions.append(ReportExecution.instance_id.in_(instances))
    latest = (
        select(ReportExecution.template_id, ReportExecution.submitted_at, ReportExecution.completed_at)
        .where(*conditions)
        .order_by(ReportExecution.created_at.desc())
        .limit(TYPICAL_OF_ALL)
    )
    spans: dict[UUID, list[float]] = {}
    for template_id, began, ended in session.execute(latest):
        if began and ended:
            spans.setdefault(template_id, []).append((ended - began).total_seconds())
    return {
        template_id: timedelta(seconds=median(found[:TYPICAL_OF])) for template_id, found in spans.items()
    }


def latest_result(
    session: Session, template_id: UUID, instances: Collection[UUID] | None, *, most_bytes: int
) -> tuple[ReportExecution, ResultSet] | None:
    """Return the last execution of a template whose rows are still there, with their result set.

    :param instances: the ids of those that may be looked at; None: all.
    :param most_bytes: larger files are passed over, and so are those without rows.
    """
    wanted = (
        select(ReportExecution, ResultSet)
        .join(ResultSet, ResultSet.execution_id == ReportExecution.id)
        .options(joinedload(ReportExecution.instance))
        .where(
            ReportExecution.template_id == template_id,
            ReportExecution.state == "completed",
            ResultSet.removed_at.is_(None),
            ResultSet.row_count > 0,
            ResultSet.size_bytes <= most_bytes,
        )
    )
    if instances is not None:
        wanted = wanted.where(ReportExecution.instance_id.in_(instances))
    found = session.execute(wanted.order_by(ReportExecution.created_at.desc()).limit(1)).one_or_none()
    return None if found is None else (found[0], found[1])


def result_of(session: Session, execution: ReportExecution) -> ResultSet:
    """Return where the rows of a completed execution lie.

    :raises Conflict: if it is not completed. :raises Gone: if its rows have been removed.
    """
    if execution.state != "completed":
        raise Conflict(f"{execution.execution_id} is {execution.state}: it has no rows")
    found = session.scalars(select(ResultSet).where(ResultSet.execution_id == execution.id)).one_or_none()
    if found is None or found.removed_at is not None:
        raise Gone(f"the rows of {execution.execution_id} have been removed; run it again to get new ones")
    return found


def slots_in_use(session: Session, instance_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many executions of ours hold a slot, by instance."""
    return count_in(session, instance_ids, IN_SLOT)


def count_in(session: Session, instance_ids: Sequence[UUID], states: Collection[str]) -> dict[UUID, int]:
    """Return how many executions are in certain states, by instance; one that has none is left out."""
    rows = session.execute(
        select(ReportExecution.instance_id, func.count())
        .where(ReportExecution.instance_id.in_(instance_ids), ReportExecution.state.in_(states))
        .group_by(ReportExecution.instance_id)
    )
    return {row[0]: row[1] for row in rows}
