"""What is done from the table of reports: who may, what came of each, undo; plain forms and scripts."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import func, select

from admin import report_wishes
from admin.blueprint import HOME
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading
from reportbuilder.executions.models import ReportExecution
from reportbuilder.reports.models import ReportDefinition, ReportFavorite
from reportbuilder.schedules.models import ReportSchedule
from tests.api.conftest import Callers
from tests.cast import Cast
from tests.console.reporters import WEEKLY, add_report, add_template
from tests.console.visitors import Visitor

DO = f"{HOME}/reports/do"


@pytest.fixture
def template(cast: Cast) -> QueryTemplate:
    return add_template(cast)


@pytest.fixture
def spring(cast: Cast, template: QueryTemplate) -> str:
    return add_report(cast, template, "Spring", recurrence=WEEKLY)


@pytest.fixture
def summer(cast: Cast, template: QueryTemplate) -> str:
    return add_report(cast, template, "Summer", owner="ada")


def report(report_id: str) -> ReportDefinition:
    with reading() as session:
        return session.scalars(select(ReportDefinition).where(ReportDefinition.report_id == report_id)).one()


def schedule(report_id: str) -> ReportSchedule:
    found = select(ReportSchedule).where(ReportSchedule.report_id == report(report_id).id)
    with reading() as session:
        return session.scalars(found).one()


def runs() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(ReportExecution)) or 0


def told(visitor: Visitor, *, fields: dict[str, Any]) -> str:
    """Send a form without scripts and return what the page says then."""
    answer = visitor.post(DO, fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, HOME)
    notes = re.findall(r'<div class="flash.*?<div>(.*?)</div>', visitor.get(HOME).text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", note) for note in notes)


def test_running_one(ben: Visitor, spring: str) -> None:
    assert "“Spring”: run asked for." in told(ben, fields={"do": f"run {spring}"})
    with reading() as session:
        run = session.scalars(select(ReportExecution)).one()
    assert run.report_id == report(spring).id
    assert (run.triggered_by, run.state) == ("manual", "pending")


def test_a_form_that_is_sent_twice_does_its_work_once(ben: Visitor, spring: str) -> None:
    form = {"do": f"run {spring}", "key": "abc"}
    assert told(ben, fields=form) == told(ben, fields=form)
    assert runs() == 1
    told(ben, fields=form | {"key": "abd"})
    assert runs() == 2


def test_several_at_once_each_with_its_own_outcome(ben: Visitor, spring: str, summer: str) -> None:
    text = told(ben, fields={"do": "delete", "report": [spring, summer, "rpt_0"]})
    assert "“Spring”: report deleted." in text
    assert "Not “Summer”: report:delete on what belongs to somebody else takes the role editor" in text
    assert "Not “rpt_0”: There is no report that you may see." in text
    assert report(spring).deleted_at
    assert not report(summer).deleted_at


def test_more_runs_than_a_minute_allows_are_refused_one_by_one(
    callers: Callers, ben: Visitor, cast: Cast, template: QueryTemplate
) -> None:
    ids = [add_report(cast, template, f"Report {number}") for number in range(12)]
    text = told(ben, fields={"do": "run", "report": ids})
    assert "10 runs asked for." in text
    assert "Not “Report 10”, “Report 11”: only 10 runs per minute are allowed" in text
    assert runs() == 10
    # the API counts in the same place
    assert callers.ben.post(f"/reports/{ids[0]}/run").status_code == 429


def test_nothing_ticked_is_said(ben: Visitor, spring: str) -> None:
    assert "Tick the reports first" in told(ben, fields={"do": "run"})
    assert ben.post(DO, {"do": f"explode {spring}"}).status_code == 422


def test_pausing_and_resuming(ben: Visitor, spring: str, summer: str) -> None:
    text = told(ben, fields={"do": "pause", "report": [spring, summer], "reason": "it rests"})
    assert "“Spring”: schedule paused." in text
    assert (schedule(spring).paused_by, schedule(spring).paused_reason) == ("ben@example.test", "it rests")
    assert "Paused by ben@example.test: it rests" in ben.get(HOME).text
    assert "“Spring”: it is paused already." in told(ben, fields={"do": f"pause {spring}"})
    assert "“Spring”: schedule resumed." in told(ben, fields={"do": f"resume {spring}"})
    assert not schedule(spring).is_paused
    assert "“Spring”: it is not paused any more." in told(ben, fields={"do": f"resume {spring}"})


@pytest.mark.parametrize("key", ["", "of the form"])
@pytest.mark.parametrize("deed", ["pause", "resume", "delete"])
def test_a_doubled_click_is_answered_and_not_refused(ben: Visitor, spring: str, deed: str, key: str) -> None:
    if deed == "resume":
        told(ben, fields={"do": f"pause {spring}"})
    for _ in range(2):
        ben.post(DO, {"do": f"{deed} {spring}", "key": key})
        page = ben.get(HOME).text
        assert "“Spring”" in page
        assert "flash-danger" not in page
        assert "flash-warning" not in page


def test_a_report_without_a_schedule_cannot_be_paused(ada: Visitor, summer: str) -> None:
    assert "Not “Summer”: it has no schedule." in told(ada, fields={"do": f"pause {summer}"})


def test_deleting_can_be_undone(ben: Visitor, spring: str) -> None:
    ben.post(DO, {"do": f"mark {spring}"})
    due = schedule(spring).next_run_at
    ben.post(DO, {"do": f"delete {spring}", "back": "?q=spring"})
    page = ben.get(HOME).text
    assert f'name="do" value="restore {spring}"' in page
    assert not schedule(spring).is_active
    for _ in range(2):  # whoever has pressed it twice has what was wanted
        assert "report is back" in told(ben, fields={"do": f"restore {spring}"})
    assert report(spring).deleted_at is None
    assert report(spring).frequency == "weekly"
    assert (schedule(spring).is_active, schedule(spring).next_run_at) == (True, due)
    assert 'aria-pressed="true"' in ben.get(HOME).text


def test_undoing_is_refused_to_who_may_not_delete(
    ada: Visitor, ben: Visitor, cleo: Visitor, spring: str, summer: str
) -> None:
    ben.post(DO, {"do": f"delete {spring}"})
    assert "takes the role analyst" in told(cleo, fields={"do": f"restore {spring}"})
    ada.post(DO, {"do": f"delete {summer}"})
    assert "takes the role editor" in told(ben, fields={"do": f"restore {summer}"})
    assert report(summer).deleted_at


def test_undoing_is_refused_where_the_name_is_taken(
    ben: Visitor, cast: Cast, template: QueryTemplate, spring: str
) -> None:
    ben.post(DO, {"do": f"delete {spring}"})
    add_report(cast, template, "spring")
    assert "choose another name" in told(ben, fields={"do": f"restore {spring}"})
    assert report(spring).deleted_at


def test_what_runs_is_not_deleted(ben: Visitor, cast: Cast, template: QueryTemplate) -> None:
    busy = add_report(cast, template, "Busy", runs=("running",))
    assert "Not “Busy”: has executions that have not ended" in told(ben, fields={"do": f"delete {busy}"})


def test_duplicating_leads_to_a_draft_as_from_the_page_of_a_report(ben: Visitor, summer: str) -> None:
    plain = ben.post(DO, {"do": f"duplicate {summer}"}).headers["Location"]
    scripted = ben.send(DO, {"do": f"duplicate {summer}"}).headers["HX-Redirect"]
    for target in (plain, scripted):
        assert target.startswith(f"{HOME}/new/")
    assert "This is a copy of “Summer”" in ben.get(plain).text
    with reading() as session:
        assert session.scalars(select(ReportDefinition.name)).all() == ["Summer"]


def test_a_page_full_of_reports_is_deleted_and_taken_back(
    ben: Visitor, cast: Cast, template: QueryTemplate
) -> None:
    ids = [add_report(cast, template, f"Report {number}") for number in range(report_wishes.SIZES[-1])]
    ben.post(DO, {"do": "delete", "report": ids})
    undo = re.search(r'name="do" value="(restore [^"]+)"', ben.get(HOME).text)
    assert undo
    assert "100 reports are back." in told(ben, fields={"do": undo[1]})
    headers = {"HX-Request": "true", "HX-Target": "reports", "X-CSRF-Token": ben.token}
    answer = ben.client.post(DO, data={"do": "delete", "report": ids}, headers=headers)
    assert json.loads(answer.headers["HX-Trigger"])["toast"]["action"]["fields"]["do"] == undo[1]


def test_marks_are_ones_own(ben: Visitor, ada: Visitor, spring: str) -> None:
    assert told(ben, fields={"do": f"mark {spring}"}) == ""
    assert f'value="unmark {spring}"' in ben.get(f"{HOME}?favorites=1").text
    assert f'value="mark {spring}"' in ada.get(HOME).text
    ben.post(DO, {"do": f"unmark {spring}"})
    with reading() as session:
        assert not session.scalars(select(ReportFavorite)).all()


@pytest.mark.parametrize("action", ["run", "pause", "resume", "delete"])
def test_a_viewer_may_do_nothing_of_it(cleo: Visitor, spring: str, action: str) -> None:
    assert "takes the role analyst" in told(cleo, fields={"do": f"{action} {spring}"})
    assert cleo.post(DO, {"do": f"duplicate {spring}"}).status_code == 403
    assert runs() == 0
    assert not report(spring).deleted_at


def test_reports_of_other_instances_are_not_there(ben: Visitor, cast: Cast, template: QueryTemplate) -> None:
    hidden = add_report(cast, template, "Hidden", owner="ada", instance="second")
    for action in ("run", "mark", "delete", "restore"):
        assert "There is no report that you may see" in told(ben, fields={"do": f"{action} {hidden}"})


def test_without_its_token_nothing_is_done(ben: Visitor, spring: str) -> None:
    assert ben.client.post(DO, data={"do": f"run {spring}"}).status_code == 403
    assert runs() == 0


def test_a_script_gets_the_table_anew_and_a_toast(ben: Visitor, spring: str) -> None:
    headers = {"HX-Request": "true", "HX-Target": "reports", "X-CSRF-Token": ben.token}
    form = {"do": f"delete {spring}", "back": "?sort=-name"}
    answer = ben.client.post(DO, data=form, headers=headers)
    toast = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert (answer.status_code, toast["text"], toast["kind"]) == (200, "“Spring”: report deleted.", "success")
    assert toast["action"]["fields"]["do"] == f"restore {spring}"
    assert "Spring" not in answer.text


def test_one_is_led_back_to_where_one_was(ben: Visitor, spring: str) -> None:
    answer = ben.post(DO, {"do": f"mark {spring}", "back": "?q=spring&page=2&evil=//x"})
    assert answer.headers["Location"] == f"{HOME}?q=spring&page=2"
