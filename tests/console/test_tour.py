"""The first steps: a panel until it is hidden, ticked by what one has really done, kept with the user."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from admin.blueprint import HOME
from admin.tour import WORDS
from reportbuilder.accounts import tours, users
from reportbuilder.accounts.tours import STEPS, Tour
from reportbuilder.database import reading, transaction
from reportbuilder.reports.models import ReportDefinition
from tests.api.conftest import Callers
from tests.api.test_queries_counted import counted
from tests.console.reported import Reported
from tests.console.timely import key_in
from tests.console.visitors import Visitor

PAGE = "/first-steps"


@pytest.fixture(autouse=True)
def newcomer(callers: Callers, passwords: None) -> None:
    """Ben has just come."""
    with transaction() as session:
        users.get(session, "ben@example.test").tour = ""


def tour_of(email: str = "ben@example.test") -> Tour:
    with reading() as session:
        return tours.read(users.get(session, email).tour)


def ticked(page: str) -> list[str]:
    """Return the titles of the steps that a page shows as done."""
    return re.findall(r'<li class="is-done".*?<a[^>]*>([^<]+)</a><span[^>]*> \(done\)', page, re.DOTALL)


def test_each_step_has_its_words() -> None:
    assert tuple(step.key for step in WORDS) == STEPS


def test_the_panel_stands_above_the_reports_until_it_is_hidden(ben: Visitor, cleo: Visitor) -> None:
    page = ben.get(HOME).text
    assert "0 of 6 done" in page
    assert page.count('aria-current="step"') == 1
    assert ben.post(PAGE, {"show": "0"}).headers["Location"] == HOME
    told = ben.get(HOME).text
    assert "The first steps are hidden" in told
    assert "0 of 6 done" not in told
    assert f'href="{PAGE}"' in told  # in the menu
    assert "Show them above the reports" in ben.get(PAGE).text
    ben.post(PAGE, {"show": "1"})
    assert "0 of 6 done" in ben.get(HOME).text
    assert "First steps" not in cleo.get(HOME).text
    assert cleo.get(PAGE).status_code == 403


def test_who_was_there_before_is_not_shown_around(ada: Visitor) -> None:
    assert not tour_of("ada@example.test").is_open
    assert "0 of 6 done" not in ada.get(HOME).text


def test_what_one_does_is_ticked_and_what_is_refused_is_not(ben: Visitor, reported: Reported) -> None:
    new = f"{HOME}/new/{template_of(reported)}"
    ben.get(f"{new}?instance_id=amcnorthwind01")
    assert tour_of().done == {"template"}
    ben.post(new, {"instance_id": "amcnorthwind02", "do": "next"})
    ben.post(f"{reported.path}/schedule/edit", {"do": "save", "schedule.recurrence.type": "never"})
    assert tour_of().done == {"template"}
    once = key_in(ben.get(reported.path).text)
    ben.post(f"{reported.path}/run-now", {"once": once})
    assert tour_of().done == {"template", "run"}
    assert ticked(ben.get(PAGE).text) == ["Choose a template", "Run it"]
    assert "2 of 6 done" in unescape(ben.get(HOME).text)


def template_of(reported: Reported) -> str:
    with reading() as session:
        wanted = select(ReportDefinition).where(ReportDefinition.report_id == reported.report_id)
        return session.scalars(wanted).one().template.template_id


def test_what_a_hidden_tour_has_not_seen_costs_nothing(
    ben: Visitor, reported: Reported, callers: Callers
) -> None:
    path = f"{HOME}/new/{template_of(reported)}?instance_id=amcnorthwind01"
    ben.get(path)
    with counted(callers) as second:
        ben.get(path)
    ben.post(PAGE, {"show": "0"})
    with counted(callers) as hidden:
        ben.get(path)
    assert len(hidden) == len(second)


def test_a_step_leads_to_where_it_is_done(ben: Visitor, reported: Reported) -> None:
    assert ben.get(f"{PAGE}/template").headers["Location"] == f"{HOME}/new"
    assert ben.get(f"{PAGE}/run").headers["Location"] == reported.path
    assert ben.get(f"{PAGE}/schedule").headers["Location"] == f"{reported.path}/schedule/edit"
    assert ben.get(f"{PAGE}/backfill").headers["Location"] == f"{reported.path}/backfill/new"
    assert ben.get(f"{PAGE}/results").headers["Location"] == f"{HOME}/new"
    assert ben.get(f"{PAGE}/nothing").status_code == 404
    execution_id = reported.run("completed")
    assert ben.get(f"{PAGE}/results").headers["Location"] == f"{HOME}/runs/{execution_id}"


def test_without_a_report_the_steps_lead_to_the_gallery_and_say_why(ben: Visitor) -> None:
    assert ben.get(f"{PAGE}/backfill").headers["Location"] == f"{HOME}/new"
    assert "That takes a report of yours" in ben.get(f"{HOME}/new").text
