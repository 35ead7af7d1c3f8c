"""The frame of all pages in a real browser: sign-in by keyboard, themes, phones, and what the scripts add."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from reportbuilder.accounts.models import User
from tests.api.conftest import PASSWORD
from tests.browser.visits import DESK, PHONE, Visits, check_accessibility, check_fits

KIT = "/console-kit"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wrong_with_the_kit_on_desk_or_phone(visits: Visits, ben: User, theme: str) -> None:
    for size in (DESK, PHONE):
        page = visits.open(KIT, who=ben, theme=theme, size=size)
        check_accessibility(page)
        check_fits(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_signing_in_and_out_by_keyboard(visits: Visits, ben: User, scripts: bool) -> None:
    page = visits.open("/report-builder?page=2", scripts=scripts)
    expect(page).to_have_title(re.compile("Sign in"))
    page.keyboard.type(ben.email)
    page.keyboard.press("Tab")
    page.keyboard.type("not the password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/report-builder\?page=2$"))
    page.get_by_label(re.compile("Your menu")).focus()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Sign out"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("You are signed out")
    visits.expect_complaint("status of 401")


def tab_to(page: Page, sought: Locator, most: int = 12) -> None:
    """Press Tab until the focus is there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if sought.evaluate("element => element === document.activeElement"):
            return
    expect(sought).to_be_focused()


def test_the_skip_link_is_first(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_chosen_theme_stays(visits: Visits, ben: User, scripts: bool) -> None:
    page = visits.open(who=ben, scripts=scripts)
    light = background(visits, ben, "light")
    page.get_by_label(re.compile("Your menu")).click()
    if scripts:
        page.evaluate("window.isMarked = true")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-color-mode", "dark")
    assert not scripts or page.evaluate("window.isMarked"), "the page was loaded anew"
    expect(page.get_by_role("button", name="Dark", include_hidden=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    assert background(visits, ben, "light") != light


def background(visits: Visits, who: User, theme: str) -> str:
    page = visits.open(who=who, theme=theme)
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


# ---------------------------------------------------------------- menus and dialogs


@pytest.fixture
def kit(visits: Visits, ben: User) -> Page:
    return visits.open(KIT, who=ben)


def test_a_menu_works_by_keyboard_and_closes(kit: Page) -> None:
    summary = kit.get_by_label("More actions")
    summary.focus()
    kit.keyboard.press("ArrowDown")
    expect(kit.get_by_role("link", name="Duplicate")).to_be_focused()
    kit.keyboard.press("ArrowUp")
    expect(kit.get_by_role("button", name="Delete")).to_be_focused()
    check_accessibility(kit)
    kit.keyboard.press("Escape")
    expect(summary).to_be_focused()
    expect(kit.get_by_role("link", name="Duplicate")).to_be_hidden()
    summary.click()
    kit.locator("h1").click()
    expect(kit.get_by_role("link", name="Duplicate")).to_be_hidden()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_dialog_is_a_page_without_scripts(visits: Visits, ben: User, scripts: bool) -> None:
    page = visits.open(KIT, who=ben, scripts=scripts)
    page.get_by_role("link", name="Open dialog").click()
    expect(page.get_by_role("heading", name="A dialog")).to_be_visible()
    expect(page.locator("dialog[open]")).to_have_count(1 if scripts else 0)
    if scripts:
        check_accessibility(page)
    page.locator("form", has_text="Save").last.get_by_role("button", name="Save").click()
    expect(page.locator("main").get_by_role("status")).to_contain_text("It is done")


def test_a_dialog_gives_the_focus_back(kit: Page) -> None:
    kit.get_by_role("link", name="Open dialog").click()
    expect(kit.locator("dialog[open]")).to_be_visible()
    kit.keyboard.press("Escape")
    expect(kit.locator("dialog[open]")).to_have_count(0)
    expect(kit.get_by_role("link", name="Open dialog")).to_be_focused()


def test_what_cannot_be_undone_is_asked_first(kit: Page) -> None:
    kit.get_by_role("button", name="Ask first").click()
    expect(kit.locator("#confirm")).to_contain_text("Really?")
    check_accessibility(kit)
    kit.get_by_role("button", name="Cancel", exact=True).first.click()
    kit.get_by_role("button", name="Ask first").click()
    kit.get_by_role("button", name="Yes, go on").click()
    expect(kit.locator("main").get_by_role("status")).to_contain_text("It is done")


# ---------------------------------------------------------------- toasts and live regions


def test_a_note_comes_without_taking_the_focus(kit: Page) -> None:
    button = kit.get_by_role("button", name="In place")
    button.focus()
    kit.keyboard.press("Enter")
    expect(kit.locator("#told")).to_have_text("changed in place")
    expect(kit.locator("#toasts")).to_contain_text("Saved")
    expect(button).to_be_focused()
    check_accessibility(kit)
    kit.locator("#toasts").get_by_role("button", name="Dismiss").click()
    expect(kit.locator("#toasts .toast")).to_have_count(0)


def test_an_error_is_a_note_and_the_page_stays(kit: Page, visits: Visits) -> None:
    kit.get_by_role("button", name="Refused").click()
    expect(kit.locator("#toasts")).to_contain_text("Somebody else was faster")
    expect(kit.locator("#told")).to_have_text("not changed")
    visits.expect_complaint("(status of|Status Error Code) 409")


def test_a_live_region_changes_and_rests_while_one_types(kit: Page) -> None:
    region = kit.locator("#beat")
    expect(region).to_contain_text(re.compile("Look [1-3]"))
    field = region.get_by_label("Typed")
    field.fill("half a wo")
    expect(field).to_be_focused()
    kit.wait_for_timeout(1500)
    expect(field).to_be_focused()
    expect(field).to_have_value("half a wo")


def test_what_is_typed_stays_when_the_session_has_ended(visits: Visits, ada: User) -> None:
    page = visits.open("/templates/new", who=ada)
    cookies = page.context.cookies()
    page.context.clear_cookies()
    field = page.get_by_role("textbox", name=re.compile("^SQL"))
    field.fill("SELECT *\nFROM dsp_impressions")
    note = page.locator("#toasts")
    expect(note).to_contain_text("You are signed out")
    field.press("End")
    page.keyboard.type(" -- more")
    page.wait_for_timeout(1200)
    expect(note.locator(".toast")).to_have_count(1)
    expect(field).to_have_value("SELECT *\nFROM dsp_impressions -- more")
    page.context.add_cookies(cookies)  # type: ignore[arg-type]  # what was got is what is given
    page.keyboard.type("!")
    expect(page.locator("#judgement")).to_contain_text("AMC refuses * in the final SELECT")
    visits.expect_complaint("(status of|Status Error Code) 401")


def test_a_live_region_says_that_one_is_signed_out_and_goes_on_after(kit: Page, visits: Visits) -> None:
    cookies = kit.context.cookies()
    kit.context.clear_cookies()
    expect(kit.locator("#toasts")).to_contain_text("You are signed out")
    kit.context.add_cookies(cookies)  # type: ignore[arg-type]  # what was got is what is given
    kit.evaluate("document.dispatchEvent(new Event('live:refresh'))")
    expect(kit.locator("#beat")).to_contain_text("Look 3")
    visits.expect_complaint("status of 401")


def test_a_doubled_click_sends_a_form_once(kit: Page) -> None:
    sent: list[str] = []
    kit.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    kit.evaluate(
        "() => { const form = document.querySelector('form[action$=\"/done\"]:not([data-confirm])');"
        " form.requestSubmit(); form.requestSubmit(); }"
    )
    expect(kit.locator("main").get_by_role("status")).to_contain_text("It is done")
    assert len(sent) == 1


# ---------------------------------------------------------------- palette and shortcuts


def test_the_palette_goes_to_a_page_by_keyboard(kit: Page) -> None:
    kit.keyboard.press("Control+k")
    field = kit.get_by_role("combobox", name=re.compile("Search pages"))
    expect(field).to_be_focused()
    expect(kit.get_by_role("option", name="New report")).to_be_visible()
    check_accessibility(kit)
    kit.keyboard.type("api")
    expect(kit.locator("#palette").get_by_role("option")).to_have_count(1)
    kit.keyboard.press("Enter")
    expect(kit).to_have_url(re.compile("/api/docs$"))


def test_the_palette_takes_what_was_typed_and_not_what_stood_there(kit: Page) -> None:
    kit.keyboard.press("Control+k")
    expect(kit.get_by_role("option", name="New report")).to_be_visible()
    kit.keyboard.type("instances")
    kit.keyboard.press("Enter")
    expect(kit).to_have_url(re.compile("/instances$"))
    kit.keyboard.press("Control+k")
    kit.keyboard.type("cart abandonment")
    kit.keyboard.press("Enter")
    expect(kit).to_have_url(re.compile("/templates/tpl_"))


def test_enter_takes_the_zone_that_fits_best_not_the_one_of_before(visits: Visits, ben: User) -> None:
    page = visits.open("/account", who=ben)
    for typed, zone in (("new york", "America/New_York"), ("utc", "UTC")):
        page.get_by_role("combobox", name="Time zone").click()
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status").first).to_contain_text(f"Times are shown in {zone}.")


def test_bars_begin_where_one_is_on_a_phone(visits: Visits, ben: User) -> None:
    page = visits.open("/account/notifications", who=ben, size=PHONE)
    for current in page.locator("nav [aria-current]").all():
        expect(current).to_be_in_viewport(ratio=0.99)


def test_single_keys_do_nothing_where_they_are_turned_off(visits: Visits, ben: User) -> None:
    page = visits.open("/account", who=ben)
    page.get_by_label("Single keys are shortcuts").uncheck()
    page.get_by_role("button", name="Save").click()
    page.goto(KIT)
    page.keyboard.press("/")
    page.keyboard.press("?")
    expect(page.get_by_label("Search the table")).not_to_be_focused()
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()


def test_shortcuts_go_to_pages_and_fields_and_are_listed(kit: Page) -> None:
    kit.keyboard.press("/")
    expect(kit.get_by_label("Search the table")).to_be_focused()
    kit.keyboard.type("g r")
    expect(kit).to_have_url(re.compile(KIT))
    kit.locator("h1").click()
    kit.keyboard.press("?")
    expect(kit.locator("#shortcuts")).to_contain_text("Report Builder")
    check_accessibility(kit)
    kit.keyboard.press("Escape")
    kit.keyboard.press("g")
    kit.keyboard.press("r")
    expect(kit).to_have_url(re.compile("/report-builder$"))
