"""Nothing that is typed into the form is lost, whichever way one leaves it, with scripts and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from reportbuilder.accounts.models import User
from tests.browser.forms import address_of
from tests.browser.visits import Visits

KEY = "reach_and_frequency"
LEAST = "[id='p.min_people']"
HEADING = ".step-heading"


def begin(page: Page, people: str) -> None:
    """Fill in the form and go on."""
    page.locator(LEAST).fill(people)
    page.get_by_role("button", name="Next: when").click()
    expect(page.locator(HEADING)).to_have_text("When")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_step_keeps_what_is_typed(visits: Visits, ben: User, scripts: bool) -> None:
    page = visits.open(address_of(visits.stack, KEY), who=ben, scripts=scripts)
    begin(page, "7")
    page.get_by_role("link", name="Parameters (done)").click()
    page.locator(LEAST).fill("8")
    page.locator(".steps").get_by_role("button", name="When").click()
    expect(page.locator(HEADING)).to_have_text("When")
    page.get_by_role("link", name="Parameters (done)").click()
    expect(page.locator(LEAST)).to_have_value("8")
    page.locator(LEAST).fill("1")
    page.locator(".steps").get_by_role("button", name="When").click()
    expect(page.locator("[data-summary]")).to_contain_text("give at least 2")
    expect(page.locator(LEAST)).to_have_value("1")
    visits.complaints.clear()  # of the answer of 422


def test_the_browsers_way_back_finds_what_was_typed(visits: Visits, ben: User) -> None:
    page = visits.open(address_of(visits.stack, KEY), who=ben)
    begin(page, "7")
    page.go_back()
    expect(page.locator(LEAST)).to_have_value("7")
    page.go_forward()
    expect(page.locator(HEADING)).to_have_text("When")


def test_enter_goes_on(visits: Visits, ben: User) -> None:
    page = visits.open(address_of(visits.stack, KEY), who=ben)
    page.locator(LEAST).fill("1")
    page.keyboard.press("Enter")
    expect(page.locator("[data-summary]")).to_be_focused()
    page.locator(LEAST).fill("6")
    page.keyboard.press("Enter")
    expect(page.locator(HEADING)).to_have_text("When")


def test_enter_in_the_name_of_values_saves_them(visits: Visits, ben: User) -> None:
    page = visits.open(address_of(visits.stack, KEY), who=ben)
    page.get_by_text("Save these values").click()
    page.get_by_label("Name of the values").fill("By Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#saved-values").get_by_role("link", name="By Enter")).to_be_visible()


def test_a_server_that_does_not_answer_takes_nothing(visits: Visits, ben: User) -> None:
    page = visits.open(address_of(visits.stack, KEY), who=ben)
    page.locator(LEAST).fill("9")
    page.wait_for_timeout(600)  # until the SQL has been asked for
    page.route("**/new/**", lambda route: route.abort())
    page.get_by_role("button", name="Next: when").click()
    expect(page.locator("#toasts")).to_contain_text("Nothing is lost here")
    expect(page.locator(LEAST)).to_have_value("9")
    page.unroute("**/new/**")
    page.get_by_role("button", name="Next: when").click()
    expect(page.locator(HEADING)).to_have_text("When")
    visits.expect_complaint("ERR_FAILED")


def test_what_only_the_server_finds_comes_back_with_all_that_was_typed(visits: Visits, ben: User) -> None:
    page = visits.open(address_of(visits.stack, KEY), who=ben)
    page.locator(LEAST).fill("12")
    page.locator("#name").evaluate("(name) => { name.value = 'x'.repeat(201); }")
    page.get_by_role("button", name="Next: when").click()
    expect(page.locator("[data-summary]")).to_contain_text("201 characters")
    expect(page.locator("[data-summary]")).to_be_focused()
    expect(page.locator(LEAST)).to_have_value("12")
    visits.expect_complaint("422")


def test_another_way_out_asks_first(visits: Visits, ben: User) -> None:
    page = visits.open(address_of(visits.stack, KEY), who=ben)
    asked: list[str] = []

    def stay(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]  # a Dialog of Playwright
        dialog.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", stay)
    page.locator(LEAST).fill("9")
    page.locator(".crumbs a").first.click()
    expect(page.locator(LEAST)).to_have_value("9")
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Next: when").click()
    expect(page.locator(HEADING)).to_have_text("When")
    assert asked == ["beforeunload"]


def test_the_sql_says_that_it_is_of_before_while_a_new_one_is_made(visits: Visits, ben: User) -> None:
    page = visits.open(address_of(visits.stack, KEY), who=ben)
    page.route("**/sql", lambda route: route.abort())
    page.locator(LEAST).fill("9")
    expect(page.locator("#sql")).to_contain_text("it is made anew")
    expect(page.locator(".sql-fresh")).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("does not answer")
    page.unroute("**/sql")
    page.locator(LEAST).fill("19")
    expect(page.locator("#sql mark", has_text=re.compile("^19$")).first).to_be_visible()
    expect(page.locator(".sql-fresh")).to_be_visible()
    visits.expect_complaint("ERR_FAILED|htmx:")


def test_the_link_leads_to_what_is_typed_by_now(visits: Visits, ben: User) -> None:
    page = visits.open(address_of(visits.stack, KEY), who=ben)
    page.locator(LEAST).fill("9")
    link = page.get_by_role("link", name="These values as a link")
    link.hover()
    with page.context.expect_page() as opened:
        link.click(modifiers=["Control"])
    expect(opened.value.locator(LEAST)).to_have_value("9")
    expect(opened.value.get_by_role("switch", name="Count the whole brand")).to_be_checked()
