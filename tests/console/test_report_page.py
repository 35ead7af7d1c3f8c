"""The page of a report: what it says, what it starts, who may, and its live part."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from admin.blueprint import HOME
from reportbuilder import clock
from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.pausing import pause
from reportbuilder.reports.models import ReportDefinition
from tests.api.conftest import Callers
from tests.api.test_queries_counted import counted
from tests.console.reported import Reported
from tests.console.visitors import Visitor


def count_runs() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(ReportExecution)) or 0


def test_it_says_what_the_report_asks_for(cleo: Visitor, reported: Reported) -> None:
    page = cleo.get(reported.path).text
    for said in ("Reach by campaign", "version 1", "amcnorthwind01", "ben@example.test", "The last 30 days"):
        assert said in page
    assert "O&#39;Brien &amp; &lt;b&gt;sons&lt;/b&gt;" in page
    assert "<b>sons" not in page
    assert "It has not run yet" in page
    assert "Only when somebody asks for it" in page


def test_who_only_views_starts_nothing(cleo: Visitor, reported: Reported) -> None:
    page = cleo.get(reported.path).text
    assert "Run now" not in page
    assert cleo.post(f"{reported.path}/run-now").status_code == 403
    assert count_runs() == 0


def test_a_report_of_an_instance_that_one_may_not_see_is_not_there(ben: Visitor, reported: Reported) -> None:
    with transaction() as session:
        row = session.scalars(select(ReportDefinition)).one()
        row.instance_id = reported.callers.cast.second.id
    assert ben.get(reported.path).status_code == 404
    assert ben.get(f"{reported.path}/live").status_code == 404
    assert ben.post(f"{reported.path}/run-now").status_code == 404


def test_running_now_is_asked_for_once_however_often_the_form_is_sent(
    ben: Visitor, reported: Reported
) -> None:
    sent = [ben.post(f"{reported.path}/run-now", {"once": "a-key-of-the-form"}) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [303, 303]
    assert sent[0].headers["Location"] == reported.path
    assert count_runs() == 1
    assert "A run has been asked for." in ben.get(reported.path).text
    ben.post(f"{reported.path}/run-now", {"once": "another"})
    assert count_runs() == 2


def test_writes_need_the_token(ben: Visitor, reported: Reported) -> None:
    assert ben.client.post(f"{reported.path}/run-now").status_code == 403
    assert count_runs() == 0


def test_what_the_template_no_longer_takes_is_said_on_the_page(ben: Visitor, reported: Reported) -> None:
    with transaction() as session:
        session.scalars(select(ReportDefinition)).one().parameters = {}
    answer = ben.post(f"{reported.path}/run-now")
    assert answer.status_code == 303
    page = ben.get(reported.path).text
    assert "campaign: a value is needed" in page
    assert f'href="{reported.path}/edit"' in page
    assert count_runs() == 0


def test_what_waits_tells_its_place_and_what_holds_it(ben: Visitor, reported: Reported) -> None:
    reported.run()
    assert "Next in the queue of Northwind 1" in ben.get(reported.path).text
    with transaction() as session:
        on = session.get_one(AmcInstance, reported.callers.cast.first.id)
        pause(session, on, "the month is closed", "ada@example.test")
    page = ben.get(reported.path).text
    assert "Held back: the instance is paused by ada@example.test: the month is closed" in page
    assert "nobody can tell when it starts" in page


def test_what_runs_is_measured_against_what_is_usual(ben: Visitor, reported: Reported) -> None:
    now = clock.now()
    hour_ago = now - timedelta(hours=1)
    reported.run("completed", submitted_at=hour_ago, completed_at=hour_ago + timedelta(minutes=4))
    reported.run("running", submitted_at=now - timedelta(minutes=3))
    page = ben.get(reported.path).text
    assert "AMC computes it" in page
    assert "usually 4 min" in page
    assert '<progress max="240.0" value="18' in page


def test_the_live_part_is_sent_again_only_if_it_has_changed(ben: Visitor, reported: Reported) -> None:
    with clock.frozen(clock.now()):
        first = ben.fragment(f"{reported.path}/live")
        tag = first.headers["ETag"]
        assert first.status_code == 200
        assert "<html" not in first.text
        assert ben.fragment(f"{reported.path}/live", **{"If-None-Match": tag}).status_code == 304
        reported.run()
        again = ben.fragment(f"{reported.path}/live", **{"If-None-Match": tag})
    assert again.status_code == 200
    assert "Waits for a free slot" in again.text


def test_a_failure_is_told_and_can_be_run_once_more(ben: Visitor, reported: Reported) -> None:
    name = reported.failed("Object 'dsp_impresions' not found")
    page = ben.get(reported.path).text
    assert "The last run has failed." in page
    assert f"/report-builder/runs/{name}/retry" in page
    assert "There is no data source dsp_impresions on this instance." in page


def test_a_failure_leads_to_its_place_in_the_sql(cleo: Visitor, reported: Reported) -> None:
    name = reported.failed("From line 2, column 6 to line 2, column 20: Object 'dsp_impressions' not found")
    page = cleo.get(reported.path).text
    assert f'<a href="{reported.page_of(name)}#L2">Show line 2 of the SQL</a>' in page
    assert "retry" not in page


def test_deleting_can_be_taken_back(ben: Visitor, reported: Reported) -> None:
    assert f'value="delete {reported.report_id}"' in ben.get(f"{reported.path}/settings").text
    answer = ben.post(f"{HOME}/reports/do", {"do": f"delete {reported.report_id}"})
    assert (answer.status_code, answer.headers["Location"]) == (303, HOME)
    assert f"restore {reported.report_id}" in ben.get(HOME).text
    assert ben.get(reported.path).status_code == 404
    ben.post(f"{HOME}/reports/do", {"do": f"restore {reported.report_id}"})
    assert ben.get(reported.path).status_code == 200


def test_a_cancel_comes_back_to_the_page(ben: Visitor, reported: Reported) -> None:
    name = reported.run()
    answer = ben.post(f"/report-builder/runs/{name}/cancel", {"back": reported.path})
    assert answer.headers["Location"] == reported.path
    assert "The run is cancelled." in ben.get(reported.path).text


@pytest.mark.parametrize("below", ["", "/live", "/runs"])
def test_a_page_takes_as_many_statements_for_many_runs_as_for_few(
    ben: Visitor, reported: Reported, callers: Callers, below: str
) -> None:
    taken = []
    for more in (2, 30):
        for number in range(more):
            reported.run("pending" if number % 2 else "completed")
        with counted(callers) as seen:
            assert ben.get(reported.path + below).status_code == 200
        taken.append(len(seen))
    assert taken[0] == taken[1] <= 35, taken
