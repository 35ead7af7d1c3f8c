"""From the keystroke to the painted verdict with a thousand ASINs in the field, as the page measures it."""

import sys
from statistics import quantiles

from playwright.sync_api import Page

from reportbuilder.accounts.models import User
from tests.browser.forms import address_of
from tests.browser.visits import Visits

BOUND = 100.0  # ms, the 95th percentile
FRAME = 1000 / 60
KEYS = "\nb0wrong B000000001 B0ABCDEFGH\nB0ABCDEFGH,x B0"
TRIES = 3  # what else this machine does at the moment is no delay of ours
# as a paste comes: Playwright's own way of typing takes half a minute for a thousand lines
PUT = "(area, text) => { area.value = text; area.dispatchEvent(new Event('input', {bubbles: true})); }"
MEASURED = "performance.getEntriesByName('field-validation').map((each) => each.duration)"


def typed_into(page: Page) -> list[float]:
    """Type where a thousand ASINs are, at the end and in the middle; return the milliseconds of each key."""
    page.evaluate("performance.clearMeasures()")
    for place in ("Control+End", "Control+Home"):
        page.keyboard.press(place)
        for key in KEYS:
            page.keyboard.type(key)
            page.wait_for_timeout(20)
    wanted = 2 * len(KEYS)
    page.wait_for_function(f"performance.getEntriesByName('field-validation').length >= {wanted}")
    return list(page.evaluate(MEASURED))


def test_a_verdict_is_on_the_screen_within_a_tenth_of_a_second(visits: Visits, ben: User) -> None:
    page = visits.open(address_of(visits.stack, "reach_and_frequency"), who=ben)
    area = page.locator("[id='p.asins']")
    runs = []
    for _ in range(TRIES):
        area.evaluate(PUT, "\n".join(f"B{number:09d}" for number in range(1000)))
        area.focus()
        cuts = quantiles(typed_into(page), n=20)
        runs.append((cuts[18], cuts[9]))
        if cuts[18] < FRAME:
            break
    p95, p50 = min(runs)
    area.blur()
    assert page.locator("[data-parameter=asins] .errors li").count() > 0
    sys.stdout.write(f"\nfield-validation, 1,000 ASINs: p50 {p50:.1f} ms, p95 {p95:.1f} ms\n")
    assert p95 < BOUND
