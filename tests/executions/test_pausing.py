"""Pauses: one open for each, what is paused below stays so, and nothing is submitted meanwhile."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select

from reportbuilder import wakeups
from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import for_thread, reading, transaction
from reportbuilder.errors import Conflict, Invalid
from reportbuilder.executions import pausing, submitting
from reportbuilder.executions.models import Pause
from reportbuilder.executions.waking import SUBMIT_NEXT
from reportbuilder.settings import Settings
from reportbuilder.wakeups import WakeUp
from tests.cast import Cast
from tests.executions.desk import Desk, make_desk, until_somebody_waits
from tests.executions.scripted import ScriptedAmc, scripted_ports

ADA = "ada@example.test"


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """The instances whose slots were asked to be filled."""
    names: list[str] = []

    def deliver(wake_up: WakeUp) -> None:
        if wake_up.name == SUBMIT_NEXT:
            names.append(wake_up.id)

    before = wakeups.deliver_with(deliver)
    yield names
    wakeups.deliver_with(before)


def pause(instance: AmcInstance | None, reason: str = "audit") -> None:
    with transaction() as session:
        pausing.pause(session, instance, reason, ADA)


def resume(instance: AmcInstance | None) -> None:
    with transaction() as session:
        pausing.resume(session, instance, ADA)


def reason_of(instance: AmcInstance) -> str | None:
    with reading() as session:
        found = pausing.pause_of(session, instance.id)
        everywhere = pausing.open_pauses(session)
        assert everywhere.of(instance.id) == found
        assert (instance.id in everywhere) == (found is not None)
        return found.reason if found else None


def test_a_pause_holds_one_instance_and_says_who_and_why(cast: Cast) -> None:
    pause(cast.first, "  AMC asked us to wait ")
    with reading() as session:
        found = pausing.pause_of(session, cast.first.id)
        assert found is not None
        assert (found.reason, found.paused_by) == ("AMC asked us to wait", ADA)
    assert reason_of(cast.second) is None
    resume(cast.first)
    assert reason_of(cast.first) is None


def test_the_pause_of_everything_leaves_what_is_paused_below_as_it_was(cast: Cast) -> None:
    pause(cast.first, "below")
    pause(None, "above")
    assert (reason_of(cast.first), reason_of(cast.second)) == ("above", "above")
    resume(None)
    assert (reason_of(cast.first), reason_of(cast.second)) == ("below", None)


def test_an_instance_may_be_resumed_while_everything_is_paused(cast: Cast) -> None:
    pause(None, "above")
    pause(cast.first, "below")
    resume(cast.first)
    assert reason_of(cast.first) == "above"


def test_what_is_paused_is_not_paused_again(cast: Cast) -> None:
    pause(cast.first, "audit")
    pause(None, "move")
    with pytest.raises(Conflict, match=f"amcnorthwind01 is paused already by {ADA}: audit"):
        pause(cast.first)
    with pytest.raises(Conflict, match="Everything is paused already by"):
        pause(None)


def test_what_is_not_paused_is_not_resumed(cast: Cast) -> None:
    with pytest.raises(Conflict, match="amcnorthwind01 is not paused"):
        resume(cast.first)
    with pytest.raises(Conflict, match="Everything is not paused"):
        resume(None)


@pytest.mark.parametrize("reason", ["", "   ", "x" * (pausing.REASON_MAX + 1)])
def test_a_pause_has_a_reason(cast: Cast, reason: str) -> None:
    with pytest.raises(Invalid, match="reason"):
        pause(cast.first, reason)


def test_of_many_who_pause_at_once_one_does(cast: Cast) -> None:
    together, said = Barrier(4, timeout=20), list[str]()

    def one() -> None:
        together.wait()
        try:
            pause(cast.first)
            said.append("paused")
        except Conflict:
            said.append("conflict")

    threads = [Thread(target=for_thread(one)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["conflict"] * 3 + ["paused"]


def test_resuming_wakes_those_instances_on_which_something_waits_and_nothing_else_holds(
    cast: Cast, heard: list[str]
) -> None:
    first = make_desk(cast.ben, cast.first)
    first.request()
    Desk(cast.ben, cast.second, first.template).request()
    pause(cast.second)
    pause(None)
    heard.clear()
    resume(None)
    assert heard == ["amcnorthwind01"]
    heard.clear()
    resume(cast.second)
    assert heard == ["amcnorthwind02"]
    pause(cast.first)
    pause(None)
    heard.clear()
    resume(cast.first)
    assert heard == []


def test_pauses_are_kept_with_who_ended_them(cast: Cast, noon: Callable[[float], None]) -> None:
    pause(cast.first)
    noon(60)
    resume(cast.first)
    with reading() as session:
        kept = session.scalars(select(Pause)).one()
    assert kept.ended_by == ADA
    assert kept.ended_at is not None
    assert (kept.ended_at - kept.created_at).total_seconds() == 60


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time
@pytest.mark.parametrize("account_slots", [0, 200])
def test_no_claim_is_committed_after_the_pause_of_everything(
    cast: Cast, chosen: Settings, monkeypatch: pytest.MonkeyPatch, account_slots: int
) -> None:
    desk = make_desk(cast.ben, cast.first)
    desk.request()
    pausing_all = Thread(target=for_thread(lambda: pause(None)), daemon=True)
    claim_next, was_first = submitting._claim_next, list[bool]()

    def claim(*args: Any) -> Any:
        found = claim_next(*args)
        if not was_first:  # it goes on to the next one
            pausing_all.start()
            until_somebody_waits(pausing_all)
            was_first.append(not pausing_all.is_alive())
        return found

    monkeypatch.setattr(submitting, "_claim_next", claim)
    settings = replace(chosen, account_slots=account_slots)
    submitting.submit_next(scripted_ports(ScriptedAmc(), settings), cast.first.instance_id)
    pausing_all.join(20)
    assert was_first == [False]
    assert reason_of(cast.first) == "audit"
