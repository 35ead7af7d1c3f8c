"""Backfills from the command line; what runs stays pending, there is no worker here."""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import select

from reportbuilder.accounts import grants
from reportbuilder.backfills.models import ReportDataWeek
from reportbuilder.backfills.states import SEGMENT_STATES
from reportbuilder.cli import backfill_following
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.settings import Settings
from tests.backfills.reporters import make_reporter
from tests.cast import Cast
from tests.cli.conftest import Command

BEN = ("--user", "ben@example.test")
CLEO = ("--user", "cleo@example.test")
START = ("backfill", "start", "impressions", "--segment", "daily", "--days", "20")


@pytest.fixture
def report(cast: Cast) -> None:
    """A report of ben's."""
    with transaction() as session:
        grants.grant(session, cast.ben.id, cast.first.id, "run")
        grants.grant(session, cast.cleo.id, cast.first.id, "view")
    make_reporter(cast.ben, cast.first)


def test_a_rehearsal_starts_nothing(command: Command, report: None) -> None:
    told = command(*START, "--dry-run", *BEN)
    assert (told.exit_code, "7 in 7 runs" in told.stdout, "7 missing" in told.stdout) == (0, True, True)
    assert "figures settle for 14 days" in told.stderr
    plan = json.loads(command(*START, "--dry-run", "--json", *BEN).stdout)
    assert (plan["backfill_id"], plan["to_run"], len(plan["segments"])) == (None, 7, 7)
    assert json.loads(command("backfill", "list", "--json", *BEN).stdout)["total"] == 0


def test_one_is_started_shown_changed_and_cancelled(command: Command, report: None) -> None:
    started = command(*START, "--no-wait", "--concurrency", "2", *BEN)
    assert started.exit_code == 0, started.stderr
    name = started.stdout.strip()
    second = command(*START, "--no-wait", *BEN)
    assert (second.exit_code, name in second.stderr) == (2, True)
    assert name in command("backfill", "list", "--report", "impressions", *CLEO).stdout
    detail = json.loads(command("backfill", "show", name, "--json", *CLEO).stdout)
    assert (detail["status"], detail["counts"]["waiting"], detail["concurrency"]) == ("running", 7, 2)
    assert detail["expected_finish"] > detail["created_at"]
    assert "0 of 7 segments have come" in command("backfill", "show", name, *BEN).stdout
    assert command("backfill", "pause", name, "--reason", "a holiday", *BEN).stdout == f"{name}: paused\n"
    assert "a holiday" in command("backfill", "show", name, *BEN).stdout
    assert command("backfill", "resume", name, *BEN).stdout == f"{name}: running\n"
    assert command("backfill", "concurrency", name, "99", *BEN).exit_code == 2
    assert command("backfill", "concurrency", name, "max", *BEN).exit_code == 0
    assert command("backfill", "cancel", name, *CLEO).exit_code == 2
    assert command("backfill", "retry-failed", name, *BEN).exit_code == 2
    assert command("backfill", "cancel", name, *BEN).stdout == f"{name}: cancelled\n"
    ended = command("backfill", "wait", name, *BEN)
    assert (ended.exit_code, "7 were cancelled" in ended.stdout) == (1, True)


def test_the_limit_of_a_day_holds_here_as_over_the_api(
    command: Command, report: None, chosen: Settings
) -> None:
    few = replace(chosen, backfills_per_day=1)
    name = command(*START, "--no-wait", *BEN, chosen=few).stdout.strip()
    assert command("backfill", "cancel", name, *BEN).exit_code == 0
    refused = command(*START, "--no-wait", *BEN, chosen=few)
    assert (refused.exit_code, "1 backfills a day may be started" in refused.stderr) == (2, True)
    assert command(*START, "--dry-run", *BEN, chosen=few).exit_code == 0
    assert json.loads(command("backfill", "list", "--json", *BEN).stdout)["total"] == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--days", "5"), "lookback_days: "),
        (("--from", "2020-01-01"), "start: "),
        (("--segments-per-run", "2", "--week-start", "monday"), "week_start: "),
        (("--concurrency", "11"), "concurrency: "),
    ],
)
def test_wrong_input_names_its_field(
    command: Command, report: None, arguments: tuple[str, ...], told: str
) -> None:
    base = START if "--days" not in arguments and "--from" not in arguments else START[:5]
    refused = command(*base, *arguments, "--no-wait", *BEN)
    assert (refused.exit_code, told in refused.stderr) == (2, True), refused.stderr
    assert command("backfill", "start", "nothing", *START[3:], *BEN).exit_code == 2


def interrupt_once() -> Callable[[], None]:
    pending = [KeyboardInterrupt]

    def each() -> None:
        if pending:
            raise pending.pop()

    return each


@pytest.mark.parametrize(
    ("is_terminal", "answer", "status"),
    [(True, "cancel", "cancelled"), (True, "pause", None), (True, "leave", None), (False, "cancel", None)],
)
def test_ctrl_c_asks_on_a_terminal_and_leaves_it_elsewhere(
    *,
    command: Command,
    report: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    is_terminal: bool,
    answer: str,
    status: str | None,
) -> None:
    name = command(*START, "--no-wait", *BEN).stdout.strip()
    (tmp_path / "typed").write_text(f"{answer}\n")
    shown = io.StringIO()
    with (tmp_path / "typed").open() as typed:
        monkeypatch.setattr(sys, "stdin", typed)
        console = Console(file=shown, force_terminal=is_terminal, width=120)
        ended = backfill_following.follow(
            name, Settings(), console, by="ben@example.test", each=interrupt_once()
        )
    assert (ended.status if ended else None) == status
    assert "0 of 7 segments have come; 7 wait." in shown.getvalue()
    after = json.loads(command("backfill", "show", name, "--json", *BEN).stdout)["status"]
    assert after == {"cancel": "cancelled", "pause": "paused", "leave": "running"}[answer] or not is_terminal


def test_the_picture_shows_every_state(command: Command, report: None) -> None:
    name = command(*START, "--no-wait", *BEN).stdout.strip()
    assert set(backfill_following.SIGNS) == set(SEGMENT_STATES)
    with transaction() as session:
        for segment, state in zip(session.scalars(select(ReportDataWeek)), SEGMENT_STATES, strict=False):
            segment.status = state
            segment.reason = "out of memory \x1b[31m" if state == "failed" else None
    now = backfill_following.Watcher(name, Settings()).look()
    shown = io.StringIO()
    Console(file=shown, width=120).print(backfill_following.draw(now))
    text = shown.getvalue()
    assert "x failed 1" in text
    assert "out of memory �[31m" in text
    assert "expected finish" in text
    with reading() as session:
        assert session.scalars(select(ReportExecution)).all() == []
