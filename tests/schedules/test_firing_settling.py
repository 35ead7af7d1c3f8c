"""Firings that run earlier windows again until their figures are final."""

from collections import Counter
from datetime import datetime
from typing import Any

from reportbuilder.accounts import users
from reportbuilder.accounts.models import User
from reportbuilder.catalog import publishing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.standing import standing
from reportbuilder.reports.models import ReportDefinition
from tests.schedules.diary import NIGHTLY, PUBLICATION, Diary

HOUR = 3600.0


def test_settling_runs_earlier_windows_again_until_they_are_final(diary: Diary) -> None:
    report = diary.report(time_window={"preset": "last_full_day", "lag_days": 0})
    schedule = diary.schedule({"type": "cron", "cron": "0 2 */3 * *"}, of=report, is_settling=True)
    for _ in range(7):
        diary.tick(3 * 86400)
        diary.end_all(schedule)
    executions = diary.executions(schedule)
    by_window: dict[datetime, list[str | None]] = {}
    for each in executions:
        by_window.setdefault(each.time_window_start, []).append(each.finality)
    first = min(by_window)
    assert by_window[first] == ["preliminary"] * 5 + ["final"]
    assert {state for _, state, _ in diary.story(schedule)} == {"completed"}
    assert all(
        each.is_rerun for each in executions if each.time_window_start == first and each != executions[0]
    )
    assert diary.read(schedule).run_count == 7
    with reading() as session:
        latest = session.get_one(ReportDefinition, report.id).last_execution_id
    assert latest == next(each.id for each in reversed(executions) if not each.is_rerun)


def test_a_window_that_still_runs_is_not_run_again(diary: Diary) -> None:
    report = diary.report(time_window={"preset": "last_full_day", "lag_days": 0})
    schedule = diary.schedule(NIGHTLY, of=report, is_settling=True)
    diary.tick(86400)
    diary.tick(86400)  # the first still runs, so the second waits
    assert len(diary.executions(schedule)) == 1
    diary.end_all(schedule)
    windows = Counter(each.time_window_start.day for each in diary.executions(schedule))
    assert windows == {4: 2, 5: 1}


def test_a_rerun_that_fails_is_no_failure_of_the_schedule(diary: Diary) -> None:
    report = diary.report(time_window={"preset": "last_full_day", "lag_days": 0})
    schedule = diary.schedule(NIGHTLY, of=report, is_settling=True, policies={"pause_after": 1})
    diary.tick(86400)
    diary.end_all(schedule)
    diary.tick(86400)
    own, rerun = sorted(diary.executions(schedule)[1:], key=lambda each: each.is_rerun)
    diary.end(rerun, "failed")
    diary.end(own)
    row = diary.read(schedule)
    assert (row.is_paused, row.failure_count, row.run_count) == (False, 0, 2)


def settling_nightly(diary: Diary, **policies: Any) -> str:
    report = diary.report(time_window={"preset": "last_full_day", "lag_days": 0})
    return diary.schedule(NIGHTLY, of=report, is_settling=True, policies=policies)


def day_after(diary: Diary, schedule: str, state: str = "completed") -> list[tuple[int, bool]]:
    """Let a day pass and what it asks for end; return the days that were asked for, and which again."""
    diary.tick(86400)
    asked = [each for each in diary.executions(schedule) if each.state == "pending"]
    for each in sorted(asked, key=lambda each: not each.is_rerun):
        diary.end(each, state)
    return sorted((each.time_window_start.day, each.is_rerun) for each in asked)


def test_a_window_whose_only_run_failed_is_run_again_until_it_would_be_final(diary: Diary) -> None:
    schedule = settling_nightly(diary)
    assert day_after(diary, schedule, "failed") == [(4, False)]
    assert day_after(diary, schedule) == [(4, True), (5, False)]
    assert day_after(diary, schedule, "cancelled") == [(4, True), (5, True), (6, False)]
    assert day_after(diary, schedule) == [(4, True), (5, True), (6, True), (7, False)]
    first = [each for each in diary.executions(schedule) if each.time_window_start.day == 4]
    assert len({each.sql_text for each in first}) == 1


def test_a_window_that_always_fails_is_tried_once_a_firing_and_no_more_once_it_would_be_final(
    diary: Diary,
) -> None:
    schedule = settling_nightly(diary, pause_after=0)
    assert day_after(diary, schedule, "failed") == [(4, False)]
    for _ in range(20):
        diary.tick(86400)
        for each in [each for each in diary.executions(schedule) if each.state == "pending"]:
            diary.end(each, "failed" if each.time_window_start.day == 4 else "completed")
    tried = [each for each in diary.executions(schedule) if each.time_window_start.day == 4]
    assert [each.finality for each in tried] == ["preliminary"] * 13 + ["final"]


def test_a_window_that_amc_refuses_for_good_is_not_asked_for_again(diary: Diary) -> None:
    schedule = settling_nightly(diary)
    diary.tick(86400)
    [refused] = diary.executions(schedule)
    diary.end(refused, "failed")
    with transaction() as session:
        words = "Too Many workflows have already been run against the same input data sources"
        session.get_one(ReportExecution, refused.id).error_message = words
    assert day_after(diary, schedule) == [(5, False)]


def test_a_window_that_could_not_be_asked_for_is_run_later(diary: Diary) -> None:
    schedule = settling_nightly(diary)
    with transaction() as session:
        users.deactivate(session, session.get_one(User, diary.cast.ben.id))
    assert day_after(diary, schedule) == []
    with transaction() as session:
        users.activate(session.get_one(User, diary.cast.ben.id))
    assert day_after(diary, schedule) == [(4, True), (5, False)]
    assert day_after(diary, schedule) == [(4, True), (5, True), (6, False)]


def test_what_fails_again_counts_until_a_run_of_the_schedule_completes(diary: Diary) -> None:
    schedule = settling_nightly(diary, pause_after=3)
    day_after(diary, schedule, "failed")
    for _ in range(4):
        diary.tick(86400)
        for each in [each for each in diary.executions(schedule) if each.state == "pending"]:
            diary.end(each, "failed" if each.time_window_start.day == 4 else "completed")
    assert not diary.read(schedule).is_paused
    diary.tick(86400)
    again = [each for each in diary.executions(schedule) if each.state == "pending"]
    for each in sorted(again, key=lambda each: not each.is_rerun):
        diary.end(each, "failed")
    assert not diary.read(schedule).is_paused  # what has come before and fails now says nothing
    day_after(diary, schedule, "failed")
    assert diary.read(schedule).paused_reason == "5 runs in a row have failed, the last: AMC said no"


def test_a_window_that_can_no_longer_be_asked_for_is_left_out_and_told(diary: Diary) -> None:
    """The own run goes, and the other windows with it."""
    sql = (
        "SELECT campaign, {{since}} AS since FROM dsp_clicks WHERE campaign LIKE {{filter}} GROUP BY campaign"
    )
    since = {"parameter_name": "since", "parameter_type": "date", "default_value": "yesterday"}
    define(diary, sql, since)
    schedule = settling_nightly(diary)
    assert day_after(diary, schedule) == [(4, False)]
    assert day_after(diary, schedule) == [(4, True), (5, False)]
    define(diary, sql, since | {"validation_rules": {"min": "2026-03-05"}})
    assert day_after(diary, schedule) == [(5, True), (6, False)]
    *earlier, (_, state, reason) = diary.story(schedule)
    assert (state, earlier) == ("completed", [("02:00", "completed", None)] * 2)
    assert reason is not None
    assert reason.startswith("earlier windows that are not run again: 2026-03-04 to 2026-03-04 (")
    assert "2026-03-05" in reason
    assert diary.read(schedule).failure_count == 0


def define(diary: Diary, sql: str, *more: dict[str, Any]) -> None:
    """Publish the template anew, with more parameters."""
    definitions = [*PUBLICATION["parameter_definitions"], *more]
    with transaction() as session:
        template = session.get_one(QueryTemplate, diary.template.id)
        changed = {"sql_template": sql, "parameter_definitions": definitions}
        diary.template = publishing.update(session, template, changed)


def test_the_own_run_starts_before_what_settles_earlier_windows(diary: Diary) -> None:
    schedule = settling_nightly(diary)
    for _ in range(7):
        day_after(diary, schedule)
    diary.tick(86400)
    with reading() as session:
        waiting = standing(session, diary.cast.first, diary.settings.instance_slots).waiting
    order = sorted(waiting, key=lambda each: (each.since, each.id))
    reruns = {each.execution_id: each.is_rerun for each in diary.executions(schedule)}
    assert [reruns[each.id] for each in order] == [False] + [True] * 7
