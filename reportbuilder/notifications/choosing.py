"""What a user has chosen to be told: of the own reports in general, and of a report in particular."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from reportbuilder.accounts.models import User
from reportbuilder.notifications import channels
from reportbuilder.notifications.models import NotificationRule
from reportbuilder.notifications.rules import OWNERS, Want, read_wants
from reportbuilder.reports.models import ReportDefinition


@dataclass(frozen=True)
class Choice:
    """What holds for a user: ``source`` is ``report``, ``default`` (the user's own) or ``usual`` (ours)."""

    source: str
    is_muted: bool
    wants: tuple[Want, ...]

    @property
    def told(self) -> tuple[Want, ...]:
        """What is really told."""
        return () if self.is_muted else self.wants


def choice_of(
    report: ReportDefinition | None, user_id: UUID, rules: Mapping[UUID | None, NotificationRule]
) -> Choice:
    """Return what holds for a user: the rule of the report, or for an owner the default, or what is usual.

    :param rules: the user's rules by the row id of the report, None for the default.
    """
    if report is not None and report.id in rules:
        return _of("report", rules[report.id])
    if report is not None and report.owner_id != user_id:
        return Choice("usual", is_muted=False, wants=())
    return _of("default", rules[None]) if None in rules else Choice("usual", is_muted=False, wants=OWNERS)


def read(session: Session, user_id: UUID, report: ReportDefinition | None = None) -> Choice:
    """Return what holds for a user, of a report or in general."""
    of = [None] if report is None else [None, report.id]
    found = session.scalars(select(NotificationRule).where(NotificationRule.user_id == user_id)).all()
    return choice_of(report, user_id, {row.report_id: row for row in found if row.report_id in of})


def choose(
    session: Session, user_id: UUID, values: Mapping[str, Any], report: ReportDefinition | None = None
) -> Choice:
    """Set a user's rule, of a report or in general; ``wants`` replaces all that there were.

    :raises Invalid: naming what does not fit.
    """
    wants = read_wants(values["wants"])
    channels.ensure_known(session, user_id, [want.channel_id for want in wants])
    session.get_one(User, user_id, with_for_update=True)  # two that set the same rule wait for each other
    report_id = report.id if report else None
    row = session.scalar(_rule(user_id, report_id))
    if row is None:
        row = NotificationRule(user_id=user_id, report_id=report_id)
        session.add(row)
    row.is_muted, row.wants = values.get("is_muted", False), [want.to_json() for want in wants]
    session.flush()
    return read(session, user_id, report)


def forget(session: Session, user_id: UUID, report: ReportDefinition | None = None) -> None:
    """Take a rule back: of a report the default holds again, of all what is usual."""
    row_id = report.id if report else None
    session.execute(
        delete(NotificationRule).where(
            NotificationRule.user_id == user_id, NotificationRule.report_id.is_not_distinct_from(row_id)
        )
    )


def _rule(user_id: UUID, report_id: UUID | None) -> Any:
    return select(NotificationRule).where(
        NotificationRule.user_id == user_id, NotificationRule.report_id.is_not_distinct_from(report_id)
    )


def _of(source: str, row: NotificationRule) -> Choice:
    stored: Sequence[Mapping[str, Any]] = row.wants
    wants = tuple(Want(want["channel_id"], tuple(want["kinds"]), want["pace"]) for want in stored)
    return Choice(source, row.is_muted, wants)
