"""The steps of the dialog: what they ask, what is kept, where they lead, and who may see them."""

from html import unescape

import pytest
from sqlalchemy import func, select

from admin.blueprint import HOME
from reportbuilder import clock
from reportbuilder.accounts import grants
from reportbuilder.database import reading, transaction
from reportbuilder.reports.models import ReportDefinition, ReportDraft
from tests.api.conftest import Callers
from tests.api.test_queries_counted import counted
from tests.console.drafted import STEP, Drafted, choose, fill_backfill, fill_schedule, make_draft
from tests.console.timely import key_in, schedule_form
from tests.console.visitors import HTMX, Visitor

STEPS = ("when", "details", "review")


@pytest.fixture
def draft(callers: Callers) -> Drafted:
    """A draft of Ben's as it comes from the form."""
    return make_draft(callers)


def kept(draft: Drafted) -> dict[str, object]:
    with reading() as session:
        return dict(
            session.scalars(select(ReportDraft).where(ReportDraft.draft_id == draft.draft_id)).one().steps
        )


def test_once_has_no_details(ben: Visitor, draft: Drafted) -> None:
    assert 'value="once" checked' in ben.get(draft.at("when")).text
    answer = choose(ben, draft, "once")
    assert (answer.status_code, answer.headers["Location"]) == (303, draft.at("review"))
    assert ben.get(draft.at("details")).headers["Location"] == draft.at("review")
    page = unescape(ben.get(draft.at("review")).text)
    assert "One run is asked for at once." in page
    assert "<dd>Spring</dd>" in page
    assert "You may ask for 10 runs a minute and make 20 reports an hour." in page
    assert "Start the run" in page
    assert ben.get(draft.at("review")).text.count("<h1") == 1


def test_the_review_shows_the_sql_as_it_would_be_sent(ben: Visitor, callers: Callers, draft: Drafted) -> None:
    choose(ben, draft, "once")
    with clock.frozen(clock.now()):
        page = ben.get(draft.at("review")).text
        body = {"instance_id": "amcnorthwind01", "parameters": {"campaign": "Spring"}}
        found = callers.ben.post(f"/templates/{draft.template_id}/validate-parameters", json=body)
    code = page.partition("<code>")[2].partition("</code>")[0]
    text = unescape(code.replace('<mark title="campaign">', "").replace("</mark>", ""))
    assert text == found.get_json()["preview_sql"]
    assert "<mark" in code


def test_a_weekly_schedule_in_words_with_its_next_times(ben: Visitor, draft: Drafted) -> None:
    assert choose(ben, draft, "recurring").headers["Location"] == draft.at("details")
    assert 'name="schedule.recurrence.timezone"' in ben.get(draft.at("details")).text
    assert fill_schedule(ben, draft).headers["Location"] == draft.at("review")
    page = unescape(ben.get(draft.at("review")).text)
    assert "It runs every Monday at 03:00, New York." in page
    assert "The first run is" in page
    assert page.count('<th scope="row" class="nowrap">') == 10
    assert "Start the schedule" in page


def test_a_backfill_with_its_windows_and_its_end(ben: Visitor, draft: Drafted) -> None:
    choose(ben, draft, "backfill")
    assert fill_backfill(ben, draft).headers["Location"] == draft.at("review")
    page = unescape(ben.get(draft.at("review")).text)
    assert "7 segments from" in page
    assert "of 5 backfills a day may still be started" in page
    assert "Start the backfill" in page


def test_what_is_wrong_stands_at_its_field_and_is_kept(ben: Visitor, draft: Drafted) -> None:
    choose(ben, draft, "recurring")
    answer = fill_schedule(ben, draft, recurrence__time="25:00", policies__pause_after="101")
    assert answer.status_code == 422
    text = unescape(answer.text)
    assert '"25:00" is not a time of day' in text
    assert 'aria-describedby="schedule.recurrence.time-errors"' in text
    for page in (text, ben.get(draft.at("details")).text):
        assert 'value="25:00"' in page
        assert 'value="101"' in page
    review = unescape(ben.get(draft.at("review")).text)
    assert "It cannot be started like this" in review
    assert draft.at("details") in review
    assert "Start the schedule" not in review


def test_a_report_needs_a_name_and_a_single_run_none(ben: Visitor, draft: Drafted) -> None:
    answer = choose(ben, draft, "once", name=" ")
    assert answer.status_code == 422
    assert "give the report a name" in answer.text
    assert choose(ben, draft, "", name="Spring").status_code == 422
    assert choose(ben, draft, "once", name="x" * 201).status_code == 422
    assert choose(ben, draft, "once", name="", is_single="1").status_code == 303
    assert "No report is kept" in ben.get(draft.at("review")).text


def test_a_name_that_is_taken_is_told_at_once(ben: Visitor, callers: Callers, draft: Drafted) -> None:
    body = {"template_id": draft.template_id, "instance_id": "amcnorthwind01", "name": "spring", "run": None}
    assert callers.ben.post("/reports", json=body | {"parameters": {"campaign": "A"}}).status_code == 201
    answer = choose(ben, draft, "once")
    assert answer.status_code == 422
    assert "choose another name" in answer.text
    assert '<a href="#name">Name of the report</a>' in answer.text
    assert choose(ben, draft, "once", is_single="1").status_code == 303


def test_what_is_wrong_has_the_focus_instead_of_the_heading(ben: Visitor, draft: Drafted) -> None:
    choose(ben, draft, "recurring")
    typed = schedule_form(recurrence__time="25:00") | {"kind": "recurring", "do": "next"}
    headers = HTMX | STEP | {"X-CSRF-Token": ben.token}
    text = ben.client.post(draft.at("details"), data=typed, headers=headers).text
    assert text.count(" autofocus") == 1
    summary = text.partition('class="flash flash-danger refused"')[2].partition("</ul>")[0]
    assert '<a href="#schedule.recurrence.time">At</a>: ' in summary


def test_the_review_tells_every_choice(ben: Visitor, draft: Drafted) -> None:
    choose(ben, draft, "recurring")
    fill_schedule(ben, draft, jitter_minutes="20")
    assert "Each run starts up to 20 minutes after it is due." in ben.get(draft.at("review")).text
    choose(ben, draft, "backfill")
    fill_backfill(ben, draft, order="oldest_first", concurrency="1", on_failure="stop")
    page = ben.get(draft.at("review")).text
    for said in ("Oldest first.", "At most 1 run at once.", "If a segment fails: stop: run no more of them."):
        assert said in page


def test_a_new_report_is_not_asked_what_was_run_before(ben: Visitor, draft: Drafted) -> None:
    choose(ben, draft, "backfill")
    assert "was run before" not in ben.get(draft.at("details")).text


def test_back_keeps_what_was_typed_also_of_the_other_kind(ben: Visitor, draft: Drafted) -> None:
    choose(ben, draft, "recurring")
    typed = schedule_form(recurrence__time="04:30") | {"kind": "recurring", "do": "when"}
    assert ben.post(draft.at("details"), typed).headers["Location"] == draft.at("when")
    choose(ben, draft, "backfill")
    fill_backfill(ben, draft)
    choose(ben, draft, "recurring")
    assert 'value="04:30"' in ben.get(draft.at("details")).text
    answer = ben.post(draft.at("when"), {"type": "recurring", "name": "Other", "do": "parameters"})
    assert answer.headers["Location"] == f"{HOME}/new/{draft.template_id}?draft={draft.draft_id}"
    assert kept(draft)["parameters"] == {"parameters": {"campaign": "Spring"}, "name": "Other"}


def test_steps_that_are_done_are_links_and_others_are_not(ben: Visitor, draft: Drafted) -> None:
    page = ben.get(draft.at("when")).text
    assert page.count('aria-current="step"') == 1
    assert f'href="{draft.at("review")}"' not in page
    choose(ben, draft, "recurring")
    fill_schedule(ben, draft)
    page = ben.get(draft.at("when")).text
    for step in ("details", "review"):
        assert f'href="{draft.at(step)}"' in page


def test_a_step_that_is_left_out_is_named(ben: Visitor, draft: Drafted) -> None:
    assert ben.get(draft.at("details")).headers["Location"] == draft.at("when")
    page = unescape(ben.get(draft.at("review")).text)
    assert "“When” has not been filled in yet" in page
    assert "Start the" not in page


def test_scripts_get_the_step_alone_with_the_focus_on_its_heading(ben: Visitor, draft: Drafted) -> None:
    answer = ben.fragment(draft.at("when"), **STEP)
    assert "<!doctype" not in answer.text
    assert '<h2 class="step-heading" tabindex="-1" autofocus>' in answer.text
    assert "<title>When ·" in answer.text
    assert "HX-Target" in answer.headers["Vary"]
    sent = ben.client.post(
        draft.at("when"),
        data={"type": "recurring", "name": "Spring", "do": "next"},
        headers=HTMX | STEP | {"X-CSRF-Token": ben.token},
        follow_redirects=True,
    )
    assert sent.request.full_path == draft.at("details")
    assert "<!doctype" not in sent.text
    away = ben.send(draft.at("when"), {"type": "once", "do": "parameters"})
    assert (away.status_code, away.headers["HX-Redirect"]) == (
        204,
        f"{HOME}/new/{draft.template_id}?draft={draft.draft_id}",
    )


def test_what_is_typed_is_kept_as_one_types(ben: Visitor, draft: Drafted) -> None:
    assert ben.send(draft.at("when"), {"type": "recurring", "name": "Sp", "do": "keep"}).status_code == 204
    preview = draft.at("details").replace("details?", "details/preview?")
    told = ben.send(preview, schedule_form(recurrence__time="04:4") | {"kind": "recurring"})
    assert "The next times cannot be told yet" in told.text
    told = ben.send(preview, schedule_form(recurrence__time="04:45") | {"kind": "recurring"})
    assert "Every Monday at 04:45, New York" in told.text
    assert 'value="04:45"' in ben.get(draft.at("details")).text


def test_drafts_of_others_are_not_there(ben: Visitor, ada: Visitor, cleo: Visitor, draft: Drafted) -> None:
    for who in (ada, cleo):
        for step in STEPS:
            assert who.get(draft.at(step)).status_code == 404
        for step in ("when", "details", "details/preview", "start"):
            path = f"{HOME}/new/{draft.template_id}/{step}"
            assert who.post(path, {"draft": draft.draft_id, "type": "once"}).status_code == 404
        assert who.post(f"{HOME}/drafts/drop", {"draft": draft.draft_id}).status_code == 404
    assert ben.get(f"{HOME}/new/tpl_other/when?draft={draft.draft_id}").status_code == 404
    assert ben.get(draft.at("when")).status_code == 200


@pytest.mark.parametrize("access", ["view", ""])
def test_who_may_not_run_there_any_more_is_told(
    ben: Visitor, callers: Callers, draft: Drafted, access: str
) -> None:
    with transaction() as session:
        if access:
            grants.grant(session, callers.cast.ben.id, callers.cast.first.id, access)
        else:
            grants.withdraw(session, callers.cast.ben.id, [callers.cast.first.id])
    answer = ben.get(draft.at("when"))
    assert answer.status_code == (403 if access else 404)
    if access:
        assert "takes the grant run on this instance; ask an admin for it" in answer.text


@pytest.mark.parametrize("step", ["when", "details", "details/preview", "start"])
def test_forms_of_other_sites_are_refused(ben: Visitor, draft: Drafted, step: str) -> None:
    assert ben.client.post(draft.at("when").replace("/when?", f"/{step}?"), data={}).status_code == 403


def test_the_list_of_drafts_leads_to_what_is_left(ben: Visitor, draft: Drafted) -> None:
    page = ben.get(f"{HOME}/drafts").text
    assert draft.at("when") in page
    choose(ben, draft, "once")
    page = ben.get(f"{HOME}/drafts").text
    assert draft.at("review") in page
    assert "Spring" in page
    answer = ben.post(f"{HOME}/drafts/drop", {"draft": draft.draft_id})
    assert answer.headers["Location"] == f"{HOME}/drafts"
    assert "No drafts" in ben.get(f"{HOME}/drafts").text


def test_a_report_is_duplicated_as_a_draft_with_its_schedule(
    ben: Visitor, cleo: Visitor, callers: Callers, draft: Drafted
) -> None:
    schedule = {"recurrence": {"type": "daily", "time": "05:15"}, "parameters": {"campaign": "Autumn"}}
    run = {"type": "recurring", "schedule": schedule}
    body = {"template_id": draft.template_id, "instance_id": "amcnorthwind01", "name": "Daily", "run": run}
    report_id = callers.ben.post("/reports", json=body | {"parameters": {"campaign": "Spring"}}).get_json()
    path = f"{HOME}/reports/{report_id['report_id']}/duplicate"
    assert cleo.post(path).status_code == 403
    page = ben.get(path.removesuffix("/duplicate")).text
    key = key_in(page.partition(f'action="{path}"')[2])
    [target] = {ben.post(path, {"once": key}).headers["Location"] for _ in range(2)}
    assert target.startswith(f"{HOME}/new/{draft.template_id}?draft=")
    assert "The schedule's own values for campaign are not in it." in unescape(ben.get(target).text)
    copy = Drafted(draft.template_id, target.partition("draft=")[2])
    assert 'value="Daily (copy)"' in ben.get(copy.at("when")).text
    assert 'value="05:15"' in ben.get(copy.at("details")).text
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(ReportDefinition)) == 1


@pytest.mark.parametrize("path", [f"{HOME}/drafts", f"{HOME}/new"])
def test_many_drafts_take_as_many_statements_as_one(ben: Visitor, callers: Callers, path: str) -> None:
    template_id = make_draft(callers).template_id
    with counted(callers) as few:
        assert "All drafts" not in ben.get(path).text
    for number in range(9):
        make_draft(callers, template_id, name=f"Spring {number}")
    with counted(callers) as many:
        page = ben.get(path).text
    assert "Spring 8" in page
    assert len(few) == len(many)


@pytest.mark.parametrize("kind", ["recurring", "backfill"])
def test_the_review_takes_as_many_statements_whatever_has_run(
    ben: Visitor, callers: Callers, draft: Drafted, kind: str
) -> None:
    choose(ben, draft, kind)
    (fill_schedule if kind == "recurring" else fill_backfill)(ben, draft)
    with counted(callers) as few:
        ben.get(draft.at("review"))
    body = {"instance_id": "amcnorthwind01", "parameters": {"campaign": "Spring"}}
    for _ in range(5):
        assert callers.ben.post(f"/templates/{draft.template_id}/execute", json=body).status_code == 202
    with counted(callers) as many:
        assert "Limits that apply" in ben.get(draft.at("review")).text
    assert len(few) == len(many)
