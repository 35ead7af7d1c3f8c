"""Creating, changing and deleting reports, and what a report means at a moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.preparing import USUAL, Prepared, prepare, prepare_each
from reportbuilder.errors import Conflict
from reportbuilder.parameters.rendering import Limits
from reportbuilder.parameters.windows import LAG_DAYS, Window, parse_window
from reportbuilder.reports.models import FREQUENCIES, ReportDefinition
from reportbuilder.reports.wishes import CHANGED, CREATED, read_fields, read_wish


@dataclass(frozen=True)
class Terms:
    """By what a report is judged: the instant, and what the deployment allows."""

    as_of: datetime
    limits: Limits = USUAL
    lag_days: int = LAG_DAYS


def create(
    session: Session,
    data: Mapping[str, Any],
    *,
    owner: User,
    template: QueryTemplate,
    instance: AmcInstance,
    terms: Terms,
) -> ReportDefinition:
    """Create a report, wholly or not at all.

    ``data``: name, and if wanted description, parameters, time_window, timezone (else the owner's),
    frequency, is_active. The values must fit the template, and its SQL with them must render, now.

    :raises Invalid: with everything that is wrong, by field.
    :raises Conflict: if the owner has a report of that name on this instance.
    """
    report = draft(
        session, {"name": None, **data}, owner=owner, template=template, instance=instance, terms=terms
    )
    session.add(report)
    session.flush()
    return report


def draft(
    session: Session,
    data: Mapping[str, Any],
    *,
    owner: User,
    template: QueryTemplate,
    instance: AmcInstance,
    terms: Terms,
) -> ReportDefinition:
    """Return the report that `create` would make, judged as a whole and not stored: what a preview shows.

    Its name may be left out.

    :raises Invalid: as `create`. :raises Conflict: as `create`.
    """
    values = read_fields({"timezone": owner.time_zone, **data}, CREATED, FREQUENCIES)
    report = ReportDefinition(
        id=uuid4(),
        template_id=template.id,
        instance_id=instance.id,
        owner_id=owner.id,
        parameters={},
        time_window=None,
    )
    report.template, report.instance, report.owner = template, instance, owner
    _apply(session, report, values, terms, is_new=True)
    return report


def change(
    session: Session,
    report: ReportDefinition,
    data: Mapping[str, Any],
    *,
    terms: Terms,
    by: str | None = None,
) -> ReportDefinition:
    """Change what is given of name, description, parameters, time_window, timezone, is_active.

    ``parameters`` and ``time_window`` are replaced as wholes, and the whole is judged anew if one of these or
    the zone changes.

    :param by: who does so, for those who have the same report open in a form.
    :raises Invalid: with everything that is wrong, by field. :raises Conflict: if the name is taken.
    """
    values = read_fields(data, CHANGED, FREQUENCIES)
    _apply(session, report, values, terms)
    report.changed_by, report.changed_at = by, clock.now()
    session.flush()
    return report


def delete(session: Session, report: ReportDefinition, *, busy: bool) -> None:
    """Delete a report; its executions and their rows stay readable, and :func:`restore` takes it back.

    :param busy: whether something of it waits or runs, which the caller knows.
    :raises Conflict: if so.
    """
    if busy:
        raise Conflict(f"{report.name!r} has executions that have not ended; wait for them, or cancel them")
    report.deleted_at = clock.now()
    session.flush()


def restore(session: Session, report: ReportDefinition) -> None:
    """Let a deleted report be there again, as it was, marks included.

    :raises Conflict: if its owner has given its name to another one meanwhile.
    """
    refuse_taken(session, report.owner, report.instance, report.name, but=report)
    report.deleted_at = None
    session.flush()


def window_of(report: ReportDefinition, terms: Terms, wish: Mapping[str, Any] | None = None) -> Window:
    """Return the window that the report means at an instant; ``wish`` takes the place of its own for once.

    :raises Invalid: with ``details`` under ``time_window``.
    """
    return parse_window(
        report.time_window if wish is None else wish,
        as_of=terms.as_of,
        default_zone=report.timezone,
        lag_days=terms.lag_days,
    )


def prepare_run(
    report: ReportDefinition,
    terms: Terms,
    *,
    parameters: Mapping[str, Any] | None = None,
    window: Window | None = None,
) -> Prepared:
    """Return what a run of the report would send at an instant.

    :param parameters: values for this run alone, over the report's own; None for one means its default.
    :param window: a window for this run alone, such as a segment's.
    :raises Invalid: also when the template has changed so that the stored values fit no more.
    """
    return prepare(
        report.template,
        {**report.parameters, **(parameters or {})},
        window=window or window_of(report, terms),
        as_of=terms.as_of,
        limits=terms.limits,
        lag_days=terms.lag_days,
    )


def prepare_runs(report: ReportDefinition, terms: Terms, windows: Sequence[Window]) -> tuple[Prepared, ...]:
    """Return what runs of the report would send for many windows of one zone.

    :raises Invalid: also when the template has changed so that the stored values fit no more.
    """
    return prepare_each(
        report.template,
        report.parameters,
        windows,
        as_of=terms.as_of,
        limits=terms.limits,
        lag_days=terms.lag_days,
    )


def _apply(
    session: Session, report: ReportDefinition, values: dict[str, Any], terms: Terms, *, is_new: bool = False
) -> None:
    """Write the fields into the report and judge the whole; nothing is written if anything is wrong."""
    if is_new or {"parameters", "time_window", "timezone"} & set(values):
        zone, wish = values.get("timezone", report.timezone), report.time_window
        if "time_window" in values:
            wish = read_wish(values["time_window"], zone=zone, lag_days=terms.lag_days)
        prepared = prepare(
            report.template,
            values.get("parameters", report.parameters),
            window=parse_window(wish, as_of=terms.as_of, default_zone=zone, lag_days=terms.lag_days),
            as_of=terms.as_of,
            limits=terms.limits,
            lag_days=terms.lag_days,
        )
        values |= {"parameters": prepared.given, "time_window": wish}
    if "name" in values:
        refuse_taken(session, report.owner, report.instance, values["name"], but=report)
    for name, value in values.items():
        setattr(report, name, value)


def refuse_taken(
    session: Session,
    owner: User,
    instance: AmcInstance,
    name: str,
    *,
    but: ReportDefinition | None = None,
) -> None:
    """Do nothing if the owner has no report of that name on the instance, but for one that is renamed.

    :raises Conflict: if there is one.
    """
    # two requests at once for one owner wait here for each other, as SQLite's transactions do anyway
    session.execute(select(User.id).where(User.id == owner.id).with_for_update())
    taken = select(ReportDefinition.id).where(
        ReportDefinition.owner_id == owner.id,
        ReportDefinition.instance_id == instance.id,
        func.lower(ReportDefinition.name) == func.lower(name),
        ReportDefinition.deleted_at.is_(None),
    )
    if set(session.scalars(taken)) - {but.id if but else None}:
        raise Conflict(f"you have a report {name!r} on this instance; choose another name")
