"""Connects AMC accounts: what a sign-in can see becomes rows for accounts and their instances."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder.amc import tokens
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.directory import ListedAccount, ListedInstance
from reportbuilder.amc.lwa import Grant
from reportbuilder.amc.models import AmcAccount, AmcInstance
from reportbuilder.amc.vault import Secret, Vault
from reportbuilder.errors import Invalid, NotFound

ACTIVE = "active"
UNLISTED = "unlisted"  # AMC lists it no more


@dataclass(frozen=True)
class Seen:
    """An account that a sign-in can see, with its instances."""

    account: ListedAccount
    instances: tuple[ListedInstance, ...]


def survey(
    connections: Connections, grant: Grant, region: str = "NA", wanted: Collection[str] = ()
) -> list[Seen]:
    """Ask AMC for the accounts that a sign-in can see (those ``wanted`` by id, or all) and their instances.

    Calls AMC, so the caller has no transaction open.

    :raises NotFound: if the sign-in sees no account, or not one that is wanted.
    """
    listed = list(connections.client_of_grant(grant, region).accounts())
    known = {account.account_id for account in listed}
    if missing := sorted(set(wanted) - known):
        others = ", ".join(sorted(known)) or "no account"
        raise NotFound(f"This sign-in cannot see {', '.join(missing)}; it sees {others}")
    if not listed:
        raise NotFound(f"This sign-in sees no AMC account in region {region}; try another region")
    return [
        Seen(account, tuple(connections.client_of_grant(grant, region, account).instances()))
        for account in listed
        if not wanted or account.account_id in wanted
    ]


def sign_in(connections: Connections, refresh_token: Secret, region: str = "NA") -> Grant:
    """Try a refresh token.

    :raises Invalid: if it holds what no token holds, such as blanks or line breaks.
    :raises GrantRefused: if Amazon does not take it.
    """
    text = refresh_token.reveal()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise Invalid.field("refresh_token", "it is empty or has blanks in it; copy it whole, on one line")
    return connections.login(region).refresh(refresh_token)


@dataclass(frozen=True)
class SignedIn:
    """A sign-in that Amazon has taken: by whom it is kept, and what it gave."""

    refresh_token: Secret
    grant: Grant
    region: str = "NA"
    user_id: UUID | None = None


def record(session: Session, seen: Seen, signed_in: SignedIn, vault: Vault) -> AmcAccount:
    """Write an account, its sealed tokens and its instances; what is there already is brought up to date.

    An instance that AMC lists no more keeps its row, with the status ``unlisted``.
    """
    account = session.scalar(select(AmcAccount).where(AmcAccount.account_id == seen.account.account_id))
    if account is None:
        account = AmcAccount(account_id=seen.account.account_id, user_id=signed_in.user_id)
        session.add(account)
    account.account_name = seen.account.account_name or seen.account.account_id
    account.marketplace_id, account.region = seen.account.marketplace_id, signed_in.region
    tokens.connect(account, signed_in.refresh_token, vault)
    tokens.put(account, signed_in.grant, vault)
    session.flush()
    _record_instances(session, account, seen.instances)
    return account


def _record_instances(session: Session, account: AmcAccount, listed: Collection[ListedInstance]) -> None:
    names = [one.instance_id for one in listed]
    known = {
        row.instance_id: row
        for row in session.scalars(
            select(AmcInstance).where(
                (AmcInstance.account_id == account.id) | AmcInstance.instance_id.in_(names)
            )
        )
    }
    for one in listed:
        row = known.pop(one.instance_id, None)
        if row is None:
            row = AmcInstance(instance_id=one.instance_id)
            session.add(row)
        row.instance_name, row.account_id = one.instance_name or one.instance_id, account.id
        row.region = account.region
        row.status = ACTIVE if one.is_usable else (one.creation_status or "unknown").lower()
    for row in known.values():
        row.status = UNLISTED
    session.flush()
