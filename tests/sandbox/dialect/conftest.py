"""A tiny database of AMC's tables, asked through the compiler without any server."""

from collections.abc import Iterator

import pytest

from tests.sandbox.dialect.tiny import Tiny


@pytest.fixture(scope="session")
def tiny() -> Iterator[Tiny]:
    with Tiny() as database:
        yield database
