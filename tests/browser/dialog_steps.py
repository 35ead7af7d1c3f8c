"""What journeys through the dialog share: its first step, zones that are searched, going on by Tab alone."""

import re

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import func, select

from reportbuilder.database import reading
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import ACTIVE
from tests.browser.stack import Stack
from tests.deployment import wait_until

TEMPLATE = "Reach and frequency: Amazon DSP"
HEADING = ".step-heading"
MOST_TABS = 120
PATIENCE = 120  # seconds until what other tests have left behind has ended


def begin(page: Page, name: str) -> None:
    """Choose the template and an instance, and go on with its usual values."""
    page.goto("/report-builder/new?search=reach")
    page.get_by_role("link", name=f"Use {TEMPLATE}").click()
    page.get_by_label("Instance", exact=True).select_option(index=1)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("switch", name="Count the whole brand")).to_be_checked()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Next: when").click()
    expect(page.locator(HEADING)).to_have_text("When")


def choose(page: Page, kind: str) -> None:
    """Say when it shall run, and go on."""
    page.get_by_role("radio", name=kind).check()
    page.get_by_role("button", name="Continue").click()


def pick_zone(page: Page, typed: str, found: str) -> None:
    """Search a zone by what is typed, and take the one whose text begins so."""
    page.locator(".ts-control").click()
    page.keyboard.type(typed)
    page.get_by_role("option", name=re.compile(f"^{re.escape(found)}")).click()


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(MOST_TABS):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never gets to {wanted}")


def rest(stack: Stack) -> None:
    """Wait until nothing waits or runs, so that the next run at AMC is one's own."""

    def is_idle() -> bool:
        with stack.rooms.app_context(), reading() as session:
            wanted = select(func.count()).where(ReportExecution.state.in_(ACTIVE))
            return not session.scalar(wanted)

    wait_until(is_idle, PATIENCE, stack.deployment.told)
