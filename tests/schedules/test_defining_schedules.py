"""Schedules: made whole or not at all, one active a report, changed, paused and resumed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from reportbuilder import clock
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid
from reportbuilder.reports.defining import Terms
from reportbuilder.reports.models import FREQUENCIES, ReportDefinition
from reportbuilder.schedules import defining, judging, overview
from reportbuilder.schedules.frequencies import frequency_of
from reportbuilder.schedules.models import ReportSchedule
from reportbuilder.schedules.policies import Policies
from reportbuilder.schedules.spelling import read_recurrence
from reportbuilder.schedules.wishes import Wishes, read_wishes
from tests.conftest import NOON, thread_context
from tests.schedules.diary import MINUTELY, NIGHTLY, Diary


def frequency(diary: Diary, report: ReportDefinition) -> str:
    with reading() as session:
        return session.get_one(ReportDefinition, report.id).frequency


def test_a_schedule_is_stored_in_its_one_spelling(diary: Diary) -> None:
    report = diary.report(timezone="Europe/Berlin")
    row = diary.read(diary.schedule({"type": "weekly", "weekdays": "friday"}, of=report))
    assert row.recurrence == {
        "type": "weekly",
        "time": "03:00",
        "weekdays": ["friday"],
        "timezone": "Europe/Berlin",
    }
    assert row.policies == {"missed": "once", "missed_limit": 10, "overlap": "queue", "pause_after": 5}
    assert (row.timezone, row.schedule_type, row.cron_expression) == ("Europe/Berlin", "weekly", "0 3 * * 5")
    assert row.next_run_at == datetime(2026, 3, 6, 2, tzinfo=UTC)
    assert (row.judged_until, row.counts_from, row.is_active, row.is_paused) == (NOON, NOON, True, False)
    assert frequency(diary, report) == "weekly"


def test_everything_that_is_wrong_is_told_at_once(diary: Diary) -> None:
    report = diary.report()
    wrong = {
        "recurrence": {"type": "weekly", "time": "25:00", "weekdays": ["moonday"], "timezone": "Mars"},
        "policies": {"missed": "never", "pause_after": -1},
        "time_window": {"preset": "last_moon"},
        "jitter_minutes": 90,
        "is_settling": "yes",
        "colour": "red",
    }
    with pytest.raises(Invalid) as refused:
        diary.schedule(of=report, **wrong)
    assert set(refused.value.details) == {
        "recurrence.time",
        "recurrence.weekdays",
        "recurrence.timezone",
        "policies.missed",
        "policies.pause_after",
        "time_window.preset",
        "jitter_minutes",
        "is_settling",
        "colour",
    }
    with pytest.raises(Invalid) as unfit:
        diary.schedule({"type": "daily", "time": "x"}, of=report, parameters={"filter": 5, "moon": 1})
    assert {"recurrence.time", "moon"} <= set(unfit.value.details)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(ReportSchedule)) == 0


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"recurrence": {}}, "recurrence.type"),
        ({"recurrence": None}, "recurrence"),
        ({"recurrence": NIGHTLY | {"end": "2026-03-04"}}, "recurrence.end"),
        ({"time_window": {"start": "2026-01-01", "end": "2026-01-31"}}, "time_window"),
        ({"time_window": "x"}, "time_window"),
        ({"parameters": []}, "parameters"),
        ({"policies": "x"}, "policies"),
    ],
)
def test_wrong_fields_are_named(diary: Diary, data: dict[str, Any], field: str) -> None:
    report = diary.report()
    with transaction() as session:
        here = session.get_one(ReportDefinition, report.id)
        with pytest.raises(Invalid) as refused:
            defining.create(session, here, {"recurrence": NIGHTLY, **data}, terms=Terms(clock.now()))
    assert list(refused.value.details) == [field]


def test_a_report_with_fixed_dates_needs_a_rolling_window_for_its_schedule(diary: Diary) -> None:
    report = diary.report(time_window={"start": "2026-01-01", "end": "2026-01-31"})
    with pytest.raises(Invalid, match="the same days at every run"):
        diary.schedule(of=report)
    assert diary.read(diary.schedule(of=report, time_window={"preset": "last_full_week"})).time_window == {
        "preset": "last_full_week"
    }


def test_one_active_schedule_a_report_under_races_too(diary: Diary, database: Flask) -> None:
    report = diary.report()
    many = 4
    together = Barrier(many)

    def make() -> str | Conflict:
        together.wait()
        with thread_context(database), transaction() as session:
            here = session.get_one(ReportDefinition, report.id)  # not locked, as the API would
            try:
                return defining.create(session, here, {"recurrence": NIGHTLY}, terms=Terms(NOON)).schedule_id
            except Conflict as conflict:
                return conflict

    with ThreadPoolExecutor(many) as pool:
        found = [each.result() for each in [pool.submit(make) for _ in range(many)]]
    made = [each for each in found if isinstance(each, str)]
    assert len(made) == 1
    assert all(made[0] in each.message for each in found if isinstance(each, Conflict))


def test_changing_keeps_what_is_not_given(diary: Diary) -> None:
    report = diary.report()
    schedule = diary.schedule(NIGHTLY, of=report, policies={"missed": "all"}, jitter_minutes=3)
    diary.change(schedule, {"policies": {"overlap": "skip"}, "is_settling": True})
    row = diary.read(schedule)
    assert (row.policies["missed"], row.policies["overlap"], row.jitter_minutes, row.is_settling) == (
        "all",
        "skip",
        3,
        True,
    )
    diary.change(schedule, {"recurrence": {"type": "monthly", "day": "last"}})
    assert (diary.read(schedule).schedule_type, frequency(diary, report)) == ("monthly", "monthly")
    before = diary.read(schedule)
    with pytest.raises(Invalid):
        diary.change(schedule, {"recurrence": NIGHTLY, "parameters": {"moon": 1}})
    assert diary.read(schedule).recurrence == before.recurrence


def test_a_pause_says_who_and_why_and_resuming_forgets_it(diary: Diary) -> None:
    schedule = diary.schedule()
    with pytest.raises(Invalid, match="why"):
        diary.edit(schedule, defining.pause, by="ben@example.test", reason="  ")
    diary.edit(schedule, defining.pause, by="ben@example.test", reason="holidays")
    row = diary.read(schedule)
    assert (row.is_paused, row.paused_by, row.paused_reason, row.paused_at) == (
        True,
        "ben@example.test",
        "holidays",
        NOON,
    )
    with pytest.raises(Conflict, match=r"paused already by ben@example\.test: holidays"):
        diary.edit(schedule, defining.pause, by="ada@example.test", reason="x")
    diary.edit(schedule, defining.resume)
    row = diary.read(schedule)
    assert (row.is_paused, row.paused_by, row.paused_reason, row.paused_at) == (False, None, None, None)
    with pytest.raises(Conflict, match="is not paused"):
        diary.edit(schedule, defining.resume)


def test_what_is_removed_is_left_alone(diary: Diary) -> None:
    report = diary.report()
    schedule = diary.schedule(of=report)
    for _ in range(2):  # asking twice is the same as asking once
        diary.edit(schedule, defining.remove)
    assert (diary.read(schedule).is_active, diary.read(schedule).next_run_at) == (False, None)
    for act, options in ((defining.resume, {}), (defining.pause, {"by": "b", "reason": "r"})):
        with pytest.raises(Conflict, match="has been removed"):
            diary.edit(schedule, act, **options)
    with pytest.raises(Conflict, match="has been removed"):
        diary.change(schedule, {})


@pytest.mark.parametrize("what", ["change", "pause", "remove"])
def test_no_due_time_is_lost_to_a_change_after_a_long_outage(
    diary: Diary, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(judging.judge, "__kwdefaults__", {"most": 10})
    schedule = diary.schedule(policies={"missed": "skip"})
    diary.advance(35 * 60 + 30)
    acts: dict[str, Callable[[], None]] = {
        "change": lambda: diary.change(schedule, {"recurrence": NIGHTLY}),
        "pause": lambda: diary.edit(schedule, defining.pause, by="ada@example.test", reason="quiet"),
        "remove": lambda: diary.edit(schedule, defining.remove),
    }
    acts[what]()
    diary.tick(60)
    first = [row for row in diary.firings(schedule) if row.due_at <= diary.at("12:35")]
    assert len({row.due_at for row in first}) == 35
    assert [row.reason for row in first[:29]] == ["missed"] * 29


def test_a_schedule_that_cannot_be_read_can_be_mended(diary: Diary) -> None:
    schedule = diary.schedule()
    diary.write(schedule, recurrence={"type": "moon"}, policies={"missed": "never"})
    diary.advance(120)
    diary.change(schedule, {"recurrence": MINUTELY, "policies": {}})
    diary.tick(60)
    assert diary.story(schedule) == [("12:03", "started", None)]


def test_a_report_that_is_changed_must_still_fit_its_schedule(diary: Diary) -> None:
    report = diary.report()
    schedule = diary.schedule(of=report)
    with transaction() as session:
        session.execute(
            update(ReportDefinition).values(time_window={"start": "2026-01-01", "end": "2026-01-31"})
        )
    row = diary.read(schedule)
    with reading() as session:
        here = session.get_one(ReportDefinition, report.id)
        with pytest.raises(Invalid, match="the same days"):
            defining.check_again(here, row, terms=Terms(NOON))


def test_the_outlook_has_windows_marks_and_what_settling_costs(diary: Diary) -> None:
    berlin = {"type": "daily", "time": "02:30", "timezone": "Europe/Berlin", "end": "2026-03-29"}
    report = diary.report(time_window={"preset": "last_full_day", "lag_days": 0})
    schedule = diary.read(diary.schedule(berlin, of=report, is_settling=True))
    at = datetime(2026, 3, 27, tzinfo=UTC)
    with reading() as session:
        here = session.get_one(ReportDefinition, report.id)
        found = overview.outlook(schedule, here, after=at, lag_days=14, count=4)
        sooner = overview.outlook(schedule, here, after=at, lag_days=3)
    marks = [sorted(each.marks) for each, _ in found.times]
    assert marks == [[], [], ["moved"], ["after_end"]]
    assert [window.end for _, window in found.times] == [
        datetime(2026, 3, day, tzinfo=UTC) for day in (27, 28, 29, 30)
    ]
    assert (found.reruns, sooner.reruns) == (13, 2)


@given(
    st.sampled_from(
        [
            ({"type": "business_days"}, "daily"),
            ({"type": "biweekly", "anchor": "2026-03-02"}, "weekly"),
            ({"type": "first_business_day"}, "monthly"),
            ({"type": "quarterly", "day": "last"}, "quarterly"),
            ({"type": "cron", "cron": "*/5 * * * *"}, "daily"),
            ({"type": "cron", "cron": "0 2 * * 1-5"}, "daily"),
            ({"type": "cron", "cron": "0 2 * * mon"}, "weekly"),
            ({"type": "cron", "cron": "0 2 1,15 * *"}, "weekly"),
            ({"type": "cron", "cron": "0 2 L * *"}, "monthly"),
            ({"type": "cron", "cron": "0 2 1 1,4,7,10 *"}, "quarterly"),
            ({"type": "cron", "cron": "0 2 29 2 *"}, "quarterly"),
        ]
    ),
    st.integers(0, 3 * 365 * 24),
)
def test_how_often_it_comes_in_the_words_of_reports(case: tuple[dict[str, Any], str], hours: int) -> None:
    data, word = case
    assert word in FREQUENCIES
    assert frequency_of(read_recurrence(data), NOON + timedelta(hours=hours)) == word


def test_a_schedule_of_the_past_is_of_the_rarest_kind() -> None:
    assert frequency_of(read_recurrence(MINUTELY | {"end": "2020-01-01"}), NOON) == "quarterly"


@given(st.dictionaries(st.text(max_size=20), st.one_of(st.none(), st.booleans(), st.integers(), st.text())))
def test_whatever_is_said_is_read_or_told_by_its_field(data: dict[str, Any]) -> None:
    found, wrong = read_wishes(data, Wishes("UTC", NOON.date(), 14, Policies()))
    assert set(found).isdisjoint(wrong)
    assert {path.partition(".")[0] for path in wrong} | set(found) >= {
        name.partition(".")[0] for name in data
    }
