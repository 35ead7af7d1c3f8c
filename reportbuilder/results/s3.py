"""Result files in S3 or in what speaks like it, with a bounded folder of local copies."""

import hashlib
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from reportbuilder.errors import Invalid, Unavailable
from reportbuilder.results.failures import DamagedResult
from reportbuilder.results.scratch import sweep_scratch
from reportbuilder.results.store import (
    CHUNK,
    StoredObject,
    check_key,
    checksum,
    differing,
    missing,
    verify,
)

_PART = 16 << 20  # bytes; held in memory one at a time
_CACHE_BYTES = 5 << 30
_LEFT_BEHIND = timedelta(days=1)
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_ABSENT = {"NoSuchKey", "NotFound", "404"}
_OPTIONS = {"region", "endpoint", "anonymous", "cache_bytes"}


def open_s3(bucket: str, prefix: str, options: Mapping[str, str], cache: Path | None) -> "S3Store":
    """Return the store for the parts of its URL.

    :raises Invalid: for an option that does not exist.
    """
    if unknown := sorted(set(options) - _OPTIONS):
        raise Invalid.field(
            "RB_RESULTS_URL", f"unknown {', '.join(unknown)}; there are {', '.join(sorted(_OPTIONS))}"
        )
    endpoint = options.get("endpoint")
    config = Config(
        connect_timeout=5,
        read_timeout=60,
        retries={"max_attempts": 4, "mode": "standard"},
        signature_version=UNSIGNED if options.get("anonymous") else None,
        s3={"addressing_style": "path"} if endpoint else None,  # a host of one's own has no name per bucket
    )
    client = boto3.client("s3", region_name=options.get("region"), endpoint_url=endpoint, config=config)
    folder = cache or Path(tempfile.gettempdir()) / "reportbuilder-results"
    return S3Store(client, bucket, prefix, folder, int(options.get("cache_bytes", _CACHE_BYTES)))


class S3Store:
    """Objects of one bucket below one prefix."""

    def __init__(self, client: Any, bucket: str, prefix: str, cache: Path, cache_bytes: int) -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix
        self._cache, self._cache_bytes = cache, cache_bytes

    def put(self, path: Path, key: str) -> StoredObject:
        """Send the file, in parts if it is large, on the condition that the key is free."""
        at = self._at(key)
        digest, size = checksum(path), path.stat().st_size
        if (known := self._stored_checksum(key)) is None:
            try:
                with _asking(key):
                    self._send(path, size, at | {"Metadata": {"sha256": digest}})
            except _Taken:
                known = self._stored_checksum(key)
                if known is None:  # another write of the same key is under way and may yet fail
                    raise Unavailable(f"the store is still busy with {key}; try again") from None
        if known not in (None, digest):
            raise differing(key)
        return StoredObject(key, size, digest)

    @contextmanager
    def local(self, key: str, sha256: str) -> Iterator[Path]:
        """Give a link to the cached copy, which stays while another process clears the cache."""
        check_key(key)
        self._cache.mkdir(parents=True, exist_ok=True)
        sweep_scratch(self._cache / "use", _LEFT_BEHIND)
        # a folder for each use: the link has the age of the copy, which the sweep would take for left behind
        link = self._cache / "use" / uuid.uuid4().hex / "rows.parquet"
        link.parent.mkdir(parents=True)
        try:
            self._link_copy(key, sha256, link)
            yield link
        finally:
            shutil.rmtree(link.parent, ignore_errors=True)

    def open_stream(self, key: str) -> Iterator[bytes]:
        """Open now, read later."""
        with _asking(key):
            body = self._client.get_object(**self._at(key))["Body"]
        return _read(key, body)

    def delete(self, key: str) -> None:
        """Delete the object; S3 does not say whether there was one."""
        with _asking(key):
            self._client.delete_object(**self._at(key))

    def exists(self, key: str) -> bool:
        """Ask for the object's head."""
        return self._head(key) is not None

    def _at(self, key: str) -> dict[str, Any]:
        name = check_key(key)
        return {"Bucket": self._bucket, "Key": f"{self._prefix}/{name}" if self._prefix else name}

    def _head(self, key: str) -> Mapping[str, Any] | None:
        try:
            with _asking(key):
                head: Mapping[str, Any] = self._client.head_object(**self._at(key))
        except DamagedResult:
            return None
        return head

    def _stored_checksum(self, key: str) -> str | None:
        head = self._head(key)
        if head is None:
            return None
        noted = head["Metadata"].get("sha256")
        return str(noted) if noted else _digest(self.open_stream(key))

    def _send(self, path: Path, size: int, request: dict[str, Any]) -> None:
        if size <= _PART:
            with path.open("rb") as file:
                self._client.put_object(**request, Body=file, IfNoneMatch="*")
            return
        place = {name: request[name] for name in ("Bucket", "Key")}
        place["UploadId"] = self._client.create_multipart_upload(**request)["UploadId"]
        try:
            parts = [self._send_part(place, number, part) for number, part in _parts(path)]
            self._client.complete_multipart_upload(**place, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
        except BaseException:
            self._client.abort_multipart_upload(**place)
            raise

    def _send_part(self, place: dict[str, Any], number: int, part: bytes) -> dict[str, Any]:
        sent = self._client.upload_part(**place, PartNumber=number, Body=part)
        return {"PartNumber": number, "ETag": sent["ETag"]}

    def _link_copy(self, key: str, sha256: str, link: Path) -> None:
        copy = self._cache / sha256
        try:
            link.hardlink_to(copy)
            verify(copy, key, sha256)
            os.utime(link, ns=(time.time_ns(), link.stat().st_mtime_ns))  # those unused for longest go first
        except (FileNotFoundError, DamagedResult):
            link.unlink(missing_ok=True)
            self._download(key, sha256, link)
            copy.unlink(missing_ok=True)
            self._make_room(link.stat().st_size)
            with suppress(FileExistsError):  # another thread was quicker
                copy.hardlink_to(link)

    def _download(self, key: str, sha256: str, target: Path) -> None:
        with target.open("xb") as file:
            for chunk in self.open_stream(key):
                file.write(chunk)
        verify(target, key, sha256)

    def _make_room(self, size: int) -> None:
        copies = sorted(self._copies())
        taken = size + sum(bytes_ for _, bytes_, _ in copies)
        for _, bytes_, path in copies:
            if taken <= self._cache_bytes:
                return
            taken -= bytes_
            path.unlink(missing_ok=True)

    def _copies(self) -> Iterator[tuple[float, int, Path]]:
        """Yield last use, size and path of each copy; another process may remove some meanwhile."""
        for path in self._cache.iterdir():
            with suppress(FileNotFoundError):
                if path.is_file():
                    yield path.stat().st_atime, path.stat().st_size, path


class _Taken(Exception):
    """The key was free a moment ago and is not now."""


@contextmanager
def _asking(key: str) -> Iterator[None]:
    """Turn the client's errors into ours."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _ABSENT:
            raise missing(key) from None
        if code in _TAKEN:
            raise _Taken from None
        raise Unavailable(f"the result store refuses ({code}); check RB_RESULTS_URL and its keys") from error
    except BotoCoreError as error:
        raise Unavailable(f"the result store does not answer ({type(error).__name__})") from error


def _read(key: str, body: Any) -> Iterator[bytes]:
    with _asking(key):
        try:
            yield from body.iter_chunks(CHUNK)
        finally:
            body.close()


def _parts(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        number = 0
        while part := file.read(_PART):
            number += 1
            yield number, part


def _digest(chunks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
