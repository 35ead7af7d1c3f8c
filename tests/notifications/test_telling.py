"""Who is told of what, as what, once: from a notice to the message that arrives."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from reportbuilder import clock, notices
from reportbuilder.accounts import grants, users
from reportbuilder.accounts.models import User
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.moving import move
from reportbuilder.notices import Notice
from reportbuilder.notifications import sweeping
from reportbuilder.notifications.kinds import KINDS
from reportbuilder.notifications.telling import tell
from reportbuilder.reports.models import ReportDefinition
from tests.conftest import thread_context
from tests.notifications.desk import Desk, make_report
from tests.notifications.mailbox import Mailbox, text_of

ALL = {"channel_id": "email", "kinds": list(KINDS), "pace": "at_once"}


@pytest.mark.parametrize(
    ("kind", "about", "subject", "words"),
    [
        ("run_failed", {"reason": "AMC refuses the day"}, "Failed: Spring", "AMC refuses the day"),
        ("schedule_paused", {"schedule_id": "sch_1", "reason": "5 failures"}, "Schedule paused", "sch_1"),
        ("run_overdue", {"due_at": "2026-03-04T09:00:00+00:00"}, "Should have run", "2026-03-04 09:00 (UTC)"),
        ("run_overdue", {"reason": "missed", "count": 3}, "Should have run", "Due times missed: 3"),
        ("schedule_paused", {"failures": 5}, "Schedule paused itself", "Failures in a row: 5"),
        (
            "backfill_paused",
            {"backfill_id": "bf_1", "reason": "cleo may no longer run"},
            "Backfill paused itself: Spring",
            "cleo may no longer run",
        ),
        ("backfill_ended", {"status": "failed", "counts": {"failed": 3}}, "Backfill failed", "Failed: 3"),
        (
            "backfill_ended",
            {"status": "completed", "words": "9 of 9 have come"},
            "Backfill completed",
            "9 of 9",
        ),
    ],
)
def test_the_owner_is_told_by_mail_without_a_wish(
    desk: Desk, mailbox: Mailbox, kind: str, about: dict[str, object], subject: str, words: str
) -> None:
    desk.give(kind, **about)
    desk.work()
    (message,) = mailbox.taken
    assert message["Subject"].startswith(subject)
    assert words in text_of(message)
    assert words.rpartition(" ")[2] in text_of(message, "html")
    assert mailbox.recipients == [["ben@example.test"]]
    assert desk.only().state == "sent"


def test_of_a_failed_run_the_words_of_amc_its_days_and_the_way_out_are_told(
    desk: Desk, mailbox: Mailbox
) -> None:
    run = desk.run(state="failed", error_class="permanent", error_message="Table <dsp> is unknown")
    desk.give("run_failed", execution_id=run)
    desk.work()
    text = text_of(mailbox.taken[0])
    for words in (
        "Table <dsp> is unknown",
        "What to do: Read what AMC says",
        "Instance: Northwind 1 (amcnorthwind01)",
        "Window: 2026-01-01 to 2026-01-30 (UTC)",
        f"https://reports.example.test/report-builder?execution={run}",
    ):
        assert words in text
    assert "Table &lt;dsp&gt; is unknown" in text_of(mailbox.taken[0], "html")


def test_a_completion_is_told_on_wish_only(desk: Desk, mailbox: Mailbox) -> None:
    desk.give("run_completed", execution_id=desk.run(row_count=7))
    desk.work()
    assert mailbox.taken == []
    desk.choose(desk.cast.ben, ALL)
    desk.give("run_completed", execution_id=desk.run(row_count=7))
    desk.work()
    assert "Rows: 7" in text_of(mailbox.taken[0])


def test_the_first_completion_after_a_failure_is_a_recovery(desk: Desk, mailbox: Mailbox) -> None:
    for kind in ("run_completed", "run_failed", "run_failed", "run_completed", "run_completed"):
        desk.give(kind)
        desk.work()
    assert [message["Subject"] for message in mailbox.taken] == [
        "Failed: Spring",
        "Failed: Spring",
        "Works again: Spring",
    ]


def test_a_recovery_is_seen_within_one_batch_and_counts_by_report(desk: Desk, mailbox: Mailbox) -> None:
    other = make_report(desk.cast, desk.cast.ben, "Summer", desk.report.template_id)
    desk.give("run_failed")
    desk.give("run_completed", other)
    desk.give("run_completed")
    desk.work()
    assert sorted(message["Subject"] for message in mailbox.taken) == [
        "Failed: Spring",
        "Works again: Spring",
    ]


def test_who_wants_completions_only_is_told_of_a_recovery_as_one(desk: Desk, mailbox: Mailbox) -> None:
    desk.choose(desk.cast.ben, {"channel_id": "email", "kinds": ["run_completed"]})
    desk.give("run_failed")
    desk.give("run_completed")
    desk.work()
    assert [message["Subject"] for message in mailbox.taken] == ["Rows are here: Spring"]


def test_others_are_told_of_a_report_if_they_ask_for_it(desk: Desk, mailbox: Mailbox) -> None:
    desk.choose(desk.cast.cleo, ALL, report=desk.report)
    desk.give("run_failed")
    desk.work()
    assert sorted(mailbox.recipients) == [["ben@example.test"], ["cleo@example.test"]]


def test_a_rule_of_the_report_stands_over_the_default_and_a_mute_over_all(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.choose(desk.cast.ben, ALL)
    desk.choose(desk.cast.ben, ALL, report=desk.report, is_muted=True)
    desk.give("run_failed")
    desk.work()
    assert (mailbox.taken, desk.told(), desk.unhandled()) == ([], [], 0)


def _withdraw(desk: Desk) -> None:
    with transaction() as session:
        grants.withdraw(session, desk.cast.ben.id, [desk.cast.first.id])


def _deactivate(desk: Desk) -> None:
    with transaction() as session:
        users.deactivate(session, session.get_one(User, desk.cast.ben.id))


def _delete(desk: Desk) -> None:
    with transaction() as session:
        session.get_one(ReportDefinition, desk.report.id).deleted_at = clock.now()


LOSSES = pytest.mark.parametrize("lose", [_withdraw, _deactivate, _delete])


@LOSSES
def test_who_may_not_see_it_is_told_nothing(
    desk: Desk, mailbox: Mailbox, lose: Callable[[Desk], None]
) -> None:
    lose(desk)
    desk.give("run_failed")
    desk.work()
    assert (mailbox.taken, desk.told(), desk.unhandled()) == ([], [], 0)


@LOSSES
def test_rights_are_asked_again_before_it_is_sent(
    desk: Desk, mailbox: Mailbox, lose: Callable[[Desk], None]
) -> None:
    desk.give("run_failed")
    tell(desk.settings)
    lose(desk)
    desk.work()
    row = desk.only()
    assert (mailbox.taken, row.state) == ([], "dropped")
    assert row.error


def test_without_a_mail_server_nobody_is_told_by_mail(desk: Desk, mailbox: Mailbox) -> None:
    desk.give("run_failed")
    tell(replace(desk.settings, smtp_url=""))
    assert (desk.told(), desk.unhandled()) == ([], 0)


def test_notices_are_told_once_by_two_workers_at_once(desk: Desk, mailbox: Mailbox) -> None:
    for _ in range(30):
        desk.give("run_failed")

    def work(_: int) -> None:
        with thread_context(desk.app):
            tell(desk.settings)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    tell(desk.settings)
    assert (len(desk.told()), desk.unhandled()) == (30, 0)


def test_more_notices_than_a_batch_are_all_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportbuilder.notifications.telling.BATCH", 4)
    for _ in range(10):
        desk.give("run_failed")
    assert tell(desk.settings) == 10
    assert len(desk.told()) == 10


def test_a_rerun_that_settles_a_window_is_told_of_only_if_it_fails(desk: Desk, mailbox: Mailbox) -> None:
    desk.choose(desk.cast.ben, ALL)
    desk.give("run_completed", execution_id=desk.run(is_rerun=True))
    desk.give("run_failed", execution_id=desk.run(is_rerun=True, state="failed"))
    desk.work()
    assert [message["Subject"] for message in mailbox.taken] == ["Failed: Spring"]


def test_reruns_have_no_part_in_recoveries(desk: Desk, mailbox: Mailbox) -> None:
    def end(kind: str, *, is_rerun: bool) -> None:
        state = kind.removeprefix("run_")
        run = desk.run(state=state, is_rerun=is_rerun)
        desk.give(kind, execution_id=run, is_rerun=is_rerun)
        desk.work()

    for kind, is_rerun in (
        ("run_failed", True),
        ("run_completed", False),  # it has not failed before
        ("run_failed", False),
        ("run_completed", True),
        ("run_completed", False),
    ):
        end(kind, is_rerun=is_rerun)
    subjects = [message["Subject"] for message in mailbox.taken]
    assert subjects == ["Failed: Spring", "Failed: Spring", "Works again: Spring"]


def test_a_notice_that_cannot_be_read_keeps_nobody_waiting(
    desk: Desk, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("unreadable")

    monkeypatch.setattr("reportbuilder.notifications.telling.facts_of", broken)
    desk.give("run_failed")
    desk.work()
    assert [message["Subject"] for message in mailbox.taken] == ["Failed: Spring"]


def test_a_zone_that_is_no_longer_known_keeps_nobody_waiting(desk: Desk, mailbox: Mailbox) -> None:
    with transaction() as session:
        session.get_one(User, desk.cast.cleo.id).time_zone = "Mars/Olympus"
    for pace in ("daily", "at_once"):
        desk.choose(desk.cast.cleo, {**ALL, "pace": pace}, report=desk.report)
        desk.give("run_failed")
        desk.work()
    assert desk.unhandled() == 0
    assert [str(message["To"]) for message in mailbox.taken].count(desk.cast.cleo.email) == 1
    assert [row.state for row in desk.told() if row.user_id == desk.cast.cleo.id] == ["waiting", "sent"]


def test_one_notice_that_cannot_be_told_keeps_no_other_waiting(
    desk: Desk, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("untellable")

    desk.give("run_failed")
    with monkeypatch.context() as patched:
        patched.setattr("reportbuilder.notifications.telling.choice_of", broken)
        desk.work()
    desk.give("schedule_paused")
    desk.work()
    assert (desk.unhandled(), len(mailbox.taken)) == (0, 1)


def test_a_lost_hint_is_found_by_the_sweep(desk: Desk, mailbox: Mailbox) -> None:
    desk.give("run_failed")
    desk.hints.clear()
    sweeping.sweep()
    assert [hint.name for hint in desk.hints] == ["tell_notices"]
    tell(desk.settings)
    desk.hints.clear()
    sweeping.sweep()
    assert [(hint.name, hint.id) for hint in desk.hints] == [
        ("send_notification", desk.only().notification_id)
    ]


def test_the_same_key_is_one_notice_and_one_hint_a_transaction(desk: Desk) -> None:
    with transaction() as session:
        for key in ("a", "b", "a"):
            notices.give(session, "run_overdue", key, desk.report.id, {})
    with transaction() as session:
        notices.give(session, "run_overdue", "a", desk.report.id, {})
    assert (desk.unhandled(), len(desk.hints)) == (2, 1)


def test_the_end_of_a_run_leaves_its_notice(desk: Desk) -> None:
    failed, completed, loose = desk.run(), desk.run(), desk.run()
    with transaction() as session:
        rows = {row.execution_id: row for row in session.scalars(select(ReportExecution))}
        rows[loose].report_id = None
        for name in (failed, loose):
            assert move(session, rows[name], "failed", "no", error_message="no")
        rows[completed].state = "collecting"
        session.flush()
        assert move(session, rows[completed], "completed", "yes")
    with reading() as session:
        found = {(row.kind, row.about["execution_id"]) for row in session.scalars(select(Notice))}
    assert found == {("run_failed", failed), ("run_completed", completed)}


def test_what_is_old_is_forgotten_but_for_what_waits(desk: Desk, mailbox: Mailbox) -> None:
    then = clock.now() - timedelta(days=200)
    with clock.frozen(then):
        desk.give("run_failed")
        desk.work()
        desk.give("run_overdue")
        tell(desk.settings)
    desk.give("run_failed")
    sweeping.forget(120)
    with reading() as session:
        kinds = [notice.kind for notice in session.scalars(select(Notice).order_by(Notice.created_at))]
    assert kinds == ["run_overdue", "run_failed"]
    assert [row.kind for row in desk.told()] == ["run_overdue"]
