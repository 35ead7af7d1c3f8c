"""A report that somebody else has changed meanwhile, in a real browser: a phone, with and without scripts."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.database import reading, transaction
from reportbuilder.reports import defining
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.models import ReportDefinition
from tests.browser.stack import Stack
from tests.browser.test_time_in_browser import make_report
from tests.browser.visits import PHONE, Visits, check_accessibility, check_fits

HEAD = "#outdated-head"


def change(stack: Stack, path: str, name: str) -> None:
    """Let Ada call a report otherwise."""
    with stack.rooms.app_context(), transaction() as session:
        defining.change(
            session, report(session, path), {"name": name}, terms=Terms(clock.now()), by="ada@example.test"
        )


def report(session: Session, path: str) -> ReportDefinition:
    found = select(ReportDefinition).where(ReportDefinition.report_id == path.rpartition("/")[2])
    return session.scalars(found).one()


def refused(visits: Visits, who: User, path: str, *, scripts: bool) -> Page:
    """Open the form, let somebody else save, and send it."""
    page = visits.open(f"{path}/edit", who=who, size=PHONE, scripts=scripts)
    page.locator("#name").fill("Mine")
    change(visits.stack, path, "Theirs")
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator(HEAD)).to_be_visible()
    expect(page.locator("#name")).to_have_value("Mine")
    visits.complaints.clear()  # of the answer of 409
    return page


@pytest.mark.parametrize("scripts", [True, False])
def test_mine_is_saved_anyway(visits: Visits, ben: User, *, scripts: bool) -> None:
    path = make_report(visits.stack, ben)
    page = refused(visits, ben, path, scripts=scripts)
    if scripts:
        check_accessibility(page)
        check_fits(page)
    page.get_by_role("button", name="Save mine anyway").click()
    expect(page.get_by_text("The report is changed.")).to_be_visible()
    with visits.stack.rooms.app_context(), reading() as session:
        assert report(session, path).name == "Mine"


def test_theirs_is_loaded(visits: Visits, ben: User) -> None:
    page = refused(visits, ben, make_report(visits.stack, ben), scripts=True)
    page.get_by_role("link", name="Load theirs").click()
    expect(page.locator("#name")).to_have_value("Theirs")
    expect(page.locator(HEAD)).to_have_count(0)
