"""Schedules from the command line: add, list, show, change, preview, pause, resume, remove, firings."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.catalog import publishing
from reportbuilder.cli.schedule_options import read_definition
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Invalid
from reportbuilder.reports import defining
from reportbuilder.reports.defining import Terms
from reportbuilder.schedules.firing import fire_due
from reportbuilder.schedules.models import ReportSchedule
from reportbuilder.settings import Settings
from tests.cast import Cast
from tests.cli.conftest import Command
from tests.schedules.diary import PUBLICATION

ADA = ("--user", "ada@example.test")
BEN = ("--user", "ben@example.test")
WEEKLY = ("--every", "weekly", "--on", "monday", "--zone", "America/New_York")


@pytest.fixture
def report_id(cast: Cast) -> str:
    with transaction() as session:
        ada = session.get_one(User, cast.ada.id)
        template = publishing.publish(session, PUBLICATION, ada)
        instance = session.merge(cast.first)
        terms = Terms(clock.now())
        return defining.create(
            session, {"name": "Clicks"}, owner=ada, template=template, instance=instance, terms=terms
        ).report_id


@pytest.fixture
def schedule_id(command: Command, report_id: str) -> str:
    made = command("schedule", "add", report_id, *WEEKLY, "--overlap", "skip", "--json", *ADA)
    assert made.exit_code == 0, made.stderr
    return str(json.loads(made.stdout)["schedule_id"])


def test_a_schedule_is_added_listed_and_shown(command: Command, schedule_id: str) -> None:
    listed = command("schedule", "list", *ADA).stdout
    assert schedule_id in listed
    assert "every Monday at 03:00, New York" in listed
    shown = command("schedule", "show", schedule_id, *ADA).stdout
    assert "while a run is going, the next is left out" in shown
    assert json.loads(command("schedule", "list", "--json", *BEN).stdout)["total"] == 0
    hidden = command("schedule", "show", schedule_id, *BEN)
    assert (hidden.exit_code, "no schedule that you may see" in hidden.stderr) == (2, True)


def test_it_is_changed_previewed_paused_resumed_and_removed(command: Command, schedule_id: str) -> None:
    changed = command(
        "schedule",
        "change",
        schedule_id,
        "--cron",
        "30 2 * * *",
        "--zone",
        "Europe/Berlin",
        "--jitter",
        "5",
        "--missed",
        "all",
        "--missed-limit",
        "3",
        "--window",
        '{"preset": "last_full_day"}',
        "--settle",
        "--param",
        "filter=Spring",
        "--json",
        *ADA,
    )  # fmt: skip - a command line reads best in lines
    row = json.loads(changed.stdout)
    assert (row["cron_expression"], row["jitter_minutes"], row["is_settling"]) == ("30 2 * * *", 5, True)
    assert (row["policies"]["missed_limit"], row["policies"]["overlap"]) == (3, "skip")
    assert (row["time_window"], row["parameters"]) == ({"preset": "last_full_day"}, {"filter": "Spring"})
    seen = json.loads(command("schedule", "preview", schedule_id, "-n", "3", "--json", *ADA).stdout)
    assert len(seen["times"]) == 3
    assert seen["times"][0]["local"][11:16] in ("02:30", "03:00")
    assert "Berlin" in command("schedule", "preview", schedule_id, *ADA).stdout
    assert command("schedule", "pause", schedule_id, *ADA).exit_code == 2
    command("schedule", "pause", schedule_id, "--reason", "holidays", *ADA)
    assert "holidays" in command("schedule", "show", schedule_id, *ADA).stdout
    again = command("schedule", "pause", schedule_id, "--reason", "x", *ADA)
    assert (again.exit_code, "paused already by ada@example.test" in again.stderr) == (2, True)
    assert command("schedule", "resume", schedule_id, *ADA).stdout == f"{schedule_id}: resumed\n"
    assert command("schedule", "remove", schedule_id, *ADA).stdout == f"{schedule_id}: removed\n"
    assert json.loads(command("schedule", "list", "--json", *ADA).stdout)["total"] == 0
    assert "removed" in command("schedule", "list", "--removed", *ADA).stdout


def test_what_became_of_due_times_is_told(command: Command, schedule_id: str, chosen: Settings) -> None:
    command("schedule", "change", schedule_id, "--cron", "* * * * *", *ADA)
    with reading() as session:
        next_run_at = session.scalars(select(ReportSchedule.next_run_at)).one()
    assert next_run_at is not None
    with clock.frozen(next_run_at) as advance:
        fire_due(chosen)
        advance(60)
        fire_due(chosen)
    found = json.loads(command("schedule", "firings", schedule_id, "--json", *ADA).stdout)
    assert [item["state"] for item in found["items"]] == ["skipped", "started"]
    table = command("schedule", "firings", schedule_id, "--state", "skipped", *ADA).stdout
    assert "an earlier run was still going" in table
    assert found["items"][1]["execution_id"] in command("execution", "list", *ADA).stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--every", "weekly", "--cron", "* * * * *"), "contradicts --every"),
        (("--at", "02:00"), "--every: is missing"),
        (("--cron", "61 * * * *"), "is no minute"),
        (("--every", "daily", "--at", "25:00", "--zone", "Mars"), "recurrence.timezone"),
        (("--every", "daily", "--window", "{"), "is no JSON"),
        (("--every", "daily", "--param", "moon=1"), "moon"),
    ],
)
def test_wrong_input_names_its_field(
    command: Command, report_id: str, arguments: tuple[str, ...], told: str
) -> None:
    refused = command("schedule", "add", report_id, *arguments, *ADA)
    assert (refused.exit_code, told in refused.stderr) == (2, True), refused.stderr


def test_who_may_not_run_may_not_schedule(command: Command, report_id: str, schedule_id: str) -> None:
    command("user", "grant", "cleo@example.test", "amcnorthwind01", "view")
    for arguments in (("remove", schedule_id), ("add", report_id, *WEEKLY)):
        refused = command("schedule", *arguments, "--user", "cleo@example.test")
        assert (refused.exit_code, "schedule:change takes" in refused.stderr) == (2, True)


def test_nothing_said_is_nothing_changed() -> None:
    names = ("cron", "every", "time", "weekdays", "day", "anchor", "timezone", "start", "end", "missed")
    more = ("missed_limit", "overlap", "pause_after", "window", "param", "jitter", "settle")
    nothing: dict[str, Any] = dict.fromkeys((*names, *more))
    assert read_definition(nothing) == {}
    with pytest.raises(Invalid, match="day belong"):
        read_definition(nothing | {"day": "last"})
