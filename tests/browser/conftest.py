"""The product on loopback and a real Chromium; skipped, and told so, where there is none, but never in CI."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from reportbuilder.accounts.models import User
from tests.browser.stack import Stack, started
from tests.browser.visits import PATIENCE, Visits

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
LONGEST = 300  # seconds; the first of them starts everything
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser")  # the first takes half the work
MISSING = "Chromium is missing, so no page was looked at: apt-get install chromium-headless-shell"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep all of these on one process, since they share one product."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.timeout(LONGEST))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser for all of these tests."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None and os.environ.get("CI") == "true":
        pytest.fail(MISSING)
    if path is None:
        pytest.skip(MISSING)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def stack(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole product."""
    with started(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(autouse=True)
def visits(chromium: Browser, stack: Stack) -> Iterator[Visits]:
    """Open pages with ``visits.open(path, who=ben, size=PHONE, theme="dark", scripts=False)``.

    A test fails by anything that its browsers complained of, among it what the policy has refused.
    """
    found = Visits(chromium, stack)
    try:
        yield found
    finally:
        found.close()
    assert not found.complaints, found.complaints


@pytest.fixture
def ben(stack: Stack) -> User:
    """An analyst with an empty account who may run on all instances."""
    return stack.person()


@pytest.fixture
def ada(stack: Stack) -> User:
    """An admin."""
    return stack.person("admin", "Ada")


@pytest.fixture
def page(visits: Visits, ben: User) -> Page:
    """Ben's browser, signed in, at the Report Builder."""
    return visits.open(who=ben)
