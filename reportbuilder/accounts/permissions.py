"""Who may do what: permission names, the role table as data, and the rule that decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from uuid import UUID

from reportbuilder.errors import NotFound, NotPermitted

ROLES: Final = ("viewer", "analyst", "editor", "admin")
SCOPES: Final = ("read", "run", "admin")
GRANTS: Final = ("view", "run")

WHOLE_SCOPE: Final = SCOPES[-1]  # what a person has who signed in at the console


@dataclass(frozen=True)
class Rule:
    """What a permission takes: at least ``role``, ``scope`` and, for what lies on an instance, ``grant``.

    ``others``: the role from which on one may do it with what belongs to somebody else.
    """

    role: str
    scope: str
    grant: str = "view"
    others: str = "viewer"


PERMISSIONS: Final[dict[str, Rule]] = {
    "template:view": Rule("viewer", "read"),
    "template:publish": Rule("editor", "admin", others="admin"),
    "template:delete": Rule("editor", "admin", others="admin"),
    "template:lint": Rule("editor", "read"),
    "instance:view": Rule("viewer", "read"),
    "instance:run": Rule("analyst", "run", "run"),
    "report:view": Rule("viewer", "read"),
    "report:create": Rule("analyst", "run", "run"),
    "report:run": Rule("analyst", "run", "run"),
    "report:change": Rule("analyst", "run", "run", others="editor"),
    "report:delete": Rule("analyst", "run", "run", others="editor"),
    "schedule:change": Rule("analyst", "run", "run", others="editor"),
    "backfill:start": Rule("analyst", "run", "run"),
    "backfill:change": Rule("analyst", "run", "run", others="editor"),
    "instance:pause": Rule("editor", "run", "run"),
    "everything:pause": Rule("admin", "admin"),
    "execution:view": Rule("viewer", "read"),
    "execution:cancel": Rule("analyst", "run", "run", others="editor"),
    "execution:retry": Rule("analyst", "run", "run"),
    "notification:view": Rule("viewer", "read"),
    "notification:change": Rule("viewer", "run"),
    "notification:oversee": Rule("admin", "read"),
    "value:view": Rule("viewer", "read"),
    "value:refresh": Rule("analyst", "run", "run"),
    "value:upload": Rule("analyst", "run", "run"),
    "valueset:save": Rule("viewer", "run"),
    "valueset:change": Rule("viewer", "run", others="editor"),
    "user:manage": Rule("admin", "admin"),
    "account:manage": Rule("admin", "admin"),
}


@dataclass(frozen=True)
class Principal:
    """Somebody who asks: a user, and how far the token or the console session reaches.

    ``grants`` maps the row id of an instance to ``view`` or ``run``; admins need none.
    """

    user_id: UUID
    email: str
    role: str
    name: str = ""
    scope: str = WHOLE_SCOPE
    time_zone: str = "UTC"
    grants: Mapping[UUID, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def sees_all(self) -> bool:
        """Say whether nothing is hidden from this principal; what it may do is another matter."""
        return self.role == "admin"


@dataclass(frozen=True)
class Subject:
    """What a permission is asked about, as far as the rule needs to know it.

    ``instance_id``: row id of the instance it lies on. ``owner_id``: whose it is. ``is_public``: seen by all
    who may see its kind, as a library template is. A subject without any of these is the product as a whole.
    """

    instance_id: UUID | None = None
    owner_id: UUID | None = None
    is_public: bool = False


WHOLE: Final = Subject(is_public=True)


def may_see(principal: Principal, subject: Subject) -> bool:
    """Say whether the subject exists at all for this principal."""
    if principal.sees_all or subject.is_public:
        return True
    if subject.instance_id is not None:
        return subject.instance_id in principal.grants
    return subject.owner_id == principal.user_id


def may(principal: Principal, permission: str, subject: Subject = WHOLE) -> bool:
    """Say whether a principal may do what ``permission`` names with the subject.

    :raises KeyError: if there is no such permission, which is a fault of ours and never an open door.
    """
    rule = PERMISSIONS[permission]
    return (
        may_see(principal, subject)
        and _reaches(ROLES, principal.role, rule.role)
        and _reaches(SCOPES, principal.scope, rule.scope)
        and _is_granted(principal, rule, subject)
        and _may_touch(principal, rule, subject)
    )


def ensure(principal: Principal, permission: str, subject: Subject = WHOLE, what: str = "thing") -> None:
    """Do nothing if the principal may.

    :raises NotFound: if the subject is not even visible, in the words for what does not exist.
    :raises NotPermitted: if it is visible and this is not allowed; the message says what is missing.
    """
    if not may_see(principal, subject):
        raise missing(what)
    if not may(principal, permission, subject):
        raise NotPermitted(_refusal(principal, permission, subject))


def missing(what: str) -> NotFound:
    """Return the one error for what is not there and for what this principal may not see."""
    return NotFound(f"There is no {what} that you may see")


def _reaches(order: tuple[str, ...], has: str, needs: str) -> bool:
    return order.index(has) >= order.index(needs)


def _is_granted(principal: Principal, rule: Rule, subject: Subject) -> bool:
    if subject.instance_id is None or principal.sees_all:
        return True
    return _reaches(GRANTS, principal.grants[subject.instance_id], rule.grant)


def _may_touch(principal: Principal, rule: Rule, subject: Subject) -> bool:
    is_own = subject.owner_id in {None, principal.user_id}
    return is_own or _reaches(ROLES, principal.role, rule.others)


def _refusal(principal: Principal, permission: str, subject: Subject) -> str:
    rule = PERMISSIONS[permission]
    if not _reaches(SCOPES, principal.scope, rule.scope):
        return f"{permission} takes an API token of scope {rule.scope}; this one has {principal.scope}"
    if not _reaches(ROLES, principal.role, rule.role):
        return f"{permission} takes the role {rule.role} or above; you are {principal.role}"
    if not _is_granted(principal, rule, subject):
        return f"{permission} takes the grant {rule.grant} on this instance; ask an admin for it"
    return f"{permission} on what belongs to somebody else takes the role {rule.others} or above"
