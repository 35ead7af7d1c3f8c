"""From due times to executions: each once, whatever else is wrong."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from reportbuilder import clock, wakeups
from reportbuilder.database import reading, transaction
from reportbuilder.executions import lifecycle, overview, pausing
from reportbuilder.executions.models import ReportExecution
from reportbuilder.reports.defining import Terms, prepare_run
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import defining, firing, judging, starting
from reportbuilder.schedules.firing import fire_due
from reportbuilder.schedules.following import follow_firing, sweep_firings
from reportbuilder.schedules.models import ScheduleFiring
from reportbuilder.schedules.plans import plan_of
from tests.conftest import thread_context
from tests.schedules.diary import MINUTELY, NIGHTLY, Diary

HOUR = 3600.0


def test_a_due_time_becomes_one_execution_with_its_own_window(diary: Diary) -> None:
    report = diary.report(time_window={"preset": "last_full_day"}, timezone="Europe/Berlin")
    schedule = diary.schedule({"type": "daily", "time": "14:00"}, of=report, parameters={"filter": "Spring"})
    assert diary.read(schedule).next_run_at == diary.at("13:00")
    diary.tick(HOUR - 1)
    assert diary.executions() == []
    diary.tick(1)
    diary.tick(1)
    [execution] = diary.executions(schedule)
    assert (execution.triggered_by, execution.user_id) == ("schedule", diary.cast.ben.id)
    assert "LIKE '%Spring%'" in execution.sql_text
    assert (execution.time_window_start, execution.time_window_end, execution.time_zone) == (
        datetime(2026, 2, 17, 23, tzinfo=UTC),
        datetime(2026, 2, 18, 23, tzinfo=UTC),
        "Europe/Berlin",
    )
    assert execution.finality == "final"
    assert diary.story(schedule) == [("13:00", "started", None)]
    diary.end(execution)
    [done] = diary.firings(schedule)
    row = diary.read(schedule)
    assert (done.state, row.run_count, row.failure_count, row.last_run_status) == (
        "completed",
        1,
        0,
        "completed",
    )
    assert (row.last_run_at, row.next_run_at) == (diary.at("13:00"), diary.at("13:00") + timedelta(days=1))
    with reading() as session:
        now = session.get_one(ReportDefinition, report.id)
        assert (now.execution_count, now.last_execution_id) == (1, execution.id)
        assert now.last_execution_at == execution.created_at
        events = overview.events(session, execution)
    assert (events[0].reason, events[0].to_state) == ("asked for (schedule)", "pending")


def test_failure_01_any_number_of_schedulers_at_once_fire_each_due_time_once(
    diary: Diary, database: Flask
) -> None:
    schedules = [diary.schedule() for _ in range(12)]
    diary.advance(60)
    many = 3
    together = Barrier(many)

    def tick() -> None:
        with thread_context(database):
            together.wait()
            fire_due(diary.settings)

    with ThreadPoolExecutor(many) as pool:
        for done in [pool.submit(tick) for _ in range(many)]:
            done.result()
    diary.tick()
    for schedule in schedules:
        assert diary.story(schedule) == [("12:01", "started", None)]
        assert len(diary.executions(schedule)) == 1
    with reading() as session:
        counts = session.scalars(select(ReportDefinition.execution_count)).all()
    assert counts == [1] * len(schedules)


def test_failure_11_each_firing_has_the_window_of_its_own_due_time(diary: Diary) -> None:
    schedule = diary.schedule(
        NIGHTLY, time_window={"lookback_days": 1, "lag_days": 0}, policies={"missed": "all"}
    )
    diary.tick(3.5 * 86400)  # nothing was there for three nights
    for _ in range(3):
        diary.end_all(schedule)
    starts = [each.time_window_start for each in diary.executions(schedule)]
    assert starts == [datetime(2026, 3, day, tzinfo=UTC) for day in (5, 6, 7)]


def test_failure_11_fixed_dates_are_refused_and_never_fired(diary: Diary) -> None:
    report = diary.report()
    schedule = diary.schedule(of=report)
    fixed = {"start": "2026-01-01", "end": "2026-01-31"}
    with transaction() as session:
        session.execute(update(ReportDefinition).values(time_window=fixed))
    diary.tick(60)
    assert diary.executions() == []
    [(_, state, reason)] = diary.story(schedule)
    assert (state, "the same days at every run" in str(reason)) == ("failed", True)


def test_failure_24_the_zone_is_the_schedules_own_through_changes_of_clocks(diary: Diary) -> None:
    schedule = diary.schedule({"type": "daily", "time": "02:30", "timezone": "Europe/Berlin"})
    dues = []
    diary.tick(22 * 86400)
    diary.end_all(schedule)
    for _ in range(5):
        next_run_at = diary.read(schedule).next_run_at
        assert next_run_at is not None
        diary.tick((next_run_at - clock.now()).total_seconds())
        diary.end_all(schedule)
        dues.append(next_run_at)
    around = [due for due in dues if due.day in (28, 29, 30) and due.month == 3]
    assert [f"{due:%d %H:%M}" for due in around] == ["28 01:30", "29 01:00", "30 00:30"]
    assert [each.due_at for each in diary.firings(schedule)][-5:] == dues


@pytest.mark.parametrize("broken", [{"type": "moon"}, {"type": "daily", "timezone": "Mars/Olympus"}])
def test_failure_27_one_broken_schedule_does_not_hold_up_the_others(
    diary: Diary, broken: dict[str, Any]
) -> None:
    bad, good = diary.schedule(policies={"pause_after": 3}), diary.schedule()
    diary.write(bad, recurrence=broken)
    diary.tick(60)
    assert diary.story(good) == [("12:01", "started", None)]
    [(due, state, reason)] = diary.story(bad)
    assert (due, state, "correct the schedule" in str(reason)) == ("12:01", "failed", True)
    assert diary.read(bad).next_run_at == clock.now() + judging.BROKEN_FOR
    diary.pass_(3 * HOUR + 60, every=HOUR + 20)
    row = diary.read(bad)
    assert (row.is_paused, row.paused_by, row.failure_count) == (True, "itself", 3)
    assert [kind for kind, about in diary.notices() if about.get("schedule_id") == bad] == [
        "run_failed",
        "run_failed",
        "run_failed",
        "schedule_paused",
    ]
    diary.change(bad, {"recurrence": MINUTELY})
    diary.edit(bad, defining.resume)
    diary.tick(60)
    assert diary.story(bad)[-1][1] == "started"


def test_failure_27_what_breaks_a_transaction_is_found_and_the_others_start(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = diary.schedule(parameters={"filter": "Bad"}), diary.schedule()
    asking = starting.start_claimed

    def break_on_bad(session: Any, settings: Any, claimed: Any) -> None:
        asking(session, settings, claimed)
        if any(ready.schedule.schedule_id == bad for ready in claimed):
            raise LookupError("a fault of ours")

    monkeypatch.setattr(firing, "start_claimed", break_on_bad)
    diary.tick(60)
    assert diary.story(good) == [("12:01", "started", None)]
    [(_, state, reason)] = diary.story(bad)
    assert (state, "LookupError" in str(reason)) == ("failed", True)
    assert diary.executions(bad) == []
    assert diary.read(bad).next_run_at == diary.at("12:02")


def test_failure_27_what_breaks_while_it_is_judged_is_set_aside(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = diary.schedule(), diary.schedule()
    judging_all = judging.judge_claimed

    def break_on_bad(session: Any, claimed: Any) -> Any:
        found = judging_all(session, claimed)
        if any(schedule.schedule_id == bad for schedule, *_ in claimed):
            raise LookupError("a fault of ours")
        return found

    monkeypatch.setattr(firing, "judge_claimed", break_on_bad)
    diary.tick(60)
    assert diary.story(good) == [("12:01", "started", None)]
    assert diary.story(bad)[0][:2] == ("12:01", "failed")
    assert diary.read(bad).next_run_at == clock.now() + judging.BROKEN_FOR


def test_failure_27_what_cannot_even_be_set_aside_does_not_hold_up_the_others(
    diary: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = diary.schedule(), diary.schedule()
    judging_all = judging.judge_claimed

    def break_on_bad(session: Any, claimed: Any) -> Any:
        if any(schedule.schedule_id == bad for schedule, *_ in claimed):
            raise LookupError("a fault of ours")
        return judging_all(session, claimed)

    def broken(*_: Any) -> None:
        raise LookupError("another")

    monkeypatch.setattr(firing, "judge_claimed", break_on_bad)
    monkeypatch.setattr(firing, "set_aside", broken)
    diary.tick(60)
    assert (diary.story(good), diary.story(bad)) == ([("12:01", "started", None)], [])


def test_failure_28_a_schedule_that_never_ran_and_has_no_next_time_is_claimed(diary: Diary) -> None:
    schedule = diary.schedule()
    older = diary.schedule({"type": "cron", "cron": "*/2 * * * *"})
    for each in (schedule, older):
        diary.write(each, next_run_at=None, judged_until=None, last_run_at=None)
    diary.write(older, recurrence={}, policies={})  # from before there were recurrences
    diary.tick(120)
    assert [due for due, _, _ in diary.story(schedule)] == ["12:01", "12:02"]
    assert diary.story(older) == [("12:02", "started", None)]
    assert diary.read(schedule).next_run_at == diary.at("12:03")


def test_a_schedule_that_has_ended_is_left_alone(diary: Diary) -> None:
    schedule = diary.schedule({"type": "daily", "time": "13:00", "end": "2026-03-04"})
    diary.tick(HOUR)
    diary.end_all(schedule)
    assert diary.read(schedule).next_run_at is None
    diary.tick(5 * 86400)
    assert diary.story(schedule) == [("13:00", "completed", None)]


def test_failure_29_run_now_does_not_move_the_cadence(diary: Diary) -> None:
    report = diary.report()
    schedule = diary.schedule(of=report)
    before = diary.read(schedule)
    with transaction() as session:
        here = session.get_one(ReportDefinition, report.id)
        what = prepare_run(here, Terms(clock.now()))
        order = lifecycle.Order(
            here.template,
            here.instance,
            here.owner,
            what.sql,
            what.window,
            what.values,
            "manual",
            report=here,
        )
        lifecycle.request(session, order)
    after = diary.read(schedule)
    assert (after.next_run_at, after.judged_until, after.last_run_at, after.run_count) == (
        before.next_run_at,
        before.judged_until,
        None,
        0,
    )
    diary.tick(60)  # what runs by hand is no earlier run of the schedule
    assert diary.story(schedule) == [("12:01", "started", None)]


def test_a_retry_is_a_run_by_hand_and_does_not_change_what_became_of_the_firing(diary: Diary) -> None:
    schedule = diary.schedule()
    diary.tick(60)
    [execution] = diary.executions(schedule)
    diary.end(execution, "failed")
    with transaction() as session:
        again = lifecycle.retry(session, overview.find(session, execution.execution_id), diary.cast.ben)
    assert (again.firing_id, again.schedule_id) == (None, execution.schedule_id)
    diary.tick(60)
    assert [state for _, state, _ in diary.story(schedule)] == ["failed", "started"]
    diary.end(diary.executions(schedule)[1])
    assert diary.story(schedule)[0][1] == "failed"
    assert diary.read(schedule).run_count == 1


def test_a_firing_that_does_not_get_to_amc_is_told_once(diary: Diary) -> None:
    schedule = diary.schedule({"type": "cron", "cron": "0,1 13 * * *"})
    diary.tick(HOUR)
    diary.tick(60)
    for seconds in (HOUR - 61, 120.0, 120.0):
        sweep_firings(diary.settings)
        diary.advance(seconds)
    sweep_firings(diary.settings)
    told = [about for kind, about in diary.notices() if kind == "run_overdue"]
    assert [about["due_at"][11:16] for about in told] == ["13:00", "13:01"]
    assert [about["reason"] for about in told] == [
        "its execution still waits for a free slot",
        "an earlier run of the schedule is still going",
    ]
    assert {about["schedule_id"] for about in told} == {schedule}


def test_of_a_firing_that_a_pause_holds_up_the_pause_is_told(diary: Diary) -> None:
    diary.schedule({"type": "cron", "cron": "0 13 * * *"})
    diary.tick(HOUR)
    with transaction() as session:
        pausing.pause(session, session.merge(diary.cast.first), "AMC is ill", "ada@example.test")
    diary.advance(HOUR + 1)
    sweep_firings(diary.settings)
    assert [about["reason"] for _, about in diary.notices()] == [
        "its execution waits while its instance is paused by ada@example.test: AMC is ill"
    ]


def test_what_is_made_up_is_not_told_to_be_late_at_once(diary: Diary) -> None:
    diary.schedule({"type": "cron", "cron": "0 13 * * *"})
    diary.tick(4 * HOUR)
    sweep_firings(diary.settings)
    assert diary.notices() == []
    diary.advance(HOUR)
    sweep_firings(diary.settings)
    assert [kind for kind, _ in diary.notices()] == ["run_overdue"]


def test_firings_that_were_not_followed_are_found(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = diary.schedule()
    diary.pass_(120)
    diary.end(diary.executions(schedule)[0], follow=False)
    diary.advance(10)
    sent: list[Any] = []
    monkeypatch.setattr(wakeups, "_deliver", sent.append)
    assert sweep_firings(diary.settings) == 1
    [hint] = sent
    for _ in range(2):  # hints may come twice
        follow_firing(diary.ports, hint.id)
    assert [state for _, state, _ in diary.story(schedule)] == ["completed", "started"]
    assert diary.read(schedule).run_count == 1


def test_what_is_removed_fires_no_more(diary: Diary) -> None:
    report = diary.report()
    schedule = diary.schedule(of=report)
    diary.pass_(120)
    diary.edit(schedule, defining.remove)
    diary.end_all(schedule)
    diary.pass_(120)
    assert [(state, reason) for _, state, reason in diary.story(schedule)] == [
        ("completed", None),
        ("skipped", "removed"),
    ]
    with reading() as session:
        assert session.get_one(ReportDefinition, report.id).frequency == "once"
    assert diary.schedule(of=report) != schedule


def test_what_was_due_before_a_change_keeps_its_verdict(diary: Diary) -> None:
    schedule = diary.schedule()
    diary.advance(61)
    diary.change(schedule, {"recurrence": NIGHTLY})
    diary.tick()
    assert diary.story(schedule) == [("12:01", "started", None)]
    assert diary.read(schedule).next_run_at == datetime(2026, 3, 5, 2, tzinfo=UTC)


def test_wake_ups_leave_once_an_instance(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        diary.schedule()
    diary.schedule(of=diary.report(instance=diary.cast.second))
    sent: list[Any] = []
    monkeypatch.setattr(wakeups, "_deliver", sent.append)
    diary.tick(60)
    assert Counter((hint.name, hint.id) for hint in sent) == {
        ("submit_next_execution", "amcnorthwind01"): 1,
        ("submit_next_execution", "amcnorthwind02"): 1,
    }


def test_plans_are_read_from_rows(diary: Diary) -> None:
    schedule = diary.read(diary.schedule({"type": "weekly", "weekdays": ["friday"]}, jitter_minutes=5))
    plan = plan_of(schedule)
    assert (plan.jitter, plan.policies.pause_after) == (timedelta(minutes=5), 5)
    assert json.loads(json.dumps(schedule.recurrence))["weekdays"] == ["friday"]
    assert (schedule.schedule_type, schedule.cron_expression) == ("weekly", "0 3 * * 5")


def test_every_firing_is_of_one_execution(diary: Diary) -> None:
    for _ in range(3):
        diary.schedule()
    diary.pass_(180)
    with reading() as session:
        started = session.scalars(select(ScheduleFiring.id).where(ScheduleFiring.state == "started")).all()
        of_them = session.scalars(select(ReportExecution.firing_id)).all()
    assert sorted(map(str, started)) == sorted(map(str, of_them))
