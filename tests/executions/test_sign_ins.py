"""What becomes of those who wait while a sign-in to AMC is refused: they go on, or learn why not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from reportbuilder import clock
from reportbuilder.amc.failures import Unauthorized
from reportbuilder.amc.models import AmcAccount
from reportbuilder.amc.wire import AmcStatus
from reportbuilder.database import reading, transaction
from reportbuilder.executions import overview, queueing
from reportbuilder.executions.looking import look
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.submitting import LONGEST_HOLD, SIGN_IN_FOR
from reportbuilder.sandbox import Sandbox
from reportbuilder.settings import Settings
from tests.executions.desk import Desk, Workers
from tests.executions.meanwhile import instance_of, intents, submit
from tests.executions.scripted import ScriptedAmc, scripted_ports
from tests.executions.test_walk import runs_of

REFUSED = "AMC refuses the sign-in (Unauthorized): connect the account again"


@pytest.fixture
def amc() -> ScriptedAmc:
    return ScriptedAmc()


@pytest.fixture
def quick(database: Flask, chosen: Settings, amc: ScriptedAmc) -> Ports:
    return scripted_ports(amc, replace(chosen, instance_slots=1))


def refuse(amc: ScriptedAmc, times: int = 1) -> None:
    amc.failures.extend(Unauthorized(REFUSED, status=401) for _ in range(times))


def reasons(desk: Desk, execution_id: str) -> list[str]:
    with reading() as session:
        return [event.reason for event in overview.events(session, overview.find(session, execution_id))]


def submit_for(ports: Ports, desk: Desk, began: datetime, span: timedelta, amc: ScriptedAmc) -> list[float]:
    """Submit whenever the instance is not held back, to nothing but refusals; return the pauses."""
    pauses, at = list[float](), began
    while at < began + span and not desk.all_final():
        with clock.frozen(at):
            refuse(amc, 1 - len(amc.failures))
            submit(ports, desk)
        held = instance_of(desk).throttled_until
        pauses.append(((held or at) - at).total_seconds())
        at = max(held or at, at + timedelta(seconds=1))
    return pauses


def test_a_fresh_token_that_is_refused_fails_nobodys_run(desk: Desk, workers: Workers, box: Sandbox) -> None:
    box.fault(token_refused_next=2)
    execution_id = desk.request()
    workers.work_until(desk.all_final)
    assert (desk.state(execution_id), desk.read(execution_id).attempts) == ("completed", 1)
    assert len(runs_of(box, desk, execution_id)) == 1
    assert intents(execution_id) == ["signed_out", "accepted"]
    assert any("connect the account again" in reason for reason in reasons(desk, execution_id))


def test_who_connects_the_account_again_finds_the_runs_waiting(
    desk: Desk, workers: Workers, box: Sandbox
) -> None:
    with transaction() as session:
        account = session.scalars(select(AmcAccount)).one()
        account.sealed_access_token = account.access_token_expires_at = None
        account.signed_out_reason = "Amazon refuses the sign-in (invalid_grant): connect the account again"
    ids = [desk.request() for _ in range(3)]
    workers.step()
    assert [desk.state(one) for one in ids] == ["pending"] * 3
    with reading() as session:
        place = queueing.place(session, overview.find(session, ids[1]), workers.ports.settings)
    assert place is not None
    assert place.held_by is not None
    assert (place.held_by.kind, place.expected_start) == ("sign_in", None)
    assert "connect the account again" in place.held_by.reason
    with transaction() as session:
        session.scalars(select(AmcAccount)).one().signed_out_reason = None
    workers.work_until(desk.all_final, seconds=40)
    assert [desk.state(one) for one in ids] == ["completed"] * 3


def test_a_sign_in_that_is_refused_for_an_hour_fails_what_waits_and_says_what_to_do(
    desk: Desk, quick: Ports, amc: ScriptedAmc
) -> None:
    began = datetime.now(UTC)
    ids = [desk.request() for _ in range(3)]
    pauses = submit_for(quick, desk, began, SIGN_IN_FOR - timedelta(minutes=1), amc)
    assert {desk.state(one) for one in ids} == {"pending"}
    assert pauses[0] < 3 < pauses[-1] < LONGEST_HOLD * 1.2
    assert len(pauses) < 200
    assert {desk.read(one).attempts for one in ids} == {0}
    began += SIGN_IN_FOR + timedelta(minutes=1)
    submit_for(quick, desk, began, timedelta(minutes=2), amc)
    for execution in map(desk.read, ids):
        assert (execution.state, execution.error_class) == ("failed", "permanent")
        assert (execution.error_message or "").startswith(
            f"{REFUSED}, then run it again; we have tried for 6"
        )
    with clock.frozen(began + timedelta(minutes=2)):
        later = desk.request()
        refuse(amc, 1 - len(amc.failures))
        submit(quick, desk)
        assert desk.state(later) == "pending"  # it has an hour of its own


def test_what_amc_took_meanwhile_begins_the_hour_anew(desk: Desk, quick: Ports, amc: ScriptedAmc) -> None:
    began = datetime.now(UTC)
    waiting = [desk.request() for _ in range(2)]
    refuse(amc)
    submit(quick, desk)
    with clock.frozen(began + timedelta(minutes=40)):
        submit(quick, desk)
        for run in amc.active():
            amc.end(run, AmcStatus.SUCCEEDED)
    with clock.frozen(began + timedelta(minutes=70)):
        refuse(amc)
        look(quick, desk.instance.instance_id)  # it fills the slot that has come free
    assert intents(waiting[0]) == ["signed_out", "accepted"]
    assert intents(waiting[1]) == ["signed_out"]
    assert sorted(desk.state(one) for one in waiting) == ["collecting", "pending"]
