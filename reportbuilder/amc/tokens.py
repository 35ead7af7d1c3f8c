"""One sign-in for all workers: who may refresh an account's access token is settled in its row.

An access token is refreshed five minutes before its end, while the others keep using it; and again when AMC
has refused it, unless another worker has renewed it by then. Nothing waits, and no failure deletes anything.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Update, or_, select, update
from sqlalchemy.orm import Session

from reportbuilder import clock, database, logs
from reportbuilder.amc.failures import AmcFailure, Throttled, Transient, Unauthorized
from reportbuilder.amc.lwa import Grant, GrantRefused, LoginWithAmazon
from reportbuilder.amc.models import AmcAccount
from reportbuilder.amc.vault import SealedElsewhere, Secret, Vault

EARLY = timedelta(minutes=5)
LEASE = 30.0  # seconds; longer than a sign-in call can take
OTHERS_RETRY = 1.0  # seconds until one may ask again while another worker refreshes
KEY_RETRY = 60.0  # seconds; a missing key takes a person
PAUSE = 5.0  # seconds for all workers after a sign-in that failed, unless the service asks for more

log = logs.get_logger(__name__)


@dataclass(frozen=True)
class _Seen:
    """An account's sign-in as it was read: what is guarded by, and what it opens to."""

    id: UUID
    sealed_refresh_token: str | None
    sealed_access_token: str | None
    access_token: Secret | None
    expires_at: datetime | None
    lease_until: datetime | None
    signed_out_reason: str | None

    def usable(self, refused: Secret | None, margin: timedelta = timedelta(0)) -> Secret | None:
        """Return the access token if it is good for longer than ``margin`` and not the refused one."""
        good = self.expires_at is not None and self.expires_at - margin > clock.now()
        return self.access_token if good and self.access_token != refused else None


class Tokens:
    """Gives the access tokens of one account; shared by threads, and through the row by processes."""

    def __init__(self, account_id: UUID, vault: Vault, login: LoginWithAmazon) -> None:
        self._account_id, self._vault, self._login = account_id, vault, login

    def access_token(self, refused: Secret | None = None) -> Secret:
        """Return a token that AMC should take; ``refused`` is one that it has just not taken.

        Opens short transactions of its own, so the caller may have none open.

        :raises Unauthorized: if the account is signed out, with the way out.
        :raises Throttled: local, if another worker is refreshing or the sign-in service has just failed.
        :raises Transient: if the sign-in service does not answer, or the vault's key is not here.
        """
        seen = self._read()
        fresh = seen.usable(refused, EARLY)
        if fresh is not None:
            return fresh
        if seen.signed_out_reason or seen.sealed_refresh_token is None:
            return _last_resort(seen, refused)
        refresh_token = self._open_refresh_token(seen.sealed_refresh_token)
        lease = self._claim(seen)
        if lease is None:
            return _last_resort(self._read(), refused)
        return self._refreshed(seen, refused, lease, refresh_token)

    def _read(self) -> _Seen:
        with database.reading() as session:
            account = session.get(AmcAccount, self._account_id)
            if account is None:
                raise Unauthorized("This AMC account is no longer here")
            return _Seen(
                id=account.id,
                sealed_refresh_token=account.sealed_refresh_token,
                sealed_access_token=account.sealed_access_token,
                access_token=self._opened(account.sealed_access_token),
                expires_at=account.access_token_expires_at,
                lease_until=account.refresh_lease_until,
                signed_out_reason=account.signed_out_reason,
            )

    def _opened(self, sealed: str | None) -> Secret | None:
        # An access token that cannot be opened is as good as none: it is renewed within the hour anyway.
        try:
            return None if sealed is None else self._vault.open(sealed)
        except SealedElsewhere:
            return None

    def _open_refresh_token(self, sealed: str) -> Secret:
        try:
            return self._vault.open(sealed)
        except SealedElsewhere as error:
            log.warning("account sealed with a key that is not here", account=str(self._account_id))
            raise Transient(error.message, retry_after=KEY_RETRY) from None

    def _claim(self, seen: _Seen) -> datetime | None:
        """Take the refresh if nobody has it and nothing has changed since; return the lease's end."""
        lease = clock.in_seconds(LEASE)
        claim = (
            update(AmcAccount)
            .where(
                AmcAccount.id == seen.id,
                AmcAccount.sealed_access_token.is_not_distinct_from(seen.sealed_access_token),
                AmcAccount.sealed_refresh_token == seen.sealed_refresh_token,
                or_(
                    AmcAccount.refresh_lease_until.is_(None),
                    AmcAccount.refresh_lease_until <= clock.now(),
                ),
            )
            .values(refresh_lease_until=lease)
        )
        with database.transaction() as session:
            return lease if _rows(session, claim) == 1 else None

    def _refreshed(
        self, seen: _Seen, refused: Secret | None, lease: datetime, refresh_token: Secret
    ) -> Secret:
        failure: AmcFailure
        try:
            grant = self._login.refresh(refresh_token)
        except AmcFailure as error:
            failure = error
        else:
            self._store(seen.id, refresh_token, grant)
            return grant.access_token
        self._record(seen, failure, lease)
        still_good = seen.usable(refused)
        if still_good is None:
            raise failure
        return still_good

    def _store(self, account_id: UUID, used: Secret, grant: Grant) -> None:
        with database.transaction() as session:
            account = session.get(AmcAccount, account_id, with_for_update=True)
            # Compared when opened, since sealing again with a new key changes the text and not the token; a
            # different token means that somebody has connected the account again in the meantime.
            if account is None or self._opened(account.sealed_refresh_token) != used:
                log.warning("sign-in has changed while it was renewed", account=str(account_id))
                return
            put(account, grant, self._vault)
        log.info("access renewed", account=str(account_id), until=grant.expires_at.isoformat())

    def _record(self, seen: _Seen, failure: AmcFailure, lease: datetime) -> None:
        """Hold all workers off for a while, and write down a refusal that only a person can mend."""
        values: dict[str, object] = {"refresh_lease_until": clock.in_seconds(failure.retry_after or PAUSE)}
        if isinstance(failure, GrantRefused) and failure.of_the_account:
            values["signed_out_reason"] = failure.message
        mine = (
            update(AmcAccount)
            .where(
                AmcAccount.id == seen.id,
                AmcAccount.refresh_lease_until == lease,
                AmcAccount.sealed_refresh_token == seen.sealed_refresh_token,
            )
            .values(**values)
        )
        with database.transaction() as session:
            session.execute(mine)
        log.warning("sign-in failed", account=str(seen.id), error=failure.code, reason=failure.message)


def _last_resort(seen: _Seen, refused: Secret | None) -> Secret:
    """Return what another worker has renewed, or the old token while it is good; else say why not."""
    token = seen.usable(refused)
    if token is not None:
        return token
    if seen.signed_out_reason:
        raise Unauthorized(seen.signed_out_reason)
    if seen.sealed_refresh_token is None:
        raise Unauthorized("This account has not been signed in to AMC: connect the account")
    # Nothing was asked of anybody, so it is no failed attempt: an outage of the sign-in service must not use
    # up the attempts of all that wait for it.
    raise Throttled("The sign-in is being renewed", retry_after=_moment(seen.lease_until), local=True)


def put(account: AmcAccount, grant: Grant, vault: Vault) -> None:
    """Store what a sign-in gave, after a refresh or when a person connects the account; ends a sign-out."""
    account.sealed_access_token = vault.seal(grant.access_token)
    account.access_token_expires_at = grant.expires_at
    account.refresh_lease_until = None
    account.signed_out_reason = None
    if grant.refresh_token is not None and not _holds(vault, account, grant.refresh_token):
        account.sealed_refresh_token = vault.seal(grant.refresh_token)


def connect(account: AmcAccount, refresh_token: Secret, vault: Vault) -> None:
    """Sign the account in with a refresh token that a person brings; the first call fetches the rest."""
    account.sealed_refresh_token = vault.seal(refresh_token)
    account.sealed_access_token = None
    account.access_token_expires_at = None
    account.refresh_lease_until = None
    account.signed_out_reason = None


def reseal(session: Session, vault: Vault) -> tuple[int, int]:
    """Seal all accounts' tokens with the newest key; return how many accounts were, and how many could not.

    Those sealed with a key that is not here stay as they are, until that key is put back.
    """
    done = failed = 0
    for account in session.scalars(select(AmcAccount).order_by(AmcAccount.id).with_for_update()):
        try:
            refresh, access = (
                None if sealed is None else vault.rotate(sealed)
                for sealed in (account.sealed_refresh_token, account.sealed_access_token)
            )
        except SealedElsewhere:
            log.warning("account sealed with a key that is not here", account=account.account_id)
            failed += 1
            continue
        account.sealed_refresh_token, account.sealed_access_token = refresh, access
        done += 1
    return done, failed


def _holds(vault: Vault, account: AmcAccount, refresh_token: Secret) -> bool:
    sealed = account.sealed_refresh_token
    try:
        return sealed is not None and vault.open(sealed) == refresh_token
    except SealedElsewhere:
        return False


def _moment(lease_until: datetime | None) -> float:
    """Seconds to wait for another worker: at most a moment, as it is mostly done by then."""
    if lease_until is None:
        return OTHERS_RETRY
    return min(OTHERS_RETRY, max((lease_until - clock.now()).total_seconds(), 0.1))


def _rows(session: Session, statement: Update) -> int:
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
