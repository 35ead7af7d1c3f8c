"""The API and the command line, on SQLite alone: what is on trial here lies before any database."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from sys import stdout

import pytest

from tests.api.conftest import callers, configured, make_web, web
from tests.cli.conftest import command

__all__ = ["callers", "command", "configured", "make_web", "web"]


@pytest.fixture
def database_url(sqlite_tables: Path, tmp_path: Path) -> str:
    """The address of an empty database with all tables."""
    target = tmp_path / "test.sqlite"
    target.write_bytes(sqlite_tables.read_bytes())
    return f"sqlite:///{target}"


@pytest.fixture(scope="session")
def tally() -> Iterator[Counter[str]]:
    """Count what came of each value; `-s` prints it at the end."""
    counts: Counter[str] = Counter()
    yield counts
    stdout.write("\n".join(["", *(f"{count:7,} {what}" for what, count in sorted(counts.items())), ""]))
