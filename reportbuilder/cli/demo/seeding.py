"""The demo's world: a user, a token, an account with its instances, and the library. May be run again."""

from dataclasses import replace

from sqlalchemy.orm import Session

from reportbuilder.accounts import tokens, users
from reportbuilder.accounts.models import User
from reportbuilder.amc import connecting
from reportbuilder.amc.connecting import SignedIn
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.vault import Secret
from reportbuilder.catalog.library import install_library
from reportbuilder.cli.demo.folder import Kept
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Unauthenticated
from reportbuilder.settings import Settings

EMAIL = "ada@example.test"
NAME = "Ada"


def seed_user(kept: Kept) -> Kept:
    """See to it that Ada is there with the password and the token that are kept; return what to keep now."""
    with transaction() as session:
        user = _with_password(session, kept.password)
        if _is_good(session, kept.token, user):
            return kept
        issued = tokens.issue(session, user, "demo", scope="admin")
    return replace(kept, token=issued.text)


def _with_password(session: Session, password: str) -> User:
    user = users.find(session, EMAIL)
    if user is None:
        return users.create(session, EMAIL, password, name=NAME, role="admin")
    users.activate(user)
    users.set_role(user, "admin")
    try:
        users.verify(session, EMAIL, password)
    except Unauthenticated:
        users.set_password(user, password)
    return user


def _is_good(session: Session, token: str, user: User) -> bool:
    try:
        return tokens.find(session, token).user_id == user.id
    except Unauthenticated:
        return False


def seed_library() -> int:
    """Install the shipped templates; return how many there are."""
    with transaction() as session:
        done = install_library(session)
    return len(done.added) + len(done.changed) + len(done.unchanged)


def seed_account(chosen: Settings, refresh_token: str) -> list[str]:
    """Connect what the sandbox's sign-in can see; return the ids of its instances."""
    connections = Connections(chosen)
    try:
        grant = connecting.sign_in(connections, Secret(refresh_token))
        found = connecting.survey(connections, grant)
    finally:
        connections.close()
    with reading() as session:
        owner = users.get(session, EMAIL)
    signed_in = SignedIn(grant.refresh_token or Secret(refresh_token), grant, user_id=owner.id)
    with transaction() as session:
        for seen in found:
            connecting.record(session, seen, signed_in, connections.vault)
    return [instance.instance_id for seen in found for instance in seen.instances]
