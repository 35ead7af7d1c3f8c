"""Pytest's part of the conformance run: who says what by ``conforms``, and which of it has passed."""

from collections.abc import Callable

import pytest

from tests.conformance.coverage import problems, table
from tests.conformance.facts import known

PROPERTY = "conforms"
NAMED = pytest.StashKey[frozenset[str]]()
WHOLE = pytest.StashKey[bool]()
PASSED = pytest.StashKey[set[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--conformance", action="store_true", help="print which facts of AMC are proved; fail if any is not"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[PASSED] = set()
    if config.getoption("--conformance") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Listener(config), "conformance-listener")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse marks that name no fact; give each test's facts to its reports, also out of other processes."""
    named: set[str] = set()
    for item in items:
        facts = [str(fact) for mark in item.iter_markers(PROPERTY) for fact in mark.args]
        for fact in facts:
            if fact not in known():
                raise pytest.UsageError(f"{item.nodeid}: {fact} is no fact in tests/conformance")
            item.user_properties.append((PROPERTY, fact))
        named.update(facts)
        if "conforming" in getattr(item, "fixturenames", ()):
            item.add_marker(PROPERTY)
    config.stash[NAMED] = frozenset(named)
    config.stash[WHOLE] = not config.getoption("file_or_dir")


@pytest.fixture
def conforming(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Call it with the name of a fact once that is shown; for facts by the hundred, if the test passes."""

    def note(fact: str) -> None:
        assert fact in known(), f"{fact} is no fact in tests/conformance"
        request.node.user_properties.append((PROPERTY, fact))

    return note


class Listener:
    """Collects the facts of passed tests and judges them at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self.covered = config.stash[PASSED]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.covered.update(str(fact) for name, fact in report.user_properties if name == PROPERTY)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.exitstatus == pytest.ExitCode.OK and problems(known(), self.covered):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("conformance with AMC")
        terminalreporter.write_line(table(known(), self.covered))
