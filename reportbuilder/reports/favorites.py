"""The reports that somebody marked."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reportbuilder.reports.models import ReportDefinition, ReportFavorite


def mark(session: Session, user_id: UUID, report: ReportDefinition) -> None:
    """Mark a report for a user; marking it again changes nothing."""
    if marked(session, user_id, [report.id]):
        return
    try:
        with session.begin_nested():
            session.add(ReportFavorite(user_id=user_id, report_id=report.id))
    except IntegrityError:
        return  # the same user did it a moment ago in another window


def unmark(session: Session, user_id: UUID, report: ReportDefinition) -> None:
    """Take a user's mark away, if there is one."""
    session.execute(
        delete(ReportFavorite).where(ReportFavorite.user_id == user_id, ReportFavorite.report_id == report.id)
    )


def marked(session: Session, user_id: UUID, report_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these reports a user has marked."""
    return set(
        session.scalars(
            select(ReportFavorite.report_id).where(
                ReportFavorite.user_id == user_id, ReportFavorite.report_id.in_(report_ids)
            )
        )
    )
