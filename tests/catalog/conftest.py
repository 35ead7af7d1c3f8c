"""The sandbox that all tests of shipped templates share, and the folder of its data."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reportbuilder.sandbox.options import Options
from tests.catalog.at_amc import NOON, Amc


@pytest.fixture(scope="session")
def catalog_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which all sandboxes here find their data, also those of other test processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if base.name.startswith("popen-") else base) / "catalog-data"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def full_amc(catalog_data: Path) -> Iterator[Amc]:
    """A sandbox of the size that everybody starts."""
    made = Amc(Options(end=NOON.date(), data_dir=catalog_data))
    yield made
    made.close()


@pytest.fixture(scope="session")
def smaller_amc(catalog_data: Path) -> Iterator[Amc]:
    """A sandbox with half the people, for modules that look at each contact of months themselves."""
    made = Amc(Options(end=NOON.date(), data_dir=catalog_data, users=20_000))
    yield made
    made.close()


@pytest.fixture(scope="session")
def amc(full_amc: Amc) -> Amc:
    """The sandbox of most tests; a module may take another."""
    return full_amc
