"""Value sets: values of a template under a name, for who saves them or for all who see an instance."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, false, func, or_, select
from sqlalchemy.orm import Session

from reportbuilder.accounts import permissions
from reportbuilder.accounts.grants import visible
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Principal, Subject, missing
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate, QueryTemplateInstance
from reportbuilder.catalog.saving import LONGEST_NAME, MOST_SETS
from reportbuilder.errors import Conflict, Invalid
from reportbuilder.parameters.values import is_text

ValueSet = QueryTemplateInstance
NAME: Final = "set_name"
WHAT: Final = "saved values"


def of_template(
    session: Session, principal: Principal, template: QueryTemplate, instance: AmcInstance | None = None
) -> list[ValueSet]:
    """Return one's own sets of a template, then those that others share on the instance; each by name."""
    shared = false() if instance is None else ValueSet.shared_on_id == instance.id
    wanted = select(ValueSet).where(
        ValueSet.template_id == template.id, _seen_by(principal), or_(_own(principal), shared)
    )
    rows = session.scalars(wanted.order_by(func.lower(ValueSet.instance_name), ValueSet.id)).all()
    return sorted(rows, key=lambda row: row.user_id != principal.user_id)


def find(session: Session, principal: Principal, set_id: str) -> ValueSet:
    """Return a set that the principal may see: their own, or one shared on an instance of theirs.

    :raises NotFound: if there is none.
    """
    row = session.scalar(select(ValueSet).where(ValueSet.set_id == set_id, _seen_by(principal)))
    if row is None:
        raise missing(WHAT)
    return row


def save(
    session: Session,
    principal: Principal,
    template: QueryTemplate,
    name: str,
    values: Mapping[str, Any],
    *,
    time_window: Mapping[str, Any] | None = None,
    shared_on: AmcInstance | None = None,
) -> ValueSet:
    """Save values under a name; one's own set of that name is replaced, and stays shared if it is.

    :param values: as the template's form dumps them. :param time_window: as it was asked for.
    :raises Invalid: for a name that is none, and if there are too many sets.
    """
    permissions.ensure(principal, "valueset:save", Subject(owner_id=principal.user_id), WHAT)
    _ensure_may_share(principal, shared_on)
    name = read_name(name)
    own = _own_ones(session, principal, template)
    row = own.get(name.lower())
    if row is None:
        if len(own) >= MOST_SETS:
            raise Invalid.field(NAME, f"you have {MOST_SETS} sets for this template; delete one")
        row = ValueSet(template_id=template.id, user_id=principal.user_id)
        session.add(row)
    row.instance_name, row.saved_parameters = name, dict(values)
    row.time_window = dict(time_window) if time_window else None
    if shared_on is not None:
        _share(session, row, shared_on)
    session.flush()
    return row


def rename(session: Session, principal: Principal, row: ValueSet, name: str) -> None:
    """Give a set another name.

    :raises Invalid: for a name that is none. :raises Conflict: if its owner has another one of that name.
    """
    _ensure_may_change(principal, row)
    name = read_name(name)
    taken = select(ValueSet.id).where(
        ValueSet.template_id == row.template_id,
        ValueSet.user_id == row.user_id,
        func.lower(ValueSet.instance_name) == func.lower(name),
        ValueSet.id != row.id,
    )
    if session.scalar(taken.limit(1)) is not None:
        raise Conflict(f"there are saved values {name!r} already; choose another name")
    row.instance_name = name
    session.flush()


def share(session: Session, principal: Principal, row: ValueSet, instance: AmcInstance | None) -> None:
    """Let those who see an instance see a set; None keeps it to its owner.

    :raises NotFound: if it is an instance that the principal may not see.
    """
    _ensure_may_change(principal, row)
    _ensure_may_share(principal, instance)
    _share(session, row, instance)


def delete(session: Session, principal: Principal, row: ValueSet) -> None:
    """Delete a set; reports that were made from it stay as they are."""
    _ensure_may_change(principal, row)
    session.delete(row)
    session.flush()


def may_change(principal: Principal, row: ValueSet) -> bool:
    """Say whether the principal may rename, share and delete a set."""
    return permissions.may(principal, "valueset:change", _subject(row))


def read_name(name: object) -> str:
    """Return a name without the blanks around it.

    :raises Invalid: under ``set_name``.
    """
    text = name.strip() if isinstance(name, str) and is_text(name) else ""
    if not text:
        raise Invalid.field(NAME, "a name is needed, to find them again; give one")
    if len(text) > LONGEST_NAME:
        raise Invalid.field(NAME, f"it has {len(text)} characters; {LONGEST_NAME} are allowed")
    return text


def _ensure_may_change(principal: Principal, row: ValueSet) -> None:
    permissions.ensure(principal, "valueset:change", _subject(row), WHAT)


def _ensure_may_share(principal: Principal, instance: AmcInstance | None) -> None:
    if instance is not None:
        permissions.ensure(principal, "instance:view", Subject(instance_id=instance.id), "instance")


def _share(session: Session, row: ValueSet, instance: AmcInstance | None) -> None:
    row.shared_on_id = instance.id if instance else None
    row.shared_on = instance
    session.flush()


def _subject(row: ValueSet) -> Subject:
    return Subject(instance_id=row.shared_on_id, owner_id=row.user_id)


def _own(principal: Principal) -> ColumnElement[bool]:
    return ValueSet.user_id == principal.user_id


def _seen_by(principal: Principal) -> ColumnElement[bool]:
    if principal.sees_all:
        return or_(_own(principal), ValueSet.shared_on_id.is_not(None))
    shared: Any = ValueSet.shared_on_id  # may be empty, and an empty one is nobody's instance
    return or_(_own(principal), visible(principal, shared))


def _own_ones(session: Session, principal: Principal, template: QueryTemplate) -> dict[str, ValueSet]:
    # two who save at once for one owner wait here for each other, as SQLite's transactions do anyway
    session.execute(select(User.id).where(User.id == principal.user_id).with_for_update())
    rows = session.scalars(
        select(ValueSet).where(ValueSet.template_id == template.id, _own(principal)).order_by(ValueSet.id)
    )
    return {row.instance_name.lower(): row for row in rows}
