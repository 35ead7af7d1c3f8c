"""The command line in this process, on the database of the test."""

import logging
from collections.abc import Iterator
from typing import Protocol

import pytest
from click.testing import CliRunner, Result

from reportbuilder.cli.commands import reportbuilder
from reportbuilder.settings import Settings, as_environment


class Command(Protocol):
    def __call__(self, *arguments: str, given: str = "", chosen: Settings | None = None) -> Result: ...


@pytest.fixture
def command(chosen: Settings) -> Iterator[Command]:
    """Run ``reportbuilder`` with arguments; ``given`` is what it reads."""
    usual = chosen
    handlers = logging.getLogger().handlers[:]

    def run(*arguments: str, given: str = "", chosen: Settings | None = None) -> Result:
        environment = as_environment(chosen or usual)
        result = CliRunner().invoke(reportbuilder, arguments, input=given, env=environment)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    yield run
    logging.getLogger().handlers[:] = handlers  # commands set up logs of their own
