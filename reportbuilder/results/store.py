"""Where result files are kept: each written once under its key, read back only if it is still the same."""

import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from reportbuilder.errors import Conflict, Invalid
from reportbuilder.results.failures import DamagedResult
from reportbuilder.results.scratch import sweep_scratch
from reportbuilder.settings import Settings

CHUNK = 1 << 20  # bytes
_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_MAX_KEY = 512
_INCOMING = ".incoming"  # no key can begin with a point
_LEFT_BEHIND = timedelta(days=1)
_LINK_ATTEMPTS = 5
_MAX_VERIFIED = 10_000


@dataclass(frozen=True)
class StoredObject:
    """What was stored: ``size`` in bytes, ``sha256`` in hex."""

    key: str
    size: int
    sha256: str


class Store(Protocol):
    """A place for result files."""

    def put(self, path: Path, key: str) -> StoredObject:
        """Keep a copy of the file. The same content again is fine.

        :raises Conflict: other content stands under this key already.
        """

    def local(self, key: str, sha256: str) -> AbstractContextManager[Path]:
        """Give a readable local file for as long as the context lasts; never write to it.

        :raises DamagedResult: it is missing or its checksum differs.
        """

    def open_stream(self, key: str) -> Iterator[bytes]:
        """Yield the content in chunks, unchecked.

        :raises DamagedResult: there is nothing under this key.
        """

    def delete(self, key: str) -> None:
        """Remove the object; that it is not there is fine."""

    def exists(self, key: str) -> bool:
        """Tell whether something stands under the key."""


def store_of(settings: Settings) -> Store:
    """Return the deployment's store, with its local copies beside the scratch folder, which is swept."""
    return open_store(settings.results_url, settings.scratch_dir.parent / "cache")


def open_store(url: str, cache: Path | None = None) -> Store:
    """Return the store that a URL names.

    ``file:///folder`` keeps files in a folder. ``s3://bucket/prefix?region=…&endpoint=http://host:port``
    keeps them in S3 or what speaks like it; keys come from the usual places of AWS (environment, profile,
    role), or with ``&anonymous=1`` there are none. ``&cache_bytes=…`` bounds the local copies (5 GB by
    default).

    :param cache: where local copies of S3 objects lie; by default under the folder for temporary files.
    :raises Invalid: naming what is wrong with the URL.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and len(parts.path) > 1:
        return LocalStore(Path(unquote(parts.path)))
    if "@" in parts.netloc:
        raise Invalid.field(
            "RB_RESULTS_URL", "it holds credentials; put those into AWS_ACCESS_KEY_ID and so on"
        )
    if parts.scheme == "s3" and parts.netloc:
        from reportbuilder.results.s3 import open_s3  # boto3 is slow to load, and few need it

        prefix = unquote(parts.path).strip("/")
        return open_s3(parts.netloc, prefix, dict(parse_qsl(parts.query)), cache)
    raise Invalid.field(
        "RB_RESULTS_URL", f"{url!r} names no store; write file:///folder or s3://bucket/prefix?region=…"
    )


def check_key(key: str) -> str:
    """Return the key if it is one: names of letters, digits, ``._-``, parted by ``/``; a point never
    begins."""
    if len(key) > _MAX_KEY or not _KEY.fullmatch(key):
        raise Invalid.field(
            "key", f"{key!r} is no key of a result; use letters, digits, and ._-/ between them"
        )
    return key


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of an open file."""
    while chunk := file.read(CHUNK):
        yield chunk


def differing(key: str) -> Conflict:
    """Return the error for other content under a key that is taken."""
    return Conflict(f"another result is already stored as {key}; store this one under a key of its own")


def missing(key: str) -> DamagedResult:
    """Return the error for a key under which nothing stands."""
    return DamagedResult(f"the result {key} is not in the store any more; run the query again")


def damaged(key: str, expected: str, found: str) -> DamagedResult:
    """Return the error for content that has changed."""
    sums = f"checksum {found[:12]}…, stored as {expected[:12]}…"
    return DamagedResult(f"the result {key} is damaged ({sums}); run the query again")


_verified: dict[str, tuple[str, int, int, int]] = {}  # path → checksum, inode, size, time of change


def verify(path: Path, key: str, sha256: str) -> None:
    """See that the file has this checksum; it is read again only after it has changed.

    :raises DamagedResult: it has another.
    """
    now = path.stat()
    state = (sha256, now.st_ino, now.st_size, now.st_mtime_ns)
    if _verified.get(str(path)) == state:
        return
    if (found := checksum(path)) != sha256:
        raise damaged(key, sha256, found)
    if len(_verified) >= _MAX_VERIFIED:
        _verified.clear()
    _verified[str(path)] = state


class LocalStore:
    """Files below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: Path, key: str) -> StoredObject:
        """Copy to a temporary name, flush it to the disk, then link it to its key, which fails if that is
        taken."""
        target = self._path(key)
        incoming = self.root / _INCOMING / uuid.uuid4().hex
        incoming.parent.mkdir(parents=True, exist_ok=True)
        sweep_scratch(incoming.parent, _LEFT_BEHIND)
        try:
            digest, size = _copy(path, incoming)
            try:
                _link(incoming, target)
            except FileExistsError:
                if checksum(target) != digest:
                    raise differing(key) from None
        finally:
            incoming.unlink(missing_ok=True)
        return StoredObject(key, size, digest)

    @contextmanager
    def local(self, key: str, sha256: str) -> Iterator[Path]:
        """Give the file itself."""
        path = self._path(key)
        try:
            verify(path, key, sha256)
        except FileNotFoundError:
            raise missing(key) from None
        yield path

    def open_stream(self, key: str) -> Iterator[bytes]:
        """Open now, read later."""
        try:
            file = self._path(key).open("rb")
        except FileNotFoundError:
            raise missing(key) from None
        return _closing(file)

    def delete(self, key: str) -> None:
        """Unlink the file, and its folder if that is empty now."""
        path = self._path(key)
        path.unlink(missing_ok=True)
        if path.parent != self.root:
            try:
                path.parent.rmdir()
            except OSError:  # not empty, or gone already
                return

    def exists(self, key: str) -> bool:
        """Look whether the file is there."""
        return self._path(key).is_file()

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)


def _closing(file: BinaryIO) -> Iterator[bytes]:
    with file:
        yield from chunks_of(file)


def _copy(source: Path, target: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as reading, target.open("xb") as writing:
        for chunk in chunks_of(reading):
            digest.update(chunk)
            size += writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    target.chmod(0o440)
    return digest.hexdigest(), size


def _link(incoming: Path, target: Path) -> None:
    """Give the file its name, unless that is taken; the folder may vanish by a delete at the same time."""
    for attempt in range(_LINK_ATTEMPTS):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(incoming, target)
            break
        except FileNotFoundError:
            if attempt == _LINK_ATTEMPTS - 1:
                raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
