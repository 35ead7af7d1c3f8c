"""The start of the dialog: what the API starts, once, wholly or not at all, and with the reasons if not."""

from concurrent.futures import ThreadPoolExecutor
from html import unescape
from threading import Barrier

import pytest
from sqlalchemy import func, select

from admin.blueprint import HOME
from reportbuilder import settings
from reportbuilder.accounts import grants
from reportbuilder.accounts.models import User
from reportbuilder.backfills.models import ReportDataCollection
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.executions import pausing
from reportbuilder.executions.models import ReportExecution
from reportbuilder.reports.models import ReportDefinition, ReportDraft
from reportbuilder.schedules.models import ReportSchedule
from tests.api.conftest import Callers
from tests.console.drafted import (
    SEEN,
    Drafted,
    choose,
    fill_backfill,
    fill_schedule,
    make_draft,
    make_template,
    start,
)
from tests.console.visitors import Visitor

COUNTED = (ReportDefinition, ReportExecution, ReportSchedule, ReportDataCollection, ReportDraft)


@pytest.fixture
def draft(callers: Callers) -> Drafted:
    """A draft of Ben's as it comes from the form."""
    return make_draft(callers)


def rows() -> list[int]:
    """Return how many reports, executions, schedules, backfills and drafts there are."""
    with reading() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in COUNTED]


def test_a_run_with_a_report(ben: Visitor, draft: Drafted) -> None:
    choose(ben, draft, "once")
    answer = start(ben, draft)
    with reading() as session:
        report = session.scalars(select(ReportDefinition)).one()
        run = session.scalars(select(ReportExecution)).one()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{HOME}/reports/{report.report_id}")
    assert (report.name, report.parameters, run.triggered_by) == ("Spring", {"campaign": "Spring"}, "manual")
    assert run.report_id == report.id
    assert rows() == [1, 1, 0, 0, 0]
    assert "its first run has been asked for" in ben.get(HOME).text
    assert ben.get(draft.at("review")).status_code == 404


def test_a_run_alone(ben: Visitor, draft: Drafted) -> None:
    choose(ben, draft, "once", name="", is_single="1")
    answer = start(ben, draft)
    with reading() as session:
        run = session.scalars(select(ReportExecution)).one()
    assert answer.headers["Location"] == f"{HOME}/runs/{run.execution_id}"
    assert rows() == [0, 1, 0, 0, 0]


def test_a_schedule(ben: Visitor, draft: Drafted) -> None:
    choose(ben, draft, "recurring")
    fill_schedule(ben, draft)
    assert start(ben, draft).status_code == 303
    with reading() as session:
        made = session.scalars(select(ReportSchedule)).one()
    assert (made.timezone, made.recurrence["weekdays"]) == ("America/New_York", ["monday"])
    assert rows() == [1, 0, 1, 0, 0]


def test_a_backfill(ben: Visitor, draft: Drafted) -> None:
    choose(ben, draft, "backfill")
    fill_backfill(ben, draft)
    assert start(ben, draft).status_code == 303
    with reading() as session:
        assert session.scalars(select(ReportDataCollection)).one().target_weeks == 7
    assert rows() == [1, 0, 0, 1, 0]


@pytest.mark.parametrize("is_single", ["", "1"])
def test_a_form_sent_twice_starts_once(ben: Visitor, draft: Drafted, is_single: str) -> None:
    choose(ben, draft, "once", is_single=is_single)
    found = SEEN.search(ben.get(draft.at("review")).text)
    assert found
    first, second = start(ben, draft, found[1]), start(ben, draft, found[1])
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
    assert rows() == [0 if is_single else 1, 1, 0, 0, 0]


def test_two_clicks_at_the_same_time_start_once(ben: Visitor, callers: Callers, draft: Drafted) -> None:
    choose(ben, draft, "once")
    found = SEEN.search(ben.get(draft.at("review")).text)
    assert found
    both = [Visitor(callers.app.test_client(), ben.token) for _ in range(2)]
    for one in both:
        cookie = ben.client.get_cookie("reportbuilder")
        assert cookie is not None
        one.client.set_cookie("reportbuilder", cookie.value)
    ready = Barrier(2)

    def click(who: Visitor) -> str:
        ready.wait()
        return start(who, draft, found[1]).headers["Location"]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(click, both)
    assert first == second
    assert rows() == [1, 1, 0, 0, 0]


def test_what_has_changed_since_is_shown_first(ben: Visitor, draft: Drafted) -> None:
    choose(ben, draft, "once")
    seen = SEEN.search(ben.get(draft.at("review")).text)
    assert seen
    choose(ben, draft, "once", name="Autumn")
    answer = start(ben, draft, seen[1])
    assert answer.status_code == 409
    assert "has changed since this page was shown; look again" in answer.text
    assert "<dd>Autumn</dd>" in answer.text
    assert rows() == [0, 0, 0, 0, 1]
    assert start(ben, draft).status_code == 303


def test_the_address_of_a_refused_start_leads_to_the_review(ben: Visitor, draft: Drafted) -> None:
    choose(ben, draft, "once")
    assert start(ben, draft, "of another time").status_code == 409
    assert ben.get(draft.at("start")).headers["Location"] == draft.at("review")


def test_a_name_that_is_taken_meanwhile_is_told_with_the_way_out(
    ben: Visitor, callers: Callers, draft: Drafted
) -> None:
    choose(ben, draft, "once")
    seen = SEEN.search(ben.get(draft.at("review")).text)
    assert seen
    body = {"template_id": draft.template_id, "instance_id": "amcnorthwind01", "name": "spring", "run": None}
    assert callers.ben.post("/reports", json=body | {"parameters": {"campaign": "A"}}).status_code == 201
    answer = start(ben, draft, seen[1])
    assert answer.status_code == 409
    assert "choose another name" in answer.text
    assert draft.at("when") in answer.text
    assert rows() == [1, 0, 0, 0, 1]


def test_values_that_went_bad_meanwhile(ben: Visitor, draft: Drafted) -> None:
    choose(ben, draft, "once")
    seen = SEEN.search(ben.get(draft.at("review")).text)
    assert seen
    with transaction() as session:
        template = session.scalars(select(QueryTemplate)).first()
        assert template is not None
        [parameter] = [one for one in template.parameters if one.parameter_name == "campaign"]
        parameter.validation_rules = {"max_length": 3}
    answer = start(ben, draft, seen[1])
    assert answer.status_code == 422
    assert "It cannot be started like this" in answer.text
    assert f"{HOME}/new/{draft.template_id}?draft={draft.draft_id}" in answer.text
    assert rows() == [0, 0, 0, 0, 1]


def test_a_schedule_that_is_refused_leaves_no_report(ben: Visitor, callers: Callers) -> None:
    window = {"start": "2026-01-01", "end": "2026-01-31"}
    draft = make_draft(callers, time_window=window)
    choose(ben, draft, "recurring")
    assert fill_schedule(ben, draft).status_code == 422
    page = unescape(ben.get(draft.at("review")).text)
    assert "would be the same days at every run" in page
    assert start(ben, draft).status_code == 422
    assert rows() == [0, 0, 0, 0, 1]


def test_limits_are_told_and_nothing_is_lost(ben: Visitor, callers: Callers) -> None:
    template_id = make_template(callers)
    answers = []
    for number in range(11):
        draft = make_draft(callers, template_id)
        choose(ben, draft, "once", name=f"Spring {number}")
        answers.append(start(ben, draft))
    assert [answer.status_code for answer in answers] == [303] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "only 10 runs per minute are allowed" in answers[-1].text
    assert "Spring 10" in answers[-1].text
    assert rows() == [10, 10, 0, 0, 1]


def test_backfills_a_day_are_told(ben: Visitor, callers: Callers, configured: settings.Settings) -> None:
    template_id = make_template(callers)
    for number in range(configured.backfills_per_day + 1):
        draft = make_draft(callers, template_id)
        choose(ben, draft, "backfill", name=f"Spring {number}")
        fill_backfill(ben, draft)
        answer = start(ben, draft)
    assert answer.status_code == 429
    assert "backfills a day may be started on" in answer.text
    assert "0 of 5 backfills a day" in answer.text
    assert rows() == [5, 0, 0, 5, 1]


def test_a_right_that_is_lost_meanwhile_is_told_on_the_review(
    ben: Visitor, callers: Callers, draft: Drafted
) -> None:
    choose(ben, draft, "once")
    seen = SEEN.search(ben.get(draft.at("review")).text)
    assert seen
    with transaction() as session:
        grants.grant(session, callers.cast.ben.id, callers.cast.first.id, "view")
    answer = start(ben, draft, seen[1])
    assert answer.status_code == 403
    assert "takes the grant run on this instance; ask an admin for it" in answer.text
    assert "<dd>Spring</dd>" in answer.text
    assert rows() == [0, 0, 0, 0, 1]


def test_a_pause_is_told_before(ben: Visitor, callers: Callers, draft: Drafted) -> None:
    choose(ben, draft, "once")
    with transaction() as session:
        ada = session.get_one(User, callers.cast.ada.id)
        pausing.pause(session, session.merge(callers.cast.first), "AMC is down", ada.email)
    page = ben.get(draft.at("review")).text
    assert "is paused by ada@example.test: AMC is down." in page
    assert start(ben, draft).status_code == 303
