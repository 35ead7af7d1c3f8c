"""One HTTP exchange, with bounded time and size: it returns an answer or tells why there is none.

Nothing is raised for a failed exchange, since the exceptions of the HTTP library carry headers, forms and
signed addresses in their texts and frames.
"""

import io
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)

from reportbuilder import clock
from reportbuilder.amc.vault import Secret
from reportbuilder.settings import Settings

MAX_BODY = 64 * 1024 * 1024  # bytes; a page of 100 executions with their SQL may have about 10 MB
_PIECE = 256 * 1024
_LOOPBACK = re.compile(r"https?://(localhost|127\.[0-9.]+|\[::1\])(:\d+)?(/|\Z)", re.IGNORECASE)
_QUERY = re.compile(r"\?[^\s\"']*")


@dataclass(frozen=True)
class Timeouts:
    """In seconds: to connect, between two pieces of an answer, and for a whole call with all its repeats."""

    connect: float = 5.0
    read: float = 20.0
    total: float = 25.0

    @classmethod
    def of(cls, settings: Settings) -> "Timeouts":
        """Take them from the settings."""
        connect, read = settings.amc_connect_timeout, settings.amc_read_timeout
        return cls(connect=connect, read=read, total=connect + read)


@dataclass(frozen=True)
class Answer:
    """What the server said; header names are case-insensitive."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def request_id(self) -> str | None:
        """Return AMC's id of the request, to quote to Amazon's support."""
        return self.headers.get("x-amz-request-id") or self.headers.get("x-amz-rid")


@dataclass(frozen=True)
class NoAnswer:
    """Why there is no answer; ``left`` says whether the whole request may have reached the server."""

    reason: str
    left: bool


@dataclass(frozen=True)
class Request:
    """A request; ``leave_by`` (monotonic seconds): if its body has not left by then, it never will."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    bearer: Secret | None = None
    leave_by: float | None = None


class Bearer(requests.auth.AuthBase):
    """Puts the token on a request; giving no token also keeps a ``.netrc`` of the machine out of it."""

    def __init__(self, token: Secret | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the header on."""
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


class _TooLate(Exception):
    """The body may no longer leave."""


class _TooLarge(ValueError):
    """The answer is longer than any true answer is."""


class _Body(io.BytesIO):
    """A body that knows whether it has begun to leave, and refuses to begin after ``leave_by``.

    It is read only after the connection stands and the headers are out, so a body never begun is a request
    that no server can have processed.
    """

    def __init__(self, content: bytes, leave_by: float | None) -> None:
        super().__init__(content)
        self.begun = False
        self._leave_by = leave_by

    def read(self, size: int | None = -1, /) -> bytes:
        if not self.begun and self._leave_by is not None and clock.monotonic() > self._leave_by:
            raise _TooLate
        self.begun = True
        return super().read(size)


class _WithoutQueries(logging.Filter):
    """Cuts the queries off the addresses that the HTTP library logs: they hold signatures."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _QUERY.sub("?[hidden]", record.getMessage()), ()
        return True


def http_session(threads: int = 8) -> requests.Session:
    """Return a session that ``threads`` threads may share: it keeps connections, and no cookies."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=16, pool_maxsize=threads))
    session.headers["User-Agent"] = "amc-report-builder"
    pool_log = logging.getLogger("urllib3.connectionpool")
    if not any(isinstance(one, _WithoutQueries) for one in pool_log.filters):
        pool_log.addFilter(_WithoutQueries())
    return session


def exchange(
    session: requests.Session, request: Request, timeouts: Timeouts, deadline: float
) -> Answer | NoAnswer:
    """Send the request once and read the whole answer until ``deadline`` (monotonic seconds)."""
    body = None if request.body is None else _Body(request.body, request.leave_by)
    try:
        with _send(session, request, body, timeouts, deadline) as response:
            content = _read(response, deadline)
            headers = CaseInsensitiveDict(response.headers)
            return Answer(response.status_code, headers, content)
    except _TooLate:
        return NoAnswer("there was no time left to send it", left=False)
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        return NoAnswer(reason_of(error, timeouts), left=body is None or body.begun)


def _send(
    session: requests.Session, request: Request, body: _Body | None, timeouts: Timeouts, deadline: float
) -> requests.Response:
    left = max(0.1, deadline - clock.monotonic())
    return session.request(
        request.method,
        request.url,
        params=request.params,
        headers=request.headers,
        data=body,
        auth=Bearer(request.bearer),
        timeout=(min(timeouts.connect, left), min(timeouts.read, left)),
        allow_redirects=False,  # they would carry the token elsewhere
        proxies=proxies_for(request.url),
        stream=True,
    )


def _read(response: requests.Response, deadline: float) -> bytes:
    pieces = bytearray()
    while piece := response.raw.read1(_PIECE, decode_content=True):
        pieces += piece
        if len(pieces) > MAX_BODY:
            raise _TooLarge
        if clock.monotonic() > deadline:
            raise TimeoutError
    return bytes(pieces)


def proxies_for(url: str) -> dict[str, str] | None:
    """Keep calls to this machine (the sandbox) away from a proxy; None leaves it to the environment."""
    return {"http": "", "https": ""} if _LOOPBACK.match(url) else None


def reason_of(error: BaseException, timeouts: Timeouts) -> str:
    """Say in our own words why an exchange failed; the error's own text is never shown."""
    causes = _causes(error)
    for kinds, reason in (
        ((_TooLarge,), "its answer is too large"),
        ((NameResolutionError,), "its name cannot be resolved"),
        ((NewConnectionError,), "it refuses the connection"),
        ((requests.ConnectTimeout, ConnectTimeoutError), f"no connection within {timeouts.connect:g} s"),
        ((requests.exceptions.SSLError,), "the TLS connection failed"),
        ((requests.exceptions.ProxyError,), "the proxy failed"),
        ((requests.Timeout, ReadTimeoutError, TimeoutError), f"no answer within {timeouts.read:g} s"),
        (
            (requests.exceptions.InvalidHeader, requests.exceptions.InvalidURL),
            "the request cannot be written",
        ),
    ):
        if any(isinstance(cause, kinds) for cause in causes):
            return reason
    return "the connection was lost"


def _causes(error: BaseException) -> list[BaseException]:
    """Return the error and those that the HTTP libraries wrapped into it, outermost first."""
    found: list[BaseException] = [error]
    for one in found:
        inner = (*one.args, getattr(one, "reason", None), getattr(one, "original_error", None))
        found += [cause for cause in inner if isinstance(cause, BaseException) and cause not in found]
    return found
