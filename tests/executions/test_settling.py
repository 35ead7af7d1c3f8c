"""What AMC's word on one execution means for its row, word by word."""

from collections.abc import Callable
from typing import Any

import pytest

from reportbuilder import clock
from reportbuilder.amc.wire import AmcExecution, AmcStatus
from reportbuilder.database import reading, transaction
from reportbuilder.executions import overview, settling
from reportbuilder.executions.models import ReportExecution, SubmissionIntent
from reportbuilder.executions.moving import move
from reportbuilder.executions.ports import Ports
from reportbuilder.executions.standing import lock
from tests.executions.desk import Desk


@pytest.fixture
def running(desk: Desk, noon: Callable[[float], None]) -> str:
    execution_id = desk.request()
    with transaction() as session:
        execution = overview.find(session, execution_id)
        assert move(session, execution, "submitting", "test")
        assert move(
            session, execution, "running", "test", amc_execution_id="a1", submitted_at=execution.created_at
        )
    return execution_id


@pytest.fixture
def say(ports: Ports, desk: Desk, running: str) -> Callable[..., ReportExecution]:
    def said(status: str | None, **facts: Any) -> ReportExecution:
        try:
            word = AmcStatus(status) if status else None
        except ValueError:
            word = AmcStatus.UNKNOWN
        seen = AmcExecution("a1", word, raw_status=status or "", **facts) if word else None
        with transaction() as session:
            settling.settle(ports, session, overview.find(session, running), seen)
        return desk.read(running)

    return said


Say = Callable[..., ReportExecution]


@pytest.mark.parametrize("word", ["PENDING", "RUNNING", "PUBLISHING"])
def test_active_words_leave_it_running(say: Say, word: str) -> None:
    execution = say(word)
    assert (execution.state, execution.amc_status) == ("running", word)


@pytest.mark.parametrize("word", ["FAILED", "REJECTED"])
def test_refusals_end_it_with_the_reason(say: Say, word: str) -> None:
    execution = say(word, status_reason="Unsupported scalar operation type ||")
    assert (execution.state, execution.error_class) == ("failed", "permanent")
    assert execution.error_message == "Unsupported scalar operation type ||"


def test_a_cancel_by_somebody_else_is_seen(say: Say, desk: Desk) -> None:
    assert say("CANCELLED").state == "cancelled"


def test_failure_06_an_unknown_word_is_seen_and_not_for_ever(
    say: Say, desk: Desk, running: str, noon: Callable[[float], None]
) -> None:
    execution = say("HIBERNATING")
    assert execution.state == "running"
    assert "HIBERNATING" in (execution.error_message or "")
    with reading() as session:
        assert any("HIBERNATING" in event.reason for event in overview.events(session, execution))
    noon(60)
    assert say("HIBERNATING").state == "running"
    noon(3600)
    execution = say("HIBERNATING")
    assert (execution.state, execution.error_class) == ("failed", "lost")


def test_a_known_word_after_an_unknown_one_clears_it(say: Say, noon: Callable[[float], None]) -> None:
    say("HIBERNATING")
    noon(3600)
    execution = say("RUNNING")
    assert (execution.state, execution.error_message) == ("running", None)


def test_failure_26_not_there_means_not_yet_for_a_while(
    say: Say, noon: Callable[[float], None], ports: Ports
) -> None:
    assert say(None).state == "running"
    noon(ports.settings.not_found_grace + 1)
    execution = say(None)
    assert (execution.state, execution.error_class) == ("failed", "lost")
    assert "run it again" in (execution.error_message or "")


def test_an_end_is_told_once(say: Say, desk: Desk, running: str) -> None:
    say("FAILED", status_reason="x")
    with pytest.raises(ValueError, match="cannot move"):
        say("FAILED", status_reason="x")


def test_a_lost_answer_is_looked_for_soon_and_then_ever_more_rarely(
    desk: Desk, ports: Ports, noon: Callable[[float], None]
) -> None:
    execution_id, asked, pauses = desk.request(), clock.now(), list[float]()
    with transaction() as session:
        execution = overview.find(session, execution_id)
        assert move(session, execution, "submitting", "test", lease_until=asked)
        session.add(SubmissionIntent(execution_id=execution.id, number=1, tag=execution.tag))
    while (execution := desk.read(execution_id)).state == "submitting":
        pauses.append(((execution.lease_until or asked) - clock.now()).total_seconds())
        noon(pauses[-1])
        with transaction() as session:
            here = lock(session, desk.instance.instance_id)
            assert here is not None
            settling.settle_lost(ports, session, here, overview.find(session, execution_id), [], clock.now())
    patience = ports.settings.submit_lease + ports.settings.list_lag
    assert execution.state == "pending"
    assert sum(pauses) == pytest.approx(patience)
    assert pauses[1] == ports.settings.look_min
    assert pauses[1:-1] == sorted(pauses[1:-1])
    assert max(pauses) <= patience / 2
    assert len(pauses) < 20
