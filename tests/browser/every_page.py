"""Every page of the console, and a world in which each of them has something to show."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from playwright.sync_api import expect
from sqlalchemy import select

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.backfills.models import ReportDataCollection
from reportbuilder.catalog import publishing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.executions import lifecycle
from reportbuilder.executions.lifecycle import Order
from reportbuilder.executions.models import ReportExecution
from reportbuilder.notifications import channels
from reportbuilder.notifications import overview as messages
from reportbuilder.reports import defining
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import defining as scheduling
from tests.api.test_templates_api import PUBLICATION
from tests.browser.dialog_steps import begin
from tests.browser.stack import Stack
from tests.browser.test_runs_in_browser import make_report, run_broken
from tests.browser.test_time_in_browser import instance_of
from tests.browser.test_time_in_browser import make_report as make_timely
from tests.browser.visits import Visits

PATIENCE: Final = 90  # seconds until runs have ended, on a busy machine

# addresses by endpoint, with names of the world in braces
PAGES: Final[Mapping[str, str]] = {
    "admin.account": "/account",
    "admin.all_runs": "/report-builder/runs",
    "admin.api_docs": "/api/docs",
    "admin.api_tokens": "/account/tokens",
    "admin.backfill": "{timely}/backfill",
    "admin.details": "{dialog}/details?draft={draft}",
    "admin.drafts": "/report-builder/drafts",
    "admin.edit_report": "{report}/edit",
    "admin.edit_template": "{template}/edit",
    "admin.first_steps": "/first-steps",
    "admin.home": "/report-builder",
    "admin.instance": "/instances/{instance}",
    "admin.instances": "/instances",
    "admin.new_report": "/report-builder/new",
    "admin.new_template": "/templates/new",
    "admin.notification_channel": "/account/notifications/channels/{channel}",
    "admin.notifications": "/account/notifications",
    "admin.one_backfill": "{timely}/backfill/{backfill}",
    "admin.people": "/account/people",
    "admin.person": "/account/people/{person}",
    "admin.report": "{report}",
    "admin.report_form": "{dialog}",
    "admin.review": "{dialog}/review?draft={draft}",
    "admin.run": "{report}/runs/{run}",
    "admin.run_report": "{report}/run",
    "admin.runs": "{report}/runs",
    "admin.compare_runs": "{report}/compare",
    "admin.schedule": "{timely}/schedule",
    "admin.schedule_form": "{timely}/schedule/edit",
    "admin.report_settings": "{report}/settings",
    "admin.sign_in": "/sign-in",
    "admin.single_run": "/report-builder/runs/{alone}",
    "admin.start_backfill": "{report}/backfill/new",
    "admin.template": "{template}",
    "admin.template_diff": "{template}/diff",
    "admin.template_import": "/templates/import",
    "admin.template_preview": "{dialog}/preview",
    "admin.template_version": "{template}/versions/1",
    "admin.templates": "/templates",
    "admin.when": "{dialog}/when?draft={draft}",
}
# what answers a GET and is no page of its own
NO_PAGES: Final[Mapping[str, str]] = {
    "admin.root": "leads to the home page",
    "admin.reopen_start": "leads to the review of a draft",
    "admin.first_step": "leads to where the step is done",
    "admin.palette": "options for the palette",
    "admin.built": "files",
    "admin.static": "files",
    "admin.export_template": "a file",
    "admin.download_run": "a file",
    "admin.backfill_progress": "part of a page that polls",
    "admin.instance_live": "part of a page that polls",
    "admin.instances_live": "part of a page that polls",
    "admin.report_live": "part of a page that polls",
    "admin.report_rows_now": "part of a page that polls",
    "admin.run_live": "part of a page that polls",
    "admin.schedule_firings": "part of a page that polls",
}


def make_world(stack: Stack, ada: User, visits: Visits) -> dict[str, str]:
    """Return the names that the addresses of PAGES have in braces."""
    report = make_report(stack, ada)
    run_broken(stack, report)
    world = {"report": report, "instance": instance_of(stack), "person": str(stack.person().id)}
    world |= _run(stack, ada, report) | _timely(stack, ada) | _template(stack, ada) | _draft(ada, visits)
    return world | {"channel": _channel(stack, ada)}


def _run(stack: Stack, ada: User, path: str) -> dict[str, str]:
    with stack.rooms.app_context(), transaction() as session:
        wanted = select(ReportDefinition).where(ReportDefinition.report_id == path.rpartition("/")[2])
        report = session.scalars(wanted).one()
        window = defining.window_of(report, Terms(clock.now()))
        alone = Order(
            report.template,
            report.instance,
            session.get_one(User, ada.id),
            report.template.sql_template,
            window,
            {},
            "manual",
        )
        order = replace(alone, report=report)
        made = {"run": lifecycle.request(session, order), "alone": lifecycle.request(session, alone)}
        ids = {name: execution.execution_id for name, execution in made.items()}
    for execution_id in ids.values():
        _await_rows(stack, execution_id)
    return ids


def _await_rows(stack: Stack, execution_id: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with stack.rooms.app_context(), reading() as session:
            wanted = select(ReportExecution.state).where(ReportExecution.execution_id == execution_id)
            if session.scalars(wanted).one() == "completed":
                return
        time.sleep(0.2)
    raise AssertionError(f"{execution_id} has no rows yet")


def _timely(stack: Stack, ada: User) -> dict[str, str]:
    path = make_timely(stack, ada, 60, is_paused=True)
    with stack.rooms.app_context(), transaction() as session:
        wanted = select(ReportDefinition).where(ReportDefinition.report_id == path.rpartition("/")[2])
        report = session.scalars(wanted).one()
        wish = {"recurrence": {"type": "weekly", "time": "03:00", "timezone": "America/New_York"}}
        scheduling.create(session, report, wish, terms=Terms(clock.now()))
        mine = select(ReportDataCollection.collection_id).where(ReportDataCollection.report_id == report.id)
        return {"timely": path, "backfill": session.scalars(mine).one()}


def _template(stack: Stack, ada: User) -> dict[str, str]:
    with stack.rooms.app_context(), transaction() as session:
        made = publishing.publish(session, PUBLICATION, session.get_one(User, ada.id))
        publishing.update(session, made, {"description": "changed"}, author_id=ada.id, note="why")
        shipped = select(QueryTemplate.template_id).where(QueryTemplate.library_key == "weekly_roas")
        dialog = f"/report-builder/new/{session.scalars(shipped).one()}"
        return {"template": f"/templates/{made.template_id}", "dialog": dialog}


def _draft(ada: User, visits: Visits) -> dict[str, str]:
    page = visits.open(who=ada, scripts=False)
    begin(page, "Half a report")
    page.get_by_role("radio", name="Recurring").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".step-heading")).to_have_text("Review")
    path, _, draft = page.url.removeprefix(visits.stack.url).partition("/review?draft=")
    return {"dialog": path, "draft": draft}


def _channel(stack: Stack, ada: User) -> str:
    wish = {"kind": "slack", "name": "The team", "target": "https://hooks.slack.com/services/T1JJ/B2KK/x"}
    with stack.rooms.app_context(), transaction() as session:
        row, _ = channels.add(session, ada.id, wish, stack.settings)
        messages.send_test(session, ada.id, row.channel_id)
        return row.channel_id
