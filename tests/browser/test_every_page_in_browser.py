"""Every page in a real browser, on a desk and a phone, in both colours: axe, width, and errors as pages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from reportbuilder.accounts.models import User
from tests.browser.every_page import PAGES, make_world
from tests.browser.stack import Stack
from tests.browser.visits import DESK, PHONE, Visits, check_accessibility, check_fits

ERRORS = {
    403: "/console-kit/refused/403",
    404: "/nothing",
    405: "/sign-out",
    429: "/console-kit/refused/429",
    500: "/console-kit/refused/500",
}


@pytest.fixture(scope="module")
def world(stack: Stack, chromium: Browser) -> Iterator[tuple[User, dict[str, str]]]:
    """Somebody who may see every page, and what these are about."""
    ada, visits = stack.person("admin", "Ada", is_new=True), Visits(chromium, stack)
    try:
        yield ada, make_world(stack, ada, visits)
    finally:
        visits.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("endpoint", PAGES)
def test_nothing_is_wrong_with_a_page(
    visits: Visits, world: tuple[User, dict[str, str]], endpoint: str, theme: str
) -> None:
    ada, names = world
    path = PAGES[endpoint].format(**names)
    page = visits.open(path, who=None if endpoint == "admin.sign_in" else ada, theme=theme)
    assert page.url.removeprefix(visits.stack.url) == path, "it leads elsewhere"
    check_on_both(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("status", ERRORS)
def test_nothing_is_wrong_with_an_error(visits: Visits, ben: User, status: int, theme: str) -> None:
    page = visits.open(ERRORS[status], who=ben, theme=theme)
    check_on_both(page)
    assert page.locator("h1").count() == 1
    visits.expect_complaint(f"status of {status}")


def check_on_both(page: Page) -> None:
    """Look at a page on a desk, then on a phone."""
    for width, height in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        check_accessibility(page)
        check_fits(page)
