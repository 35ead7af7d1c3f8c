"""Reports and runs in a real browser: from "Run now" to rows, failures, and what the pages look like."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog import publishing
from reportbuilder.clock import now
from reportbuilder.database import transaction
from reportbuilder.executions import lifecycle
from reportbuilder.executions.lifecycle import Order
from reportbuilder.reports import defining
from reportbuilder.reports.defining import Terms, create
from reportbuilder.reports.models import ReportDefinition
from tests.browser.stack import Stack
from tests.browser.visits import DESK, PHONE, Visits, check_accessibility, check_fits

SQL = """SELECT campaign, campaign_id, SUM(impressions) AS impressions, SUM(total_cost) / 100000 AS cost
FROM dsp_impressions
GROUP BY campaign, campaign_id"""
BROKEN = SQL.replace("dsp_impressions\n", "dsp_impresions\n")
PATIENCE = 90_000  # ms until a run has ended, on a busy machine


def make_report(stack: Stack, owner: User) -> str:
    """Make a report; return the address of its page."""
    with stack.rooms.app_context(), transaction() as session:
        user = session.get_one(User, owner.id)
        body = {"name": f"Reach {owner.email}", "category": "Reach", "sql_template": SQL, "is_public": True}
        template = publishing.publish(session, body, user)
        instance = session.scalars(select(AmcInstance).order_by(AmcInstance.instance_id)).all()[0]
        data = {"name": "Reach by campaign", "parameters": {}}
        report = create(session, data, owner=user, template=template, instance=instance, terms=Terms(now()))
        return f"/report-builder/reports/{report.report_id}"


def run_broken(stack: Stack, path: str) -> None:
    """Ask for a run of a report with SQL that AMC refuses, which no lint lets into a template."""
    with stack.rooms.app_context(), transaction() as session:
        wanted = select(ReportDefinition).where(ReportDefinition.report_id == path.rpartition("/")[2])
        report = session.scalars(wanted).one()
        window = defining.window_of(report, Terms(now()))
        order = Order(
            report.template, report.instance, report.owner, BROKEN, window, {}, "manual", report=report
        )
        lifecycle.request(session, order)


def run_now(page: Page) -> None:
    """Press the button and wait until the list below it says that the run has ended."""
    page.get_by_role("button", name="Run now").click()
    wait_for_the_last_run(page)


def wait_for_the_last_run(page: Page) -> None:
    """Wait until the live list says that the last run has ended."""
    last = page.get_by_role("table", name="Last runs").get_by_role("row").nth(1)
    expect(last).to_contain_text(re.compile("Completed|Failed"), timeout=PATIENCE)


def test_from_run_now_to_rows(visits: Visits, stack: Stack, ben: User) -> None:
    page = visits.open(make_report(stack, ben), who=ben)
    run_now(page)
    page.get_by_role("link", name="Completed").first.click()
    rows = page.get_by_role("table", name=re.compile("^Rows 1 to"))
    expect(rows).to_be_visible()
    page.get_by_role("link", name="impressions").click()
    expect(rows.get_by_role("columnheader", name="impressions")).to_have_attribute("aria-sort", "ascending")
    page.get_by_label("Column", exact=True).select_option("impressions")
    page.get_by_label("Comparison").select_option("gt")
    page.get_by_label("Value", exact=True).fill("0")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("list", name="Filters")).to_contain_text("impressions is greater than 0")
    page.get_by_label("Download all rows").click()
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV").click()
    assert taken.value.suggested_filename.endswith(".csv")


def test_a_failure_leads_to_its_place_in_the_sql(visits: Visits, stack: Stack, ben: User) -> None:
    own = make_report(stack, ben)
    run_broken(stack, own)
    page = visits.open(own, who=ben)
    wait_for_the_last_run(page)
    page.get_by_role("link", name="What AMC said, and all of the run").click()
    expect(page.get_by_text("There is no data source dsp_impresions on this instance.")).to_be_visible()
    page.get_by_role("link", name=re.compile("Show line 2")).click()
    expect(page.locator("#L2 mark")).to_have_text("dsp_impresions")
    expect(page.locator("#L2")).to_be_in_viewport()


def test_everything_works_without_scripts(visits: Visits, stack: Stack, ben: User) -> None:
    own = make_report(stack, ben)
    run_now(visits.open(own, who=ben))
    page = visits.open(own, who=ben, scripts=False)
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("main .flash")).to_contain_text("A run has been asked for.")
    page.get_by_role("link", name="Runs", exact=True).click()
    page.get_by_label("State").select_option("completed")
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name="Completed").last.click()
    page.get_by_text("Columns").click()
    page.get_by_label("cost").uncheck()
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_role("columnheader", name="impressions")).to_be_visible()
    expect(page.get_by_role("columnheader", name="cost")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wrong_with_the_pages_on_desk_or_phone(
    visits: Visits, stack: Stack, ben: User, theme: str
) -> None:
    own = make_report(stack, ben)
    page = visits.open(own, who=ben)
    for _ in range(2):
        run_now(page)
        page.wait_for_load_state()
    run = page.get_by_role("link", name="Completed").first.get_attribute("href") or ""
    for path in (own, f"{own}/runs", run, f"{own}/compare", f"{own}/compare?which=all", f"{own}/settings"):
        for size in (DESK, PHONE):
            shown = visits.open(path, who=ben, theme=theme, size=size)
            check_accessibility(shown)
            check_fits(shown)
            shown.close()
