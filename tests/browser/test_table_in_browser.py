"""The table of reports in a real browser: filters as one types, rows that move, undo, phones, no scripts."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import transaction
from reportbuilder.reports import defining
from tests.browser.stack import Stack
from tests.browser.visits import DESK, PHONE, Visits, check_accessibility, check_fits

NAMES = ("Overlap of spring", "Reach of spring", "Reach of summer")


@pytest.fixture
def reports(stack: Stack, ben: User) -> None:
    with stack.rooms.app_context(), transaction() as session:
        template = session.scalars(select(QueryTemplate).where(QueryTemplate.library_key == "products")).one()
        instance = session.scalars(select(AmcInstance)).first()
        assert instance
        for name in NAMES:
            defining.create(
                session,
                {"name": name},
                owner=session.get_one(User, ben.id),
                template=template,
                instance=instance,
                terms=defining.Terms(clock.now()),
            )


def row(page: Page, name: str) -> Locator:
    return page.locator("#report-rows tr", has=page.get_by_role("link", name=name))


def own(ben: User) -> str:
    return f"/report-builder?owner={ben.id}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wrong_with_it(visits: Visits, ben: User, reports: None, theme: str) -> None:
    for size in (DESK, PHONE):
        page = visits.open(own(ben), who=ben, size=size, theme=theme)
        check_accessibility(page)
        page.locator("#report-rows summary").first.click()
        check_accessibility(page)
        check_fits(page)


def test_it_filters_while_one_types(visits: Visits, ben: User, reports: None) -> None:
    page = visits.open(own(ben), who=ben)
    page.get_by_role("searchbox").press_sequentially("summer")
    expect(page.locator("#report-rows tr")).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page).to_have_url(re.compile(r"q=summer"))
    page.get_by_role("link", name="Name").click()
    expect(page).to_have_url(re.compile(r"q=summer.*sort=-name"))
    page.get_by_role("link", name="Clear the filters").click()
    expect(page.locator("#report-rows tr").nth(2)).to_be_visible()


def test_what_runs_is_followed_and_what_is_ticked_stays(visits: Visits, ben: User, reports: None) -> None:
    page = visits.open(own(ben), who=ben)
    page.get_by_label("Tick Reach of summer").check()
    row(page, "Reach of spring").locator("summary").click()
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("#toasts")).to_contain_text("“Reach of spring”: run asked for.")
    expect(row(page, "Reach of spring")).to_contain_text("Completed", timeout=60_000)
    expect(page.get_by_label("Tick Reach of summer")).to_be_checked()
    expect(page.locator("#report-rows[data-live]")).to_have_count(0, timeout=30_000)


def test_deleting_is_undone(visits: Visits, ben: User, reports: None) -> None:
    page = visits.open(own(ben), who=ben)
    page.get_by_label("Tick all").check()
    page.locator("#bulk").get_by_role("button", name="Delete").click()
    expect(page.locator("#toasts")).to_contain_text("3 reports deleted.")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("main .flash")).to_contain_text("3 reports are back.")
    expect(row(page, "Reach of spring")).to_be_visible()


def test_it_works_without_scripts(visits: Visits, ben: User, reports: None) -> None:
    page = visits.open(own(ben), who=ben, scripts=False, size=PHONE)
    page.get_by_role("searchbox").fill("overlap")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("#report-rows tr")).to_have_count(1)
    page.get_by_label("Tick Overlap of spring").check()
    page.locator("#bulk").get_by_role("button", name="Delete").click()
    expect(page.locator("main .flash")).to_contain_text("“Overlap of spring”: report deleted.")
    page.get_by_role("button", name="Undo").click()
    expect(row(page, "Overlap of spring")).to_be_visible()


def test_it_works_by_keyboard(visits: Visits, ben: User, reports: None) -> None:
    page = visits.open(own(ben), who=ben)
    row(page, "Reach of summer").locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="Delete").last).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("“Reach of summer”: report deleted.")
