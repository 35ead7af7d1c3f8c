"""What becomes of due times that are missed, overlap, are paused, late or not allowed."""

from collections import Counter
from datetime import timedelta

import pytest

from reportbuilder import clock
from reportbuilder.accounts import grants, users
from reportbuilder.accounts.models import User
from reportbuilder.database import reading, transaction
from reportbuilder.executions import overview, pausing
from reportbuilder.reports.models import ReportDefinition
from reportbuilder.schedules import defining, judging, policies
from reportbuilder.schedules.following import follow_firing, sweep_firings
from tests.schedules.diary import Diary

HOUR = 3600.0
MISSED = {
    "skip": [("12:01", "skipped", "missed"), ("12:03", "skipped", "missed")],
    "once": [("12:01", "skipped", "made_up"), ("12:03", "started", None)],
    "all": [("12:01", "started", None), ("12:03", "waiting", None)],
}


@pytest.mark.parametrize("policy", sorted(MISSED))
def test_missed_runs_are_skipped_or_made_up(diary: Diary, policy: str) -> None:
    every_other = {"type": "cron", "cron": "1,3 12 * * *"}
    schedule = diary.schedule(every_other, policies={"missed": policy})
    diary.tick(HOUR)
    assert diary.story(schedule) == MISSED[policy]
    told = [about for kind, about in diary.notices() if kind == "run_overdue"]
    assert [(about["due_at"][11:16], about["count"]) for about in told] == (
        [("12:03", 2)] if policy == "skip" else []
    )


def test_only_so_many_missed_runs_are_made_up_and_one_after_another(diary: Diary) -> None:
    schedule = diary.schedule(policies={"missed": "all", "missed_limit": 2, "overlap": "skip"})
    diary.tick(600)
    states = [state for _, state, _ in diary.story(schedule)]
    assert states[:5] == ["skipped", "skipped", "started", "waiting", "skipped"]
    assert [reason for _, _, reason in diary.story(schedule)][:2] == ["over_limit"] * 2
    assert len(diary.executions(schedule)) == 1
    diary.end_all(schedule)
    assert len(diary.executions(schedule)) == 2


def test_a_year_of_missed_minutes_is_judged_in_pieces(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "VERDICTS", 100)
    monkeypatch.setattr(judging.judge, "__kwdefaults__", {"most": 100})
    monkeypatch.setattr(judging, "ROWS", 150)
    slow, quick = diary.schedule(), diary.schedule({"type": "monthly"})
    diary.tick(365 * 86400)
    assert len(diary.firings(slow)) <= 100
    diary.tick()
    assert [each.state for each in diary.firings(quick)][-1] == "started"
    assert len(diary.firings(slow)) <= 200
    assert diary.read(slow).next_run_at == diary.firings(slow)[-1].due_at + timedelta(minutes=1)


def test_overlap_waits_in_order(diary: Diary) -> None:
    schedule = diary.schedule(policies={"overlap": "queue"})
    diary.pass_(180)
    assert [state for _, state, _ in diary.story(schedule)] == ["started", "waiting", "waiting"]
    diary.end(diary.executions(schedule)[0])
    assert [state for _, state, _ in diary.story(schedule)] == ["completed", "started", "waiting"]
    diary.end(diary.executions(schedule)[1], "failed")
    assert [state for _, state, _ in diary.story(schedule)] == ["completed", "failed", "started"]


def test_overlap_leaves_out(diary: Diary) -> None:
    schedule = diary.schedule(policies={"overlap": "skip"})
    diary.pass_(120)
    diary.end_all(schedule)
    diary.pass_(60)
    assert [(state, reason) for _, state, reason in diary.story(schedule)] == [
        ("completed", None),
        ("skipped", "overlap"),
        ("started", None),
    ]


def test_overlap_cancels_the_other(diary: Diary) -> None:
    schedule = diary.schedule(policies={"overlap": "cancel"})
    diary.pass_(120)
    first, second = diary.executions(schedule)
    assert (first.state, second.state) == ("cancelled", "pending")
    diary.advance(10)
    assert sweep_firings(diary.settings) == 1
    follow_firing(diary.ports, str(first.firing_id))
    assert [state for _, state, _ in diary.story(schedule)] == ["cancelled", "started"]
    assert diary.read(schedule).failure_count == 0
    with reading() as session:
        reasons = [event.reason for event in overview.events(session, first)]
    assert any("whose next run is due" in reason for reason in reasons)


def test_of_due_times_that_come_at_once_only_the_last_runs_if_the_others_are_cancelled(diary: Diary) -> None:
    schedule = diary.schedule(policies={"overlap": "cancel"})
    diary.tick(180)
    assert diary.story(schedule) == [
        ("12:01", "skipped", "replaced"),
        ("12:02", "skipped", "replaced"),
        ("12:03", "started", None),
    ]
    [execution] = diary.executions(schedule)
    assert execution.firing_id == diary.firings(schedule)[-1].id
    diary.end_all(schedule)
    assert [state for _, state, _ in diary.story(schedule)][-1] == "completed"


def test_what_waits_is_replaced_once_the_others_are_to_be_cancelled(diary: Diary) -> None:
    schedule = diary.schedule(policies={"overlap": "queue"})
    diary.pass_(180)
    [first] = diary.executions(schedule)
    diary.change(schedule, {"policies": {"overlap": "cancel"}})
    diary.end(first)
    assert [state for _, state, _ in diary.story(schedule)] == ["completed", "skipped", "started"]
    assert len(diary.executions(schedule)) == 2


def test_a_run_that_is_cancelled_for_the_next_takes_no_settling_along(diary: Diary) -> None:
    report = diary.report(time_window={"preset": "last_full_day", "lag_days": 0})
    noon = {"type": "daily", "time": "12:00"}
    schedule = diary.schedule(noon, of=report, is_settling=True, policies={"overlap": "cancel"})
    diary.tick(86400)
    diary.end_all(schedule)
    diary.tick(86400)
    diary.tick(86400)
    states = sorted((each.is_rerun, each.state) for each in diary.executions(schedule)[1:])
    assert states == [(False, "cancelled"), (False, "pending"), (True, "pending")]


def test_no_more_than_so_many_wait(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "MOST_WAITING", 3)
    schedule = diary.schedule()
    diary.pass_(360, every=60)
    counts = Counter((state, reason) for _, state, reason in diary.story(schedule))
    assert counts == {("started", None): 1, ("waiting", None): 3, ("skipped", "queue_full"): 2}


def test_a_paused_schedule_skips_and_goes_on(diary: Diary) -> None:
    schedule = diary.schedule()
    diary.edit(schedule, defining.pause, by="ben@example.test", reason="holidays")
    diary.pass_(120)
    diary.edit(schedule, defining.resume)
    diary.pass_(60)
    assert [(state, reason) for _, state, reason in diary.story(schedule)] == [
        ("skipped", "paused"),
        ("skipped", "paused"),
        ("started", None),
    ]


@pytest.mark.parametrize("whole", [False, True])
def test_the_pause_of_an_instance_or_of_everything_leaves_schedules_as_they_were(
    *, diary: Diary, whole: bool
) -> None:
    here, there = diary.schedule(), diary.schedule(of=diary.report(instance=diary.cast.second))
    own = diary.schedule()
    diary.edit(own, defining.pause, by="ben@example.test", reason="holidays")
    with transaction() as session:
        pausing.pause(session, None if whole else diary.cast.first, "AMC is down", "ada@example.test")
    diary.pass_(60)
    reason = "all_paused" if whole else "instance_paused"
    assert diary.story(here) == [("12:01", "skipped", reason)]
    assert diary.story(own) == [("12:01", "skipped", "paused")]
    assert diary.story(there)[0][1:] == (("skipped", reason) if whole else ("started", None))
    with transaction() as session:
        pausing.resume(session, None if whole else diary.cast.first, "ada@example.test")
    diary.pass_(60)
    assert (diary.story(here)[1][1], diary.story(own)[1][1:]) == ("started", ("skipped", "paused"))


def test_what_was_planned_or_waits_is_left_out_once_it_is_paused(diary: Diary) -> None:
    schedule = diary.schedule()
    diary.pass_(120)
    diary.edit(schedule, defining.pause, by="ben@example.test", reason="holidays")
    diary.end_all(schedule)
    assert [(state, reason) for _, state, reason in diary.story(schedule)] == [
        ("completed", None),
        ("skipped", "paused"),
    ]


def test_an_inactive_report_does_not_fire(diary: Diary) -> None:
    report = diary.report()
    schedule = diary.schedule(of=report)
    with transaction() as session:
        session.get_one(ReportDefinition, report.id).is_active = False
    diary.pass_(60)
    assert diary.story(schedule) == [("12:01", "skipped", "inactive")]


def test_a_grant_that_was_withdrawn_fails_the_run_and_says_so(diary: Diary) -> None:
    schedule = diary.schedule()
    with transaction() as session:
        grants.withdraw(session, diary.cast.ben.id, [diary.cast.first.id])
    diary.tick(60)
    [(_, state, reason)] = diary.story(schedule)
    assert (state, "ask an admin for the grant" in str(reason)) == ("failed", True)
    [(kind, about)] = diary.notices()
    assert (kind, about["schedule_id"], about["reason"]) == ("run_failed", schedule, reason)


def test_an_owner_who_was_deactivated_fails_the_run_and_says_so(diary: Diary) -> None:
    schedule = diary.schedule()
    with transaction() as session:
        users.deactivate(session, session.get_one(User, diary.cast.ben.id))
    diary.tick(60)
    [(_, state, reason)] = diary.story(schedule)
    assert (state, "owner is deactivated" in str(reason)) == ("failed", True)
    assert (diary.read(schedule).failure_count, diary.read(schedule).last_run_status) == (1, "failed")


def test_after_failures_in_a_row_a_schedule_pauses_itself_and_says_so(diary: Diary) -> None:
    schedule = diary.schedule(policies={"pause_after": 3})
    for state in ("failed", "completed", "failed", "cancelled", "failed", "failed"):
        diary.tick(60)
        diary.end_all(schedule, state)
    row = diary.read(schedule)
    assert (row.is_paused, row.paused_by) == (True, "itself")
    assert row.paused_reason == "3 runs in a row have failed, the last: AMC said no"
    assert (row.run_count, row.failure_count) == (6, 4)
    assert [kind for kind, _ in diary.notices()].count("schedule_paused") == 1
    diary.edit(schedule, defining.resume)
    diary.tick(60)
    diary.end_all(schedule, "failed")
    assert diary.read(schedule).is_paused is False


def test_jitter_moves_the_start_and_nothing_else(diary: Diary) -> None:
    schedule = diary.schedule({"type": "cron", "cron": "0 * * * *"}, jitter_minutes=30)
    diary.tick(HOUR)
    [planned] = diary.firings(schedule)
    assert planned.due_at == diary.at("13:00") < planned.starts_at < diary.at("13:30")
    assert (planned.state, diary.executions()) == ("planned", [])
    diary.tick((planned.starts_at - clock.now()).total_seconds())
    assert diary.story(schedule) == [("13:00", "started", None)]
