"""The schedule of a report on the console: made, previewed, changed, paused, run, removed."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from sqlalchemy import func, select

from reportbuilder import clock, settings
from reportbuilder.database import reading
from reportbuilder.executions.models import ReportExecution
from reportbuilder.schedules.firing import fire_due
from reportbuilder.schedules.models import ReportSchedule
from tests.api.conftest import Callers
from tests.console.timely import key_in, make_report, schedule_form
from tests.console.visitors import Visitor


@pytest.fixture
def page(callers: Callers) -> str:
    """The address of the schedule of a report of Ben's."""
    return f"{make_report(callers)}/schedule"


def save(who: Visitor, page: str, **changes: Any) -> None:
    answer = who.post(f"{page}/edit", schedule_form(**changes) | {"do": "save"})
    assert (answer.status_code, answer.headers["Location"]) == (303, page)


def chosen_zone(page: str) -> str:
    found = re.search(r'<option value="([^"]+)"[^>]* selected>[^<]*\(UTC', page)
    assert found
    return found[1]


def schedules() -> list[ReportSchedule]:
    with reading() as session:
        return list(session.scalars(select(ReportSchedule)))


def test_monday_at_three_in_new_york(ben: Visitor, page: str) -> None:
    assert "Make a schedule" in ben.get(page).text
    form = ben.get(f"{page}/edit").text
    assert 'name="schedule.recurrence.timezone"' in form
    save(ben, page)
    shown = ben.get(page).text
    assert "The schedule is saved." in shown
    assert "Every Monday at 03:00, New York" in shown
    assert "While a run is going, the next waits for its end." in shown
    assert shown.count("<tr>") >= 11
    [made] = schedules()
    assert made.recurrence["weekdays"] == ["monday"]
    assert chosen_zone(ben.get(f"{page}/edit").text) == "America/New_York"


def test_a_form_sent_twice_makes_one(ben: Visitor, page: str) -> None:
    key = {"once": key_in(ben.get(f"{page}/edit").text), "do": "save"}
    for _ in range(2):
        assert ben.post(f"{page}/edit", schedule_form() | key).status_code == 303
    assert len(schedules()) == 1
    again = ben.post(f"{page}/edit", schedule_form(recurrence__type="daily") | key)
    assert again.status_code == 409
    assert "has an active schedule already" in unescape(again.text)
    assert 'value="daily" selected' in again.text


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(ben: Visitor, page: str) -> None:
    wrong = {"recurrence__time": "25:00", "policies__pause_after": "101", "recurrence__end": "2027-01-31"}
    answer = ben.post(f"{page}/edit", schedule_form(**wrong) | {"do": "save"})
    assert answer.status_code == 422
    text = unescape(answer.text)
    assert '"25:00" is not a time of day; write it as HH:MM' in text
    assert 'id="schedule.recurrence.time-errors"' in text
    assert 'aria-describedby="schedule.recurrence.time-errors"' in text
    assert "is not a whole number from 0 to 100" in text
    for kept in ("25:00", "101", "2027-01-31"):
        assert f'value="{kept}"' in text
    assert schedules() == []


def test_the_preview_marks_what_changes_of_clocks_do(ben: Visitor, page: str) -> None:
    nightly = schedule_form(
        "Europe/Berlin", recurrence__type="daily", recurrence__time="02:30", recurrence__end="2026-03-30"
    )
    for at, told in (
        (datetime(2026, 3, 26, tzinfo=UTC), ["the clocks skip 02:30 that day; it runs at 03:00", "not run"]),
        (datetime(2025, 10, 20, tzinfo=UTC), ["the clocks show 02:30 twice; it runs the first time"]),
    ):
        with clock.frozen(at):
            live = ben.send(f"{page}/preview", nightly)
            whole = ben.post(f"{page}/edit", nightly | {"do": "preview"})
        for answer in (live, whole):
            assert answer.status_code == 200
            for words in told:
                assert words in answer.text
    assert schedules() == []


def test_without_a_zone_the_times_are_those_of_the_reports_own(ben: Visitor, callers: Callers) -> None:
    page = f"{make_report(callers, 'East', timezone='America/New_York')}/schedule"
    with clock.frozen(datetime(2026, 11, 10, tzinfo=UTC)):
        told = ben.send(f"{page}/preview", schedule_form(recurrence__timezone="")).text
    assert "By the clocks of America/New_York" in told
    assert "2026-11-16 03:00</time>" in told


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"time_window__kind": "lookback", "time_window__lookback_days": ""}, "How many days"),
        ({"policies__pause_after": ""}, "Pause the schedule after so many failures in a row"),
    ],
)
def test_a_number_that_is_left_empty_is_not_guessed(
    ben: Visitor, page: str, changes: dict[str, str], label: str
) -> None:
    answer = ben.post(f"{page}/edit", schedule_form(**changes) | {"do": "save"})
    assert answer.status_code == 422
    assert f">{label}</a>: " in answer.text
    assert schedules() == []


def test_what_is_hidden_stands_in_nobodys_way(ben: Visitor, page: str) -> None:
    save(ben, page, policies__missed="once", policies__missed_limit="many", time_window__lookback_days="x")
    assert len(schedules()) == 1


def test_what_is_refused_is_told_above_the_form_where_the_focus_goes(ben: Visitor, page: str) -> None:
    assert "refused" not in ben.get(f"{page}/edit").text
    text = ben.post(f"{page}/edit", schedule_form(policies__pause_after="101") | {"do": "save"}).text
    summary = text.partition('class="flash flash-danger refused"')[2].partition("</ul>")[0]
    assert 'role="alert" tabindex="-1" autofocus' in summary
    assert '<a href="#schedule.policies.pause_after">' in summary


def test_the_preview_leads_to_the_fields_that_are_wrong(ben: Visitor, page: str) -> None:
    answer = ben.send(
        f"{page}/preview", schedule_form(recurrence__type="cron", recurrence__cron="0 99 * * *")
    )
    assert answer.status_code == 200
    assert 'href="#schedule.recurrence.cron"' in answer.text
    assert "is no hour" in unescape(answer.text)


def test_pausing_with_a_reason_resuming_and_removing(ben: Visitor, cleo: Visitor, page: str) -> None:
    save(ben, page)
    assert "say in 1 to 500 characters why" in _followed(ben, f"{page}/pause", {"reason": " "}, page)
    assert "The schedule is paused" in _followed(ben, f"{page}/pause", {"reason": "a holiday"}, page)
    seen = cleo.get(page).text
    assert "a holiday" in seen
    assert "ben@example.test" in seen
    assert f'action="{page}/resume"' not in seen
    assert "goes on with its next due time" in _followed(ben, f"{page}/resume", {}, page)
    assert "is not paused" in _followed(ben, f"{page}/resume", {}, page)
    assert "The schedule is removed" in _followed(ben, f"{page}/remove", {}, page)
    assert [one.is_active for one in schedules()] == [False]
    assert "Make a schedule" in ben.get(page).text
    assert ben.post(f"{page}/pause", {"reason": "x"}).status_code == 404


def _followed(who: Visitor, path: str, fields: dict[str, str], page: str) -> str:
    answer = who.post(path, fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, page)
    return unescape(who.get(page).text)


def test_a_change_keeps_what_the_form_does_not_say(ben: Visitor, callers: Callers, page: str) -> None:
    save(ben, page)
    [made] = schedules()
    callers.ben.ask("PATCH", f"/schedules/{made.schedule_id}", json={"parameters": {"campaign": "Autumn"}})
    changed = schedule_form(recurrence__type="monthly", recurrence__day="last") | {"of": made.schedule_id}
    assert ben.post(f"{page}/edit", changed | {"do": "save"}).status_code == 303
    [after] = schedules()
    assert (after.recurrence["day"], after.default_parameters) == ("last", {"campaign": "Autumn"})
    assert "The last day of every month at 03:00" in ben.get(page).text


def test_run_now_runs_what_the_schedule_would_and_leaves_its_times(
    ben: Visitor, callers: Callers, page: str
) -> None:
    save(ben, page)
    [made] = schedules()
    callers.ben.ask("PATCH", f"/schedules/{made.schedule_id}", json={"parameters": {"campaign": "Autumn"}})
    key = {"once": key_in(ben.get(page).text)}
    for _ in range(2):
        assert ben.post(f"{page}/run", key).status_code == 303
    with reading() as session:
        [run] = session.scalars(select(ReportExecution)).all()
    assert (run.triggered_by, run.firing_id) == ("manual", None)
    assert "'Autumn'" in run.sql_text
    assert schedules()[0].next_run_at == made.next_run_at


def test_a_doubled_click_is_answered_and_not_refused(ben: Visitor, page: str) -> None:
    save(ben, page)
    clicks = {
        "pause": "The schedule is paused already, by ben@example.test: it rests",
        "resume": "The schedule is not paused any more",
        "remove": "The schedule is removed already",
    }
    for verb, told in clicks.items():
        ben.post(f"{page}/{verb}", {"reason": "it rests"})
        ben.get(page)
        assert ben.post(f"{page}/{verb}", {"reason": "it rests"}).headers["Location"] == page
        shown = ben.get(page).text
        assert told in shown
        assert "flash-danger" not in shown


def test_what_became_of_due_times_is_told_in_words(
    ben: Visitor, page: str, callers: Callers, configured: settings.Settings
) -> None:
    save(ben, page, recurrence__type="cron", recurrence__cron="* * * * *", policies__overlap="skip")
    for minutes in (1, 2):
        with clock.frozen(clock.now()) as advance, callers.app.app_context():
            advance(60.0 * minutes)
            fire_due(configured)
    shown = ben.get(page).text
    assert "An earlier run was still going." in shown
    with reading() as session:
        run = session.scalars(select(ReportExecution)).one()
    assert f"/runs/{run.execution_id}" in shown
    skipped = ben.get(f"{page}?state=skipped").text
    assert "An earlier run was still going." in skipped
    assert f"/runs/{run.execution_id}" not in skipped
    live = ben.fragment(f"{page}/firings")
    assert (live.status_code, "<html" in live.text) == (200, False)
    unchanged = ben.fragment(f"{page}/firings", **{"If-None-Match": live.headers["ETag"]})
    assert unchanged.status_code == 304
    assert ben.get(f"{page}?state=planned&page=7").status_code == 200


def test_who_may_not_change_it_only_sees_it(cleo: Visitor, ben: Visitor, page: str) -> None:
    assert "Make a schedule" not in cleo.get(page).text
    assert cleo.get(f"{page}/edit").status_code == 403
    assert cleo.post(f"{page}/edit", schedule_form() | {"do": "save"}).status_code == 403
    assert cleo.send(f"{page}/preview", schedule_form()).status_code == 403
    save(ben, page)
    for verb in ("pause", "resume", "remove", "run"):
        assert cleo.post(f"{page}/{verb}", {"reason": "x"}).status_code == 403
    elsewhere = page.replace("rpt_", "rpt_x")
    assert ben.get(elsewhere).status_code == 404
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(ReportExecution)) == 0


def test_forms_without_the_token_are_refused(ben: Visitor, page: str) -> None:
    save(ben, page)
    for verb in ("edit", "preview", "pause", "resume", "remove", "run"):
        assert ben.client.post(f"{page}/{verb}", data=schedule_form()).status_code == 403
    [made] = schedules()
    assert (made.is_active, made.is_paused) == (True, False)
