"""What nobody sends on purpose, and sandboxes that run for weeks: nothing breaks, and nothing grows."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from reportbuilder.sandbox import Faults, Options, Sandbox, warehouses
from reportbuilder.sandbox.keeping import Files, Shelf
from tests.sandbox.caller import Caller

Start = Callable[..., Caller]
QUICK = Faults(run_seconds=0.0, validation_seconds=0.0)


def sent(caller: Caller, raw: bytes) -> requests.Response:
    return caller.http.post(f"{caller.path}/workflowExecutions", data=raw, timeout=10)


def test_half_a_sign_breaks_neither_the_page_nor_the_run(start: Start, clock: Any) -> None:
    caller = start(QUICK, control=True)
    workflow = {"workflow": {"sqlQuery": "SELECT '\ud800' AS x, COUNT(*) AS n FROM dsp_clicks"}}
    assert sent(caller, json.dumps(workflow).encode()).status_code == 200
    caller.box.settle()
    clock.move(10)
    page = requests.get(f"{caller.box.url}/", timeout=10)
    assert page.status_code == 200
    assert "REJECTED" in page.text


def test_deep_json_is_a_bad_request(start: Start) -> None:
    answer = sent(start(QUICK), b"[" * 100_000)
    assert (answer.status_code, answer.json()["details"]) == (400, "The request body is not valid JSON.")


def test_a_place_in_the_state_has_few_digits(start: Start) -> None:
    caller = start(QUICK, control=True)
    answer = requests.get(f"{caller.box.url}/_sandbox/state?before={'9' * 5000}", timeout=10)
    assert answer.status_code == 400


@pytest.mark.parametrize("body", [[1, 2], "x", None])
def test_faults_are_an_object(start: Start, body: object) -> None:
    caller = start(QUICK, control=True)
    answer = requests.post(f"{caller.box.url}/_sandbox/faults", json=body, timeout=10)
    raw = requests.post(f"{caller.box.url}/_sandbox/faults", data=json.dumps(body), timeout=10)
    for one in (raw, answer) if body is not None else (raw,):
        assert one.status_code == 400
        assert "must be a JSON object" in one.json()["details"]


@pytest.mark.parametrize("name", ["validation_seconds", "run_seconds", "publishing_seconds"])
def test_the_longest_times_stay_inside_the_calendar(start: Start, clock: Any, name: str) -> None:
    caller = start(Faults(**{"run_seconds": 0.0, "validation_seconds": 0.0, name: 1e9, "time_factor": 1e9}))  # type: ignore[arg-type] # faults by name
    execution_id = caller.submit()
    caller.box.settle()
    clock.move(100)
    assert caller.status(execution_id) in ("PENDING", "RUNNING", "PUBLISHING")


def test_a_link_cannot_have_ended_before_time_began() -> None:
    with pytest.raises(ValueError, match="url_life"):
        Faults(url_life=-1e300)


def test_what_is_forgotten_is_kept_nowhere(start: Start, clock: Any) -> None:
    caller = start(QUICK, remember=3, result_life=0.0)
    for _ in range(12):
        caller.submit()
        caller.box.settle()
        clock.move(5)
    caller.listed()
    assert len(caller.box.queue) <= 4
    assert len(caller.box.queue.done) <= 4


def test_files_that_were_not_finished_go(tmp_path: Path) -> None:
    shelf, seen = Shelf(), []

    def make(folder: Path) -> Files:
        (folder / "part.csv").write_text("half")
        seen.append(folder)
        raise ValueError("no disk")

    with pytest.raises(ValueError, match="no disk"):
        shelf.take("question", make)
    assert not seen[0].exists()
    shelf.close()


def test_a_server_listens_before_the_tables_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making the tables' shape takes seconds on a busy machine."""
    threads: list[str] = []

    def noted() -> Any:
        threads.append(threading.current_thread().name)
        return original()

    original = warehouses.shape
    monkeypatch.setattr("reportbuilder.sandbox.computing.shape", noted)
    with Sandbox(Options(users=20, days=10, faults=QUICK)).serving() as box:
        Caller(box).submit()
        box.settle()
    assert len(threads) == 1
    assert threads[0].startswith("sandbox-compile")
