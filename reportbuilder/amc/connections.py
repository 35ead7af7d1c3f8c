"""Clients for accounts: what the settings choose, wired together once a process."""

from dataclasses import dataclass, field

from reportbuilder.amc.client import AmcClient
from reportbuilder.amc.directory import ListedAccount
from reportbuilder.amc.hosts import hosts_for
from reportbuilder.amc.lwa import Grant, LoginWithAmazon
from reportbuilder.amc.models import AmcAccount
from reportbuilder.amc.pacing import Pace, Pacing
from reportbuilder.amc.tokens import Tokens
from reportbuilder.amc.transport import Timeouts, http_session
from reportbuilder.amc.vault import Secret, Vault
from reportbuilder.settings import Settings


@dataclass(frozen=True)
class AccountIdentity:
    """An account of ours, with the tokens of its row."""

    client_id: str
    account_id: str
    marketplace_id: str
    tokens: Tokens = field(repr=False)

    def access_token(self, refused: Secret | None = None) -> Secret:
        """Return a token from the account's row, renewed if need be."""
        return self.tokens.access_token(refused)


@dataclass(frozen=True)
class GrantIdentity:
    """A sign-in that is no account of ours yet: enough to list the accounts that it can see."""

    client_id: str
    grant: Grant
    account_id: str = ""
    marketplace_id: str = ""

    def access_token(self, refused: Secret | None = None) -> Secret:  # noqa: ARG002 - the protocol's signature
        """Return the grant's token; there is no other."""
        return self.grant.access_token


class Connections:
    """The one place that knows how to reach AMC; threads share it.

    :raises Invalid: at construction, if there is no key for the vault: no key, no start.
    """

    def __init__(self, settings: Settings, pace: Pacing | None = None) -> None:
        self.vault = Vault(settings.vault_keys)
        self._settings, self._timeouts = settings, Timeouts.of(settings)
        self._session = http_session(max(settings.web_threads, settings.worker_threads))
        self._pace = pace or Pace.of(settings)

    def client(self, account: AmcAccount) -> AmcClient:
        """Return the client for an account of ours; the row may be detached."""
        tokens = Tokens(account.id, self.vault, self.login(account.region))
        identity = AccountIdentity(
            self._settings.amc_client_id, account.account_id, account.marketplace_id, tokens
        )
        hosts = hosts_for(account.region, self._settings)
        return AmcClient(self._session, hosts, identity, self._pace, self._timeouts)

    def client_of_grant(
        self, grant: Grant, region: str = "NA", account: ListedAccount | None = None
    ) -> AmcClient:
        """Return a client for a sign-in that is not connected yet.

        It can list the accounts, and with one of them named its instances.
        """
        named = (account.account_id, account.marketplace_id) if account else ("", "")
        identity = GrantIdentity(self._settings.amc_client_id, grant, *named)
        hosts = hosts_for(region, self._settings)
        return AmcClient(self._session, hosts, identity, self._pace, self._timeouts)

    def login(self, region: str = "NA") -> LoginWithAmazon:
        """Return the sign-in service of a region."""
        return LoginWithAmazon(
            self._session,
            hosts_for(region, self._settings).token,
            self._settings.amc_client_id,
            Secret(self._settings.amc_client_secret),
            self._timeouts,
        )

    def close(self) -> None:
        """Close the connections that are kept."""
        self._session.close()
