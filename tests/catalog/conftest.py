"""The sandbox that all tests of shipped templates share."""

from collections.abc import Iterator

import pytest

from reportbuilder.sandbox.options import Options
from tests.catalog.at_amc import NOON, Amc


@pytest.fixture(scope="session")
def amc() -> Iterator[Amc]:
    made = Amc(Options(end=NOON.date()))
    yield made
    made.close()
