"""Signed links to result files, opened as streams of bytes, without any sign-in of ours."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

import requests
from urllib3.exceptions import HTTPError

from reportbuilder import clock, logs
from reportbuilder.amc.failures import AmcFailure, LinkExpired, Rejected, Transient
from reportbuilder.amc.texts import clean
from reportbuilder.amc.transport import Bearer, Timeouts, proxies_for, reason_of
from reportbuilder.amc.vault import Secret

PIECE = 1024 * 1024  # bytes at most
SLOWEST = 8 * 1024  # bytes a second, on average, once it has been waited for PATIENCE seconds
PATIENCE = 60.0
MAX_REFUSAL = 16 * 1024  # bytes of an error's body that are looked at

_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,80})</Code>")
_EXPIRED = frozenset({"AccessDenied", "ExpiredToken", "RequestTimeTooSkewed", "SignatureDoesNotMatch"})

log = logs.get_logger(__name__)


@dataclass(frozen=True)
class Download:
    """An open file: ``pieces`` can be gone through once; ``length`` in bytes if the store told it."""

    pieces: Iterator[bytes] = field(repr=False)
    length: int | None


@contextmanager
def open_download(
    session: requests.Session, link: Secret, timeouts: Timeouts, *, plain: bool = False
) -> Iterator[Download]:
    """Open a signed link; it is closed at the end of the block. ``plain`` allows http, for the sandbox.

    A file that breaks off early, or only trickles, is a failure while it is read, never a shorter file.

    :raises LinkExpired: if the store no longer takes the link. :raises Transient: if another try may succeed.
    """
    if not link.reveal().startswith(("https://", "http://") if plain else "https://"):
        raise Rejected("AMC gave a download link that is no https address")
    response = _opened(session, link, timeouts)
    with response:
        failure = _refusal(response)
        if failure is not None:
            log.warning("download failed", status=response.status_code, error=failure.code)
            raise failure
        yield Download(_pieces(response, timeouts), _length(response))


def _opened(session: requests.Session, link: Secret, timeouts: Timeouts) -> requests.Response:
    try:
        return session.get(
            link.reveal(),
            auth=Bearer(None),
            timeout=(timeouts.connect, timeouts.read),
            proxies=proxies_for(link.reveal()),
            stream=True,
        )
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        reason = reason_of(error, timeouts)
    log.warning("download failed", reason=reason)
    raise Transient(f"The store of the results: {reason}")


def _pieces(response: requests.Response, timeouts: Timeouts) -> Iterator[bytes]:
    waited, size = 0.0, 0  # waited: for the store alone, not for whoever takes the pieces
    while True:
        began = clock.monotonic()
        piece = _piece(response, timeouts)
        waited += clock.monotonic() - began
        if isinstance(piece, Transient):
            raise piece
        if not piece:
            break
        size += len(piece)
        if waited > PATIENCE and size < SLOWEST * waited:
            raise Transient(f"The download is too slow: {size} bytes came in {waited:.0f} seconds")
        yield piece
    log.debug("downloaded", bytes=size, ms=round(waited * 1000))


def _piece(response: requests.Response, timeouts: Timeouts) -> bytes | Transient:
    # What has arrived is handed on at once; a full piece would be waited for byte by byte on a slow line.
    try:
        return bytes(response.raw.read1(PIECE, decode_content=True))
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        return Transient(f"The download broke off: {reason_of(error, timeouts)}")


def _refusal(response: requests.Response) -> AmcFailure | None:
    status = response.status_code
    if status == HTTPStatus.OK:
        return None
    code = _code(response)
    said = f"The store of the results answered with status {status}{f' ({code})' if code else ''}"
    if status == HTTPStatus.FORBIDDEN or code in _EXPIRED:
        return LinkExpired(f"{said}: the download link has expired", status=status)
    return Transient(said, status=status)


def _code(response: requests.Response) -> str:
    # Only the code: the rest of such a page repeats the signature.
    try:
        head = response.raw.read1(MAX_REFUSAL, decode_content=True).decode("utf-8", "replace")
    except (HTTPError, OSError, ValueError):
        return ""
    found = _CODE.search(head)
    return clean(found[1]) if found else ""


def _length(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return (
        int(text)
        if text.isascii() and text.isdigit() and not response.headers.get("Content-Encoding")
        else None
    )
