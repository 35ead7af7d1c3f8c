"""The permission matrix: who may do what, written out as a table."""

from itertools import product
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.accounts.permissions import (
    GRANTS,
    PERMISSIONS,
    ROLES,
    SCOPES,
    Principal,
    Subject,
    ensure,
    may,
    may_see,
)
from reportbuilder.errors import NotFound, NotPermitted

INSTANCE, SELF, OTHER = uuid4(), uuid4(), uuid4()

# Each column is one principal: role, scope, grant on the instance ("-" for none).
COLUMNS = (
    ("viewer", "admin", "view"),
    ("viewer", "admin", "run"),
    ("analyst", "admin", "-"),
    ("analyst", "admin", "view"),
    ("analyst", "read", "run"),
    ("analyst", "run", "run"),
    ("editor", "run", "run"),
    ("editor", "admin", "run"),
    ("admin", "read", "-"),
    ("admin", "run", "-"),
    ("admin", "admin", "-"),
)

# y: may; n: sees it and may not (403); h: hidden (404). Things on an instance that belong to somebody else,
# where they belong to anybody; the last rows are about the product as a whole.
TABLE = {
    "instance:view": "y y h y y y y y y y y",
    "instance:run": "n n h n n y y y n y y",
    "report:view": "y y h y y y y y y y y",
    "report:create": "n n h n n y y y n y y",
    "report:run": "n n h n n y y y n y y",
    "report:change": "n n h n n n y y n y y",
    "report:delete": "n n h n n n y y n y y",
    "schedule:change": "n n h n n n y y n y y",
    "backfill:start": "n n h n n y y y n y y",
    "backfill:change": "n n h n n n y y n y y",
    "instance:pause": "n n h n n n y y n y y",
    "everything:pause": "n n n n n n n n n n y",
    "execution:view": "y y h y y y y y y y y",
    "execution:cancel": "n n h n n n y y n y y",
    "execution:retry": "n n h n n y y y n y y",
    "notification:view": "y y y y y y y y y y y",
    "notification:change": "y y y y n y y y n y y",
    "notification:oversee": "n n n n n n n n y y y",
    "value:view": "y y h y y y y y y y y",
    "value:refresh": "n n h n n y y y n y y",
    "value:upload": "n n h n n y y y n y y",
    "valueset:save": "y y h y n y y y n y y",
    "valueset:change": "n n h n n n y y n y y",
    "template:view": "y y y y y y y y y y y",
    "template:lint": "n n n n n n y y y y y",
    "template:publish": "n n n n n n n y n n y",
    "template:delete": "n n n n n n n y n n y",
    "user:manage": "n n n n n n n n n n y",
    "account:manage": "n n n n n n n n n n y",
}  # fmt: skip - it is read by columns

ON_INSTANCE = {"valueset", "instance", "report", "schedule", "backfill", "execution", "value"}
OWNED = {"valueset", "report", "schedule", "backfill", "execution"}


def principal(role: str, scope: str, grant: str) -> Principal:
    return Principal(
        SELF, "x@example.test", role, scope=scope, grants={} if grant == "-" else {INSTANCE: grant}
    )


def subject_of(permission: str) -> Subject:
    noun = permission.partition(":")[0]
    if noun not in ON_INSTANCE:
        return Subject(is_public=True)
    return Subject(instance_id=INSTANCE, owner_id=OTHER if noun in OWNED else None)


def outcome(who: Principal, permission: str) -> str:
    try:
        ensure(who, permission, subject_of(permission))
    except NotFound:
        return "h"
    except NotPermitted:
        return "n"
    return "y"


def test_the_table_knows_every_permission() -> None:
    assert set(TABLE) == set(PERMISSIONS)


@pytest.mark.parametrize("permission", TABLE)
def test_matrix(permission: str) -> None:
    assert " ".join(outcome(principal(*column), permission) for column in COLUMNS) == TABLE[permission]


@pytest.mark.parametrize("permission", ["report:change", "report:delete", "execution:cancel"])
def test_an_analyst_may_do_to_her_own_what_she_may_not_do_to_others(permission: str) -> None:
    ben = principal("analyst", "run", "run")
    assert may(ben, permission, Subject(instance_id=INSTANCE, owner_id=SELF))
    assert not may(ben, permission, Subject(instance_id=INSTANCE, owner_id=OTHER))


def test_what_lies_on_no_instance_is_seen_by_its_owner_and_admins() -> None:
    private = Subject(owner_id=OTHER)
    assert not may_see(principal("editor", "admin", "run"), private)
    assert may_see(principal("admin", "read", "-"), private)
    assert may_see(principal("viewer", "read", "-"), Subject(owner_id=SELF))


def test_an_unknown_permission_is_a_fault_and_no_open_door() -> None:
    with pytest.raises(KeyError):
        may(principal("admin", "admin", "-"), "report:burn")


def test_what_is_hidden_and_what_is_not_there_are_told_in_the_same_words() -> None:
    with pytest.raises(NotFound) as hidden:
        ensure(principal("analyst", "run", "-"), "report:view", Subject(INSTANCE, OTHER), "report")
    assert hidden.value.message == "There is no report that you may see"


@pytest.mark.parametrize(
    ("column", "part"),
    [
        (("admin", "read", "-"), "scope run"),
        (("viewer", "run", "run"), "role analyst"),
        (("analyst", "run", "view"), "grant run"),
    ],
)
def test_a_refusal_says_what_is_missing(column: tuple[str, str, str], part: str) -> None:
    with pytest.raises(NotPermitted, match=part):
        ensure(principal(*column), "report:run", Subject(INSTANCE, OTHER))


def principals() -> st.SearchStrategy[tuple[str, str, str]]:
    return st.tuples(st.sampled_from(ROLES), st.sampled_from(SCOPES), st.sampled_from(("-", *GRANTS)))


def subjects() -> st.SearchStrategy[Subject]:
    return st.builds(Subject, st.sampled_from([INSTANCE, None]), st.sampled_from([SELF, OTHER, None]))


@given(st.sampled_from(sorted(PERMISSIONS)), principals(), subjects())
def test_more_rights_never_take_a_right_away(
    permission: str, column: tuple[str, str, str], subject: Subject
) -> None:
    role, scope, grant = column
    if not may(principal(role, scope, grant), permission, subject):
        return
    for more in product(ROLES[ROLES.index(role) :], SCOPES[SCOPES.index(scope) :]):
        assert may(principal(*more, grant), permission, subject)
