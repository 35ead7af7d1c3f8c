"""From an empty account to a report that runs by itself, step by step, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from reportbuilder.accounts.models import User
from tests.browser.visits import DESK, PHONE, Visits, check_accessibility, check_fits

TEMPLATE = "Reach and frequency: Amazon DSP"
HEADING = ".step-heading"


def begin(page: Page, name: str) -> None:
    """Choose the template and an instance, and go on with its usual values."""
    page.goto("/report-builder/new?search=reach")
    page.get_by_role("link", name=f"Use {TEMPLATE}").click()
    if page.get_by_role("button", name="Next: when").count() == 0:
        page.get_by_label("Instance", exact=True).select_option(index=1)
        page.locator("[data-use-instance]").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Next: when").click()
    expect(page.locator(HEADING)).to_have_text("When")


def is_swapped(page: Page) -> bool:
    """Say whether the page is still the one that was marked."""
    return bool(page.evaluate("window.isMarked === true"))


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_mondays_at_three_in_new_york(visits: Visits, ben: User, size: tuple[int, int]) -> None:
    page = visits.open(who=ben, size=size)
    begin(page, f"Weekly reach {size[0]}")
    page.evaluate("window.isMarked = true")
    page.get_by_role("radio", name="Recurring").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(HEADING)).to_have_text("Schedule")
    expect(page.locator(HEADING)).to_be_focused()
    assert is_swapped(page)
    expect(page).to_have_url(re.compile(r"/details\?draft="))
    expect(page).to_have_title(re.compile("^Schedule"))
    page.get_by_label("Time zone").fill("America/New_York")
    page.get_by_label("At", exact=True).fill("03:00")
    page.get_by_label("At", exact=True).press("Tab")
    expect(page.get_by_text("Every Monday at 03:00, New York")).to_be_visible()
    check_fits(page)
    check_accessibility(page)
    page.reload()
    expect(page.get_by_label("Time zone")).to_have_value("America/New_York")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(HEADING)).to_have_text("Review")
    expect(page.get_by_text("It runs every Monday at 03:00, New York.")).to_be_visible()
    check_fits(page)
    check_accessibility(page)
    page.get_by_role("link", name="When (done)").click()
    expect(page.get_by_role("radio", name="Recurring")).to_be_checked()
    page.go_back()
    expect(page.locator(HEADING)).to_have_text("Review")
    page.get_by_role("button", name="Start the schedule").click()
    expect(page).to_have_url(re.compile(r"/report-builder/reports/rpt_"))
    expect(page.get_by_text("runs by itself from now on")).to_be_visible()


def test_once_without_scripts(visits: Visits, ben: User) -> None:
    page = visits.open(who=ben, scripts=False)
    begin(page, "")
    page.get_by_role("radio", name="Once, now").check()
    page.get_by_label("Only this one run").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(HEADING)).to_have_text("Review")
    expect(page.get_by_text("No report is kept")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_label("Only this one run")).to_be_checked()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Start the run").click()
    expect(page).to_have_url(re.compile(r"/report-builder/runs/exec_"))


def test_by_keyboard_alone(visits: Visits, ben: User) -> None:
    page = visits.open(who=ben)
    begin(page, "By keyboard")
    page.get_by_role("radio", name="Once, now").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Backfill")).to_be_checked()
    page.get_by_label("Name of the report").focus()
    page.keyboard.press("Enter")
    expect(page.locator(HEADING)).to_be_focused()
    expect(page.locator(HEADING)).to_have_text("Backfill")
    page.get_by_label("Days back", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(HEADING)).to_have_text("Review")
    page.get_by_role("button", name="Start the backfill").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("its past is being fetched")).to_be_visible()


PAGES = ["/account", "/account/tokens", "/account/notifications", "/account/people", "/report-builder/drafts"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wrong_with_the_account_on_desk_or_phone(
    visits: Visits, ada: User, path: str, theme: str
) -> None:
    for size in (DESK, PHONE):
        page = visits.open(path, who=ada, theme=theme, size=size)
        check_accessibility(page)
        check_fits(page)


def test_a_token_is_copied(visits: Visits, ben: User) -> None:
    page = visits.open("/account/tokens", who=ben, permissions=["clipboard-read", "clipboard-write"])
    page.locator("#name").fill("nightly")
    page.get_by_role("button", name="Make the token").click()
    text = page.locator("#token").inner_text()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == text
    page.goto("/account/tokens")
    assert text not in page.content()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_draft_is_gone_on_with_from_another_device(visits: Visits, ben: User, theme: str) -> None:
    begin(visits.open(who=ben), "Begun at the desk")
    page = visits.open("/report-builder/new", who=ben, size=PHONE, theme=theme)
    check_accessibility(page)
    check_fits(page)
    page.get_by_role("link", name="Begun at the desk").click()
    expect(page.locator(HEADING)).to_have_text("When")
    check_accessibility(page)
    expect(page.get_by_label("Name of the report")).to_have_value("Begun at the desk")
