"""Grants: what a user may see and run on which instance, and the principal that comes of it."""

from collections.abc import Collection
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from reportbuilder.accounts.models import InstanceGrant, User
from reportbuilder.accounts.permissions import GRANTS, SCOPES, WHOLE_SCOPE, Principal
from reportbuilder.errors import Invalid


def principal_of(session: Session, user: User, scope: str = WHOLE_SCOPE) -> Principal:
    """Return who asks, with all grants loaded, so that permissions can be decided without the database."""
    return principals_of(session, [user], scope)[user.id]


def principals_of(
    session: Session, users: Collection[User], scope: str = WHOLE_SCOPE
) -> dict[UUID, Principal]:
    """Return several who ask, by their ids, in one query."""
    if scope not in SCOPES:
        raise ValueError(f"{scope!r} is no scope")
    found = held(session, [user.id for user in users])
    return {user.id: _principal(user, scope, found[user.id]) for user in users}


def _principal(user: User, scope: str, granted: dict[UUID, str]) -> Principal:
    return Principal(
        user_id=user.id,
        email=user.email,
        role=user.role,
        name=user.name,
        scope=scope,
        time_zone=user.time_zone,
        grants=MappingProxyType(granted),
    )


def visible(principal: Principal, column: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Return the condition that keeps the rows whose instance (its row id in ``column``) one may see."""
    if principal.sees_all:
        return true()
    return column.in_(_instances_of(principal.user_id))


def held(session: Session, user_ids: Collection[UUID]) -> dict[UUID, dict[UUID, str]]:
    """Return what users may do on which instances, by their row ids."""
    found: dict[UUID, dict[UUID, str]] = {user_id: {} for user_id in user_ids}
    columns = (InstanceGrant.user_id, InstanceGrant.instance_id, InstanceGrant.access)
    for user_id, instance_id, access in session.execute(
        select(*columns).where(InstanceGrant.user_id.in_(found))
    ):
        found[user_id][instance_id] = access
    return found


def readers_of(session: Session, instance_id: UUID, most: int) -> list[tuple[User, str]]:
    """Return who may see what lies on an instance, by name: each active user with ``view`` or ``run``.

    Admins see all and run all. At most so many.
    """
    of_instance = (InstanceGrant.user_id == User.id) & (InstanceGrant.instance_id == instance_id)
    rows = session.execute(
        select(User, InstanceGrant.access)
        .outerjoin(InstanceGrant, of_instance)
        .where(User.is_active, InstanceGrant.access.is_not(None) | (User.role == "admin"))
        .order_by(func.lower(User.name), User.email)
        .limit(most)
    )
    return [(user, "run" if user.role == "admin" else access) for user, access in rows]


def grant(session: Session, user_id: UUID, instance_id: UUID, access: str) -> None:
    """Let a user ``view`` an instance, or also ``run`` on it; replaces what was granted before.

    :raises Invalid: if there is no such access.
    """
    if access not in GRANTS:
        raise Invalid.field("access", f"{access!r} is not one of {', '.join(GRANTS)}")
    row = session.scalar(
        select(InstanceGrant).where(
            InstanceGrant.user_id == user_id, InstanceGrant.instance_id == instance_id
        )
    )
    if row is None:
        session.add(InstanceGrant(user_id=user_id, instance_id=instance_id, access=access))
    else:
        row.access = access
    session.flush()


def withdraw(session: Session, user_id: UUID, instance_ids: Collection[UUID]) -> int:
    """Take grants away; return how many there were."""
    statement = delete(InstanceGrant).where(
        InstanceGrant.user_id == user_id, InstanceGrant.instance_id.in_(instance_ids)
    )
    return session.connection().execute(statement).rowcount


def _instances_of(user_id: UUID) -> Select[UUID]:
    return select(InstanceGrant.instance_id).where(InstanceGrant.user_id == user_id)
