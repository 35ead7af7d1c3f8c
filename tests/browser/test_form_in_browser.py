"""The form in a real browser: verdicts as one types, pickers, the SQL beside it, and all without scripts."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from reportbuilder.accounts.models import User
from reportbuilder.valuelists.kinds import Found
from tests.browser.forms import address_of, offer
from tests.browser.visits import DESK, PHONE, Visits, check_accessibility, check_fits

KEY = "reach_and_frequency"


@pytest.fixture
def form(visits: Visits, ben: User) -> Page:
    """The form of a template with lists, filters, choices and scales."""
    offer(
        visits.stack,
        *(Found("campaign", f"Brand {n}, US", None, 9 - n) for n in range(5)),
        Found("brand", "Northwind"),
    )
    return visits.open(address_of(visits.stack, KEY), who=ben)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wrong_with_the_form_on_desk_or_phone(visits: Visits, ben: User, theme: str) -> None:
    path = address_of(visits.stack, KEY)
    for size in (DESK, PHONE):
        page = visits.open(
            f"{path}&p.asins=B000000001+short+B000000001&p.min_people=0", who=ben, theme=theme, size=size
        )
        expect(page.locator("[data-summary] li")).to_have_count(2)
        check_accessibility(page)
        check_fits(page)


def test_a_field_is_not_shouted_at_before_it_is_left(form: Page) -> None:
    field = form.locator("[data-parameter=last_frequency]")
    form.locator("[id='p.last_frequency']").fill("1")
    expect(field.locator(".errors li")).to_have_count(0)
    form.keyboard.press("Tab")
    form.keyboard.press("Tab")
    expect(field.locator(".errors li")).to_have_text('"1" is too small; give at least 2')
    control = form.locator("[id='p.last_frequency']")
    expect(control).to_have_attribute("aria-invalid", "true")
    expect(control).to_have_attribute("aria-describedby", re.compile("p.last_frequency-errors"))
    control.fill("12")
    expect(field.locator(".errors li")).to_have_count(0)
    control.fill("x")
    expect(field.locator(".errors li")).to_have_text(re.compile("is not a whole number"))


def test_wrong_and_double_asins_are_marked_in_place_and_taken_out(form: Page) -> None:
    area = form.locator("[id='p.asins']")
    area.fill("B000000001\nb000000001, short\nB000000002")
    field = form.locator("[data-parameter=asins]")
    expect(field.locator("mark.is-double")).to_have_text("b000000001")
    expect(field.locator("mark.is-wrong")).to_have_text("short")
    expect(field.locator("[data-count=all]")).to_have_text("4 in all")
    field.get_by_role("button", name="Remove wrong ones").click()
    field.get_by_role("button", name="Remove doubles").click()
    expect(area).to_have_value("B000000001\nB000000002")
    expect(field.locator("mark")).to_have_count(0)


def test_the_sql_follows_what_is_typed(form: Page) -> None:
    form.locator("[id='p.asins']").fill("B00000000Z")
    expect(form.locator("#sql mark", has_text="'B00000000Z'").first).to_be_visible()
    form.locator("[id='p.asins']").fill("nonsense")
    expect(form.locator("#sql")).to_contain_text("is not an ASIN")
    form.get_by_label("Time window: which days").select_option("last_month")
    expect(form.locator("[data-window] [data-resolved]")).to_have_text(re.compile(r" to .*, \d\d days"))


def test_what_is_wrong_is_listed_and_leads_to_its_field(form: Page) -> None:
    form.locator("[id='p.min_people']").fill("1")
    form.get_by_role("button", name="Next: when").click()
    box = form.locator("[data-summary]")
    expect(box).to_be_focused()
    box.get_by_role("link", name="Least people a row").click()
    expect(form.locator("[id='p.min_people']")).to_be_focused()


def test_campaigns_are_found_chosen_pasted_and_matched(form: Page) -> None:
    field = form.locator("[data-parameter=campaigns]")
    chooser = field.locator(".ts-control input")
    chooser.click()
    chooser.type("Brand 3")
    field.locator(".ts-dropdown .option", has_text="Brand 3, US").click()
    expect(field.locator(".item")).to_have_text(re.compile("Brand 3, US"))
    form.keyboard.press("Escape")
    field.get_by_text("Others, or paste a list").click()
    field.locator("textarea").fill("One, with a comma\nTwo")
    field.get_by_role("button", name="Add these").click()
    expect(field.locator(".item")).to_have_count(3)
    expect(form.locator("#sql")).to_contain_text("One, with a comma")
    form.locator("[id='p.campaign_filter']").fill("Brand*US")
    expect(form.locator("[data-parameter=campaign_filter] [data-matches]")).to_have_text(
        re.compile(r"^5 of [\d,]+ match")
    )


def test_values_are_saved_and_shared_without_losing_what_is_typed(form: Page) -> None:
    form.locator("[id='p.min_people']").fill("77")
    form.get_by_text("Save these values").click()
    form.get_by_label("Name of the values").fill("Mine")
    form.get_by_role("button", name="Save values").click()
    panel = form.locator("#saved-values")
    expect(panel.get_by_role("link", name="Mine")).to_be_visible()
    form.locator("[id='p.min_people']").fill("78")
    panel.locator("summary").click()
    panel.get_by_role("button", name=re.compile("Share with")).click()
    expect(panel).to_contain_text("shared")
    expect(form.locator("[id='p.min_people']")).to_have_value("78")
    panel.get_by_role("link", name="Mine").click()
    expect(form.locator("[id='p.min_people']")).to_have_value("77")


def test_without_scripts_errors_stand_at_their_fields_and_nothing_is_lost(visits: Visits, ben: User) -> None:
    page = visits.open(address_of(visits.stack, KEY), who=ben, scripts=False)
    page.locator("[id='p.min_people']").fill("1")
    page.locator("[id='p.asins']").fill("B000000001 short")
    page.get_by_role("button", name="Next: when").click()
    expect(page.locator("[data-parameter=min_people] .errors")).to_contain_text("give at least 2")
    expect(page.locator("[id='p.asins']")).to_have_value("B000000001 short")
    page.locator("[id='p.min_people']").fill("5")
    page.locator("[id='p.asins']").fill("B000000001")
    page.get_by_role("button", name="Show the SQL").click()
    expect(page.locator("#sql mark", has_text="'B000000001'").first).to_be_visible()
    page.get_by_role("button", name="Next: when").click()
    assert urlsplit(page.url).path.endswith("/when")
    visits.complaints.clear()  # of the answers of 422, and of a next step that may not be there
