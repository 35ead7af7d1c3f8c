"""Every control of the form in a real browser: its name for screen readers, its keys, and what it says."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from reportbuilder.accounts.models import User
from reportbuilder.valuelists.kinds import Found
from tests.browser.forms import offer, parameter, publish
from tests.browser.visits import DESK, PHONE, Visits, check_accessibility, check_fits

CONDITIONS = """campaign IN ({{campaigns}}) AND advertiser IN ({{brands}}) AND campaign IN ({{words}})
AND campaign IN ({{asins}}) AND campaign LIKE {{pattern}} AND campaign = {{text}} AND campaign = {{note}}
AND device_type IN ({{few}}) AND device_type IN ({{many}}) AND device_type = {{one}}
AND device_type = {{shown}}
AND impressions >= {{least}} AND impressions <= {{most}} AND impressions > {{share}} AND {{on}} AND {{sure}}
AND impression_date BETWEEN {{span.start}} AND {{span.end}} AND impression_date >= {{day}}
AND impression_date BETWEEN {{word.start}} AND {{word.end}}"""
PARAMETERS = [
    parameter("campaigns", "campaign_list"),
    parameter("brands", "string_list", {"values_from": "brand"}),
    parameter("words", "string_list"),
    parameter("asins", "asin_list"),
    parameter("pattern", "campaign_filter"),
    parameter("text", "string"),
    parameter("note", "string", {"widget": "textarea"}),
    parameter("few", "enum_select", options=["phone", "tablet"], multiple=True),
    parameter("many", "enum_select", options=[f"device {n}" for n in range(12)], multiple=True),
    parameter("one", "enum_select", {"widget": "radio"}, options=["phone", "tablet"]),
    parameter("shown", "enum_select", options=["phone", "tablet"]),
    parameter("least", "number", default=5),
    parameter("most", "threshold_numeric", default=50, min=0, max=100, step=5, not_below="least"),
    parameter("share", "percentage", {"visible_if": {"on": True}}, default=10),
    parameter("on", "boolean", default=True),
    parameter("sure", "boolean"),
    parameter("span", "date_range", max_days=40),
    parameter("day", "date"),
    parameter("word", "date_expression"),
]
ALL = 1200


@pytest.fixture(scope="module")
def address(stack: object) -> str:
    """The address of a form with every control."""
    found = [Found("campaign", f"Label {n:04d}, US", None, ALL - n) for n in range(ALL)]
    offer(stack, *found, Found("campaign", "Other"), Found("brand", "Northwind"))  # type: ignore[arg-type]  # it is a Stack
    return publish(stack, "Every control", CONDITIONS, PARAMETERS)  # type: ignore[arg-type]


@pytest.fixture
def form(visits: Visits, ben: User, address: str) -> Page:
    """That form."""
    return visits.open(address, who=ben)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wrong_with_any_control(visits: Visits, ben: User, address: str, theme: str) -> None:
    for size in (DESK, PHONE):
        page = visits.open(address, who=ben, theme=theme, size=size)
        check_accessibility(page)
        check_fits(page)
        page.locator("[data-parameter=many] .ts-control").click()
        page.locator("[data-parameter=many] .ts-dropdown .option").first.click()
        page.keyboard.press("Escape")
        page.locator("[data-parameter=campaigns] .ts-control input").fill("Label*")
        expect(page.locator("[data-parameter=campaigns] .create")).to_have_text(re.compile("1,200"))
        check_accessibility(page)
        page.locator("[id='p.least']").fill("x")
        page.locator("[id='p.text']").focus()
        check_accessibility(page)
        check_fits(page)


def test_controls_are_found_by_their_labels(form: Page) -> None:
    for title in ("Many", "Words", "Brands", "Campaigns"):  # upwards: each opens a list over the next
        box = form.get_by_role("combobox", name=title, exact=True)
        expect(box).to_have_count(1)
        form.locator("label", has_text=re.compile(f"^{title}$")).click()
        expect(box).to_be_focused()


def test_a_pattern_takes_all_that_it_matches(form: Page) -> None:
    field = form.locator("[data-parameter=campaigns]")
    box = field.locator(".ts-control input")
    box.type("Label 000*")
    expect(field.locator(".create")).to_have_text("Add all 10 that match Label 000*")
    expect(field.locator(".ts-dropdown .option")).to_have_count(10)
    form.keyboard.press("Enter")
    expect(field.locator(".item")).to_have_count(10)
    box.type("Label*")
    expect(field.locator(".create")).to_have_text("Add the first 1,000 of 1,200 that match Label*")
    form.keyboard.press("Enter")
    expect(field.locator("[data-matches]")).to_have_text("The first 1,000 of 1,200 are added.")
    expect(field.locator(".item")).to_have_count(1000)
    box.type("Nobody*")
    expect(field.locator(".no-results")).to_have_text("Nothing found")
    expect(field.locator(".create")).to_have_count(0)


def test_names_with_commas_are_typed_and_pasted_whole(form: Page) -> None:
    field = form.locator("[data-parameter=campaigns]")
    box = field.locator(".ts-control input")
    box.type("Label 0003, US")
    expect(box).to_have_value("Label 0003, US")
    field.locator(".ts-dropdown .option", has_text="Label 0003, US").click()
    expect(field.locator(".item")).to_have_text(re.compile("^Label 0003, US"))
    paste(form, "[data-parameter=campaigns] .ts-control input", "One, two\nThree\n")
    expect(field.locator(".item")).to_have_count(3)
    expect(form.locator("#sql mark", has_text="'One, two'")).to_be_visible()


def paste(page: Page, place: str, text: str) -> None:
    """Paste a text at a place, as a person does."""
    page.evaluate(
        """([place, text]) => {
            const data = new DataTransfer();
            data.setData("text", text);
            const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
            document.querySelector(place).dispatchEvent(event);
        }""",
        [place, text],
    )


def test_a_thousand_campaigns_are_pasted_at_once(form: Page) -> None:
    begun = time.monotonic()
    paste(form, "[data-parameter=campaigns] .ts-control input", "\n".join(f"C{n}" for n in range(1000)))
    expect(form.locator("[data-parameter=campaigns] .item")).to_have_count(1000)
    assert time.monotonic() - begun < 5  # seconds, on whatever machine: one by one it takes half a minute


def test_what_is_typed_and_not_confirmed_is_taken_or_offered(form: Page) -> None:
    form.locator("[data-parameter=words] .ts-control input").type("spring")
    form.keyboard.press("Tab")
    expect(form.locator("[data-parameter=words] .item")).to_have_text(re.compile("^spring"))
    field = form.locator("[data-parameter=brands]")
    field.locator(".ts-control input").type("Unknown")
    form.keyboard.press("Tab")
    expect(field.locator(".item")).to_have_count(0)
    expect(field.locator("[data-matches]")).to_contain_text("“Unknown” is not in the list yet.")
    field.get_by_role("button", name="Add it").click()
    expect(field.locator(".item")).to_have_text(re.compile("^Unknown"))


def test_days_are_said_and_begin_with_what_was_meant(form: Page) -> None:
    field = form.locator("[data-parameter=span]")
    said = field.locator("[data-resolved]")
    field.get_by_role("combobox").select_option("last_month")
    expect(said).to_have_text(re.compile(r" to .*, \d\d days"))
    before = said.text_content()
    field.get_by_role("combobox").select_option("dates")
    expect(said).to_have_text(before or "")
    field.get_by_role("combobox").select_option("last")
    expect(said).to_have_text(re.compile("30 days"))
    field.locator("[id='p.span.days']").fill("41")
    form.locator("[id='p.text']").focus()
    expect(field.locator(".errors li")).to_contain_text("has 41 days, both ends counted; take at most 40")
    expect(said).to_have_text("")
    day = form.locator("[data-parameter=day]")
    day.get_by_role("combobox").select_option("yesterday")
    expect(day.locator("[data-resolved]")).to_have_text(re.compile(r"^\w{3} \d\d \w{3} \d{4}$"))
    day.get_by_role("combobox").select_option("ago")
    expect(day.locator("[id='p.day.days']")).to_have_value("7")


def test_a_rule_between_two_fields_is_told_at_the_one_that_has_it(form: Page) -> None:
    field = form.locator("[data-parameter=most]")
    form.locator("[id='p.most']").fill("20")
    form.keyboard.press("Tab")
    expect(field.locator(".errors li")).to_have_count(0)
    form.locator("[id='p.least']").fill("21")
    form.get_by_role("button", name="Next: when").click()
    expect(field.locator(".errors li")).to_have_text("20 is below “Least”, which is 21; give at least 21")
    form.locator("[id='p.least']").fill("20")
    expect(field.locator(".errors li")).to_have_count(0)


def test_sliders_arrows_and_numbers_say_the_same(form: Page) -> None:
    slider, number = form.get_by_role("slider", name="Most, as a slider"), form.locator("[id='p.most']")
    slider.focus()
    form.keyboard.press("ArrowRight")
    expect(number).to_have_value("55")
    number.fill("100")
    expect(slider).to_have_value("100")
    number.press("ArrowUp")
    expect(number).to_have_value("100")
    number.press("ArrowDown")
    expect(slider).to_have_value("95")
    number.fill("")
    expect(slider).to_have_value("50")


def test_a_field_that_hides_and_shows_again(form: Page) -> None:
    field = form.locator("[data-parameter=share]")
    form.locator("[id='p.share']").fill("15%")
    form.get_by_role("switch").uncheck()
    expect(field).to_be_hidden()
    form.get_by_role("switch").check()
    expect(form.locator("[id='p.share']")).to_have_value("15%")


def test_a_zone_is_judged_as_it_is_typed(form: Page) -> None:
    form.get_by_text("Description and time zone").click()
    form.locator("#timezone").fill("vienna")
    form.get_by_role("button", name="Next: when").click()
    expect(form.locator("[data-summary]")).to_contain_text("did you mean Europe/Vienna?")
    form.locator("#timezone").fill("Europe/Vienna")
    expect(form.locator("[data-zone] .errors li")).to_have_count(0)


def test_the_finder_adds_what_is_not_there_yet(visits: Visits, form: Page) -> None:
    offer(visits.stack, *(Found("asin", f"B00000000{n}", None, 9 - n) for n in range(4)))
    area = form.locator("[id='p.asins']")
    area.fill("B000000001")
    form.get_by_role("combobox", name="Find products of the instance to add").fill("B0000*")
    form.get_by_role("option", name="Add all 4 that match B0000*").click()
    expect(area).to_have_value("B000000001\nB000000000\nB000000002\nB000000003")
    form.route("**/metadata/**", lambda route: route.abort())
    form.get_by_role("combobox", name="Find products of the instance to add").fill("B1")
    expect(form.get_by_role("option", name=re.compile("cannot be looked up now"))).to_be_visible()
    visits.expect_complaint("ERR_FAILED")
