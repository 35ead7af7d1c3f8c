"""From an empty account to a report that runs by itself, step by step, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from reportbuilder.accounts.models import User
from tests.browser.dialog_steps import HEADING, TEMPLATE, begin, choose, pick_zone, tab_to
from tests.browser.stack import QUICK, Stack
from tests.browser.visits import DESK, PHONE, Visits, check_accessibility, check_fits


def is_swapped(page: Page) -> bool:
    """Say whether the page is still the one that was marked."""
    return bool(page.evaluate("window.isMarked === true"))


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_mondays_at_three_in_new_york(visits: Visits, ben: User, size: tuple[int, int]) -> None:
    page = visits.open(who=ben, size=size)
    begin(page, f"Weekly reach {size[0]}")
    page.evaluate("window.isMarked = true")
    choose(page, "Recurring")
    expect(page.locator(HEADING)).to_have_text("Schedule")
    expect(page.locator(HEADING)).to_be_focused()
    assert is_swapped(page)
    expect(page).to_have_url(re.compile(r"/details\?draft="))
    expect(page).to_have_title(re.compile("^Schedule"))
    pick_zone(page, "new york", "New York (UTC-0")
    page.get_by_label("At", exact=True).fill("03:00")
    page.get_by_label("At", exact=True).press("Tab")
    expect(page.get_by_text("Every Monday at 03:00, New York")).to_be_visible()
    check_fits(page)
    check_accessibility(page)
    page.reload()
    expect(page.locator(".ts-control")).to_contain_text("New York (UTC-0")
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


def test_what_is_refused_is_in_sight_on_a_phone(visits: Visits, ben: User) -> None:
    page = visits.open(who=ben, size=PHONE)
    begin(page, "Refused")
    choose(page, "Recurring")
    failures = page.get_by_label("Pause the schedule after so many failures")
    failures.fill("often")
    page.get_by_role("button", name="Continue").click()
    refusal = page.get_by_role("alert").filter(has_text="not right yet")
    expect(refusal).to_be_focused()
    expect(refusal).to_be_in_viewport()
    expect(refusal).to_contain_text('"often" is not a whole number from 0 to 100')
    visits.expect_complaint("422")
    check_accessibility(page)
    refusal.get_by_role("link").click()
    expect(failures).to_be_in_viewport()
    expect(failures).to_have_value("often")
    failures.fill("3")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(HEADING)).to_have_text("Review")
    expect(page.get_by_text("After 3 failures in a row it pauses.")).to_be_visible()


def test_all_steps_without_scripts_on_a_phone(visits: Visits, ben: User) -> None:
    page = visits.open(who=ben, scripts=False, size=PHONE)
    begin(page, "Without scripts")
    choose(page, "Recurring")
    expect(page.get_by_label("Cron line")).to_be_hidden()
    page.get_by_role("combobox", name="Time zone").select_option("America/New_York")
    page.get_by_label("Pause the schedule after so many failures").fill("often")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("link", name="Pause the schedule after so many failures")).to_be_visible()
    page.get_by_label("Pause the schedule after so many failures").fill("3")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Every Monday at 03:00, New York")).to_be_visible()
    check_fits(page)
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("radio", name="Recurring")).to_be_checked()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Without scripts")
    page.get_by_role("button", name="Next: when").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("combobox", name="Time zone")).to_have_value("America/New_York")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(HEADING)).to_have_text("Review")
    check_fits(page)
    page.get_by_role("button", name="Start the schedule").click()
    expect(page.get_by_text("runs by itself from now on")).to_be_visible()


def test_a_run_alone_is_started_without_scripts_and_cancelled_while_it_runs(
    visits: Visits, stack: Stack, ben: User
) -> None:
    stack.box.fault(run_seconds=90.0)
    try:
        page = visits.open(who=ben, scripts=False)
        begin(page, "")
        page.get_by_label("Only this one run").check()
        choose(page, "Once, now")
        expect(page.get_by_text("No report is kept")).to_be_visible()
        page.get_by_role("link", name="Back").click()
        expect(page.get_by_label("Only this one run")).to_be_checked()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Start the run").click()
        expect(page).to_have_url(re.compile(r"/report-builder/runs/exec_"))
        page = visits.open(page.url, who=ben, size=PHONE)
        expect(page.locator("#state .label")).to_have_text("Running", timeout=60_000)
        page.get_by_role("button", name="Cancel").click()
        page.locator("dialog#confirm [value=yes]").click()
        expect(page.locator("#state .label")).to_have_text("Cancelled", timeout=60_000)
    finally:
        stack.box.fault(run_seconds=QUICK.run_seconds)


def test_by_keyboard_alone(visits: Visits, ben: User) -> None:
    page = visits.open("/report-builder/new?search=reach", who=ben)
    tab_to(page, page.get_by_role("link", name=f"Use {TEMPLATE}"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Instance", exact=True))
    page.keyboard.press("ArrowDown")
    tab_to(page, page.get_by_role("button", name="Continue"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Name", exact=True))
    page.keyboard.type("By keyboard")
    tab_to(page, page.get_by_role("button", name="Next: when"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("radio", name="Once, now"))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Recurring")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator(HEADING)).to_be_focused()
    expect(page.locator(HEADING)).to_have_text("Schedule")
    tab_to(page, page.get_by_role("combobox", name="Time zone"))
    page.keyboard.type("jst")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Every Monday at 03:00, Tokyo")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Continue"))
    page.keyboard.press("Enter")
    expect(page.locator(HEADING)).to_be_focused()
    expect(page.locator(HEADING)).to_have_text("Review")
    tab_to(page, page.get_by_role("button", name="Start the schedule"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("runs by itself from now on")).to_be_visible()


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
