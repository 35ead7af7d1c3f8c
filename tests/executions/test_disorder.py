"""Executions on a local AMC that repeats itself, tells old states, and refuses what it gave before."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from reportbuilder import clock
from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import reading
from reportbuilder.sandbox import Sandbox
from tests.executions.desk import SQL, Desk, Workers
from tests.executions.test_walk import runs_of, states_of

GOOD = ["pending", "submitting", "running", "collecting", "completed"]


@pytest.mark.parametrize("style", ["page", "pages", "both"])
def test_lists_that_show_executions_twice(desk: Desk, workers: Workers, box: Sandbox, style: str) -> None:
    box.fault(repeat_rate=1.0, repeat_style=style, run_seconds=0.3)
    ids = [desk.request() for _ in range(4)]
    workers.work_until(desk.all_final)
    assert [states_of(desk, one) for one in ids] == [GOOD] * 4
    assert [len(runs_of(box, desk, one)) for one in ids] == [1] * 4


def test_a_lost_answer_in_lists_that_show_executions_twice(
    desk: Desk, workers: Workers, box: Sandbox
) -> None:
    desk.request()
    workers.work_until(desk.all_final)
    box.fault(repeat_rate=1.0, lost_next=1, run_seconds=0.5)
    execution_id = desk.request()
    workers.work_until(desk.all_final)
    assert (desk.state(execution_id), len(runs_of(box, desk, execution_id))) == ("completed", 1)


def test_a_run_of_somebody_else_counts_once_though_it_is_listed_twice(
    desk: Desk, workers: Workers, box: Sandbox
) -> None:
    box.fault(repeat_rate=1.0, repeat_style="page", run_seconds=5.0)
    execution_id = desk.request()
    workers.work_until(lambda: desk.state(execution_id) == "running")
    body = {"workflow": {"sqlQuery": SQL}, "timeWindowType": "MOST_RECENT_WEEK"}
    foreign = box.submit("amcnorthwind01", body)
    began = clock.now()
    workers.work_until(lambda: looked_since(desk, began))
    with reading() as session:
        assert session.get_one(AmcInstance, desk.instance.id).foreign_running == 1
    box.cancel("amcnorthwind01", foreign.execution_id)


def looked_since(desk: Desk, at: datetime) -> bool:
    with reading() as session:
        looked = session.get_one(AmcInstance, desk.instance.id).looked_at
    return looked is not None and looked > at + timedelta(seconds=0.2)


def test_states_out_of_order(desk: Desk, workers: Workers, box: Sandbox) -> None:
    box.fault(stale_rate=0.7, run_seconds=0.5, publishing_seconds=0.3)
    ids = [desk.request() for _ in range(3)]
    workers.work_until(desk.all_final)
    assert [states_of(desk, one) for one in ids] == [GOOD] * 3


@pytest.mark.parametrize("style", ["bytes", "denied", "error"])
def test_a_download_that_goes_wrong_once_is_tried_again(
    desk: Desk, workers: Workers, box: Sandbox, style: str
) -> None:
    box.fault(broken_next=1, broken_style=style)
    execution_id = desk.request()
    workers.work_until(desk.all_final)
    execution = desk.read(execution_id)
    assert (execution.state, execution.error_message) == ("completed", None)


def test_a_download_of_other_bytes_is_no_result(desk: Desk, workers: Workers, box: Sandbox) -> None:
    box.fault(broken_rate=1.0, broken_style="bytes")
    execution_id = desk.request()
    workers.work_until(desk.all_final)
    execution = desk.read(execution_id)
    assert (execution.state, execution.error_class) == ("failed", "result")
    assert "cannot be read" in str(execution.error_message)


def test_too_many_similar_runs_are_never_tried_again(desk: Desk, workers: Workers, box: Sandbox) -> None:
    desk.request()
    workers.work_until(desk.all_final)
    box.fault(overlap_limit=1)
    execution_id = desk.request()
    workers.work_until(desk.all_final)
    execution = desk.read(execution_id)
    assert (execution.state, execution.error_class) == ("failed", "permanent")
    assert "same or overlapping time windows" in str(execution.error_message)
    assert len(runs_of(box, desk, execution_id)) == 1


@pytest.mark.parametrize(
    ("fault", "text"),
    [({"terms_open": True}, "Terms and conditions"), ({"denied": "all"}, "Unauthorized request.")],
)
def test_failure_25_access_that_is_refused(
    desk: Desk, workers: Workers, box: Sandbox, fault: dict[str, Any], text: str
) -> None:
    box.fault(**fault)
    execution_id = desk.request()
    workers.work_until(desk.all_final)
    execution = desk.read(execution_id)
    assert (execution.state, execution.error_class) == ("failed", "permanent")
    assert text in str(execution.error_message)
    assert runs_of(box, desk, execution_id) == []


def test_a_token_that_is_refused_before_its_time(desk: Desk, workers: Workers, box: Sandbox) -> None:
    box.fault(token_refused_next=1)
    execution_id = desk.request()
    workers.work_until(desk.all_final)
    assert states_of(desk, execution_id) == GOOD


def test_runs_end_as_their_script_says(desk: Desk, workers: Workers, box: Sandbox) -> None:
    box.fault(script="0.2 FAILED out of memory; 0.2 CANCELLED; 0.2 REJECTED no such right")
    ids = []
    for _ in range(4):
        ids.append(desk.request())
        workers.work_until(desk.all_final)
    assert [desk.state(one) for one in ids] == ["failed", "cancelled", "failed", "completed"]
    assert "out of memory" in str(desk.read(ids[0]).error_message)
    assert "no such right" in str(desk.read(ids[2]).error_message)
