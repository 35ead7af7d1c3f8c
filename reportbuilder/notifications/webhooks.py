"""Messages as JSON to addresses of people's own: signed, and never into a private network.

The name is resolved once, every address that it has is judged, and the connection goes to the one that was
judged; nothing is followed, no proxy is asked, and of the answer only the status is read.
"""

import hashlib
import hmac
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from threading import Timer
from typing import Any, Final
from urllib.parse import SplitResult

import certifi

from reportbuilder import clock
from reportbuilder.amc.vault import Secret
from reportbuilder.errors import Invalid
from reportbuilder.notifications.outcomes import Undelivered
from reportbuilder.notifications.targets import host_of, is_private, read_target, split
from reportbuilder.settings import Settings

SIGNATURE: Final = "X-Report-Builder-Signature"
PATIENCES: Final = 3  # time-outs that a whole exchange may take
_TEMPORARY: Final = {408, 425, 429}
_TAKEN: Final = range(200, 300)
_SERVER_TROUBLE: Final = 500
_LONGEST_WAIT: Final = 3600.0  # seconds that a receiver can have us wait


def send(address: Secret, signing: Secret, key: str, payload: Mapping[str, Any], settings: Settings) -> None:
    """Post the payload.

    :param key: the same at each try; goes as ``Idempotency-Key``.
    :raises Undelivered: permanent for an address that may not be reached, and for answers like 404 or 410.
    """
    parts = _judged(address, settings)
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "User-Agent": "amc-report-builder",
        "Idempotency-Key": key,
        SIGNATURE: sign(body, signing, int(clock.now().timestamp())),
    }
    try:
        status, wait = _post(parts, body, headers, settings)
    except (OSError, HTTPException) as error:
        raise _unreachable(error) from None
    if status not in _TAKEN:
        raise _refused(status, wait)


def sign(body: bytes, signing: Secret, at: int) -> str:
    """Return the signature of a body at an instant (seconds since 1970): ``t=…,v1=…``.

    ``v1`` is the HMAC-SHA256 of the instant, a dot and the body, in hexadecimal.
    """
    mac = hmac.new(signing.reveal().encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def _judged(address: Secret, settings: Settings) -> SplitResult:
    try:
        return split(read_target("webhook", address.reveal(), settings.webhook_hosts))
    except Invalid as error:  # the settings were others when it was added
        raise Undelivered(error.message, is_permanent=True) from None


def _post(
    parts: SplitResult, body: bytes, headers: Mapping[str, str], settings: Settings
) -> tuple[int, str | None]:
    """Return the status, and what Retry-After says."""
    path = parts._replace(scheme="", netloc="", path=parts.path or "/").geturl()
    with _connected(parts, settings) as line:
        line.request("POST", path, body=body, headers=dict(headers))
        answer = line.getresponse()
        return answer.status, answer.headers.get("Retry-After")


@contextmanager
def _connected(parts: SplitResult, settings: Settings) -> Iterator[HTTPConnection]:
    """Connect to the address that was judged, and hang up after a while, however slowly it answers."""
    host, patience = host_of(parts), settings.notification_timeout
    port = parts.port or (443 if parts.scheme == "https" else 80)
    line = HTTPConnection(host, port)
    line.sock = socket.create_connection((_resolve(host, port, settings), port), patience)
    same = line.sock.dup()  # TLS takes the socket over, and what it was then shuts nothing
    hang_up = Timer(PATIENCES * patience, partial(_shut, same))
    hang_up.start()
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=certifi.where())
            line.sock = context.wrap_socket(line.sock, server_hostname=host)
        yield line
    finally:
        hang_up.cancel()
        same.close()
        line.close()


def _shut(line: socket.socket) -> None:
    with suppress(OSError):  # it may have ended meanwhile
        line.shutdown(socket.SHUT_RDWR)


def _resolve(host: str, port: int, settings: Settings) -> str:
    """Return an address of the host, after all that it has were judged."""
    try:
        found = {str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise Undelivered("the name of its host cannot be resolved") from None
    if host not in settings.webhook_hosts and any(is_private(one) for one in found):
        reason = "its host is on a private network; RB_WEBHOOK_HOSTS may allow it"
        raise Undelivered(reason, is_permanent=True)
    return min(found, key=lambda one: (":" in one, one))


def _unreachable(error: Exception) -> Undelivered:
    if isinstance(error, ssl.SSLError):
        return Undelivered("the TLS connection failed: see the receiver's certificate")
    if isinstance(error, TimeoutError):
        return Undelivered("the receiver does not answer in time")
    return Undelivered("the receiver cannot be reached, or broke off")


def _refused(status: int, wait: str | None) -> Undelivered:
    if 300 <= status < 400:  # noqa: PLR2004 - HTTP's own
        return Undelivered(f"the receiver answers {status}: redirects are not followed", is_permanent=True)
    is_permanent = status < _SERVER_TROUBLE and status not in _TEMPORARY
    seconds = min(float(wait), _LONGEST_WAIT) if wait and wait.isascii() and wait.isdigit() else None
    return Undelivered(f"the receiver answers {status}", is_permanent=is_permanent, retry_after=seconds)
