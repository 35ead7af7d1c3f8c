"""Backfills on the console: the form with its rehearsal, the start, the grid, and the verbs."""

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from admin import backfill_grids
from reportbuilder import clock
from reportbuilder.backfills.advancing import advance, lock
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.backfills.states import SEGMENT_STATES
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.moving import move
from tests.api.conftest import Callers
from tests.api.test_queries_counted import counted
from tests.console.timely import backfill_form, key_in, make_report
from tests.console.visitors import Visitor


@pytest.fixture
def page(callers: Callers) -> str:
    """The address of the backfills of a report of Ben's."""
    return f"{make_report(callers)}/backfill"


def start(who: Visitor, page: str, **changes: Any) -> str:
    """Start a backfill; return its address."""
    answer = who.post(f"{page}/new", backfill_form(**changes) | {"do": "start"})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def rows() -> list[ReportDataCollection]:
    with reading() as session:
        return list(session.scalars(select(ReportDataCollection)))


def fail_one(web: Flask, reason: str = "no memory") -> date:
    """Let the backfill ask for what it may, and one of these fail; return the first day of its segment."""

    def go_on() -> None:
        with transaction() as session:
            row = lock(session, session.scalars(select(ReportDataCollection.id)).one())
            assert row is not None
            advance(session, row, 10)

    with web.app_context():
        go_on()
        with transaction() as session:
            run = session.scalars(select(ReportExecution).where(ReportExecution.state == "pending")).first()
            assert run is not None
            move(session, run, "failed", "x", error_class="permanent", error_message=reason)
        go_on()
        with reading() as session:
            return session.scalars(
                select(ReportDataWeek.week_start_date).where(ReportDataWeek.execution_id == run.execution_id)
            ).one()


def end(web: Flask) -> None:
    """End everything that is open, as completed."""
    with web.app_context(), transaction() as session:
        for row in session.scalars(select(ReportDataWeek).where(ReportDataWeek.status != "failed")):
            row.status = "completed"
        session.scalars(select(ReportDataCollection)).one().status = "completed_with_failures"


def test_a_rehearsal_tells_windows_counts_and_the_finish_and_writes_nothing(ben: Visitor, page: str) -> None:
    assert "Start a backfill" in ben.get(page).text
    shown = ben.get(f"{page}/new").text
    assert 'name="backfill.segment"' in shown
    assert re.search("2[45] segments, 2[45] to run", shown)  # the usual one: half a year in weeks
    for answer in (
        ben.send(f"{page}/preview", backfill_form()),
        ben.post(f"{page}/new", backfill_form() | {"do": "preview"}),
    ):
        assert answer.status_code == 200
        assert "7 segments, 7 to run" in answer.text
        assert "settle for 14 days" in answer.text
        assert "Not run yet</dt><dd>7" in answer.text
    assert rows() == []


def test_a_doubled_click_starts_one(ben: Visitor, page: str) -> None:
    key = {"once": key_in(ben.get(f"{page}/new").text), "do": "start"}
    first, second = (ben.post(f"{page}/new", backfill_form() | key) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert len(rows()) == 1
    third = ben.post(f"{page}/new", backfill_form(segment="weekly") | key)
    assert third.status_code == 409
    assert "A backfill of this report is open" in third.text


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(ben: Visitor, page: str) -> None:
    wrong = backfill_form(lookback_days="366", concurrency="99", order="oldest_first")
    answer = ben.post(f"{page}/new", wrong | {"do": "start"})
    assert answer.status_code == 422
    text = unescape(answer.text)
    assert "366" in text
    assert "is not a whole number from 1 to 365" in text
    assert 'aria-describedby="backfill.lookback_days-help backfill.lookback_days-errors"' in text
    assert 'value="oldest_first" selected' in text
    assert rows() == []


def test_packs_are_offered_only_where_the_template_allows_them(ben: Visitor, page: str) -> None:
    assert "Segments in one run" not in ben.get(f"{page}/new").text
    answer = ben.post(f"{page}/new", backfill_form(segments_per_run="4") | {"do": "start"})
    assert answer.status_code == 422
    assert "leave segments_per_run out" in unescape(answer.text)


def test_the_grid_has_a_cell_a_segment_with_its_state_in_words(
    ben: Visitor, cleo: Visitor, web: Flask, page: str
) -> None:
    one = start(ben, page, concurrency="2")
    failed = fail_one(web)
    shown = unescape(cleo.get(one).text)
    assert shown.count('<li><a class="cell ') == 7
    assert f'{failed}: failed, no memory"' in shown
    assert "0 of 7 segments have come; 1 failed" in shown
    assert f'action="{one}/pause"' not in shown
    chosen = unescape(cleo.get(f"{one}?segment={failed}").text)
    assert "its execution has ended without rows" in chosen.lower()
    assert "AMC refuses this query, and would refuse it again." in chosen
    assert "<blockquote><bdi>no memory</bdi></blockquote>" in chosen
    assert "It can be retried when the backfill has ended." in chosen


def test_the_live_part_answers_only_what_has_changed(ben: Visitor, web: Flask, page: str) -> None:
    one = start(ben, page)
    first = ben.fragment(f"{one}/progress")
    assert first.status_code == 200
    assert "<html" not in first.text
    with clock.frozen(clock.now()) as go_on:
        first = ben.fragment(f"{one}/progress")
        go_on(1)
        same = ben.fragment(f"{one}/progress", **{"If-None-Match": first.headers["ETag"]})
        assert same.status_code == 304
    fail_one(web)
    other = ben.fragment(f"{one}/progress", **{"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200
    end(web)
    assert ben.fragment(f"{one}/progress").status_code == 286


def test_one_or_all_that_failed_are_retried(ben: Visitor, web: Flask, page: str) -> None:
    one = start(ben, page, concurrency="2")
    failed = {fail_one(web), fail_one(web, "no luck")}
    end(web)
    assert f'action="{one}/retry"' in ben.get(one).text
    day = min(failed)
    assert ben.post(f"{one}/retry", {"first_day": day.isoformat()}).status_code == 303
    assert waiting() == {day}
    end(web)
    refused = ben.post(f"{one}/retry", {"first_day": "2020-01-01"})
    assert refused.status_code == 303
    assert "no segment of" in unescape(ben.get(one).text)
    ben.post(f"{one}/retry")
    assert waiting() == failed - {day}


def waiting() -> set[date]:
    with reading() as session:
        found = select(ReportDataWeek.week_start_date).where(ReportDataWeek.status == "waiting")
        return set(session.scalars(found))


def test_pausing_resuming_changing_and_cancelling(ben: Visitor, page: str) -> None:
    one = start(ben, page)
    assert said(ben, one, "pause", reason="a holiday") == "paused"
    assert "a holiday" in ben.get(one).text
    assert said(ben, one, "concurrency", concurrency="3") == "paused"
    assert rows()[0].concurrency == 3
    assert said(ben, one, "concurrency", concurrency="99") == "paused"
    assert "as many as the instance runs at once" in unescape(ben.get(one).text)
    assert said(ben, one, "resume") == "running"
    assert said(ben, one, "cancel") == "cancelled"
    assert said(ben, one, "cancel") == "cancelled"
    assert "The backfill is cancelled already." in unescape(ben.get(one).text)
    assert "Start another" in ben.get(page).text


def test_a_doubled_click_is_answered_and_not_refused(ben: Visitor, web: Flask, page: str) -> None:
    one = start(ben, page, concurrency="2")
    clicks = [("pause", "is paused already"), ("resume", "is not paused any more")]
    for verb, told in clicks:
        status = said(ben, one, verb, reason="a holiday")
        ben.get(one)
        assert said(ben, one, verb, reason="a holiday") == status
        answer = ben.get(one).text
        assert told in answer
        assert "flash-danger" not in answer
    fail_one(web)
    end(web)
    for told in ("What failed is asked for again.", "It runs already"):
        ben.post(f"{one}/retry")
        answer = ben.get(one).text
        assert told in answer
        assert "flash-danger" not in answer
    assert len(waiting()) == 1


def said(who: Visitor, one: str, verb: str, **fields: str) -> str:
    answer = who.post(f"{one}/{verb}", dict(fields))
    assert (answer.status_code, answer.headers["Location"]) == (303, one)
    return rows()[0].status


def test_who_may_not_start_or_change_one_only_sees_it(ben: Visitor, cleo: Visitor, page: str) -> None:
    assert "Start a backfill" not in cleo.get(page).text
    assert cleo.get(f"{page}/new").status_code == 403
    for path in (f"{page}/new", f"{page}/preview"):
        assert cleo.post(path, backfill_form() | {"do": "start"}).status_code == 403
    one = start(ben, page)
    for verb in ("pause", "resume", "cancel", "retry", "concurrency"):
        assert cleo.post(f"{one}/{verb}").status_code == 403
        assert ben.client.post(f"{one}/{verb}").status_code == 403  # without the token of the session
    assert rows()[0].status == "running"


def test_a_backfill_is_found_below_its_own_report_only(ben: Visitor, callers: Callers, page: str) -> None:
    one = start(ben, page)
    other = make_report(callers, "Autumn")
    assert ben.get(f"{other}/backfill/{one.rpartition('/')[2]}").status_code == 404
    assert ben.get(f"{page}/bf_unknown").status_code == 404
    assert ben.post(f"{other}/backfill/{one.rpartition('/')[2]}/cancel").status_code == 404


def test_those_from_before_are_listed(ben: Visitor, page: str) -> None:
    first = start(ben, page)
    said(ben, first, "cancel")
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        second = start(ben, page, segment="weekly")
    shown = ben.get(page).text
    assert f'href="{first}"' in shown
    assert f'href="{second}"' in shown
    assert "The latest backfill" in shown
    assert "A backfill from before" in ben.get(first).text


def test_a_year_of_days_takes_as_many_statements_as_a_week(ben: Visitor, callers: Callers) -> None:
    taken = []
    for name, days in (("Week", "20"), ("Year", "365")):
        one = start(ben, f"{make_report(callers, name)}/backfill", lookback_days=days)
        for path in (one, f"{one}/progress"):
            with counted(callers) as seen:
                answer = ben.get(path)
            assert answer.status_code == 200
            taken.append(len(seen))
    assert answer.text.count('<li><a class="cell ') == 352
    assert taken[:2] == taken[2:]
    assert max(taken) <= 25


def test_every_state_has_a_sign_of_its_own() -> None:
    assert set(backfill_grids.SIGNS) == set(SEGMENT_STATES)
    assert len(set(backfill_grids.SIGNS.values())) == len(SEGMENT_STATES)
