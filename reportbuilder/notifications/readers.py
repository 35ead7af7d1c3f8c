"""Who may still be told: active, and allowed to see the report's instance; asked for many at once."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder.accounts.models import InstanceGrant, User
from reportbuilder.reports.models import ReportDefinition


@dataclass(frozen=True)
class Readers:
    """Some users and what they were granted, as of now."""

    users: dict[UUID, User]
    grants: frozenset[tuple[UUID, UUID]]

    def why_not(self, user_id: UUID, report: ReportDefinition | None) -> str | None:
        """Return why a user is not told of a report (of none: whether at all), None if nothing is against."""
        user = self.users.get(user_id)
        if user is None or not user.is_active:
            return "the user has been deactivated"
        if report is None:
            return None
        if report.deleted_at is not None:
            return "the report has been deleted"
        if user.role != "admin" and (user_id, report.instance_id) not in self.grants:
            return "the user may not see the report's instance any more"
        return None


def load(session: Session, user_ids: Iterable[UUID], instance_ids: Collection[UUID]) -> Readers:
    """Load these users and what they are granted on these instances."""
    ids = set(user_ids)
    users = {user.id: user for user in session.scalars(select(User).where(User.id.in_(ids)))}
    grants = session.execute(
        select(InstanceGrant.user_id, InstanceGrant.instance_id).where(
            InstanceGrant.user_id.in_(ids), InstanceGrant.instance_id.in_(instance_ids)
        )
    )
    return Readers(users, frozenset((row[0], row[1]) for row in grants))
