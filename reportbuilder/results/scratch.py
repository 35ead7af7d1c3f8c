"""Clearing what killed processes left in the scratch directory."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from reportbuilder import clock


def sweep_scratch(directory: Path, older_than: timedelta) -> int:
    """Remove every entry in which nothing was written for so long; return how many.

    The directory must hold scratch files only. A conversion at work touches its files all the time, so an
    hour is plenty.
    """
    limit = (clock.now() - older_than).timestamp()
    stale = [entry for entry in _entries(directory) if _last_write(entry) < limit]
    for entry in stale:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    return len(stale)


def _entries(directory: Path) -> list[Path]:
    return list(directory.iterdir()) if directory.is_dir() else []


def _last_write(entry: Path) -> float:
    return max(_times(entry), default=0.0)


def _times(entry: Path) -> Iterator[float]:
    for path in (entry, *(entry.rglob("*") if entry.is_dir() and not entry.is_symlink() else ())):
        try:
            yield path.lstat().st_mtime
        except FileNotFoundError:  # its owner was quicker
            continue
