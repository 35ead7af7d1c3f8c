"""Schedules, backfills and instances in a real browser: as one types, by keyboard, on a phone."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from admin.blueprint import HOME
from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.backfills import changing
from reportbuilder.backfills.planning import draft_backfill
from reportbuilder.backfills.starting import start_backfill
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import transaction
from reportbuilder.reports import defining
from reportbuilder.reports.defining import Terms
from tests.browser.dialog_steps import pick_zone
from tests.browser.stack import QUICK, Stack
from tests.browser.visits import DESK, PHONE, Visits, check_accessibility, check_fits


@pytest.fixture
def report(stack: Stack, ben: User) -> str:
    """The address of a report of Ben's."""
    return make_report(stack, ben)


def make_report(stack: Stack, who: User, lookback_days: int = 0, *, is_paused: bool = False) -> str:
    """Make a report, and start a backfill of its past in days if so many are given.

    A paused one leaves the slots to other tests.
    """
    with stack.rooms.app_context(), transaction() as session:
        template = session.scalars(select(QueryTemplate).where(QueryTemplate.library_key == "weekly_roas"))
        on = session.scalars(select(AmcInstance).order_by(AmcInstance.instance_id)).first()
        user = session.get_one(User, who.id)
        assert on is not None
        terms = Terms(as_of=clock.now())
        report = defining.create(
            session,
            {"name": "Weekly ROAS", "timezone": "America/New_York"},
            owner=user,
            template=template.one(),
            instance=on,
            terms=terms,
        )
        if lookback_days:
            wish = {"segment": "daily", "lookback_days": lookback_days}
            drafted = draft_backfill(session, report, wish, terms, stack.settings)
            row = start_backfill(session, report, drafted, user)
            if is_paused:
                changing.pause(session, row, "a holiday")
        return f"{HOME}/reports/{report.report_id}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wrong_with_the_pages_on_desk_or_phone(
    visits: Visits, stack: Stack, ben: User, theme: str
) -> None:
    report = make_report(stack, ben, 365, is_paused=True)
    instances = [f"/instances/{instance_of(stack)}", "/instances"]
    of_report = ["/schedule", "/schedule/edit", "/backfill", "/backfill/new"]
    for path in [*(report + each for each in of_report), *instances]:
        for size in (DESK, PHONE):
            page = visits.open(path, who=ben, theme=theme, size=size)
            check_accessibility(page)
            check_fits(page)
            page.close()


def instance_of(stack: Stack) -> str:
    with stack.rooms.app_context(), transaction() as session:
        return session.scalars(select(AmcInstance.instance_id).order_by(AmcInstance.instance_id)).all()[0]


def test_the_next_times_follow_what_one_types(visits: Visits, ben: User, report: str) -> None:
    page = visits.open(f"{report}/schedule", who=ben)
    page.get_by_role("link", name="Make a schedule").click()
    told = page.locator("#preview [role=status]")
    expect(told).to_contain_text("Every Monday at 03:00, New York")
    expect(page.get_by_label("Cron line")).to_be_hidden()
    page.get_by_label("Repeats").select_option("cron")
    page.get_by_label("Cron line").fill("30 2 * * *")
    expect(told).to_contain_text("02:30")
    page.get_by_label("Cron line").fill("30 99 * * *")
    wrong = page.locator("#preview a")
    expect(wrong).to_have_text("Cron line")
    wrong.click()
    expect(page.get_by_label("Cron line")).to_be_in_viewport()
    page.get_by_label("Repeats").select_option("weekly")
    page.get_by_role("button", name="Save the schedule").click()
    expect(page.locator(".flash")).to_contain_text("The schedule is saved")
    expect(page.get_by_role("heading", level=2).first).to_have_text("Every Monday at 03:00, New York")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_schedule_is_paused_with_a_reason_and_resumed(
    visits: Visits, ben: User, report: str, scripts: bool
) -> None:
    page = visits.open(f"{report}/schedule/edit", who=ben, scripts=scripts, size=PHONE)
    if scripts:
        pick_zone(page, "berlin", "Berlin (UTC+0")
    else:
        page.get_by_role("combobox", name="Time zone").select_option("Europe/Berlin")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("Berlin")
    page.get_by_role("button", name="Save the schedule").click()
    page.locator("summary", has_text="Pause").click()
    page.get_by_label("Why?").fill("a holiday")
    page.get_by_role("button", name="Pause the schedule").click()
    expect(page.locator("#main")).to_contain_text("a holiday")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#main")).to_contain_text("goes on with its next due time")


def test_a_backfill_by_keyboard_and_its_grid(visits: Visits, ben: User, report: str) -> None:
    page = visits.open(f"{report}/backfill/new", who=ben)
    page.get_by_label("How many days back").fill("60")
    page.get_by_label("Cut into").select_option("daily")
    expect(page.locator("#preview [role=status]")).to_contain_text("47 segments, 47 to run")
    page.get_by_role("button", name="Start the backfill").press("Enter")
    expect(page.get_by_role("heading", name="The latest backfill")).to_be_visible()
    walk(page)
    expect(page.locator("#backfill-progress")).to_contain_text("47 of 47 segments have come.", timeout=90_000)
    expect(page.locator("a.cell-completed[data-sign='✓']")).to_have_count(47)
    expect(page.locator("#segment .label")).to_have_text("Completed")
    expect(page.get_by_role("link", name="Start another")).to_be_visible()


def walk(page: Page) -> None:
    """Walk through the grid by arrow keys, and choose a segment, while it changes."""
    cells = page.locator(".segment-grid a")
    expect(cells).to_have_count(47)
    cells.first.focus()
    page.keyboard.press("End")
    expect(cells.last).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(cells.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(cells.nth(1)).to_be_focused()
    day = (cells.nth(1).get_attribute("aria-label") or "").partition(":")[0]
    page.keyboard.press("Enter")
    expect(page.locator("#segment h3")).to_have_text(day)
    expect(page).to_have_url(re.compile("/backfill/bf_[0-9a-f]+$"))


def test_a_backfill_is_cancelled_after_a_question(visits: Visits, stack: Stack, ben: User) -> None:
    stack.box.fault(run_seconds=90.0)
    try:
        page = visits.open(f"{make_report(stack, ben, 60)}/backfill", who=ben, size=PHONE)
        expect(page.locator("a.cell-running").first).to_be_visible(timeout=30_000)
        page.get_by_role("button", name="Cancel").first.click()
        question = page.locator("dialog#confirm")
        expect(question).to_contain_text("Cancel the backfill?")
        question.locator("[value=yes]").click()
        expect(page.locator("a.cell-cancelled")).to_have_count(47, timeout=60_000)
        expect(page.locator("#backfill-progress .label").first).to_have_text("Cancelled")
        expect(page.get_by_role("link", name="Start another")).to_be_visible()
    finally:
        stack.box.fault(run_seconds=QUICK.run_seconds)
