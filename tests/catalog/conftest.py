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
def amc(catalog_data: Path) -> Iterator[Amc]:
    made = Amc(Options(end=NOON.date(), data_dir=catalog_data))
    yield made
    made.close()
