"""What a look makes of what AMC tells, and of what it does not tell."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reportbuilder import clock
from reportbuilder.amc.failures import Transient, UnknownOutcome
from reportbuilder.amc.wire import OutputColumn
from reportbuilder.database import reading, transaction
from reportbuilder.executions import looking, overview
from reportbuilder.executions.cancelling import send_cancel
from reportbuilder.executions.moving import move
from reportbuilder.executions.ports import Ports
from reportbuilder.sandbox import Sandbox
from tests.cast import Cast
from tests.executions.desk import Desk
from tests.executions.meanwhile import (
    Meanwhile,
    instance_of,
    look_now,
    raising,
    submit,
)


def run_many(desk: Desk, ports: Ports, box: Sandbox, count: int) -> list[str]:
    box.fault(run_seconds=60.0)
    ids = [desk.request() for _ in range(count)]
    for _ in ids:
        submit(ports, desk)
    assert {desk.state(execution_id) for execution_id in ids} == {"running"}
    return ids


def test_only_what_amc_denies_is_lost(desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox) -> None:
    """A list that leaves out more than one look asks for singly is no proof that the rest is gone."""
    ids = run_many(desk, mine, box, looking.SINGLE_LOOKS + 2)
    time.sleep(mine.settings.not_found_grace + 0.1)
    meanwhile.leaves_out = lambda _seen: True
    look_now(mine, desk)
    assert {desk.state(execution_id) for execution_id in ids} == {"running"}


@pytest.mark.parametrize("column", [None, OutputColumn("a\0b", "STRING")])
def test_one_execution_that_cannot_be_settled_does_not_hold_up_the_others(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox, column: Any, database_url: str
) -> None:
    if column and database_url.startswith("sqlite"):
        pytest.skip("SQLite stores any text")
    bad, good = desk.request(), desk.request()
    submit(mine, desk)
    submit(mine, desk)
    time.sleep(1)
    tag = desk.read(bad).tag
    meanwhile.changed = lambda seen: (
        replace(seen, output_columns=(column,)) if seen.workflow_id == tag else seen
    )
    look_now(mine, desk)
    execution = desk.read(bad)
    assert (execution.state, execution.error_class) == ("failed", "internal")
    assert desk.state(good) == "collecting"
    with reading() as session:
        assert overview.events(session, execution)[-1].to_state == "failed"


def test_what_is_accepted_during_a_look_is_not_foreign(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    run_many(desk, mine, box, 1)
    desk.request()
    meanwhile.listing = lambda: submit(mine, desk)
    look_now(mine, desk)
    assert (instance_of(desk).foreign_running, [one.state for one in desk.all()]) == (0, ["running"] * 2)


def test_what_is_accepted_during_a_look_is_looked_at_soon(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    first = desk.request()
    submit(mine, desk)
    time.sleep(1)
    box.fault(run_seconds=60.0)
    desk.request()
    meanwhile.listed = lambda: submit(mine, desk)
    look_now(mine, desk)
    assert desk.state(first) == "collecting"
    at = instance_of(desk).next_look_at
    assert at is not None
    assert at <= clock.in_seconds(mine.settings.look_max)


def test_the_list_reaches_back_to_others_runs(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    run_many(desk, mine, box, 1)
    look_now(mine, desk)
    assert meanwhile.since[-1] <= clock.now() - looking.FOREIGN_RUN


def test_a_lost_answer_is_looked_for_since_it_was_lost_and_not_since_it_was_asked_for(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    execution_id = desk.request()
    with transaction() as session:
        overview.find(session, execution_id).created_at = clock.now() - timedelta(days=2)
    meanwhile.submitted = raising(UnknownOutcome("silence"))
    submit(mine, desk)
    look_now(mine, desk)
    assert desk.state(execution_id) in {"running", "collecting"}
    assert meanwhile.since[-1] >= clock.now() - looking.SKEW - timedelta(seconds=10)


def test_an_instance_that_is_gone_for_good_does_not_keep_executions_for_ever(
    desk: Desk, mine: Ports, meanwhile: Meanwhile, box: Sandbox
) -> None:
    old, young = run_many(desk, mine, box, 2)
    with transaction() as session:
        overview.find(session, old).submitted_at = clock.now() - timedelta(days=8)
    meanwhile.listing = raising(Transient("gone"))
    look_now(mine, desk)
    execution = desk.read(old)
    assert (execution.state, execution.error_class) == ("failed", "lost")
    assert desk.state(young) == "running"


def test_a_move_from_a_state_that_is_no_longer_true_is_lost(desk: Desk, cast: Cast) -> None:
    execution_id = desk.request()
    stale = desk.read(execution_id)
    with transaction() as session:
        assert move(session, overview.find(session, execution_id), "submitting", "first")
    with transaction() as session:
        assert not move(session, stale, "cancelled", "second")
    assert desk.state(execution_id) == "submitting"


def test_a_cancel_that_amc_does_not_confirm_is_sent_again_and_remarked_once(
    desk: Desk, mine: Ports, box: Sandbox
) -> None:
    [execution_id] = run_many(desk, mine, box, 1)
    desk.cancel(execution_id)
    sent = box.state()["calls"].get("cancel", 0)
    for _ in range(3):
        send_cancel(replace(mine, settings=replace(mine.settings, cancel_again=0.0)), execution_id)
    assert box.state()["calls"]["cancel"] >= sent + 1
    execution = desk.read(execution_id)
    with reading() as session:
        remarks = [event.reason for event in overview.events(session, execution) if not event.to_state]
    assert len(remarks) == len(set(remarks))
    assert "AMC has been told to cancel it" in remarks
