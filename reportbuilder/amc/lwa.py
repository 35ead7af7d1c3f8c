"""Login with Amazon: a refresh token, or the code of a consent page, becomes an access token."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

import requests

from reportbuilder import clock, logs
from reportbuilder.amc import answers, texts
from reportbuilder.amc.failures import AmcFailure, Transient, Unauthorized
from reportbuilder.amc.transport import Answer, NoAnswer, Request, Timeouts, exchange
from reportbuilder.amc.vault import Secret

DEFAULT_LIFE = 3600.0  # seconds, where the answer does not say
LONGEST_LIFE = 366 * 86400  # seconds; more is no true answer

# The refusals that speak of this deployment's client id and secret; another sign-in would not help.
_OF_THE_CLIENT = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type"})
_PASSING = frozenset(
    {"server_error", "temporarily_unavailable", "slow_down"}
)  # whatever status they come with
_TOKEN = re.compile(r"[\x21-\x7e]+")

log = logs.get_logger(__name__)


@dataclass(frozen=True)
class Grant:
    """What a sign-in gave; ``refresh_token`` is None if the answer held none."""

    access_token: Secret
    expires_at: datetime
    refresh_token: Secret | None = None


class GrantRefused(Unauthorized):
    """The sign-in service refuses for good; ``of_the_account``: connecting the account again can mend it."""

    def __init__(self, message: str, *, of_the_account: bool, status: int) -> None:
        super().__init__(message, status=status)
        self.of_the_account = of_the_account


class LoginWithAmazon:
    """The token endpoint of one region, for one client id."""

    def __init__(
        self,
        session: requests.Session,
        token_url: str,
        client_id: str,
        client_secret: Secret,
        timeouts: Timeouts,
    ) -> None:
        self.client_id = client_id
        self._session, self._url, self._client_secret = session, token_url, client_secret
        self._timeouts = timeouts

    def refresh(self, refresh_token: Secret) -> Grant:
        """Fetch an access token.

        :raises GrantRefused: if that is final. :raises Transient: if another try may succeed.
        """
        return self._fetch({"grant_type": "refresh_token"}, refresh_token=refresh_token)

    def exchange(self, code: Secret, redirect_uri: str) -> Grant:
        """Turn the code that a consent page gave (single use, good for 5 minutes) into tokens.

        :raises GrantRefused: if that is final. :raises Transient: if another try may succeed.
        """
        return self._fetch({"grant_type": "authorization_code", "redirect_uri": redirect_uri}, code=code)

    def _fetch(self, fields: dict[str, str], **secrets: Secret) -> Grant:
        began = clock.monotonic()
        answer = exchange(
            self._session, self._request(fields, secrets), self._timeouts, began + self._timeouts.total
        )
        milliseconds = round((clock.monotonic() - began) * 1000)
        if isinstance(answer, NoAnswer):
            log.warning("sign-in without an answer", reason=answer.reason, ms=milliseconds)
            raise Transient(f"The sign-in service: {answer.reason}")
        log.info("sign-in call", grant=fields["grant_type"], status=answer.status, ms=milliseconds)
        grant = _grant(answer) if answer.status == HTTPStatus.OK else None
        if grant is None:
            raise _refusal(answer)
        return grant

    def _request(self, fields: dict[str, str], secrets: dict[str, Secret]) -> Request:
        form = fields | {name: secret.reveal() for name, secret in secrets.items()}
        form |= {"client_id": self.client_id, "client_secret": self._client_secret.reveal()}
        return Request(
            method="POST",
            url=self._url,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            body=urlencode(form).encode(),
        )


def _grant(answer: Answer) -> Grant | None:
    read = texts.json_object(answer.body) or {}
    access, refresh, life = read.get("access_token"), read.get("refresh_token"), read.get("expires_in")
    if not isinstance(access, str) or not _TOKEN.fullmatch(access):
        return None
    seconds = float(life) if isinstance(life, int) and 0 < life < LONGEST_LIFE else DEFAULT_LIFE
    return Grant(
        access_token=Secret(access),
        expires_at=clock.now() + timedelta(seconds=seconds),
        refresh_token=Secret(refresh) if isinstance(refresh, str) and _TOKEN.fullmatch(refresh) else None,
    )


def _refusal(answer: Answer) -> AmcFailure:
    read = texts.json_object(answer.body) or {}
    error = texts.first_text(read, "error")
    refused = answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}
    if not refused or error is None or error in _PASSING:
        return Transient(
            f"The sign-in service answered with status {answer.status} and no tokens",
            status=answer.status,
            retry_after=answers.retry_after(answer.headers.get("Retry-After"), clock.now()),
        )
    said = f"{error}: {texts.first_text(read, 'error_description', 'message') or 'no reason given'}"
    if error in _OF_THE_CLIENT:
        message = (
            f"Amazon refuses this deployment ({said}): correct RB_AMC_CLIENT_ID and RB_AMC_CLIENT_SECRET"
        )
    else:
        message = f"Amazon refuses the sign-in ({said}): connect the account again"
    return GrantRefused(message, of_the_account=error not in _OF_THE_CLIENT, status=answer.status)
