"""A folder that keeps data sets as DuckDB files; each appears whole or not at all, and is made once."""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

_DRAFTS = "sandbox-*.draft*"
_PATIENCE = 0.05


def kept(folder: Path, text: str, make: Callable[[Path], None], *, is_wanted: Callable[[], bool]) -> Path:
    """Return the file of exactly the data set that ``text`` makes; ``make`` writes it where it is missing.

    However many processes ask at once, one makes it while the others wait, as long as it ``is_wanted``. What
    a maker left that was killed is removed.

    :raises duckdb.InterruptException: if it is wanted no longer before it is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(f"{duckdb.__version__}\n{text}".encode()).hexdigest()[:16]
    path = folder / f"sandbox-{name}.duckdb"
    # the lock is the operating system's and dies with its process, so no number of a process is compared
    handle = os.open(folder, os.O_RDONLY)
    try:
        while not (is_alone := _locked(handle)) and not path.exists():
            if not is_wanted():
                raise duckdb.InterruptException("The data set is no longer wanted.")
            time.sleep(_PATIENCE)
        if is_alone:
            _sweep(folder)
        if not path.exists():
            _make(path, make)
    finally:
        os.close(handle)
    return path


def _locked(handle: int) -> bool:
    """Say whether nobody else makes anything in this folder; if so, nobody will until it is closed."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make(path: Path, make: Callable[[Path], None]) -> None:
    draft = path.with_suffix(".draft")
    try:
        make(draft)
        draft.replace(path)
    finally:
        _sweep(path.parent)


def _sweep(folder: Path) -> None:
    """Remove every draft, with DuckDB's log and spill beside it; only the maker may."""
    for draft in folder.glob(_DRAFTS):
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            draft.unlink(missing_ok=True)
