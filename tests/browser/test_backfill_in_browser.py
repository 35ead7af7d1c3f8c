"""A backfill from the dialog to its last segment, which failed once, on the whole product."""

import re

from playwright.sync_api import Page, expect

from reportbuilder.accounts.models import User
from tests.browser.dialog_steps import HEADING, begin, choose, rest
from tests.browser.stack import Stack
from tests.browser.visits import PHONE, Visits, check_accessibility, check_fits

LONG = 90_000  # ms until all has come, on a busy machine
WORDS = "Internal error while running the query."


def start_weeks(page: Page, stack: Stack) -> None:
    """Set up half a year in weeks, of which the first that runs fails."""
    begin(page, "Half a year in weeks")
    choose(page, "Backfill")
    expect(page.get_by_label("How many days back")).to_have_value("180")
    expect(page.get_by_label("Cut into")).to_have_value("weekly")
    told = page.locator("#details-preview [role=status]")
    expect(told).to_have_text(re.compile("2[45] segments, 2[45] to run"))
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(HEADING)).to_have_text("Review")
    expect(page.get_by_text("If a segment fails: go on with the others.")).to_be_visible()
    rest(stack)
    stack.box.fault(script=f"0.2 FAILED {WORDS}")
    page.get_by_role("button", name="Start the backfill").click()
    expect(page.get_by_text("its past is being fetched")).to_be_visible()
    page.get_by_role("link", name="Backfill", exact=True).click()


def test_half_a_year_of_weeks_with_one_that_fails_and_is_retried(
    visits: Visits, stack: Stack, ben: User
) -> None:
    page = visits.open(who=ben)
    start_weeks(page, stack)
    progress, segment = page.locator("#backfill-progress"), page.locator("#segment")
    failed = page.locator("a.cell-failed")
    expect(failed).to_have_count(1, timeout=LONG)
    expect(failed).to_have_attribute("data-sign", "✕")
    expect(failed).to_have_accessible_name(re.compile(r"^[-0-9]{10}( to [-0-9]{10})?: failed, "))
    failed.click()
    expect(segment).to_contain_text("Something broke inside AMC.")
    expect(segment.locator("blockquote")).to_contain_text(WORDS)
    expect(progress).to_contain_text("Completed with failures", timeout=LONG)
    colours = [cell_colour(page, state) for state in ("failed", "completed")]
    assert colours[0] != colours[1]
    check_accessibility(page)
    retry = segment.get_by_role("button", name="Retry this segment")  # it is offered without another click
    retry.click()
    expect(page.locator(".flash")).to_contain_text("The segment is asked for again.")
    expect(progress).to_contain_text(re.compile(r"(2[45]) of \1 segments have come\."), timeout=LONG)
    expect(page.locator(".segment-grid a:not(.cell-completed)")).to_have_count(0)
    phone = visits.open(page.url, who=ben, size=PHONE, theme="dark")
    expect(phone.locator("#backfill-progress .label").first).to_have_text("Completed")
    check_accessibility(phone)
    check_fits(phone)


def cell_colour(page: Page, state: str) -> str:
    """Return the background of a cell."""
    cell = page.locator(f"a.cell-{state}").first
    return str(cell.evaluate("element => getComputedStyle(element).backgroundColor"))
