"""People, for admins: who there is, adding one, roles, shutting out, and what each may do where."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.account.frame import in_tab
from admin.account.profile import ROLES
from admin.answers import done
from admin.blueprint import pages
from admin.once import once
from reportbuilder import logs
from reportbuilder.accounts import grants, permissions, users
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import GRANTS, missing
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid

log = logs.get_logger(__name__)

HERE: Final = "People"
PERMISSION: Final = "user:manage"
WRONG: Final = 422
GENERATED_BYTES: Final = 12
ONE: Final = "/account/people/<uuid:user_id>"
_SWITCHED: Final = {
    True: "may sign in again; former tokens stay revoked",
    False: "is shut out, and all tokens are revoked",
}
_FIELDS: Final = ("email", "name", "role", "time_zone")


@dataclass(frozen=True)
class Added:
    """Somebody who has just been added, and the password to hand over; it is shown this once."""

    email: str
    password: str


@pages.get("/account/people")
def people() -> ResponseReturnValue:
    """List the people and what they may do where."""
    permissions.ensure(context.principal(), PERMISSION)
    return _page()


@pages.post("/account/people")
def add_person() -> ResponseReturnValue:
    """Add somebody with a password that stands on this answer and nowhere else."""
    permissions.ensure(context.principal(), PERMISSION)
    typed = {name: request.form.get(name, "").strip() for name in _FIELDS}
    password = secrets.token_urlsafe(GENERATED_BYTES)
    added: list[Added] = []
    try:
        with transaction() as session:

            def work() -> dict[str, Any]:
                more = {name: typed[name] for name in _FIELDS[1:]}
                user = users.create(session, typed["email"], password, **more)
                added.append(Added(user.email, password))
                return {"user_id": str(user.id)}

            once(session, typed, work)
    except (Invalid, Conflict) as error:
        return _page(error.details or {"email": [error.message]}, WRONG, typed)
    if not added:
        text = f"This form was sent twice; {typed['email']} has been added, and the password was shown then."
        return done(url_for("admin.people"), text, "warning")
    return _page(added=added[0])


@pages.get(ONE)
def person(user_id: UUID) -> ResponseReturnValue:
    """Show what somebody may do on which instance."""
    permissions.ensure(context.principal(), PERMISSION)
    with reading() as session:
        return _person(session, _find(session, user_id))


@pages.post(ONE)
def change_person(user_id: UUID) -> ResponseReturnValue:
    """Change somebody's role and grants."""
    permissions.ensure(context.principal(), PERMISSION)
    try:
        with transaction() as session:
            user = _find(session, user_id)
            if (role := request.form.get("role", user.role)) != user.role:
                _refuse_self(user, "Your own role")
                users.set_role(user, role)
            _set_grants(session, user, request.form)
    except (Invalid, Conflict) as error:
        with reading() as session:
            wrong = error.details or {"role": [error.message]}
            return _person(session, _find(session, user_id), wrong, WRONG, request.form)
    return done(url_for("admin.people"), f"{user.email} is changed; it holds from the next request on.")


@pages.post(f"{ONE}/active")
def switch_person(user_id: UUID) -> ResponseReturnValue:
    """Shut somebody out, or let them in again; tokens that were revoked stay so."""
    permissions.ensure(context.principal(), PERMISSION)
    is_active = request.form.get("is_active") == "1"
    try:
        with transaction() as session:
            user = _find(session, user_id)
            _refuse_self(user, "Your own access")
            if is_active:
                users.activate(user)
            else:
                users.deactivate(session, user)
    except Conflict as error:
        return done(url_for("admin.people"), error.message, "danger")
    return done(url_for("admin.people"), f"{user.email} {_SWITCHED[is_active]}.")


def _find(session: Session, user_id: UUID) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise missing("user")
    return user


def _refuse_self(user: User, what: str) -> None:
    """Do nothing if that is somebody else: who shuts out the last admin has nobody left to ask.

    :raises Conflict: if it is the reader.
    """
    if user.id == context.principal().user_id:
        raise Conflict(f"{what} is for another admin to change; ask one")


def _set_grants(session: Session, user: User, form: Mapping[str, str]) -> None:
    """Set what was changed in the form: ``grant.<AMC's id>`` is view, run or empty, ``held.`` what it showed.

    What was left as it was shown stays as it is: another admin may have changed it meanwhile.
    """
    for instance in _instances(session):
        wanted = form.get(f"grant.{instance.instance_id}")
        if wanted is None or wanted == form.get(f"held.{instance.instance_id}"):
            continue
        if wanted:
            grants.grant(session, user.id, instance.id, wanted)
        else:
            grants.withdraw(session, user.id, [instance.id])
        log.info("grant changed", user_id=str(user.id), instance_id=instance.instance_id, access=wanted)


def _instances(session: Session) -> Sequence[AmcInstance]:
    return session.scalars(select(AmcInstance).order_by(AmcInstance.instance_name, AmcInstance.id)).all()


def _person(
    session: Session,
    user: User,
    wrong: dict[str, list[str]] | None = None,
    status: int = 200,
    typed: Mapping[str, str] | None = None,
) -> Response:
    held, instances = grants.held(session, [user.id])[user.id], _instances(session)
    shown = {each.instance_id: held.get(each.id, "") for each in instances}
    typed = typed or {}
    return in_tab(
        "account/person.html",
        HERE,
        status,
        user=user,
        shown={id_: typed.get(f"held.{id_}", access) for id_, access in shown.items()},
        chosen={id_: typed.get(f"grant.{id_}", access) for id_, access in shown.items()},
        role=typed.get("role", user.role),
        instances=instances,
        roles=[(role, f"{role}: {said}") for role, said in ROLES.items()],
        accesses=[(access, {"view": "view", "run": "view and run"}[access]) for access in GRANTS],
        is_self=user.id == context.principal().user_id,
        wrong=wrong or {},
    )


def _page(
    wrong: dict[str, list[str]] | None = None,
    status: int = 200,
    typed: dict[str, str] | None = None,
    added: Added | None = None,
) -> Response:
    with reading() as session:
        rows = users.everybody(session)
        held = grants.held(session, [row.id for row in rows])
        names = {row.id: row.instance_name for row in _instances(session)}
    return in_tab(
        "account/people.html",
        HERE,
        status,
        people=[(row, _words(row, held[row.id], names)) for row in rows],
        own=context.principal().user_id,
        roles=[(role, f"{role}: {said}") for role, said in ROLES.items()],
        added=added,
        wrong=wrong or {},
        typed=typed or _empty(),
    )


def _empty() -> dict[str, str]:
    return {"email": "", "name": "", "role": "analyst", "time_zone": context.principal().time_zone}


def _words(user: User, held: Mapping[UUID, str], names: Mapping[UUID, str]) -> str:
    if user.role == "admin":
        return "all instances"
    found = sorted((names[row_id], access) for row_id, access in held.items() if row_id in names)
    return ", ".join(f"{name} ({access})" for name, access in found) or "no instance yet"
