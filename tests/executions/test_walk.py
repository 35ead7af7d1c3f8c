"""The walk of an execution against a real local AMC: the good way, and what may happen on it."""

import hashlib
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pytest
from dramatiq.rate_limits.backends import StubBackend
from sqlalchemy import select

from reportbuilder.amc.connections import Connections
from reportbuilder.amc.models import AmcAccount
from reportbuilder.amc.pacing import Pace
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict
from reportbuilder.executions import lifecycle, overview, submitting
from reportbuilder.executions.looking import look
from reportbuilder.executions.ports import Ports
from reportbuilder.results.models import ResultSet
from reportbuilder.sandbox import Sandbox
from reportbuilder.wakeups import WakeUp
from tests.cast import Cast
from tests.executions.desk import SQL, Desk, Workers


def runs_of(box: Sandbox, desk: Desk, execution_id: str) -> list[str]:
    """AMC's ids of all runs that carry this execution's tag, cancelled ones too."""
    tag = desk.read(execution_id).tag
    return [run["workflowExecutionId"] for run in box.state()["executions"] if run["workflowId"] == tag]


def states_of(desk: Desk, execution_id: str) -> list[str | None]:
    execution = desk.read(execution_id)
    with reading() as session:
        return [event.to_state for event in overview.events(session, execution) if event.to_state]


def test_from_request_to_rows(desk: Desk, workers: Workers, box: Sandbox, ports: Ports) -> None:
    execution_id = desk.request()
    assert desk.state(execution_id) == "pending"
    workers.work_until(desk.all_final)
    execution = desk.read(execution_id)
    assert (execution.state, execution.error_message) == ("completed", None)
    assert states_of(desk, execution_id) == ["pending", "submitting", "running", "collecting", "completed"]
    assert runs_of(box, desk, execution_id) == [execution.amc_execution_id]
    with reading() as session:
        result = overview.result_of(session, execution)
    path = Path(urlsplit(ports.settings.results_url).path) / result.key
    assert hashlib.sha256(path.read_bytes()).hexdigest() == result.sha256
    rows = duckdb.connect().execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    assert 0 < len(rows) == result.row_count == execution.row_count
    assert result.size_bytes == path.stat().st_size == execution.size_bytes
    assert [column["name"] for column in result.columns] == ["campaign", "impressions"]


def test_without_any_hint_the_sweeps_do_it(desk: Desk, workers: Workers, box: Sandbox) -> None:
    """FLUSHALL on Redis, or no Redis at all: only the delay changes."""
    execution_id = desk.request()
    workers.queue.clear()
    workers.work_until(desk.all_final, sweeps=True, seconds=30)
    assert desk.state(execution_id) == "completed"
    assert len(runs_of(box, desk, execution_id)) == 1


def test_every_hint_may_come_twice(desk: Desk, workers: Workers, box: Sandbox) -> None:
    once = workers.deliver

    def twice(wake_up: WakeUp) -> None:
        once(wake_up)
        once(wake_up)

    workers.deliver = twice  # type: ignore[method-assign] # the point of this test
    from reportbuilder import wakeups

    wakeups.deliver_with(twice)
    ids = [desk.request() for _ in range(3)]
    workers.work_until(desk.all_final)
    for execution_id in ids:
        assert desk.state(execution_id) == "completed"
        assert len(runs_of(box, desk, execution_id)) == 1


@pytest.mark.parametrize("style", ["drop", "gateway"])
def test_failure_17_a_lost_answer_is_found_and_never_guessed(
    desk: Desk, workers: Workers, box: Sandbox, style: str
) -> None:
    box.fault(lost_next=1, lost_style=style, run_seconds=1.0)
    execution_id = desk.request()
    workers.work_until(desk.all_final)
    assert desk.state(execution_id) == "completed"
    assert len(runs_of(box, desk, execution_id)) == 1


def test_a_lost_answer_that_the_list_shows_late(desk: Desk, workers: Workers, box: Sandbox) -> None:
    box.fault(lost_next=1, list_lag=0.8, run_seconds=1.0)
    execution_id = desk.request()
    workers.work_until(desk.all_final)
    assert desk.state(execution_id) == "completed"
    assert len(runs_of(box, desk, execution_id)) == 1


def test_a_submission_that_never_left_is_sent_again(
    desk: Desk, workers: Workers, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies after the claim has sent nothing."""
    from reportbuilder.executions import submitting

    class Died(BaseException):
        pass

    def die(point: str) -> None:
        if point == "claimed":
            raise Died

    execution_id = desk.request()
    with monkeypatch.context() as patch:
        patch.setattr(submitting, "reached", die)
        with pytest.raises(Died):
            workers.step()
    assert desk.state(execution_id) == "submitting"
    workers.work_until(desk.all_final, sweeps=True)
    assert desk.state(execution_id) == "completed"
    assert len(runs_of(box, desk, execution_id)) == 1
    assert states_of(desk, execution_id)[:4] == ["pending", "submitting", "pending", "submitting"]


def test_bad_sql_fails_with_the_words_of_amc(desk: Desk, workers: Workers, box: Sandbox) -> None:
    execution_id = desk.request("SELECT colour, COUNT(*) AS n FROM dsp_impressions GROUP BY colour")
    workers.work_until(desk.all_final)
    execution = desk.read(execution_id)
    assert (execution.state, execution.error_class) == ("failed", "permanent")
    assert "colour" in (execution.error_message or "").lower()


def test_sql_refused_at_once_is_not_tried_again(desk: Desk, workers: Workers, box: Sandbox) -> None:
    box.fault(sync_refusal=True)
    execution_id = desk.request("SELECT nothing FROM nowhere")
    workers.work_until(desk.all_final)
    assert desk.read(execution_id).error_class == "permanent"
    assert runs_of(box, desk, execution_id) == []


@pytest.mark.parametrize("style", ["seconds", "date", "none", "html"])
def test_throttling_is_obeyed_and_costs_no_attempt(
    desk: Desk, workers: Workers, box: Sandbox, style: str
) -> None:
    box.fault(throttle_next=1, throttle_style=style, only="submit", retry_after=1)
    execution_id = desk.request()
    workers.step()
    assert (desk.state(execution_id), desk.read(execution_id).attempts) == ("pending", 0)
    workers.work_until(desk.all_final)
    assert desk.state(execution_id) == "completed"
    assert len(runs_of(box, desk, execution_id)) == 1


def test_looks_survive_trouble(desk: Desk, workers: Workers, box: Sandbox) -> None:
    execution_id = desk.request()
    workers.step()
    box.fault(error_next=12, only="list", error_status=503)
    workers.work_until(desk.all_final, seconds=40)
    assert desk.state(execution_id) == "completed"


def test_a_dead_token_is_refreshed(desk: Desk, workers: Workers, box: Sandbox) -> None:
    box.fault(token_dies_after=0.3)
    ids = [desk.request() for _ in range(2)]
    workers.work_until(desk.all_final)
    assert [desk.state(execution_id) for execution_id in ids] == ["completed"] * 2


def test_a_look_fills_the_slots_that_it_finds_free(
    desk: Desk, workers: Workers, box: Sandbox, ports: Ports
) -> None:
    """Hints take their time, and a slot that stands empty costs what a run costs."""
    box.fault(script="2; 2; 2", run_seconds=3600.0)
    with transaction() as session:
        session.merge(desk.instance).slots = 3
    first = [desk.request() for _ in range(3)]
    workers.work_until(lambda: all(desk.state(name) == "running" for name in first))
    workers.lost = True
    workers.queue.clear()
    following = [desk.request() for _ in range(5)]

    def looked() -> bool:
        look(ports, desk.instance.instance_id)
        return all(desk.state(name) == "collecting" for name in first)

    workers.work_until(looked)
    assert sum(desk.state(name) == "running" for name in following) == 3


def test_never_more_at_once_than_the_slots(desk: Desk, cast: Cast, workers: Workers, box: Sandbox) -> None:
    box.fault(run_seconds=1.5)
    with transaction() as session:
        session.merge(cast.second).slots = 2
    ids = [desk.request(instance=cast.second) for _ in range(7)]
    most = 0

    def done() -> bool:
        nonlocal most
        most = max(most, sum(execution.state in {"submitting", "running"} for execution in desk.all()))
        return desk.all_final()

    workers.work_until(done, seconds=60)
    assert most == 2
    assert {desk.state(execution_id) for execution_id in ids} == {"completed"}


def test_failure_22_several_files_make_one_result(desk: Desk, workers: Workers, box: Sandbox) -> None:
    whole = desk.request()
    workers.work_until(desk.all_final)
    box.fault(rows_per_file=2)
    parts = desk.request()
    workers.work_until(desk.all_final)
    assert desk.read(parts).row_count == desk.read(whole).row_count
    assert (desk.read(whole).row_count or 0) > 2


def test_an_empty_result_is_a_result(desk: Desk, workers: Workers, box: Sandbox) -> None:
    execution_id = desk.request(SQL.replace(" GROUP BY", " WHERE campaign = 'no such' GROUP BY"))
    workers.work_until(desk.all_final)
    assert (desk.state(execution_id), desk.read(execution_id).row_count) == ("completed", 0)


def test_failure_21_expired_links_are_asked_for_anew(desk: Desk, workers: Workers, box: Sandbox) -> None:
    box.fault(url_life=-1.0)
    execution_id = desk.request()
    workers.work_until(lambda: desk.read(execution_id).attempts >= 2)
    box.fault(url_life=600.0)
    workers.work_until(desk.all_final)
    assert desk.state(execution_id) == "completed"


def test_cancel_before_amc_has_it(desk: Desk, workers: Workers, box: Sandbox) -> None:
    execution_id = desk.request()
    desk.cancel(execution_id)
    workers.work_until(desk.all_final)
    assert desk.state(execution_id) == "cancelled"
    assert runs_of(box, desk, execution_id) == []


def test_cancel_reaches_amc_and_is_confirmed(desk: Desk, workers: Workers, box: Sandbox) -> None:
    box.fault(run_seconds=30.0)
    execution_id = desk.request()
    workers.work_until(lambda: desk.read(execution_id).amc_status == "RUNNING")
    desk.cancel(execution_id)
    desk.cancel(execution_id)
    assert desk.state(execution_id) == "running"
    workers.work_until(desk.all_final)
    assert desk.state(execution_id) == "cancelled"
    [run] = [run for run in box.state()["executions"] if run["workflowId"] == desk.read(execution_id).tag]
    assert run["status"] == "CANCELLED"
    with pytest.raises(Conflict):
        desk.cancel(execution_id)


def test_cancel_of_a_submission_whose_answer_is_lost(desk: Desk, workers: Workers, box: Sandbox) -> None:
    # a busy machine may list it later than a fifth of a second after the lease, which is not tried here
    workers.ports = replace(workers.ports, settings=replace(workers.ports.settings, list_lag=60.0))
    box.fault(run_seconds=300.0, lost_next=1)
    execution_id = desk.request()
    workers.work_until(lambda: desk.state(execution_id) == "submitting")
    desk.cancel(execution_id)
    workers.work_until(desk.all_final, seconds=60)
    assert desk.state(execution_id) == "cancelled"
    [run] = [run for run in box.state()["executions"] if run["workflowId"] == desk.read(execution_id).tag]
    assert run["status"] == "CANCELLED"


def test_a_retry_is_a_new_execution_of_the_same(desk: Desk, workers: Workers, box: Sandbox) -> None:
    box.fault(failure_next=1)
    first = desk.request()
    workers.work_until(desk.all_final)
    assert desk.state(first) == "failed"
    with transaction() as session:
        again = lifecycle.retry(session, overview.find(session, first), desk.user).execution_id
    workers.work_until(desk.all_final)
    before, after = desk.read(first), desk.read(again)
    assert (after.state, after.retry_of_id, after.sql_text) == ("completed", before.id, before.sql_text)
    assert after.time_window_start == before.time_window_start
    with transaction() as session, pytest.raises(Conflict, match="only what failed"):
        lifecycle.retry(session, overview.find(session, again), desk.user)


def test_rows_whose_record_is_refused_are_fetched_again(desk: Desk, workers: Workers, box: Sandbox) -> None:
    """The commit fails after the move: what was moved in memory only must not count."""
    execution_id = desk.request()
    row_id = desk.read(execution_id).id
    with transaction() as session:
        session.add(
            ResultSet(
                execution_id=row_id,
                key="in the way",
                sha256="",
                size_bytes=0,
                row_count=0,
                columns=[],
            )
        )
    workers.work_until(lambda: desk.read(execution_id).attempts == 1)
    execution = desk.read(execution_id)
    with reading() as session:
        reasons = [event.reason for event in overview.events(session, execution)]
    assert execution.state == "collecting"
    assert any("fetched again" in reason for reason in reasons)
    with transaction() as session:
        session.delete(session.scalars(select(ResultSet)).one())
    workers.work_until(desk.all_final)
    assert desk.state(execution_id) == "completed"


def test_a_wrong_client_secret_fails_nobodys_run(
    desk: Desk, workers: Workers, box: Sandbox, ports: Ports
) -> None:
    """The deployment is at fault: all wait, and go on when it is mended."""
    wrong = replace(ports.settings, amc_client_secret="mistyped")
    misled = Connections(wrong, Pace(StubBackend(), 1000))  # type: ignore[no-untyped-call] # as in conftest
    with transaction() as session:
        for account in session.scalars(select(AmcAccount)):
            account.sealed_access_token = None
    execution_id = desk.request()
    submitting.submit_next(replace(ports, connect=misled.client), desk.instance.instance_id)
    misled.close()
    execution = desk.read(execution_id)
    assert (execution.state, execution.attempts) == ("pending", 0)
    with reading() as session:
        reasons = [event.reason for event in overview.events(session, execution)]
        [account] = session.scalars(select(AmcAccount))
    assert "correct RB_AMC_CLIENT_ID and RB_AMC_CLIENT_SECRET" in reasons[-1]
    assert account.signed_out_reason is None
    workers.work_until(desk.all_final, seconds=40)
    assert desk.state(execution_id) == "completed"
    assert len(runs_of(box, desk, execution_id)) == 1
