"""Sandboxes for the tests of the sandbox: one for all, and small ones of a test's own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from reportbuilder.sandbox import Faults, Options, Sandbox
from reportbuilder.sandbox.warehouses import Warehouse
from tests.sandbox.caller import Caller

END = date(2026, 3, 4)
QUICK = Faults(run_seconds=0.0, validation_seconds=0.0)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 4, 12, 0, 0, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture(scope="session")
def shared_box() -> Iterator[Sandbox]:
    with Sandbox(Options(users=600, end=END, faults=QUICK)).serving() as box:
        yield box


@pytest.fixture(scope="session")
def caller(shared_box: Sandbox) -> Caller:
    return Caller(shared_box)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def kept_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the small sandboxes find data that an earlier one has made."""
    return tmp_path_factory.mktemp("sandbox-data")


@pytest.fixture
def start(clock: Clock, kept_data: Path) -> Iterator[Callable[..., Caller]]:
    """Start a small sandbox on the test's clock with these faults, and give its caller."""
    with ExitStack() as stack:

        def begin(faults: Faults | None = None, **options: object) -> Caller:
            small = {"users": 50, "days": 90, "end": END, "data_dir": kept_data}
            known = small | {"faults": faults or Faults()} | options
            return Caller(stack.enter_context(Sandbox(Options(**known), now=clock).serving()))  # type: ignore[arg-type] # options by name

        yield begin


@pytest.fixture(scope="session")
def story() -> Iterator[duckdb.DuckDBPyConnection]:
    """The data of a mid-sized sandbox, with facts and tables."""
    warehouse = Warehouse(Options(users=6000, end=END), 0, END)
    yield warehouse.connection()
    warehouse.close()


@pytest.fixture(scope="session")
def small_story() -> Iterator[duckdb.DuckDBPyConnection]:
    """The data of a small sandbox, for tables with many rows an impression."""
    warehouse = Warehouse(Options(users=1200, days=120, end=END), 0, END)
    yield warehouse.connection()
    warehouse.close()
