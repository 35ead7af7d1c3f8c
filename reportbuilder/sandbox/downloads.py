"""Signed links to result files that expire, and the answers behind them, in the manner of S3."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

from flask import Response, request

_STAMP = "%Y%m%dT%H%M%SZ"
_PIECE = 64 * 1024


class Signer:
    """Makes and checks links; each sandbox has its own key."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._session = secrets.token_urlsafe(760)  # real links carry a session token and are over 1 KB long

    def link(self, base_url: str, path: str, life: float, now: datetime) -> str:
        """Return a link to ``path`` that is good for ``life`` seconds."""
        day = now.strftime("%Y%m%d")
        query = {
            "X-Amz-Security-Token": self._session,
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Date": now.strftime(_STAMP),
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Expires": f"{life:g}",
            "X-Amz-Credential": f"ASIASANDBOX/{day}/us-east-1/s3/aws4_request",
        }
        query["X-Amz-Signature"] = self._signature(path, query["X-Amz-Date"], query["X-Amz-Expires"])
        return f"{base_url}{quote(path)}?{urlencode(query)}"

    def error(self, path: str, now: datetime) -> Response | None:
        """Return S3's answer to a link that is not good, or None; looks at the current request."""
        if "Authorization" in request.headers:
            return _xml(400, "InvalidArgument", "Only one auth mechanism allowed")
        date, life = request.args.get("X-Amz-Date", ""), request.args.get("X-Amz-Expires", "")
        given = request.args.get("X-Amz-Signature", "")
        if not given:
            return _xml(403, "AccessDenied", "Access Denied")
        if not hmac.compare_digest(given.encode(), self._signature(path, date, life).encode()):
            return _xml(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
        end = datetime.strptime(date, _STAMP).replace(tzinfo=UTC) + timedelta(seconds=float(life))
        return _xml(403, "AccessDenied", "Request has expired") if now >= end else None

    def _signature(self, path: str, date: str, life: str) -> str:
        text = f"{path}\n{date}\n{life}"
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def gone() -> Response:
    """Return S3's answer to a good link to a file that is not there any more."""
    return _xml(404, "NoSuchKey", "The specified key does not exist.")


def gone_wrong(style: str, path: Path) -> Response:
    """Return a download that goes wrong: other bytes than the file's, or the store's own 403 or 503."""
    if style == "denied":
        return _xml(403, "AccessDenied", "Access Denied")
    if style == "error":
        return _xml(503, "SlowDown", "Please reduce your request rate.")
    response = Response(secrets.token_bytes(path.stat().st_size), content_type="binary/octet-stream")
    response.headers["ETag"] = f'"{path.name}"'
    return response


def _xml(status: int, code: str, message: str) -> Response:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{error}'
    return Response(text, status, content_type="application/xml")


def file_answer(path: Path, bytes_per_second: int, cut: Callable[[], None] | None) -> Response:
    """Return the file's bytes, slowed down if asked, and cut off half way if ``cut`` is there to do so."""
    pieces = _pieces(path, bytes_per_second) if cut is None else _half(path, cut)
    response = Response(pieces, content_type="binary/octet-stream")
    response.headers["Content-Length"] = str(path.stat().st_size)
    response.headers["ETag"] = f'"{path.name}"'
    return response


def _pieces(path: Path, bytes_per_second: int) -> Iterator[bytes]:
    size = _PIECE if not bytes_per_second else max(1, min(_PIECE, bytes_per_second // 10))
    with path.open("rb") as file:
        while piece := file.read(size):
            yield piece
            if bytes_per_second:
                time.sleep(len(piece) / bytes_per_second)


def _half(path: Path, cut: Callable[[], None]) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield file.read(path.stat().st_size // 2)
    cut()
    raise ConnectionAbortedError("cut off on purpose")
