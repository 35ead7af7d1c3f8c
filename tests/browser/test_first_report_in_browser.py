"""A newcomer's first report: led from an empty account to rows, the first steps ticked on the way."""

import re

from playwright.sync_api import Page, expect

from tests.browser.stack import Stack
from tests.browser.test_runs_in_browser import PATIENCE
from tests.browser.visits import Visits, check_accessibility, check_fits

HEADING = ".step-heading"


def done_steps(page: Page) -> list[str]:
    """Return the steps that the panel shows as done."""
    return [text.partition("(done)")[0].strip() for text in page.locator(".tour .is-done").all_inner_texts()]


def test_the_first_report_from_an_empty_account(visits: Visits, stack: Stack) -> None:
    page = visits.open(who=stack.person(is_new=True))
    expect(page.get_by_role("heading", name="Your first report")).to_be_visible()
    assert done_steps(page) == []
    check_accessibility(page)
    page.locator(".empty").get_by_role("link", name="Choose a template").click()
    page.keyboard.press("/")
    page.keyboard.type("reach and frequency")
    page.get_by_role("link", name="Use Reach and frequency: Amazon DSP").click()
    expect(page.get_by_role("switch", name="Count the whole brand")).to_be_checked()
    page.get_by_label("Name", exact=True).fill("My first report")
    page.get_by_role("button", name="Next: when").click()
    page.get_by_role("radio", name="Once, now").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(HEADING)).to_have_text("Review")
    page.get_by_role("button", name=re.compile("^Start")).click()
    expect(page.get_by_text("The report is made")).to_be_visible()
    last = page.get_by_role("table", name="Last runs").get_by_role("row").nth(1)
    expect(last).to_contain_text("Completed", timeout=PATIENCE)
    last.get_by_role("link", name="Completed").click()
    expect(page.get_by_role("table", name=re.compile("^Rows 1 to"))).to_be_visible()
    page.goto("/report-builder")
    expect(page.get_by_role("link", name="My first report")).to_be_visible()
    assert done_steps(page) == ["Choose a template", "Fill in its form", "Run it", "Look at the rows"]
    check_accessibility(page)
    check_fits(page)


def test_the_first_steps_are_hidden_and_come_back_by_keyboard(visits: Visits, stack: Stack) -> None:
    page = visits.open(who=stack.person(is_new=True), scripts=False)
    page.get_by_role("button", name="Hide the first steps").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".tour")).to_have_count(0)
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".tour")).to_be_visible()
    page.get_by_role("link", name="Let it run by itself").click()
    expect(page.get_by_text("That takes a report of yours")).to_be_visible()
