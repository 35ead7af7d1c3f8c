import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from reportbuilder.errors import Conflict, Invalid, Unavailable
from reportbuilder.results import s3
from reportbuilder.results.failures import DamagedResult
from reportbuilder.results.store import Store, check_key, open_store


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A real S3 over HTTP on loopback."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "northwind")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "only-for-tests")
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=server)
    client.create_bucket(Bucket="results")
    yield client
    for found in client.list_objects_v2(Bucket="results").get("Contents", []):
        client.delete_object(Bucket="results", Key=found["Key"])
    client.delete_bucket(Bucket="results")
    client.close()


def s3_url(server: str, more: str = "") -> str:
    return f"s3://results/team/a?endpoint={server}&region=us-east-1{more}"


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return open_store((tmp_path / "re sults").as_uri())
    request.getfixturevalue("bucket")
    return open_store(s3_url(request.getfixturevalue("server")), tmp_path / "cache")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1 some rows PAR1" * 1000)
    return path


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_what_is_put_is_read_back(store: Store, file: Path) -> None:
    assert not store.exists("exec_1/1.parquet")
    stored = store.put(file, "exec_1/1.parquet")
    data = file.read_bytes()
    assert (stored.key, stored.size, stored.sha256) == ("exec_1/1.parquet", len(data), sha(data))
    assert store.exists(stored.key)
    assert b"".join(store.open_stream(stored.key)) == data
    with store.local(stored.key, stored.sha256) as path:
        assert path.read_bytes() == data
    with store.local(stored.key, stored.sha256) as path:  # again, now perhaps from a copy
        assert path.read_bytes() == data


def test_a_key_is_written_once(store: Store, file: Path) -> None:
    first = store.put(file, "k/1")
    assert store.put(file, "k/1") == first
    file.write_bytes(b"other")
    with pytest.raises(Conflict, match="k/1"):
        store.put(file, "k/1")
    assert sha(b"".join(store.open_stream("k/1"))) == first.sha256


def test_of_many_writers_one_wins_and_nobody_overwrites(store: Store, tmp_path: Path) -> None:
    paths = [tmp_path / f"source-{number}" for number in range(6)]
    for number, path in enumerate(paths):
        path.write_bytes(b"%d" % number * 5000)

    def put(path: Path) -> str | None:
        try:
            return store.put(path, "race/1").sha256
        except Conflict:
            return None

    with ThreadPoolExecutor(6) as pool:
        won = [digest for digest in pool.map(put, paths) if digest]
    assert won == [sha(b"".join(store.open_stream("race/1")))]


def test_delete_may_be_repeated(store: Store, file: Path) -> None:
    stored = store.put(file, "gone/1")
    store.delete("gone/1")
    store.delete("gone/1")
    assert not store.exists("gone/1")
    with pytest.raises(DamagedResult, match="not in the store"):
        store.open_stream("gone/1")
    store.put(file, "gone/1")
    store.delete("gone/1")
    with pytest.raises(DamagedResult, match="gone/1"), store.local("gone/1", "0" * 64):
        pass
    assert stored.key == "gone/1"


def test_a_damaged_object_is_an_error(store: Store, file: Path) -> None:
    stored = store.put(file, "d/1")
    with pytest.raises(DamagedResult, match="damaged"), store.local("d/1", sha(b"what it was once")):
        pass
    with store.local("d/1", stored.sha256) as path:
        assert path.exists()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/etc/passwd",
        "../up",
        "a/../../b",
        "a//b",
        "a/./b",
        ".incoming/x",
        "a/",
        "a\\b",
        "a\0b",
        "é",
        "a" * 600,
    ],
)
def test_keys_cannot_leave_the_store(store: Store, file: Path, key: str) -> None:
    with pytest.raises(Invalid, match="key"):
        store.put(file, key)
    with pytest.raises(Invalid, match="key"):
        store.open_stream(key)
    with pytest.raises(Invalid, match="key"):
        store.delete(key)


@given(st.text(st.sampled_from("ab./_-~ \\\n"), max_size=12))
def test_every_accepted_key_stays_below_the_root(key: str) -> None:
    try:
        check_key(key)
    except Invalid:
        return
    path = os.path.normpath(f"/root/{key}")
    assert path == f"/root/{key}"
    assert "/." not in path


@pytest.mark.parametrize("url", ["", "/tmp/x", "file:", "file:///", "file://host/x", "ftp://x/y", "s3:///x"])
def test_a_url_that_names_no_store_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="names no store"):
        open_store(url)


def test_credentials_in_the_url_are_refused_and_not_repeated() -> None:
    with pytest.raises(Invalid) as caught:
        open_store("s3://key:hidden@bucket/x")
    assert "hidden" not in str(caught.value)
    with pytest.raises(Invalid, match="unknown secret; there are anonymous"):
        open_store("s3://bucket/x?secret=y")


# --- a folder


def test_a_file_changed_in_the_folder_is_noticed_even_after_it_was_read(tmp_path: Path, file: Path) -> None:
    store = open_store((tmp_path / "results").as_uri())
    stored = store.put(file, "a/1")
    with store.local("a/1", stored.sha256) as path:
        path.chmod(0o600)
        content = path.read_bytes()
        path.write_bytes(b"X" + content[1:])
    with pytest.raises(DamagedResult, match="damaged"), store.local("a/1", stored.sha256):
        pass


def test_nothing_but_the_file_is_left_in_the_folder(tmp_path: Path, file: Path) -> None:
    root = tmp_path / "results"
    store = open_store(root.as_uri())
    store.put(file, "a/b/1")
    with pytest.raises(FileNotFoundError):
        store.put(tmp_path / "absent", "a/b/2")
    assert [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()] == ["a/b/1"]
    assert (root / "a/b/1").stat().st_mode & 0o222 == 0


# --- S3


def test_a_large_file_goes_up_in_parts(bucket: Any, server: str, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(os.urandom(1 << 20) * 35)
    store = open_store(s3_url(server), tmp_path / "cache")
    stored = store.put(path, "large/1")
    head = bucket.head_object(Bucket="results", Key="team/a/large/1")
    assert head["ContentLength"] == stored.size == 35 << 20
    assert head["ETag"].strip('"').endswith("-3")
    assert store.put(path, "large/1") == stored
    with store.local("large/1", stored.sha256) as copy:
        assert copy.stat().st_size == stored.size
    assert not bucket.list_multipart_uploads(Bucket="results").get("Uploads")


def test_an_upload_that_breaks_is_taken_back(
    bucket: Any, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * (20 << 20))
    store = open_store(s3_url(server), tmp_path / "cache")

    def broken(self: object, place: object, number: int, part: bytes) -> None:
        raise OSError("disk")

    monkeypatch.setattr(s3.S3Store, "_send_part", broken)
    with pytest.raises(OSError, match="disk"):
        store.put(path, "large/1")
    assert not store.exists("large/1")
    assert not bucket.list_multipart_uploads(Bucket="results").get("Uploads")


def test_local_copies_are_bounded_and_stay_while_in_use(bucket: Any, server: str, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    store = open_store(s3_url(server, "&cache_bytes=25000"), cache)
    stored = []
    for number in range(4):
        path = tmp_path / f"f{number}"
        path.write_bytes(b"%d" % number * 10_000)
        stored.append(store.put(path, f"k/{number}"))
    with store.local("k/0", stored[0].sha256) as first:
        for item in stored[1:]:
            with store.local(item.key, item.sha256) as copy:
                assert copy.stat().st_size == 10_000
        assert first.read_bytes() == b"0" * 10_000
    copies = {path.name for path in cache.iterdir() if path.is_file()}
    assert copies == {stored[2].sha256, stored[3].sha256}
    assert not list((cache / "use").iterdir())


def test_a_damaged_copy_is_fetched_again_but_a_damaged_object_is_an_error(
    bucket: Any, server: str, tmp_path: Path, file: Path
) -> None:
    store = open_store(s3_url(server), tmp_path / "cache")
    stored = store.put(file, "k/1")
    with store.local("k/1", stored.sha256):
        pass
    (tmp_path / "cache" / stored.sha256).write_bytes(b"torn")
    with store.local("k/1", stored.sha256) as path:
        assert path.read_bytes() == file.read_bytes()
    bucket.put_object(Bucket="results", Key="team/a/k/1", Body=b"changed by somebody")
    (tmp_path / "cache" / stored.sha256).unlink()
    with pytest.raises(DamagedResult, match="damaged"), store.local("k/1", stored.sha256):
        pass
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_store_that_does_not_answer_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: Path
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    store = open_store("s3://results?endpoint=http://127.0.0.1:9&region=us-east-1&anonymous=1", tmp_path)
    with pytest.raises(Unavailable, match="does not answer"):
        store.put(file, "k/1")


def test_a_bucket_that_is_not_there_says_so(bucket: Any, server: str, tmp_path: Path, file: Path) -> None:
    store = open_store(f"s3://nowhere?endpoint={server}&region=us-east-1", tmp_path)
    with pytest.raises(Unavailable, match="NoSuchBucket"):
        store.put(file, "k/1")


def test_an_old_copy_stays_while_somebody_reads_it(store: Store, file: Path, tmp_path: Path) -> None:
    stored = store.put(file, "old/1")
    with store.local(stored.key, stored.sha256):
        pass
    for path in (tmp_path / "cache").rglob("*"):
        os.utime(path, (0, 0))
    with store.local(stored.key, stored.sha256) as first:
        with store.local(stored.key, stored.sha256):
            pass
        assert first.read_bytes() == file.read_bytes()
